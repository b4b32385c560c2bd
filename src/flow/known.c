/* known.c - see known.h. A value of a map is a struct entry, so that "it is not there" is known
 * too. */
#include "flow/known.h"

#include <string.h>

#include "author_sql.h"
#include "base/arena.h"
#include "base/buf.h"
#include "care_sql.h"
#include "post_sql.h"
#include "posts/post.h"
#include "text/json.h"

enum { ASK_MAX = 250, LIST_MAX = 1 << 20 }; /* ids in a statement; the list, each of 512 bytes */

struct entry {
    bool there, stale;
    union {
        struct known_post post;
        struct known_author author;
        struct known_case of;
        int64_t thread;
    };
};

void known_init(struct known *k, struct tx *tx, int64_t brand, const struct account *account)
{
    *k = (struct known){.tx = tx, .brand = brand, .account = account};
    map_init(&k->posts, tx_arena(tx));
    map_init(&k->roots, tx_arena(tx));
    map_init(&k->refs, tx_arena(tx));
    map_init(&k->authors, tx_arena(tx));
    map_init(&k->cases, tx_arena(tx));
}

static struct entry *entry_of(struct known *k, struct map *m, struct str key)
{
    struct entry *e = map_get(m, key);
    if (!e)
        map_set(m, key, e = ARENA_NEW(tx_arena(k->tx), struct entry));
    *e = (struct entry){0};
    return e;
}

static struct str key_of(struct known *k, int64_t thread)
{
    return arena_str(tx_arena(k->tx), (struct str){(const char *)&thread, sizeof thread});
}

/* The next keys that nobody has asked for, as a list in JSON; each is in the map from now on.
 * Absent: no more. */
static struct str next_list(struct known *k, struct map *m, const struct str **keys, size_t *n)
{
    struct buf b;
    struct json_writer w;
    size_t taken = 0;
    buf_init_in(&b, tx_arena(k->tx), LIST_MAX);
    json_writer_init(&w, &b);
    json_begin_list(&w);
    for (; *n && taken < ASK_MAX; (*keys)++, (*n)--) {
        if (map_get(m, **keys))
            continue;
        entry_of(k, m, **keys);
        json_add_text(&w, **keys);
        taken++;
    }
    json_end_list(&w);
    return taken ? buf_str(&b) : STR_NONE;
}

static enum err ask_cases(struct known *k, struct str ids)
{
    struct care_sql_of_posts_row *rows;
    size_t n;
    TRY(care_sql_of_posts(tx_db(k->tx), tx_arena(k->tx),
                          &(struct care_sql_of_posts_in){k->brand, k->account->id, ids}, &rows,
                          &n));
    for (size_t i = 0; i < n; i++)
        known_set_case(k, rows[i].thread,
                       &(struct known_case){rows[i].id, rows[i].waiting_at,
                                            rows[i].first_answered_at, rows[i].problem,
                                            (int)rows[i].state, (int)rows[i].priority,
                                            rows[i].rank_why});
    return ERR_OK;
}

/* cases: those of their threads, too. */
static enum err ask_posts(struct known *k, const struct str *keys, size_t keys_n, bool cases)
{
    struct str ids;
    while ((ids = next_list(k, &k->posts, &keys, &keys_n)).p) {
        struct post_sql_find_row *rows;
        size_t n;
        TRY(post_sql_find(tx_db(k->tx), tx_arena(k->tx),
                          &(struct post_sql_find_in){k->brand, k->account->id, ids}, &rows, &n));
        for (size_t i = 0; i < n; i++) {
            const struct post_sql_find_row *r = &rows[i];
            known_set_post(k, r->external_id,
                           &(struct known_post){r->id, r->thread, r->author, r->message, r->extra,
                                                r->title, r->text, r->identity});
            if (cases)
                entry_of(k, &k->cases, key_of(k, r->thread));
        }
        if (cases && n)
            TRY(ask_cases(k, ids));
    }
    return ERR_OK;
}

static enum err ask_refs(struct known *k, const struct str *keys, size_t keys_n)
{
    struct str ids;
    while ((ids = next_list(k, &k->refs, &keys, &keys_n)).p) {
        struct post_sql_thread_refs_row *rows;
        size_t n;
        TRY(post_sql_thread_refs(tx_db(k->tx), tx_arena(k->tx),
                                 &(struct post_sql_thread_refs_in){k->account->id, ids}, &rows,
                                 &n));
        for (size_t i = 0; i < n; i++)
            known_set_thread_ref(k, rows[i].external_id, rows[i].thread);
    }
    return ERR_OK;
}

