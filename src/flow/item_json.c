/* item_json.c - see item_json.h. */
#include "flow/item_json.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "text/json.h"

static const char *const known_fields[] = {"id",          "text",        "title",        "author",
                                           "author_name", "in_reply_to", "published_at", "url",
                                           "reach",       "private",     "ours",         "doubted"};
static const int64_t SECONDS_UNTIL =
    100000000000; /* a larger number is milliseconds (seconds: the year 5138) */

static bool known(struct str name)
{
    for (size_t i = 0; i < sizeof known_fields / sizeof *known_fields; i++)
        if (str_eq_z(name, known_fields[i]))
            return true;
    return false;
}

/* A text, or a whole number as text: ids and handles are often numbers. */
static enum err text_of(struct arena *a, const struct json *v, const char *name, struct str *out,
                        struct errinfo *e)
{
    const struct json *field = json_get(v, name);
    int64_t number;
    *out = STR_NONE;
    if (!field)
        return ERR_OK;
    if (json_kind(field) == JSON_KIND_TEXT)
        *out = json_as_text(field);
    else if (json_kind(field) == JSON_KIND_WHOLE && json_as_i64(field, &number))
        *out = arena_printf(a, "%lld", (long long)number);
    else
        return err_set(e, ERR_INVALID, name, "'%s' must be a text", name);
    return ERR_OK;
}

static enum err author_of(struct arena *a, const struct json *v, struct item *out,
                          struct errinfo *e)
{
    const struct json *author = json_get(v, "author");
    if (json_kind(author) == JSON_KIND_OBJECT) {
        TRY(text_of(a, author, "id", &out->author_id, e));
        TRY(text_of(a, author, "name", &out->author_name, e));
    } else {
        TRY(text_of(a, v, "author", &out->author_id, e));
        TRY(text_of(a, v, "author_name", &out->author_name, e));
    }
    if (!out->author_id.n)
        out->author_id = out->author_name;
    return ERR_OK;
}

static enum err parents_of(struct arena *a, const struct json *v, struct item *out,
                           struct errinfo *e)
{
    const struct json *field = json_get(v, "in_reply_to");
    bool is_list = json_kind(field) == JSON_KIND_LIST;
    size_t n = is_list ? json_count(field) : field != NULL;
    if (n > 100)
        return err_set(e, ERR_LIMIT, "in_reply_to", "at most 100 posts can be named");
    if (!n)
        return ERR_OK;
    struct str *parents = arena_array(a, n, sizeof *parents);
    out->parents = parents;
    if (!is_list) {
        TRY(text_of(a, v, "in_reply_to", parents, e));
        out->parent_count = parents->n > 0;
        return ERR_OK;
    }
    for (size_t i = 0; i < n; i++) {
        parents[i] = json_as_text(json_at(field, i));
        if (!parents[i].n)
            return err_set(e, ERR_INVALID, "in_reply_to",
                           "'in_reply_to' must be a text or a list of texts");
    }
    out->parent_count = n;
    return ERR_OK;
}

static enum err time_of(const struct json *v, struct item *out, struct errinfo *e)
{
    const struct json *field = json_get(v, "published_at");
    if (!field)
        return ERR_OK;
    int64_t *at = &out->published_at;
    bool written = json_kind(field) == JSON_KIND_TEXT && clock_parse(json_as_text(field), at);
    if (!written && !json_as_i64(field, at))
        return err_set(e, ERR_INVALID, "published_at",
                       "'published_at' must look like 2026-11-22T09:04:00Z");
    if (!written && *at > 0 && *at < SECONDS_UNTIL)
        *at *= CLOCK_SECOND;
    if (*at < 0)
        *at = 0; /* before 1970: not told */
    return ERR_OK;
}

static void keep_extra(struct arena *a, const struct json *v, struct item *out)
{
    struct buf b;
    struct json_writer w;
    size_t n = 0;
    buf_init_in(&b, a, ITEM_RAW_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    for (struct json_member m = {0}; json_next_member(v, &m);) {
        if (known(m.name))
            continue;
        json_key_str(&w, m.name);
        json_add_value(&w, m.value);
        n++;
    }
    json_end_object(&w);
    if (n && buf_ok(&b))
        out->extra = buf_str(&b);
}

enum err item_from_json(struct arena *a, const struct json *v, struct item *out, struct errinfo *e)
{
    *out = (struct item){0};
    if (json_kind(v) != JSON_KIND_OBJECT)
        return err_set(e, ERR_INVALID, "post", "a post is a JSON object");
    TRY(text_of(a, v, "id", &out->external_id, e));
    TRY(text_of(a, v, "text", &out->text, e));
    TRY(text_of(a, v, "title", &out->title, e));
    TRY(text_of(a, v, "url", &out->url, e));
    TRY(author_of(a, v, out, e));
    TRY(parents_of(a, v, out, e));
    TRY(time_of(v, out, e));
    if (json_get(v, "reach") && !json_i64(v, "reach", &out->reach))
        return err_set(e, ERR_INVALID, "reach", "'reach' must be a whole number");
    out->is_private = json_bool(v, "private", false);
    out->is_ours = json_bool(v, "ours", false);
    out->is_doubted = json_bool(v, "doubted", false);
    keep_extra(a, v, out);
    if (!out->external_id.n || out->external_id.n > ITEM_ID_MAX)
        return err_set(e, ERR_INVALID, "id", "a post needs an 'id' of 1 to %d bytes", ITEM_ID_MAX);
    if (!str_trim(out->text).n && !str_trim(out->title).n)
        return err_set(e, ERR_INVALID, "text", "a post needs a 'text'");
    return ERR_OK;
}
