/* world.c - a data directory that the attack tests begin with: two brands that must never learn of
 * one another, each with an agent of every role who is signed in, and one of everything that has an
 * id. Prints it as one JSON object. Usage: attack_world DIR [POSTS] */
#include <stdio.h>

#include "app/app.h"
#include "base/arena.h"
#include "base/buf.h"
#include "flow/flow.h"
#include "flow/setup.h"
#include "people/people.h"
#include "people/session.h"
#include "store/store.h"
#include "text/json.h"

enum { POSTS_MAX = 300, FILES = 5 };

struct world {
    struct app app;
    struct arena arena;
    struct json_writer w;
    int64_t posts;
    struct errinfo e;
};

struct adding {
    struct store *store;
    struct agent_new in;
    int64_t id;
};

static enum err write_agent(struct tx *tx, void *arg, struct errinfo *e)
{
    struct adding *adding = arg;
    return agent_create(adding->store, tx, &adding->in, &adding->id, e);
}

/* {"id": ..., "cookie": ...} of a new agent who is signed in. */
static enum err add_agent(struct world *w, int64_t brand, const char *key, enum role role)
{
    const char *word = words_name(&role_words, (int)role);
    struct adding adding = {.store = w->app.store,
                            .in = {.email = arena_printf(&w->arena, "%s@%s.example", word, key),
                                   .name = arena_printf(&w->arena, "%s of %s", word, key),
                                   .initials = STR("AB"),
                                   .role = role,
                                   .brand = brand,
                                   .at = flow_now(w->app.flow)}};
    struct str token;
    TRY(store_write(w->app.store, write_agent, &adding, &w->e));
    TRY(session_start(w->app.sessions, &w->arena, adding.id, STR("attack"), &token, &w->e));
    json_key(&w->w, word);
    json_begin_object(&w->w);
    json_put_id(&w->w, "id", adding.id);
    json_put_text(&w->w, "cookie", token);
    json_end_object(&w->w);
    return ERR_OK;
}

static enum err add_account(struct world *w, int64_t brand, const char *channel,
                            struct account_made *made)
{
    struct account_new in = {.channel = str_z(channel),
                             .name = str_z(channel),
                             .is_public = true,
                             .allow_private = true};
    map_init(&in.settings, &w->arena);
    if (str_eq_z(in.channel, "feed"))
        map_set(&in.settings, STR("url"), &(struct str){"http://127.0.0.1:9/feed", 23});
    if (str_eq_z(in.channel, "api"))
        map_set(&in.settings, STR("secret"), &(struct str){"geheim-geheim-geheim", 20});
    TRY(setup_account(w->app.flow, &w->arena, brand, 0, &in, made, &w->e));
    TRY(setup_account_state(w->app.flow, brand, 0, made->id, ACCOUNT_PAUSED, &w->e));
    json_key(&w->w, channel);
    json_begin_object(&w->w);
    json_put_id(&w->w, "id", made->id);
    if (made->token.n)
        json_put_text(&w->w, "token", made->token);
    json_end_object(&w->w);
    return ERR_OK;
}

/* Posts that all become cases, the first with files; and a line that could not be read. */
static enum err add_posts(struct world *w, int64_t brand, const char *key, int64_t account)
{
    struct item items[POSTS_MAX];
    struct ingest_result results[POSTS_MAX];
    static const struct item_attachment files[FILES] = {
        {STR("Rechnung.pdf"), STR("application/pdf"), STR("%PDF-geheim")},
        {STR("Bild.svg"), STR("image/svg+xml"), STR("<svg onload=alert(1)/>")},
        {STR("Seite.html"), STR("text/html"), STR("<script>alert(1)</script>")},
        {STR("Blatt.xml\r\nX-Evil: 1"), STR("text/xml\r\nX-Evil: 1"), STR("<?xml?>")},
        {STR("Archiv.mhtml"), STR("message/rfc822"), STR("From: x")},
    };
    const struct ingest_refused refused = {STR("line 1"), STR("no post"), STR("{geheim")};
    for (int i = 0; i < w->posts; i++)
        items[i] = (struct item){
            .external_id = arena_printf(&w->arena, "p%d", i),
            .author_id = arena_printf(&w->arena, "@kunde%d", i),
            .author_name = arena_printf(&w->arena, "Kunde %d", i),
            .text = arena_printf(&w->arena,
                                 "@%s meine Rechnung %d ist falsch, das ist eine Frechheit! Bitte "
                                 "melden Sie sich endlich, Stichwort %sgeheimnis",
                                 key, i, key),
            .attachments = &files[i % FILES],
            .attachment_count = i < FILES,
        };
    const struct ingest in = {.brand = brand,
                              .account = account,
                              .items = items,
                              .n = (size_t)w->posts,
                              .refused = &refused,
                              .refused_n = 1};
    TRY(flow_ingest(w->app.flow, &in, results, &w->e));
    json_key(&w->w, "posts");
    json_begin_list(&w->w);
    for (int i = 0; i < w->posts; i++) {
        json_begin_object(&w->w);
        json_put_id(&w->w, "id", results[i].post);
        json_put_id(&w->w, "case", results[i].case_id);
        json_end_object(&w->w);
    }
    json_end_list(&w->w);
    return ERR_OK;
}

static enum err add_brand(struct world *w, const char *key)
{
    struct str names[] = {str_z(key), arena_printf(&w->arena, "@%s", key)};
    const struct brand_new in = {
        .name = str_z(key), .key = str_z(key), .names = names, .names_n = 2};
    struct account_made api, feed;
    int64_t brand;
    TRY(setup_brand(w->app.flow, 0, &in, &brand, &w->e));
    json_key(&w->w, key);
    json_begin_object(&w->w);
    json_put_id(&w->w, "id", brand);
    for (enum role role = ROLE_READER; role < ROLE_COUNT; role++)
        TRY(add_agent(w, brand, key, role));
    TRY(add_account(w, brand, "api", &api));
    TRY(add_account(w, brand, "feed", &feed));
    TRY(add_posts(w, brand, key, api.id));
    json_end_object(&w->w);
    return ERR_OK;
}

int main(int argc, char **argv)
{
    struct world w = {.posts = POSTS_MAX};
    struct buf out;
    if (argc < 2 || argc > 3 || (argc == 3 && !str_to_i64(str_z(argv[2]), &w.posts)) ||
        w.posts < 0 || w.posts > POSTS_MAX) {
        fprintf(stderr, "usage: attack_world DIR [POSTS]\n");
        return 2;
    }
    enum err err = app_open(&w.app, &(struct place){.data = argv[1]}, &w.e);
    if (err != ERR_OK)
        return app_fail("attack_world", &w.e);
    arena_init(&w.arena);
    buf_init(&out, 1 << 20);
    json_writer_init(&w.w, &out);
    json_begin_object(&w.w);
    err = add_brand(&w, "nordlicht");
    if (err == ERR_OK)
        err = add_brand(&w, "suedwind");
    json_end_object(&w.w);
    if (err == ERR_OK)
        printf("%.*s\n", STR_FMT(buf_str(&out)));
    else
        app_fail("attack_world", &w.e);
    buf_deinit(&out);
    arena_deinit(&w.arena);
    app_close(&w.app);
    return err == ERR_OK ? 0 : 1;
}
