/* search.c - search over the posts of the brand, newest first, and the page of a post that has no
 * case yet. Whatever is typed is taken apart into terms (posts/search.h), so no query can be
 * wrong; at worst it finds nothing. */
#include "console/console.h"
#include "console/settings.h"

#include "base/buf.h"
#include "base/clock.h"
#include "console/passage.h"
#include "flow/flow.h"
#include "lists_tmpl.h"
#include "page/format.h"
#include "posts/search.h"
#include "search_sql.h"
#include "search_tmpl.h"
#include "store/store.h"
#include "text/unicode.h"

enum {
    HITS = 30,
    QUERY_MAX = 500,
    TITLE_LENGTH = 90,
    TEXT_LENGTH = 1500,
    NO_CASE = 9,
    CHOICES_MAX = 60
};

struct asked {
    struct str query, network;
    int kind, state; /* -1: any */
    int64_t before;
};

static void read_asked(const struct request *rq, struct asked *q)
{
    struct str state = request_query(rq, "state");
    *q = (struct asked){.query = text_plain_line(rq->arena, request_query(rq, "q"), QUERY_MAX),
                        .network = text_plain_line(rq->arena, request_query(rq, "channel"), 40),
                        .kind = words_find(&kind_words, request_query(rq, "kind")),
                        .state = str_eq_z(state, "none") ? NO_CASE
                                                         : words_find(&case_state_words, state),
                        .before = INT64_MAX};
    if (!str_to_i64(request_query(rq, "before"), &q->before))
        q->before = INT64_MAX;
}

/* --- filters --- */

static struct str word_state(const struct request *rq, int state)
{
    static const char *const words[CASE_STATE_COUNT] = {N_("waiting for us"), N_("answered"),
                                                        N_("put off"), N_("closed")};
    return page_text(rq, state >= 0 && state < CASE_STATE_COUNT ? words[state] : N_("no case"));
}

static void add_option(struct vec *v, struct str value, struct str word)
{
    *(struct option_view *)vec_push(v) = (struct option_view){.value = value, .word = word};
}

static void add_filter(struct fields *f, const char *name, const char *label,
                       const struct vec *options, struct str chosen)
{
    fields_add_choice(f, name, label, NULL, options->p, options->n, chosen);
}

static enum err add_filters(struct request *rq, struct db *db, const struct asked *q,
                            struct fields *f)
{
    struct search_sql_networks_row *networks;
    struct vec channel, kind, state;
    size_t n;
    TRY(search_sql_networks(db, rq->arena, &(struct search_sql_networks_in){rq->who.brand},
                            &networks, &n));
    vec_init(&channel, rq->arena, sizeof(struct option_view));
    vec_init(&kind, rq->arena, sizeof(struct option_view));
    vec_init(&state, rq->arena, sizeof(struct option_view));
    add_option(&channel, STR(""), page_text(rq, "all channels"));
    for (size_t i = 0; i < n; i++)
        add_option(&channel, networks[i].network, word_network(rq, networks[i].network));
    add_option(&kind, STR(""), page_text(rq, "all kinds"));
    for (int i = 0; i < KIND_COUNT; i++)
        add_option(&kind, str_z(words_name(&kind_words, i)), word_kind(rq, i));
    add_option(&state, STR(""), page_text(rq, "with and without a case"));
    for (int i = 0; i < CASE_STATE_COUNT; i++)
        add_option(&state, str_z(words_name(&case_state_words, i)), word_state(rq, i));
    add_option(&state, STR("none"), word_state(rq, -1));
    add_filter(f, "channel", N_("Channel"), &channel, q->network);
    add_filter(f, "kind", N_("Kind"), &kind,
               q->kind < 0 ? STR("") : str_z(words_name(&kind_words, q->kind)));
    add_filter(f, "state", N_("Case"), &state,
               q->state == NO_CASE ? STR("none")
               : q->state < 0      ? STR("")
                                   : str_z(words_name(&case_state_words, q->state)));
    return ERR_OK;
}

