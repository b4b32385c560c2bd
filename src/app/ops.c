/* ops.c - the operations behind the commands that change or read the data of DIR; see control.h. */
#include <stdio.h>
#include <string.h>

#include "account_sql.h"
#include "app/app.h"
#include "app/control.h"
#include "backup/backup.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "brand_sql.h"
#include "channels/channel.h"
#include "crypt/password.h"
#include "flow/flow.h"
#include "flow/item_json.h"
#include "flow/setup.h"
#include "ops_sql.h"
#include "posts/search.h"
#include "people/people.h"
#include "people/session.h"
#include "people_sql.h"
#include "store/store.h"
#include "text/json.h"
#include "text/unicode.h"

/* --- which brand, which account --- */

static enum err find_brand(struct app *app, struct arena *a, struct str key, int64_t *brand,
                           struct errinfo *e)
{
    struct brand_sql_list_row *rows;
    size_t n;
    TRY(brand_sql_list(store_reader(app->store), a, &rows, &n));
    for (size_t i = 0; i < n; i++)
        if (key.n ? str_eq(rows[i].key, key) : n == 1) {
            *brand = rows[i].id;
            return ERR_OK;
        }
    if (!n)
        return err_set(e, ERR_NOT_FOUND, "brand",
                       "there is no brand yet; start zuruf serve and open the page it prints");
    return err_set(e, ERR_NOT_FOUND, "brand",
                   key.n ? "no brand '%.*s'" : "several brands here; name one with --brand",
                   STR_FMT(key));
}

