/* people.c - see people.h. */
#include "people/people.h"

#include "base/arena.h"
#include "people_sql.h"
#include "session_sql.h"
#include "store/store.h"
#include "text/unicode.h"

enum { EMAIL_MAX = 254, AUDIT_DETAIL_MAX = 2000 };

enum err audit_add(struct store *s, struct tx *tx, const struct audit *entry)
{
    const struct people_sql_audit_add_in in = {
        .id = store_id(s, 0),
        .brand = entry->brand,
        .agent = entry->agent,
        .at = entry->at,
        .what = str_z(entry->what),
        .object = entry->object,
        .detail = utf8_clip(entry->detail, AUDIT_DETAIL_MAX),
    };
    return people_sql_audit_add(tx, &in, NULL);
}

enum err email_normalise(struct arena *a, struct str email, struct str *out, struct errinfo *e)
{
    struct str s = text_plain_line(a, email, EMAIL_MAX + 1);
    ptrdiff_t at = str_find_char(s, '@', 0);
    if (at <= 0 || (size_t)at + 1 >= s.n || s.n > EMAIL_MAX || str_find_char(s, ' ', 0) >= 0 ||
        str_find_char(s, '@', (size_t)at + 1) >= 0)
        return err_set(e, ERR_INVALID, "email",
                       "that is no mail address; it looks like name@example.org");
    *out = text_fold(a, s);
    return ERR_OK;
}

static enum err check(struct arena *a, const struct agent_new *in,
                      struct people_sql_agent_insert_in *row, struct errinfo *e)
{
    TRY(email_normalise(a, in->email, &row->email, e));
    row->name = text_plain_line(a, in->name, AGENT_NAME_MAX);
    if (!row->name.n)
        return err_set(e, ERR_INVALID, "name", "an agent needs a name: customers see who answers");
    row->initials = text_plain_line(a, in->initials, AGENT_INITIALS_MAX);
    if (!row->initials.n)
        row->initials = text_initials(a, row->name);
    row->language = in->language;
    if (in->language.n && words_find(&language_words, in->language) < 0)
        return err_set(e, ERR_INVALID, "language", "the interface speaks 'de' and 'en'");
    row->password = in->password;
    row->face = in->face;
    row->now = in->at;
    return ERR_OK;
}

enum err agent_create(struct store *s, struct tx *tx, const struct agent_new *in, int64_t *id,
                      struct errinfo *e)
{
    struct arena *a = tx_arena(tx);
    struct people_sql_agent_insert_in row = {.id = store_id(s, 0)};
    struct people_sql_agent_by_email_row known;
    struct people_sql_role_row role;
    int64_t made;
    TRY(check(a, in, &row, e));
    TRY(people_sql_agent_insert(tx, &row, &made));
    *id = row.id;
    if (!made) {
        TRY(people_sql_agent_by_email(tx_db(tx), a,
                                      &(struct people_sql_agent_by_email_in){row.email}, &known));
        *id = known.id;
        enum err err =
            people_sql_role(tx_db(tx), a, &(struct people_sql_role_in){in->brand, *id}, &role);
        if (err == ERR_OK)
            return err_set(e, ERR_CONFLICT, "email",
                           "this address belongs to an agent of the brand already");
        if (err != ERR_NOT_FOUND)
            return err;
    }
    TRY(people_sql_role_set(tx, &(struct people_sql_role_set_in){in->brand, *id, in->role}, NULL));
    tx_notify(tx, (struct notice){TOPIC_AGENT, in->brand, *id, 0});
    return audit_add(s, tx,
                     &(struct audit){in->brand, in->by, in->at, "agent.create", *id, row.email});
}

enum err agent_sign_out(struct tx *tx, int64_t agent, int64_t except)
{
    TRY(people_sql_links_drop(tx, &(struct people_sql_links_drop_in){agent}, NULL));
    tx_notify(tx, (struct notice){TOPIC_AGENT, 0, agent, 0});
    return session_sql_end_all(tx, &(struct session_sql_end_all_in){agent, except}, NULL);
}