static enum err ask_authors(struct known *k, const struct str *keys, size_t keys_n)
{
    struct str identities;
    while ((identities = next_list(k, &k->authors, &keys, &keys_n)).p) {
        struct author_sql_find_row *rows;
        size_t n;
        TRY(author_sql_find(tx_db(k->tx), tx_arena(k->tx),
                            &(struct author_sql_find_in){k->brand, k->account->network, identities},
                            &rows, &n));
        for (size_t i = 0; i < n; i++)
            known_set_author(k, rows[i].identity, &(struct known_author){rows[i].id, rows[i].name});
    }
    return ERR_OK;
}

enum err known_ahead(struct known *k, const struct str *external_ids, size_t n,
                     const struct str *identities, size_t identities_n)
{
    TRY(ask_authors(k, identities, identities_n));
    TRY(ask_posts(k, external_ids, n, true));
    return ask_refs(k, external_ids, n);
}

enum err known_post(struct known *k, struct str external_id, struct known_post *out)
{
    TRY(ask_posts(k, &external_id, 1, false));
    const struct entry *e = map_get(&k->posts, external_id);
    *out = e->post;
    return e->there ? ERR_OK : ERR_NOT_FOUND;
}

enum err known_root(struct known *k, int64_t thread, struct known_post *out)
{
    struct post_sql_root_row r;
    struct str key = {(const char *)&thread, sizeof thread};
    const struct entry *e = map_get(&k->roots, key);
    if (e) {
        *out = e->post;
        return ERR_OK;
    }
    TRY(post_sql_root(tx_db(k->tx), tx_arena(k->tx), &(struct post_sql_root_in){k->brand, thread},
                      &r));
    *out = (struct known_post){.id = thread,
                               .thread = thread,
                               .author = r.author,
                               .message = r.message,
                               .extra = r.extra,
                               .identity = r.identity};
    return ERR_OK;
}

enum err known_thread_ref(struct known *k, struct str external_id, int64_t *thread)
{
    TRY(ask_refs(k, &external_id, 1));
    const struct entry *e = map_get(&k->refs, external_id);
    *thread = e->thread;
    return e->there ? ERR_OK : ERR_NOT_FOUND;
}

enum err known_author(struct known *k, struct str identity, struct known_author *out)
{
    TRY(ask_authors(k, &identity, 1));
    const struct entry *e = map_get(&k->authors, identity);
    *out = e->author;
    return e->there ? ERR_OK : ERR_NOT_FOUND;
}

enum err known_case(struct known *k, int64_t thread, struct known_case *out)
{
    struct care_sql_by_thread_row r;
    struct str key = {(const char *)&thread, sizeof thread};
    struct entry *e = map_get(&k->cases, key);
    if (!e || e->stale) {
        e = entry_of(k, &k->cases, key_of(k, thread));
        enum err err = care_sql_by_thread(tx_db(k->tx), tx_arena(k->tx),
                                          &(struct care_sql_by_thread_in){k->brand, thread}, &r);
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
        e->there = err == ERR_OK;
        if (e->there)
            e->of =
                (struct known_case){r.id,         r.waiting_at,    r.first_answered_at, r.problem,
                                    (int)r.state, (int)r.priority, r.rank_why};
    }
    *out = e->of;
    return e->there ? ERR_OK : ERR_NOT_FOUND;
}

void known_set_post(struct known *k, struct str external_id, const struct known_post *p)
{
    *entry_of(k, &k->posts, external_id) = (struct entry){.there = true, .post = *p};
    if (p->id == p->thread)
        *entry_of(k, &k->roots, key_of(k, p->id)) = (struct entry){.there = true, .post = *p};
}

void known_set_thread_ref(struct known *k, struct str external_id, int64_t thread)
{
    *entry_of(k, &k->refs, external_id) = (struct entry){.there = true, .thread = thread};
}

void known_set_author(struct known *k, struct str identity, const struct known_author *w)
{
    *entry_of(k, &k->authors, identity) = (struct entry){.there = true, .author = *w};
}

void known_set_case(struct known *k, int64_t thread, const struct known_case *c)
{
    struct entry *e = entry_of(k, &k->cases, key_of(k, thread));
    if (c)
        *e = (struct entry){.there = true, .of = *c};
    else
        e->stale = true;
}
