/* setup.c - see setup.h. */
#include "flow/setup.h"

#include "account_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "brand_sql.h"
#include "channels/channel.h"
#include "crypt/token.h"
#include "flow/flow_int.h"
#include "people/people.h"
#include "session_sql.h"
#include "text/unicode.h"
#include "text/zone.h"

enum { KEY_MAX = 40, VALUE_MAX = 4000 };

struct str setup_key(struct arena *a, struct str name)
{
    struct str folded = text_fold(a, name);
    struct buf b;
    buf_init_in(&b, a, KEY_MAX + 8);
    for (size_t i = 0; i < folded.n && b.n < KEY_MAX; i++) {
        char c = folded.p[i];
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            buf_add_char(&b, c);
        else if (b.n && b.p[b.n - 1] != '-' && (unsigned char)c < 0x80)
            buf_add_char(&b, '-');
    }
    while (b.n && b.p[b.n - 1] == '-')
        b.n--;
    return b.n ? buf_str(&b) : STR("account");
}

/* --- brands --- */

struct making_brand {
    struct flow *f;
    const struct brand_new *in;
    int64_t agent, id, now;
};

static enum err write_hours(struct tx *tx, int64_t brand)
{
    for (int day = 1; day <= 5; day++)
        TRY(brand_sql_hours_add(tx, &(struct brand_sql_hours_add_in){brand, day, 9 * 60, 17 * 60},
                                NULL));
    return ERR_OK;
}

static enum err write_brand(struct tx *tx, void *arg, struct errinfo *e)
{
    struct making_brand *m = arg;
    struct arena *a = tx_arena(tx);
    const struct brand_new *in = m->in;
    int64_t made;
    struct str name = text_plain_line(a, in->name, 120);
    if (!name.n)
        return err_set(e, ERR_INVALID, "name", "a brand needs a name");
    if (in->timezone.n && !zone_known(in->timezone))
        return err_set(e, ERR_INVALID, "timezone", "there is no time zone '%.*s'",
                       STR_FMT(in->timezone));
    const struct brand_sql_insert_in row = {
        .id = m->id,
        .key = in->key.n ? in->key : setup_key(a, name),
        .name = name,
        .subtitle = text_plain_line(a, in->subtitle, 200),
        .language = in->language.n ? in->language : STR("de"),
        .timezone = in->timezone.n ? in->timezone : STR("Europe/Berlin"),
        .signature = in->signature.n ? in->signature : STR("initials"),
        .now = m->now,
    };
    TRY(brand_sql_insert(tx, &row, &made));
    if (!made)
        return err_set(e, ERR_CONFLICT, "name", "there is a brand of that name already");
    for (size_t i = 0; i < in->names_n && i < BRAND_NAMES_MAX; i++) {
        struct str spelling = text_plain_line(a, in->names[i], 120);
        if (spelling.n)
            TRY(brand_sql_name_add(tx, &(struct brand_sql_name_add_in){m->id, spelling}, NULL));
    }
    TRY(write_hours(tx, m->id));
    tx_notify(tx, (struct notice){TOPIC_BRAND, m->id, m->id, 1});
    return audit_add(m->f->o.store, tx,
                     &(struct audit){m->id, m->agent, m->now, "brand.create", m->id, name});
}

enum err setup_brand(struct flow *f, int64_t agent, const struct brand_new *in, int64_t *id,
                     struct errinfo *e)
{
    struct making_brand m = {f, in, agent, store_id(f->o.store, 0), flow_now(f)};
    *id = m.id;
    return store_write(f->o.store, write_brand, &m, e);
}

/* --- accounts --- */

struct making_account {
    struct flow *f;
    const struct account_new *in;
    const struct channel *channel;
    int64_t brand, agent, id, now;
    struct str key, name, network, token;
    struct map plain, secret;
};