/* --- hits --- */

static struct hit_view hit_of(struct request *rq, const struct brand_view *b, const struct asked *q,
                              const struct search_sql_posts_row *row, int64_t now)
{
    struct arena *a = rq->arena;
    struct str language = str_z(words_name(&language_words, (int)row->language));
    struct str title = row->case_id   ? row->case_title
                       : row->title.n ? row->title
                                      : text_plain_line(a, row->text, 400);
    struct str kind = str_z(words_name(&kind_words, (int)row->kind));
    struct hit_view hit = {
        .title = text_cut(a, title, TITLE_LENGTH),
        .line = passage_mark(a, row->text, q->query, language),
        .person = row->person.n ? row->person : page_text(rq, "unknown"),
        .channel = {row->network, word_network(rq, row->network)},
        .kind = {kind, word_kind(rq, (int)row->kind)},
        .at = format_moment(a, page_locale(rq), b->calendar.zone, now, row->published_at),
        .state = word_state(rq, row->case_id ? (int)row->state : -1),
    };
    if (row->case_id) {
        hit.href = arena_printf(a, "/desk/case/%lld", (long long)row->case_id);
        hit.state = arena_printf(a, "#%lld, %.*s", (long long)row->number, STR_FMT(hit.state));
    } else {
        hit.href = arena_printf(a, "/desk/post/%lld", (long long)row->id);
    }
    return hit;
}

/* The same search with the page behind this one. */
static struct str next_address(struct request *rq, const struct asked *q, int64_t before)
{
    struct buf b;
    struct out o = {.buf = &b};
    buf_init_in(&b, rq->arena, QUERY_MAX * 4);
    buf_add_z(&b, "/desk/search?q=");
    out_url_part(&o, q->query);
    buf_add_z(&b, "&channel=");
    out_url_part(&o, q->network);
    buf_add_z(&b, "&kind=");
    out_url_part(&o, request_query(rq, "kind"));
    buf_add_z(&b, "&state=");
    out_url_part(&o, request_query(rq, "state"));
    buf_printf(&b, "&before=%lld", (long long)before);
    return buf_str(&b);
}

/* In the accounts of the network or brand, unless they are very many. */
static enum err narrow(struct request *rq, struct db *db, int64_t brand, struct str network,
                       struct search_where *where)
{
    struct search_sql_accounts_row *rows;
    size_t n;
    *where = (struct search_where){0};
    TRY(search_sql_accounts(
        db, rq->arena, &(struct search_sql_accounts_in){brand, network, SEARCH_ACCOUNTS_MAX + 1},
        &rows, &n));
    if (n > SEARCH_ACCOUNTS_MAX)
        return ERR_OK;
    int64_t *ids = arena_array(rq->arena, n + 1, sizeof *ids);
    for (size_t i = 0; i < n; i++) {
        ids[i] = rows[i].id;
        where->posts += rows[i].items;
    }
    where->accounts = ids;
    where->n = n ? n : 1; /* none: that of no post */
    return ERR_OK;
}

static enum err find(struct request *rq, struct db *db, const struct brand_view *b,
                     const struct asked *q, struct search_page *page)
{
    const struct page_context *ctx = rq->app;
    struct search_sql_posts_row *rows = NULL;
    size_t n = 0;
    struct search_where where;
    TRY(narrow(rq, db, b->id, q->network, &where));
    struct str match = post_search_match(rq->arena, store_engine(ctx->store), &where, q->query);
    const struct search_sql_posts_in in = {.brand = b->id,
                                           .match = match,
                                           .before = q->before,
                                           .kind = q->kind,
                                           .state = q->state,
                                           .network = q->network,
                                           .limit = HITS + 1};
    if (match.n)
        TRY(search_sql_posts(db, rq->arena, &in, &rows, &n));
    size_t shown = n < HITS ? n : HITS;
    struct hit_view *hits = arena_array(rq->arena, shown, sizeof *hits);
    for (size_t i = 0; i < shown; i++)
        hits[i] = hit_of(rq, b, q, &rows[i], flow_now(ctx->flow));
    page->hits = hits;
    page->hits_n = shown;
    if (n > HITS)
        page->next = next_address(rq, q, rows[HITS - 1].id);
    if (n > HITS || q->before != INT64_MAX)
        page->found = page_text(rq, "Newest first");
    else
        page->found = words_count(rq, "%d found", "%d found", (int64_t)n);
    page->help = page_text(
        rq, "Try fewer words, or another form of one. All words must stand in a post, but "
            "for small ones like “and”; “two words” in quotation marks must stand side by "
            "side, and Rechn* finds what begins like that. The name of an author finds "
            "their posts.");
    return ERR_OK;
}

