/* demo.c - the story runs: first the past at once, then post after post, faster than life; and a
 * customer whom somebody has answered writes back now and then. */
#include "app/demo.h"

#include <stdlib.h>
#include <string.h>

#include "account_sql.h"
#include "app/demo_int.h"
#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/rand.h"
#include "base/threads.h"
#include "base/vec.h"
#include "brand_sql.h"
#include "bus/bus.h"
#include "demo_data.h"
#include "ops_sql.h"
#include "store/store.h"

enum { FASTER = 6, LOOP_PAUSE_S = 25, LISTENED = 64, PENDING_MAX = 32 };
/* The past of threads that nobody has answered is drawn together, so that few of them are overdue
 * at the start. */
enum { PAST_FASTER = 45 };

struct scene {
    struct json *v;
    struct str id, root;
    int64_t at; /* s of the story */
};

/* A customer who will write back. */
struct pending {
    int64_t due, post;
};

/* A story of the past that waits for its moment. */
struct told {
    struct json *story;
    int64_t case_id;
};

struct run {
    struct demo *d;
    struct arena a; /* the story, as long as the run */
    struct scene *scenes;
    size_t n;
    struct map by_id;   /* id -> struct scene * */
    struct map stories; /* id of the answered post -> struct json * */
    struct json **replies;
    size_t replies_n;
    struct pending pending[PENDING_MAX];
};

struct str demo_file(const char *name)
{
    for (size_t i = 0; i < demo_data_count; i++)
        if (strcmp(demo_data[i].name, name) == 0)
            return (struct str){(const char *)demo_data[i].bytes, demo_data[i].n};
    log_fatal("demo", "no file %s", name);
}

/* --- reading the story --- */

static enum err read_lines(struct arena *a, struct str text, struct vec *out, struct errinfo *e)
{
    struct str line;
    vec_init(out, a, sizeof(struct json *));
    while (str_next_line(&text, &line)) {
        struct json *v;
        TRY(json_parse(a, line, &v, e));
        *(struct json **)vec_push(out) = v;
    }
    return ERR_OK;
}

static enum err read_story(struct run *r, struct errinfo *e)
{
    struct vec posts, replies;
    struct json *history;
    TRY(read_lines(&r->a, demo_file("posts.jsonl"), &posts, e));
    TRY(read_lines(&r->a, demo_file("replies.jsonl"), &replies, e));
    TRY(json_parse(&r->a, demo_file("history.json"), &history, e));
    map_init(&r->by_id, &r->a);
    map_init(&r->stories, &r->a);
    r->replies = replies.p;
    r->replies_n = replies.n;
    r->n = posts.n;
    r->scenes = arena_array(&r->a, posts.n, sizeof *r->scenes);
    for (size_t i = 0; i < posts.n; i++) {
        struct scene *s = &r->scenes[i];
        s->v = *(struct json **)vec_at(&posts, i);
        s->id = s->root = json_text(s->v, "id");
        json_i64(s->v, "at", &s->at);
        const struct scene *parent = map_get(&r->by_id, json_text(s->v, "in_reply_to"));
        if (parent)
            s->root = parent->root;
        map_set(&r->by_id, s->id, s);
    }
    for (size_t i = 0; i < json_count(history); i++) {
        struct json *story = json_at(history, i);
        const struct scene *s = map_get(&r->by_id, json_text(story, "post"));
        map_set(&r->stories, json_text(story, "post"), story);
        if (s)
            map_set(&r->stories, s->root, story);
    }
    return ERR_OK;
}

/* --- putting posts in --- */

static enum err account_of(struct run *r, struct arena *a, struct str key, int64_t *id)
{
    struct account_sql_by_key_row row;
    TRY(account_sql_by_key(store_reader(r->d->app->store), a,
                           &(struct account_sql_by_key_in){r->d->brand, key}, &row));
    *id = row.id;
    return ERR_OK;
}

