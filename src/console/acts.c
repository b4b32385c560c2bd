/* acts.c - what agents do: each route is one act of flow/, answered with the way back to the case.
 */
#include "console/console.h"
#include "console/pages.h"

#include "base/clock.h"
#include "base/log.h"
#include "domain/facts.h"
#include "flow/flow.h"
#include "http/sse.h"
#include "page/page.h"
#include "posts/post.h"
#include "store/store.h"

enum { FORM_MAX = 64 * 1024 };

static struct flow *flow_of(const struct request *rq)
{
    return ((const struct page_context *)rq->app)->flow;
}

static void finish(struct request *rq, struct response *rs, enum err err, const struct errinfo *e,
                   struct str path)
{
    if (err == ERR_OK)
        pages_done(rq, rs, path);
    else
        pages_fail(rq, rs, err, e);
}

/* Where an act leads back to: the form may say, else the case. */
static struct str case_path(struct request *rq, int64_t id)
{
    struct str back = request_query(rq, "back");
    return back.n ? back : arena_printf(rq->arena, "/desk/case/%lld", (long long)id);
}

static int64_t id_of(const struct request *rq)
{
    int64_t id = 0;
    request_param_i64(rq, "id", &id);
    return id;
}

static int64_t number(const struct request *rq, const char *field)
{
    int64_t v = 0;
    return str_to_i64(request_field(rq, field), &v) ? v : 0;
}

/* The case an act on a post or message came from: said by the form or in the address. */
static int64_t case_of(const struct request *rq)
{
    int64_t id = number(rq, "case");
    if (!id)
        str_to_i64(request_query(rq, "case"), &id);
    return id;
}

static void post_take(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    finish(rq, rs, flow_take(flow_of(rq), &rq->who, id_of(rq), &e), &e, case_path(rq, id_of(rq)));
}

static void post_release(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    finish(rq, rs, flow_release(flow_of(rq), &rq->who, id_of(rq), &e), &e,
           case_path(rq, id_of(rq)));
}

/* A field that is not there leaves things as they are. */
static int64_t given(const struct request *rq, const char *field)
{
    return request_field(rq, field).n ? number(rq, field) : -1;
}

static void post_assign(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    enum err err =
        flow_assign(flow_of(rq), &rq->who, id_of(rq), given(rq, "assignee"), given(rq, "team"), &e);
    finish(rq, rs, err, &e, case_path(rq, id_of(rq)));
}

static void post_close(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    finish(rq, rs, flow_close(flow_of(rq), &rq->who, id_of(rq), &e), &e, case_path(rq, id_of(rq)));
}

static void post_reopen(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    finish(rq, rs, flow_reopen(flow_of(rq), &rq->who, id_of(rq), &e), &e, case_path(rq, id_of(rq)));
}

/* "60" minutes from now, or a local moment "2026-11-23T09:00" of the brand's zone (field "until").
 */
static void post_snooze(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    int64_t until = 0, minutes = number(rq, "minutes");
    if (minutes > 0 && minutes < 366 * 1440)
        until = flow_now(flow_of(rq)) + minutes * CLOCK_MINUTE;
    else
        until = pages_local_moment(rq, request_field(rq, "until"));
    finish(rq, rs, flow_snooze(flow_of(rq), &rq->who, id_of(rq), until, &e), &e,
           case_path(rq, id_of(rq)));
}

static void post_priority(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    int priority = words_find(&priority_words, request_field(rq, "priority"));
    finish(rq, rs, flow_set_priority(flow_of(rq), &rq->who, id_of(rq), priority, &e), &e,
           case_path(rq, id_of(rq)));
}

static void post_note(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    enum err err = flow_note(flow_of(rq), &rq->who, id_of(rq), request_field(rq, "text"), &e);
    finish(rq, rs, err, &e, case_path(rq, id_of(rq)));
}

static bool is_note(const struct request *rq)
{
    return str_eq_z(request_field(rq, "way"), "note") ||
           str_eq_z(request_field(rq, "then"), "note");
}

/* Only scripts keep drafts. */
static void post_draft(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    enum err err =
        flow_draft(flow_of(rq), &rq->who, id_of(rq), is_note(rq) ? DRAFT_NOTE : DRAFT_ANSWER,
                   request_field(rq, "text"), &e);
    if (err == ERR_OK)
        rs->status = 204;
    else
        response_json_error(rq, rs, err, &e);
}

/* The form's button says what it does: "then" is close, keep or note. */
static void post_reply(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    struct str then = request_field(rq, "then");
    int64_t message = 0;
    if (is_note(rq)) { /* whichever button: what was written as a note stays inside */
        post_note(rq, rs);
        return;
    }
    struct str text = request_field(rq, "text");
    enum err err = flow_reply(flow_of(rq), &rq->who, id_of(rq), number(rq, "version"), text,
                              str_eq_z(then, "close"), &message, &e);
    if (err != ERR_OK && err != ERR_NOT_FOUND && err != ERR_DENIED && !pages_from_script(rq)) {
        if (flow_draft(flow_of(rq), &rq->who, id_of(rq), DRAFT_ANSWER, text, NULL) != ERR_OK)
            log_warn("console", "a draft could not be saved; it stands in the answer only");
        rs->status = err_table[err].http;
        desk_show_refused(rq, rs, id_of(rq), text, &e); /* the case as it is now */
        return;
    }
    finish(rq, rs, err, &e, case_path(rq, id_of(rq)));
}