static enum err find_account(struct app *app, struct arena *a, struct str key,
                             struct account_sql_by_key_any_row *out, struct errinfo *e)
{
    struct account_sql_by_key_any_row *rows;
    size_t n;
    struct str brand, rest = key, account = key;
    if (str_find_char(key, '/', 0) >= 0 && str_next(&rest, '/', &brand))
        account = rest;
    else
        brand = STR_NONE;
    TRY(account_sql_by_key_any(store_reader(app->store), a,
                               &(struct account_sql_by_key_any_in){account}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        if (brand.n ? str_eq(rows[i].brand_key, brand) : n == 1) {
            *out = rows[i];
            return ERR_OK;
        }
    if (n > 1)
        return err_set(e, ERR_INVALID, "account",
                       "several brands have an account '%.*s'; write BRAND/%.*s", STR_FMT(account),
                       STR_FMT(account));
    return err_set(e, ERR_NOT_FOUND, "account", "no account '%.*s'; zuruf channel list shows them",
                   STR_FMT(key));
}

/* --- import --- */

static void write_result(struct json_writer *w, int64_t line, const struct ingest_result *r)
{
    static const char *const words[] = {"stored", "duplicate", "refused"};
    json_begin_object(w);
    json_put_i64(w, "line", line);
    json_put_text(w, "status", str_z(words[r->status]));
    if (r->status == INGEST_REFUSED)
        json_put_text(w, "what", str_z(r->why.what));
    json_end_object(w);
}

/* One entry of the request: a post, or what the command could not read. False when it is refused.
 */
static bool read_entry(struct arena *a, const struct json *entry, struct item *item,
                       struct errinfo *why, struct str *raw)
{
    const struct json *post = json_get(entry, "post");
    struct str refused = json_text(entry, "refused");
    struct buf b;
    struct json_writer w;
    if (refused.p) {
        err_set(why, ERR_INVALID, "", "%.*s", STR_FMT(refused));
        *raw = json_text(entry, "raw");
        return false;
    }
    if (item_from_json(a, post, item, why) == ERR_OK)
        return true;
    buf_init_in(&b, a, CONTROL_FRAME_MAX);
    json_writer_init(&w, &b);
    json_add_value(&w, post);
    *raw = buf_str(&b);
    return false;
}

static enum err op_import(struct app *app, struct arena *a, const struct json *request,
                          struct json_writer *reply, struct errinfo *e)
{
    struct account_sql_by_key_any_row account = {0};
    const struct json *posts = json_get(request, "posts");
    size_t n = json_count(posts), good = 0, bad = 0;
    if (n > INGEST_MAX)
        return err_set(e, ERR_LIMIT, "posts", "at most %d posts at once", INGEST_MAX);
    TRY(find_account(app, a, json_text(request, "account"), &account, e));
    struct item *items = arena_array(a, n, sizeof *items);
    struct ingest_result *results = arena_array(a, n, sizeof *results),
                         *all = arena_array(a, n, sizeof *all);
    struct ingest_refused *refused = arena_array(a, n, sizeof *refused);
    size_t *place = arena_array(a, n, sizeof *place);
    for (size_t i = 0; i < n; i++) {
        struct str raw;
        int64_t line = 0;
        json_i64(json_at(posts, i), "line", &line);
        all[i].status = INGEST_REFUSED;
        if (read_entry(a, json_at(posts, i), &items[good], &all[i].why, &raw))
            place[good++] = i;
        else
            refused[bad++] = (struct ingest_refused){arena_printf(a, "line %lld", (long long)line),
                                                     str_z(all[i].why.what), raw};
    }
    const struct ingest in = {.brand = account.brand,
                              .account = account.id,
                              .items = items,
                              .n = good,
                              .refused = refused,
                              .refused_n = bad};
    TRY(flow_ingest(app->flow, &in, results, e));
    for (size_t i = 0; i < good; i++)
        all[place[i]] = results[i];
    json_key(reply, "results");
    json_begin_list(reply);
    for (size_t i = 0; i < n; i++) {
        int64_t line = 0;
        json_i64(json_at(posts, i), "line", &line);
        write_result(reply, line, &all[i]);
    }
    json_end_list(reply);
    return ERR_OK;
}

/* --- search --- */

static enum err op_search(struct app *app, struct arena *a, const struct json *request,
                          struct json_writer *reply, struct errinfo *e)
{
    struct ops_sql_search_row *rows;
    size_t n = 0;
    int64_t limit = 20;
    (void)e;
    json_i64(request, "limit", &limit);
    struct str match = post_search_match(a, store_engine(app->store), &(struct search_where){0},
                                         json_text(request, "query"));
    if (match.n)
        TRY(ops_sql_search(store_reader(app->store), a,
                           &(struct ops_sql_search_in){match, limit < 1      ? 1
                                                              : limit > 1000 ? 1000
                                                                             : limit},
                           &rows, &n));
    json_key(reply, "hits");
    json_begin_list(reply);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(reply);
        json_put_id(reply, "id", rows[i].id);
        json_put_text(reply, "title",
                      rows[i].title.n ? rows[i].title
                                      : text_cut(a, text_plain_line(a, rows[i].text, 400), 80));
        json_end_object(reply);
    }
    json_end_list(reply);
    return ERR_OK;
}

/* --- agents --- */

struct user_change {
    struct app *app;
    struct agent_new in;
    int64_t agent;
    struct str password;
    bool disable;
};

static enum err write_user_add(struct tx *tx, void *arg, struct errinfo *e)
{
    struct user_change *c = arg;
    return agent_create(c->app->store, tx, &c->in, &c->agent, e);
}

static enum err write_user_change(struct tx *tx, void *arg, struct errinfo *e)
{
    struct user_change *c = arg;
    int64_t now = flow_now(c->app->flow);
    (void)e;
    if (c->password.n)
        TRY(people_sql_agent_set_password(
            tx, &(struct people_sql_agent_set_password_in){c->agent, c->password}, NULL));
    if (c->disable)
        TRY(people_sql_agent_disable(tx, &(struct people_sql_agent_disable_in){c->agent, now},
                                     NULL));
    TRY(agent_sign_out(tx, c->agent, 0));
    return audit_add(c->app->store, tx,
                     &(struct audit){0, 0, now, c->disable ? "agent.disable" : "agent.password",
                                     c->agent, STR("from the shell")});
}

static enum err write_link(struct app *app, struct arena *a, int64_t agent,
                           struct json_writer *reply, struct errinfo *e)
{
    struct str token;
    const char *url = config_get(&app->config, CONFIG_URL),
               *listen = config_get(&app->config, CONFIG_LISTEN);
    TRY(session_link(app->sessions, a, agent, CLOCK_DAY, &token, e));
    struct str base = url[0] ? str_z(url) : arena_printf(a, "http://%s", listen);
    json_put_text(reply, "link",
                  arena_printf(a, "%.*s/signin/link/%.*s", STR_FMT(base), STR_FMT(token)));
    return ERR_OK;
}

static enum err op_user_add(struct app *app, struct arena *a, const struct json *request,
                            struct json_writer *reply, struct errinfo *e)
{
    int role = words_find(&role_words, json_text(request, "role"));
    if (role < 0)
        return err_set(e, ERR_INVALID, "role", "a role is reader, agent, lead or administrator");
    struct user_change c = {.app = app,
                            .in = {.email = json_text(request, "email"),
                                   .name = json_text(request, "name"),
                                   .initials = json_text(request, "initials"),
                                   .role = (enum role)role,
                                   .at = flow_now(app->flow)}};
    TRY(find_brand(app, a, json_text(request, "brand"), &c.in.brand, e));
    TRY(store_write(app->store, write_user_add, &c, e));
    return write_link(app, a, c.agent, reply, e);
}

static enum err find_agent(struct app *app, struct arena *a, const struct json *request,
                           int64_t *agent, struct errinfo *e)
{
    struct people_sql_agent_by_email_row row;
    struct str email;
    TRY(email_normalise(a, json_text(request, "email"), &email, e));
    enum err err = people_sql_agent_by_email(store_reader(app->store), a,
                                             &(struct people_sql_agent_by_email_in){email}, &row);
    if (err != ERR_OK)
        return err_set(e, err, "email",
                       "nobody here has the address %.*s; zuruf user list shows all",
                       STR_FMT(email));
    *agent = row.id;
    return ERR_OK;
}

static enum err op_user_link(struct app *app, struct arena *a, const struct json *request,
                             struct json_writer *reply, struct errinfo *e)
{
    int64_t agent;
    TRY(find_agent(app, a, request, &agent, e));
    return write_link(app, a, agent, reply, e);
}

static enum err op_user_change(struct app *app, struct arena *a, const struct json *request,
                               struct json_writer *reply, struct errinfo *e)
{
    struct user_change c = {.app = app, .disable = json_bool(request, "disable", false)};
    struct str password = json_text(request, "password");
    (void)reply;
    TRY(find_agent(app, a, request, &c.agent, e));
    if (password.p) {
        if (text_length(password) < PASSWORD_LENGTH_MIN)
            return err_set(e, ERR_INVALID, "password", "a password has at least %d characters",
                           PASSWORD_LENGTH_MIN);
        TRY(password_hash(a, password, &c.password, e));
    }
    return store_write(app->store, write_user_change, &c, e);
}

static enum err op_user_list(struct app *app, struct arena *a, const struct json *request,
                             struct json_writer *reply, struct errinfo *e)
{
    struct people_sql_agents_row *rows;
    size_t n;
    int64_t brand;
    TRY(find_brand(app, a, json_text(request, "brand"), &brand, e));
    TRY(people_sql_agents(store_reader(app->store), a, &(struct people_sql_agents_in){brand}, &rows,
                          &n));
    json_key(reply, "agents");
    json_begin_list(reply);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(reply);
        json_put_text(reply, "email", rows[i].email);
        json_put_text(reply, "name", rows[i].name);
        json_put_text(reply, "role", str_z(words_name(&role_words, (int)rows[i].role)));
        json_put_bool(reply, "disabled", rows[i].disabled_at != 0);
        json_end_object(reply);
    }
    json_end_list(reply);
    return ERR_OK;
}