/* Checks one setting by its row and puts it where it belongs. */
static enum err take_setting(struct making_account *m, const struct channel_setting *row,
                             const struct map *old, struct errinfo *e)
{
    struct str *value = map_get(&m->in->settings, str_z(row->key));
    bool given = value && value->n;
    if (!given && row->type == SETTING_SECRET && old)
        value = map_get(old, str_z(row->key));
    if (!value || !value->n) {
        if (row->required && !row->preset)
            return err_set(e, ERR_INVALID, row->key, "%s is missing", row->label);
        return ERR_OK;
    }
    int64_t number;
    if (value->n > VALUE_MAX)
        return err_set(e, ERR_LIMIT, row->key, "%s is longer than %d bytes", row->label, VALUE_MAX);
    if (row->type == SETTING_NUMBER && !str_to_i64(*value, &number))
        return err_set(e, ERR_INVALID, row->key, "%s must be a number", row->label);
    if (row->type == SETTING_URL && str_find(*value, STR("://"), 0) < 1)
        return err_set(e, ERR_INVALID, row->key,
                       "%s must be a whole address, like https://example.org/feed", row->label);
    if (row->type == SETTING_CHOICE) {
        struct str rest = str_z(row->choices), choice;
        bool known = false;
        while (!known && str_next(&rest, '|', &choice))
            known = str_eq(choice, *value);
        if (!known)
            return err_set(e, ERR_INVALID, row->key, "%s must be one of %s", row->label,
                           row->choices);
    }
    map_set(row->type == SETTING_SECRET ? &m->secret : &m->plain, str_z(row->key), value);
    return ERR_OK;
}

static enum err take_settings(struct making_account *m, struct arena *a, const struct map *old,
                              struct errinfo *e)
{
    map_init(&m->plain, a);
    map_init(&m->secret, a);
    for (size_t i = 0; i < m->channel->setting_count; i++)
        TRY(take_setting(m, &m->channel->settings[i], old, e));
    if (m->secret.n && !m->f->o.key)
        return err_set(e, ERR_DENIED, "key",
                       "secrets cannot be kept without the key of the data directory");
    return ERR_OK;
}

static struct str sealed(struct making_account *m, struct arena *a)
{
    if (!m->secret.n)
        return STR_NONE;
    return seal(a, m->f->o.key, account_settings_write(a, &m->secret), account_seal_name(a, m->id));
}

static enum err write_token(struct making_account *m, struct tx *tx)
{
    const struct session_sql_token_add_in in = {
        store_id(m->f->o.store, 0),         m->brand, m->id,
        token_hash(tx_arena(tx), m->token), m->key,   m->now};
    return session_sql_token_add(tx, &in, NULL);
}

static enum err write_account(struct tx *tx, void *arg, struct errinfo *e)
{
    struct making_account *m = arg;
    struct arena *a = tx_arena(tx);
    int64_t made;
    const struct account_sql_insert_in in = {
        .id = m->id,
        .brand = m->brand,
        .key = m->key,
        .channel = str_z(m->channel->key),
        .network = m->network,
        .name = m->name,
        .is_public = m->in->is_public && !m->channel->is_private,
        .allow_private = m->in->allow_private,
        .text_limit = m->in->text_limit,
        .settings = account_settings_write(a, &m->plain),
        .secrets = sealed(m, a),
        .now = m->now,
    };
    TRY(account_sql_insert(tx, &in, &made));
    if (!made)
        return err_set(e, ERR_CONFLICT, "key", "there is an account '%.*s' already",
                       STR_FMT(m->key));
    if (m->token.n)
        TRY(write_token(m, tx));
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, m->brand, m->id, 1});
    return audit_add(m->f->o.store, tx,
                     &(struct audit){m->brand, m->agent, m->now, "account.create", m->id, m->key});
}

enum err setup_account(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                       const struct account_new *in, struct account_made *out, struct errinfo *e)
{
    struct making_account m = {.f = f,
                               .in = in,
                               .brand = brand,
                               .agent = agent,
                               .id = store_id(f->o.store, 0),
                               .now = flow_now(f),
                               .channel = channel_find(in->channel)};
    if (!m.channel)
        return err_set(e, ERR_INVALID, "channel", "there is no channel '%.*s'",
                       STR_FMT(in->channel));
    m.name = text_plain_line(a, in->name, 200);
    if (!m.name.n)
        return err_set(e, ERR_INVALID, "name", "an account needs the name under which it speaks");
    m.key = setup_key(a, in->key.n ? in->key : m.name);
    m.network = in->network.n ? setup_key(a, in->network) : in->channel;
    TRY(take_settings(&m, a, NULL, e));
    if (str_eq_z(in->channel, "api"))
        m.token = token_new(a);
    *out = (struct account_made){m.id, m.key, m.token};
    return store_write(f->o.store, write_account, &m, e);
}

enum err setup_account_load(struct flow *f, struct arena *a, int64_t brand, int64_t account,
                            struct account *out, struct errinfo *e)
{
    return account_load(store_reader(f->o.store), a, f->o.key, brand, account, out, e);
}

