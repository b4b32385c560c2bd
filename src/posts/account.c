/* account.c - an account with its settings and secrets opened; see post.h. */
#include "account_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "crypt/seal.h"
#include "posts/post.h"
#include "text/json.h"

enum { SETTINGS_MAX = 64 * 1024 };

struct str account_seal_name(struct arena *a, int64_t id)
{
    return arena_printf(a, "account:%lld", (long long)id);
}

struct str account_settings_write(struct arena *a, const struct map *settings)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, SETTINGS_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    for (size_t i = 0; i < settings->n; i++) {
        json_key_str(&w, settings->entries[i].key);
        json_add_text(&w, *(const struct str *)settings->entries[i].value);
    }
    json_end_object(&w);
    return buf_str(&b);
}

static enum err add_settings(struct arena *a, struct str json, struct map *into, struct errinfo *e)
{
    struct json *v;
    if (!json.n)
        return ERR_OK;
    TRY(json_parse(a, json, &v, e));
    for (struct json_member m = {0}; json_next_member(v, &m);) {
        struct str *value = ARENA_NEW(a, struct str);
        *value = json_as_text(m.value);
        map_set(into, arena_str(a, m.name), value);
    }
    return ERR_OK;
}

enum err account_load(struct db *db, struct arena *a, const struct seal_key *key, int64_t brand,
                      int64_t id, struct account *out, struct errinfo *e)
{
    struct account_sql_get_row row;
    enum err err = account_sql_get(db, a, &(struct account_sql_get_in){brand, id}, &row);
    if (err != ERR_OK)
        return err_set(e, err, "account", "account %lld cannot be read", (long long)id);
    *out = (struct account){.id = id,
                            .brand = brand,
                            .version = row.version,
                            .text_limit = row.text_limit,
                            .failures = row.failures,
                            .asked = row.asked,
                            .send_failures = row.send_failures,
                            .key = row.key,
                            .channel = row.channel,
                            .network = row.network,
                            .name = row.name,
                            .cursor = row.cursor,
                            .settings_json = row.settings,
                            .is_public = row.is_public != 0,
                            .allow_private = row.allow_private != 0,
                            .on = row.state == ACCOUNT_ON};
    map_init(&out->settings, a);
    TRY(add_settings(a, row.settings, &out->settings, e));
    if (key && row.secrets.n) {
        struct str secrets;
        TRY(seal_open(a, key, row.secrets, account_seal_name(a, id), &secrets, e));
        TRY(add_settings(a, secrets, &out->settings, e));
    }
    return ERR_OK;
}