/* --- accounts --- */

static enum err op_channel_list(struct app *app, struct arena *a, const struct json *request,
                                struct json_writer *reply, struct errinfo *e)
{
    struct ops_sql_accounts_row *rows;
    size_t n;
    int64_t brand;
    TRY(find_brand(app, a, json_text(request, "brand"), &brand, e));
    TRY(ops_sql_accounts(store_reader(app->store), a, &(struct ops_sql_accounts_in){brand}, &rows,
                         &n));
    json_key(reply, "accounts");
    json_begin_list(reply);
    for (size_t i = 0; i < n; i++) {
        json_begin_object(reply);
        json_put_text(reply, "key", rows[i].key);
        json_put_text(reply, "channel", rows[i].channel);
        json_put_text(reply, "name", rows[i].name);
        json_put_text(reply, "state", str_z(words_name(&account_state_words, (int)rows[i].state)));
        json_put_i64(reply, "items", rows[i].items);
        json_put_time(reply, "success_at", rows[i].success_at);
        json_put_text(reply, "error", trouble_english(a, rows[i].error));
        json_end_object(reply);
    }
    json_end_list(reply);
    return ERR_OK;
}

static enum err op_channel_add(struct app *app, struct arena *a, const struct json *request,
                               struct json_writer *reply, struct errinfo *e)
{
    int64_t brand;
    struct account_new in = {.channel = json_text(request, "channel"),
                             .key = json_text(request, "key"),
                             .name = json_text(request, "name"),
                             .network = json_text(request, "network"),
                             .allow_private = json_bool(request, "allow_private", false),
                             .is_public = true};
    TRY(find_brand(app, a, json_text(request, "brand"), &brand, e));
    map_init(&in.settings, a);
    const struct json *settings = json_get(request, "settings");
    for (struct json_member m = {0}; json_next_member(settings, &m);) {
        struct str *value = ARENA_NEW(a, struct str);
        *value = json_as_text(m.value);
        map_set(&in.settings, m.name, value);
    }
    struct account_made made;
    TRY(setup_account(app->flow, a, brand, 0, &in, &made, e));
    json_put_text(reply, "key", made.key);
    if (made.token.n)
        json_put_text(reply, "token", made.token);
    return ERR_OK;
}