struct changing_account {
    struct making_account m;
    struct account before;
};

static enum err write_change(struct tx *tx, void *arg, struct errinfo *e)
{
    struct changing_account *c = arg;
    struct making_account *m = &c->m;
    struct arena *a = tx_arena(tx);
    int64_t changed;
    const struct account_sql_update_in in = {
        .brand = m->brand,
        .id = m->id,
        .name = m->name,
        .network = m->network,
        .is_public = m->in->is_public && !m->channel->is_private,
        .allow_private = m->in->allow_private,
        .text_limit = m->in->text_limit,
        .settings = account_settings_write(a, &m->plain),
        .secrets = sealed(m, a),
        .version = c->before.version,
    };
    TRY(account_sql_update(tx, &in, &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "account",
                       "somebody else has changed this account; look at it again");
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, m->brand, m->id, c->before.version + 1});
    return audit_add(m->f->o.store, tx,
                     &(struct audit){m->brand, m->agent, m->now, "account.change", m->id, m->name});
}

enum err setup_account_change(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                              int64_t account, const struct account_new *in, struct errinfo *e)
{
    struct changing_account c = {
        .m = {.f = f, .in = in, .brand = brand, .agent = agent, .id = account, .now = flow_now(f)}};
    TRY(account_load(store_reader(f->o.store), a, f->o.key, brand, account, &c.before, e));
    if (in->version && in->version != c.before.version)
        return err_set(e, ERR_CONFLICT, "account",
                       "somebody else has changed this account; look at it again");
    c.m.channel = channel_find(c.before.channel);
    if (!c.m.channel)
        return err_set(e, ERR_INVALID, "channel", "there is no channel '%.*s'",
                       STR_FMT(c.before.channel));
    c.m.name = text_plain_line(a, in->name, 200);
    if (!c.m.name.n)
        return err_set(e, ERR_INVALID, "name", "an account needs the name under which it speaks");
    c.m.network = in->network.n ? setup_key(a, in->network) : c.before.network;
    TRY(take_settings(&c.m, a, &c.before.settings, e));
    return store_write(f->o.store, write_change, &c, e);
}

static enum err write_new_token(struct tx *tx, void *arg, struct errinfo *e)
{
    struct making_account *m = arg;
    (void)e;
    TRY(session_sql_token_revoke_all(
        tx, &(struct session_sql_token_revoke_all_in){m->brand, m->id, m->now}, NULL));
    TRY(write_token(m, tx));
    tx_notify(tx, (struct notice){TOPIC_AGENT, m->brand, m->id,
                                  0}); /* sessions and tokens are forgotten together */
    return audit_add(m->f->o.store, tx,
                     &(struct audit){m->brand, m->agent, m->now, "account.token", m->id, m->key});
}

enum err setup_account_token(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                             int64_t account, struct str *token, struct errinfo *e)
{
    struct account before;
    TRY(account_load(store_reader(f->o.store), a, NULL, brand, account, &before, e));
    if (!str_eq_z(before.channel, "api"))
        return err_set(e, ERR_INVALID, "account", "only API accounts have tokens");
    struct making_account m = {.f = f,
                               .brand = brand,
                               .agent = agent,
                               .id = account,
                               .now = flow_now(f),
                               .key = before.key,
                               .token = token_new(a)};
    *token = m.token;
    return store_write(f->o.store, write_new_token, &m, e);
}

struct switching {
    struct flow *f;
    int64_t brand, agent, account;
    int state;
};

static enum err write_state(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct switching *s = arg;
    int64_t changed;
    TRY(account_sql_set_state(
        tx, &(struct account_sql_set_state_in){s->brand, s->account, s->state}, &changed));
    if (!changed)
        return err_set(e, ERR_NOT_FOUND, "account", "this account does not exist");
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, s->brand, s->account, 0});
    return audit_add(s->f->o.store, tx,
                     &(struct audit){s->brand, s->agent, flow_now(s->f), "account.state",
                                     s->account,
                                     str_z(words_name(&account_state_words, s->state))});
}

enum err setup_account_state(struct flow *f, int64_t brand, int64_t agent, int64_t account,
                             int state, struct errinfo *e)
{
    struct switching s = {f, brand, agent, account, state};
    if (state != ACCOUNT_ON && state != ACCOUNT_PAUSED)
        return err_set(e, ERR_INVALID, "state", "an account is switched on or paused");
    return store_write(f->o.store, write_state, &s, e);
}
