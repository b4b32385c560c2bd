/* posts.c - POST /api/v1/posts: posts of an API account, one JSON object or JSON Lines. The answer
 * comes when they are durable and has one result per line; the same id twice is stored once, so a
 * client may repeat a request blindly. An id that comes again with another text is refused: whoever
 * sent it believes that it is a new post, or that posts can be changed. */
#include "api/api.h"
#include "base/vec.h"
#include "flow/flow.h"
#include "flow/item_json.h"
#include "page/context.h"
#include "text/json.h"

enum { BODY_MAX = 16 * 1024 * 1024, KEPT_MAX = 200 };

struct line {
    int64_t number;
    struct item item;
    struct ingest_result result;
    bool sound;
    struct str raw;
};

static bool is_lines(const struct request *rq)
{
    struct str type = request_header(rq, "Content-Type");
    return str_starts_nocase(type, STR("application/x-ndjson")) ||
           str_starts_nocase(type, STR("application/jsonl")) ||
           str_starts_nocase(type, STR("application/json-lines"));
}

static void read_one(struct request *rq, struct vec *lines, int64_t number, struct str text)
{
    struct json *v;
    struct line *l = vec_push(lines);
    l->number = number;
    l->raw = text;
    l->result.status = INGEST_REFUSED;
    l->sound = json_parse(rq->arena, text, &v, &l->result.why) == ERR_OK &&
               item_from_json(rq->arena, v, &l->item, &l->result.why) == ERR_OK;
}

/* ERR_LIMIT: more lines than one request may have. */
static enum err read_body(struct request *rq, struct vec *lines, struct errinfo *e)
{
    vec_init(lines, rq->arena, sizeof(struct line));
    if (!is_lines(rq)) {
        read_one(rq, lines, 1, rq->body);
        return ERR_OK;
    }
    struct str rest = rq->body, text;
    for (int64_t number = 1; str_next_line(&rest, &text); number++) {
        if (!str_trim(text).n)
            continue;
        if (lines->n == INGEST_MAX)
            return err_set(e, ERR_LIMIT, "body", "at most %d posts in one request", INGEST_MAX);
        read_one(rq, lines, number, text);
    }
    return lines->n ? ERR_OK : err_set(e, ERR_INVALID, "body", "the request has no posts");
}

/* Stores the sound ones; the others are kept raw for the owner of the account. */
static enum err store_lines(struct request *rq, struct vec *lines, struct errinfo *e)
{
    const struct page_context *ctx = rq->app;
    struct item *items = arena_array(rq->arena, lines->n, sizeof *items);
    struct line **from = arena_array(rq->arena, lines->n, sizeof(struct line *));
    struct ingest_result *results = arena_array(rq->arena, lines->n, sizeof *results);
    struct ingest_refused *refused = arena_array(rq->arena, lines->n, sizeof *refused);
    size_t n = 0, bad = 0;
    for (size_t i = 0; i < lines->n; i++) {
        struct line *l = vec_at(lines, i);
        if (l->sound) {
            items[n] = l->item;
            from[n++] = l;
        } else if (bad < KEPT_MAX) {
            refused[bad++] =
                (struct ingest_refused){arena_printf(rq->arena, "line %lld", (long long)l->number),
                                        str_z(l->result.why.what), l->raw};
        }
    }
    const struct ingest in = {.brand = rq->who.brand,
                              .account = rq->who.account,
                              .items = items,
                              .n = n,
                              .refused = refused,
                              .refused_n = bad};
    TRY(flow_ingest(ctx->flow, &in, results, e));
    for (size_t i = 0; i < n; i++) {
        from[i]->result = results[i];
        if (!results[i].differs)
            continue;
        from[i]->result.status = INGEST_REFUSED;
        (void)err_set(&from[i]->result.why, ERR_CONFLICT, "id",
                      "a post with this id and another text is there already");
    }
    return ERR_OK;
}

static void write_result(struct json_writer *w, const struct line *l)
{
    static const char *const words[] = {"stored", "duplicate", "refused"};
    json_begin_object(w);
    json_put_i64(w, "line", l->number);
    if (l->item.external_id.n)
        json_put_text(w, "id", l->item.external_id);
    json_put_text(w, "status", str_z(words[l->result.status]));
    if (l->result.status == INGEST_REFUSED) {
        json_put_text(w, "where", str_z(l->result.why.where));
        json_put_text(w, "message", str_z(l->result.why.what));
    } else {
        json_put_id(w, "post", l->result.post);
    }
    if (l->result.case_id)
        json_put_id(w, "case", l->result.case_id);
    json_end_object(w);
}

static void post_posts(struct request *rq, struct response *rs)
{
    struct vec lines;
    struct errinfo e = {0};
    struct json_writer w;
    size_t counts[3] = {0};
    enum err err = read_body(rq, &lines, &e);
    if (err == ERR_OK)
        err = store_lines(rq, &lines, &e);
    if (err != ERR_OK) {
        response_json_error(rq, rs, err, &e);
        return;
    }
    json_writer_init(&w, &rs->body);
    json_begin_object(&w);
    json_key(&w, "results");
    json_begin_list(&w);
    for (size_t i = 0; i < lines.n; i++) {
        const struct line *l = vec_at(&lines, i);
        counts[l->result.status]++;
        write_result(&w, l);
    }
    json_end_list(&w);
    json_put_i64(&w, "stored", (int64_t)counts[INGEST_STORED]);
    json_put_i64(&w, "duplicates", (int64_t)counts[INGEST_DUPLICATE]);
    json_put_i64(&w, "refused", (int64_t)counts[INGEST_REFUSED]);
    json_end_object(&w);
    rs->type = "application/json";
    rs->status = counts[INGEST_STORED] ? 201 : counts[INGEST_DUPLICATE] ? 200 : 422;
}

const struct route api_routes[] = {
    {METHOD_POST, "/api/v1/posts", RIGHT_API_WRITE, BODY_MAX, ROUTE_NO_CSRF | ROUTE_API,
     post_posts},
};
const size_t api_route_count = sizeof api_routes / sizeof *api_routes;