/* "#4711" or "4711" is the number of a case. */
static int64_t case_named(struct request *rq, struct db *db, struct str query)
{
    struct search_sql_case_numbered_row row;
    int64_t number;
    if (query.n && query.p[0] == '#')
        query = str_sub(query, 1, query.n);
    if (!str_to_i64(query, &number) || number < 1)
        return 0;
    enum err err = search_sql_case_numbered(
        db, rq->arena, &(struct search_sql_case_numbered_in){rq->who.brand, number}, &row);
    return err == ERR_OK ? row.id : 0;
}

static void get_search(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct db *db = store_reader(ctx->store);
    struct search_page page = {0};
    struct fields filters;
    struct asked q;
    if (!b)
        return;
    read_asked(rq, &q);
    int64_t named = case_named(rq, db, q.query);
    if (named) {
        response_redirect(rs, arena_printf(rq->arena, "/desk/case/%lld", (long long)named));
        return;
    }
    if (!settings_open(rq, rs, b, N_("Search"), "search", &page.sheet))
        return;
    fields_init(&filters, rq);
    page.query = q.query;
    enum err err = add_filters(rq, db, &q, &filters);
    if (err == ERR_OK && q.query.n)
        err = find(rq, db, b, &q, &page);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    page.filters = filters.v.p;
    page.filters_n = filters.v.n;
    struct out o = page_begin(rq, rs);
    search_page_render(&o, &page);
}

/* --- a post without a case --- */

static void show_post(struct request *rq, struct response *rs,
                      const struct search_sql_thread_post_row *post)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct form_page page = {.submit = page_text(rq, "Make a case of it"),
                             .back = STR("/desk/search")};
    struct lists_page plain = {0};
    if (!b || !settings_open(rq, rs, b, N_("A post without a case"), "search", &page.sheet))
        return;
    if (post->title.n)
        page.sheet.title = text_cut(rq->arena, post->title, TITLE_LENGTH);
    page.sheet.intro = text_cut(rq->arena, post->text, TEXT_LENGTH);
    page.action = arena_printf(rq->arena, "/desk/post/%lld/open", (long long)post->id);
    plain.sheet = page.sheet;
    struct out o = page_begin(rq, rs);
    if (right_of_role(rq->who.role, RIGHT_ANSWER))
        form_page_render(&o, &page);
    else
        lists_page_render(&o, &plain);
}

static void get_post(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct search_sql_thread_post_row post;
    int64_t id = 0;
    enum err err = request_param_i64(rq, "id", &id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = search_sql_thread_post(store_reader(ctx->store), rq->arena,
                                     &(struct search_sql_thread_post_in){rq->who.brand, id}, &post);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, NULL);
    else if (post.case_id)
        response_redirect(rs, arena_printf(rq->arena, "/desk/case/%lld", (long long)post.case_id));
    else
        show_post(rq, rs, &post);
}

const struct route search_routes[] = {
    {METHOD_GET, "/desk/search", RIGHT_READ, 0, 0, get_search},
    {METHOD_GET, "/desk/post/:id", RIGHT_READ, 0, 0, get_post},
};
const size_t search_route_count = sizeof search_routes / sizeof *search_routes;