/* Wants a fetch, or with "wish" asks what came of that one. */
static enum err op_channel_fetch(struct app *app, struct arena *a, const struct json *request,
                                 struct json_writer *reply, struct errinfo *e)
{
    struct account_sql_by_key_any_row account = {0};
    struct account_sql_fetch_state_row now;
    int64_t wish = 0;
    TRY(find_account(app, a, json_text(request, "account"), &account, e));
    if (!json_i64(request, "wish", &wish))
        TRY(flow_fetch(app->flow, account.brand, 0, account.id, &wish, e));
    const struct account_sql_fetch_state_in in = {account.brand, account.id};
    TRY(account_sql_fetch_state(store_reader(app->store), a, &in, &now));
    /* each time it is asked: a node that has just died keeps the account to its lease's end */
    if (!flow_runs(app->flow) && now.served < wish && now.state == ACCOUNT_ON) {
        flow_poll_one(app->flow, account.brand, account.id);
        TRY(account_sql_fetch_state(store_reader(app->store), a, &in, &now));
    }
    json_put_i64(reply, "wish", wish);
    json_put_bool(reply, "done", now.served >= wish || now.state != ACCOUNT_ON);
    json_put_i64(reply, "posts", now.fetched);
    json_put_text(reply, "error", trouble_english(a, now.error));
    return ERR_OK;
}

/* --- backup --- */

/* A copy of the database that the command packs: it may lie on another disk, of another user. */
static enum err op_backup_copy(struct app *app, struct arena *a, const struct json *request,
                               struct json_writer *reply, struct errinfo *e)
{
    const struct store_watch watch = {control_told, NULL};
    struct str path;
    (void)request;
    TRY(backup_scratch(app->dir, control_caller(), a, &path, e));
    json_put_text(reply, "name", str_sub(path, strlen(app->dir) + 1, path.n));
    json_put_time(reply, "made_at", flow_now(app->flow));
    return store_backup(app->store, path.p, &watch, e);
}

const struct control_op control_table[] = {
    {"import", op_import},
    {"search", op_search},
    {"user.add", op_user_add},
    {"user.link", op_user_link},
    {"user.change", op_user_change},
    {"user.list", op_user_list},
    {"channel.list", op_channel_list},
    {"channel.add", op_channel_add},
    {"channel.fetch", op_channel_fetch},
    {"backup.copy", op_backup_copy},
    {"doctor", op_doctor},
};
const size_t control_count = sizeof control_table / sizeof *control_table;