static enum err play(struct run *r, const struct scene *s, struct str suffix, int64_t at,
                     int64_t *case_id, bool *known, struct errinfo *e)
{
    struct arena a;
    struct ingest_result result;
    int64_t account;
    struct str parent = json_text(s->v, "in_reply_to");
    arena_init(&a);
    const struct str id[] = {s->id, suffix}, parent_id[] = {parent, suffix};
    struct str parents[] = {arena_join(&a, parent_id, 2, STR_NONE)};
    struct item item = {.external_id = arena_join(&a, id, 2, STR_NONE),
                        .parents = parents,
                        .parent_count = parent.n > 0,
                        .author_id = json_text(s->v, "handle"),
                        .author_name = json_text(s->v, "author"),
                        .title = json_text(s->v, "title"),
                        .text = json_text(s->v, "text"),
                        .published_at = at,
                        .is_private = json_bool(s->v, "private", false),
                        .is_ours = json_bool(s->v, "ours", false)};
    if (!item.author_id.n)
        item.author_id = item.author_name;
    json_i64(s->v, "reach", &item.reach);
    enum err err = account_of(r, &a, json_text(s->v, "account"), &account);
    if (err == ERR_OK) {
        const struct ingest in = {.brand = r->d->brand, .account = account, .items = &item, .n = 1};
        err = flow_ingest(r->d->app->flow, &in, &result, e);
    }
    if (err == ERR_OK) {
        *case_id = result.case_id;
        *known = result.status == INGEST_DUPLICATE;
    }
    arena_deinit(&a);
    return err;
}

/* What the team has answered stays where it was; all that still waits belongs to the last hour. */
static bool long_ago(const struct run *r, const struct scene *s)
{
    const struct json *story = map_get(&r->stories, s->root);
    int64_t answered_at;
    return story && json_i64(story, "at", &answered_at) && s->at <= answered_at;
}

/* Stories whose moment has come: the team answered before the next post was written. */
static enum err tell_stories(struct run *r, struct told *told, size_t n, int64_t until,
                             struct errinfo *e)
{
    for (size_t i = 0; i < n; i++) {
        int64_t at = 0;
        if (!told[i].story || (json_i64(told[i].story, "at", &at) && at > until))
            continue;
        TRY(demo_add_story(r->d, &r->a, told[i].story, told[i].case_id, e));
        told[i].story = NULL;
    }
    return ERR_OK;
}

static enum err play_past(struct run *r, struct errinfo *e)
{
    struct told *told = arena_array(&r->a, r->n, sizeof *told);
    size_t told_n = 0;
    for (size_t i = 0; i < r->n && r->scenes[i].at < 0; i++) {
        const struct scene *s = &r->scenes[i];
        struct json *story = map_get(&r->stories, s->id);
        bool known;
        int64_t case_id, at = long_ago(r, s) ? s->at : s->at / PAST_FASTER;
        TRY(tell_stories(r, told, told_n, s->at, e));
        TRY(play(r, s, STR_NONE, r->d->began + at * CLOCK_SECOND, &case_id, &known, e));
        if (story && case_id && str_eq(json_text(story, "post"), s->id))
            told[told_n++] = (struct told){story, case_id};
    }
    return tell_stories(r, told, told_n, 0, e);
}

/* --- customers write back --- */

static void plan_reply(struct run *r, int64_t message)
{
    struct arena a;
    struct ops_sql_message_post_row row;
    arena_init(&a);
    enum err err =
        ops_sql_message_post(store_reader(r->d->app->store), &a,
                             &(struct ops_sql_message_post_in){r->d->brand, message}, &row);
    if (err == ERR_OK && rand_below(100) < 60) {
        size_t i = 0;
        while (i < PENDING_MAX && r->pending[i].due && r->pending[i].post != row.post)
            i++;
        if (i < PENDING_MAX && !r->pending[i].due)
            r->pending[i] =
                (struct pending){clock_mono() + 8000 + (int64_t)rand_below(30000), row.post};
    }
    arena_deinit(&a);
}

static void write_back(struct run *r, int64_t post)
{
    struct arena a;
    struct ops_sql_writer_row w;
    struct errinfo e = {0};
    arena_init(&a);
    if (ops_sql_writer(store_reader(r->d->app->store), &a,
                       &(struct ops_sql_writer_in){r->d->brand, post}, &w) == ERR_OK) {
        struct str language = str_z(words_name(&language_words, (int)w.language));
        const struct json *said = NULL;
        for (int tries = 0; tries < 50 && (!said || !str_eq(json_text(said, "lang"), language));
             tries++)
            said = r->replies[rand_below(r->replies_n)];
        struct str parents[] = {w.answer};
        const struct item item = {.external_id =
                                      arena_printf(&a, "%.*s-back-%llx", STR_FMT(w.answer),
                                                   (unsigned long long)rand_u64()),
                                  .parents = parents,
                                  .parent_count = 1,
                                  .author_id = w.identity,
                                  .author_name = w.name,
                                  .text = json_text(said, "text"),
                                  .title = w.title,
                                  .published_at = flow_now(r->d->app->flow)};
        const struct ingest in = {
            .brand = r->d->brand, .account = w.account, .items = &item, .n = 1};
        if (flow_ingest(r->d->app->flow, &in, NULL, &e) != ERR_OK)
            log_warn("demo", "a customer could not write back: %s", e.what);
    }
    arena_deinit(&a);
}