/* Any of the facts of a post, named as in the API: kind=complaint&reaction=yes */
static void post_correct(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    enum err err = ERR_OK;
    for (int i = 0; i < FACT_COUNT && err == ERR_OK; i++) {
        struct str value = request_field(rq, fact_table[i].name);
        if (value.n)
            err = flow_correct(flow_of(rq), &rq->who, id_of(rq), i,
                               words_find(fact_table[i].words, value), &e);
    }
    int64_t case_id = case_of(rq);
    finish(rq, rs, err, &e, case_id ? case_path(rq, case_id) : STR("/desk"));
}

static void post_open(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    int64_t case_id = 0;
    enum err err = flow_open_case(flow_of(rq), &rq->who, id_of(rq), &case_id, &e);
    finish(rq, rs, err, &e, case_path(rq, case_id));
}

static void back_to_case(struct request *rq, struct response *rs, enum err err,
                         const struct errinfo *e)
{
    int64_t case_id = case_of(rq);
    finish(rq, rs, err, e, case_id ? case_path(rq, case_id) : STR("/desk"));
}

static void post_recall(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    back_to_case(rq, rs, flow_recall(flow_of(rq), &rq->who, id_of(rq), &e), &e);
}

static void settle(struct request *rq, struct response *rs, enum settle how)
{
    struct errinfo e = {0};
    back_to_case(rq, rs, flow_settle(flow_of(rq), &rq->who, id_of(rq), how, &e), &e);
}

static void post_now(struct request *rq, struct response *rs)
{
    struct errinfo e = {0};
    back_to_case(rq, rs, flow_send_now(flow_of(rq), &rq->who, 0, id_of(rq), &e), &e);
}

static void post_again(struct request *rq, struct response *rs)
{
    settle(rq, rs, SETTLE_SEND_AGAIN);
}

static void post_arrived(struct request *rq, struct response *rs)
{
    settle(rq, rs, SETTLE_ARRIVED);
}

static void post_drop(struct request *rq, struct response *rs)
{
    settle(rq, rs, SETTLE_DROP);
}

/* What strangers sent is handed out as a file, never shown by the browser in our name. */
static void get_attachment(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct item_attachment file;
    enum err err =
        attachment_read(store_reader(ctx->store), rq->arena, rq->who.brand, id_of(rq), &file);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    rs->type = "application/octet-stream";
    response_header(rs, "Content-Disposition", pages_disposition(rq->arena, file.name));
    response_header(rs, "Content-Security-Policy", STR("default-src 'none'; sandbox"));
    buf_add(&rs->body, file.data);
}

static void get_events(struct request *rq, struct response *rs)
{
    sse_accept(rq, rs);
}

const struct route act_routes[] = {
    {METHOD_GET, "/desk/events", RIGHT_READ, 0, 0, get_events},
    {METHOD_POST, "/desk/case/:id/take", RIGHT_ANSWER, FORM_MAX, 0, post_take},
    {METHOD_POST, "/desk/case/:id/release", RIGHT_ANSWER, FORM_MAX, 0, post_release},
    {METHOD_POST, "/desk/case/:id/assign", RIGHT_ANSWER, FORM_MAX, 0, post_assign},
    {METHOD_POST, "/desk/case/:id/reply", RIGHT_ANSWER, FORM_MAX, 0, post_reply},
    {METHOD_POST, "/desk/case/:id/note", RIGHT_ANSWER, FORM_MAX, 0, post_note},
    {METHOD_POST, "/desk/case/:id/draft", RIGHT_ANSWER, FORM_MAX, 0, post_draft},
    {METHOD_POST, "/desk/case/:id/close", RIGHT_ANSWER, FORM_MAX, 0, post_close},
    {METHOD_POST, "/desk/case/:id/reopen", RIGHT_ANSWER, FORM_MAX, 0, post_reopen},
    {METHOD_POST, "/desk/case/:id/snooze", RIGHT_ANSWER, FORM_MAX, 0, post_snooze},
    {METHOD_POST, "/desk/case/:id/priority", RIGHT_ANSWER, FORM_MAX, 0, post_priority},
    {METHOD_POST, "/desk/post/:id/correct", RIGHT_ANSWER, FORM_MAX, 0, post_correct},
    {METHOD_POST, "/desk/post/:id/open", RIGHT_ANSWER, FORM_MAX, 0, post_open},
    {METHOD_POST, "/desk/message/:id/recall", RIGHT_ANSWER, FORM_MAX, 0, post_recall},
    {METHOD_POST, "/desk/message/:id/now", RIGHT_ANSWER, FORM_MAX, 0, post_now},
    {METHOD_POST, "/desk/message/:id/again", RIGHT_ANSWER, FORM_MAX, 0, post_again},
    {METHOD_POST, "/desk/message/:id/arrived", RIGHT_ANSWER, FORM_MAX, 0, post_arrived},
    {METHOD_POST, "/desk/message/:id/drop", RIGHT_ANSWER, FORM_MAX, 0, post_drop},
    {METHOD_GET, "/desk/attachment/:id", RIGHT_READ, 0, 0, get_attachment},
};
const size_t act_route_count = sizeof act_routes / sizeof *act_routes;