/* Waits until the monotonic moment, minding what happens meanwhile. False: the demo ends. */
static bool wait_until(struct run *r, int64_t until)
{
    for (;;) {
        struct notice n;
        int64_t next = until, now = clock_mono();
        for (size_t i = 0; i < PENDING_MAX; i++) {
            struct pending *p = &r->pending[i];
            if (p->due && p->due <= now) {
                int64_t post = p->post;
                *p = (struct pending){0};
                write_back(r, post);
            } else if (p->due && p->due < next) {
                next = p->due;
            }
        }
        if (now >= until)
            return true;
        enum bus_result got = bus_next(r->d->listener, next > now ? next - now : 0, &n);
        if (got == BUS_ENDED)
            return false;
        if (got == BUS_NOTICE && n.brand == r->d->brand)
            plan_reply(r, n.id);
    }
}

static bool play_now(struct run *r, const struct scene *s, struct str suffix, bool *known)
{
    struct errinfo e = {0};
    int64_t case_id;
    if (play(r, s, suffix, flow_now(r->d->app->flow), &case_id, known, &e) == ERR_OK)
        return true;
    log_warn("demo", "scene %.*s: %s", STR_FMT(s->id), e.what);
    *known = false;
    return true;
}

static void *run_story(void *p)
{
    struct run *r = p;
    bool on = true, known = false;
    size_t first = 0;
    while (first < r->n && r->scenes[first].at < 0)
        first++;
    int64_t start = clock_mono(), skipped = 0;
    for (size_t i = first; on && i < r->n; i++) {
        if (!known && i > first)
            on = wait_until(r, start + (r->scenes[i].at - skipped) * 1000 / FASTER);
        known = false;
        if (on && play_now(r, &r->scenes[i], STR_NONE, &known) && known)
            skipped = r->scenes[i].at; /* an earlier run played it: go on from there */
    }
    for (unsigned long long round = rand_u64(); on; round++) {
        struct str suffix = arena_printf(&r->a, "-%llx", round);
        for (size_t i = first; on && i < r->n; i++) {
            on = wait_until(r, clock_mono() + LOOP_PAUSE_S * 1000 / 2 +
                                   (int64_t)rand_below(LOOP_PAUSE_S * 1000));
            if (on)
                play_now(r, &r->scenes[i], suffix, &known);
        }
    }
    arena_deinit(&r->a);
    free(r);
    return NULL;
}

enum err demo_start(struct demo **out, struct app *app, struct bus *bus, struct errinfo *e)
{
    struct brand_sql_by_key_row brand;
    struct demo *d = memory_zeroed(1, sizeof *d);
    struct run *r = memory_zeroed(1, sizeof *r);
    *d = (struct demo){.app = app, .began = flow_now(app->flow)};
    r->d = d;
    arena_init(&r->a);
    *out = d;
    d->listener = bus_subscribe(bus, BUS_TOPIC(TOPIC_MESSAGE), LISTENED);
    enum err err = read_story(r, e);
    if (err == ERR_OK &&
        brand_sql_by_key(store_reader(app->store), &r->a,
                         &(struct brand_sql_by_key_in){STR("nordwerk")}, &brand) == ERR_OK)
        d->brand = brand.id;
    else if (err == ERR_OK && (err = demo_make_brand(d, &r->a, e)) == ERR_OK)
        err = play_past(r, e);
    if (err == ERR_OK) {
        demo_sign_in_colleagues(d);
        err = thread_start(&d->thread, "demo", run_story, r);
    }
    if (err != ERR_OK) {
        bus_unsubscribe(d->listener);
        arena_deinit(&r->a);
        free(r);
        free(d);
        *out = NULL;
    }
    return err;
}

void demo_stop(struct demo *d)
{
    if (!d)
        return;
    pthread_join(d->thread, NULL);
    bus_unsubscribe(d->listener);
    free(d);
}
