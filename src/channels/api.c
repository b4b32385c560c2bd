/* api.c - a system of the organisation's own: it brings posts through our API, and gets our answers
 * as a signed webhook. The request's headers: X-Zuruf-Id         the same on each try: the receiver
 * drops repeats by it X-Zuruf-Timestamp  seconds since 1970; refuse what is older than 300 s
 *   X-Zuruf-Signature  "sha256=" and the hex HMAC-SHA256 of timestamp, ".", body, with the
 * account's secret */
#include <inttypes.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/trouble.h"
#include "channels/shared.h"
#include "crypt/hmac.h"
#include "net/fetch.h"
#include "net/guard.h"
#include "text/json.h"

enum { BODY_MAX = 2 * 1024 * 1024, ANSWER_MAX = 64 * 1024 };

static const struct channel_setting settings[] = {
    {.key = "url",
     .type = SETTING_URL,
     .label = N_("Address for answers"),
     .hint = N_("Answers are posted there as JSON. Without it the account can only listen.")},
    {.key = "secret",
     .type = SETTING_SECRET,
     .label = N_("Secret for signatures"),
     .hint = N_("The receiver checks with it that an answer comes from here.")},
};

static struct str compose(struct arena *a, const struct outgoing *m)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, BODY_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_put_id(&w, "id", m->id);
    json_put_text(&w, "key", m->key);
    json_put_text(&w, "title", m->title);
    json_put_text(&w, "text", m->text);
    json_put_text(&w, "to", m->to_id);
    json_put_text(&w, "in_reply_to", m->parent_id);
    json_key(&w, "thread");
    json_begin_list(&w);
    for (size_t i = 0; i < m->thread_count; i++)
        json_add_text(&w, m->thread[i]);
    json_end_list(&w);
    json_put_time(&w, "at", m->at);
    json_put_i64(&w, "attempt", m->attempt);
    json_end_object(&w);
    return buf_ok(&b) ? buf_str(&b) : STR_NONE;
}

/* The receiver may tell under which name it keeps the message; no duty. */
static struct str read_external_id(struct arena *a, struct str body)
{
    struct json *answer;
    if (json_parse(a, body, &answer, NULL) != ERR_OK)
        return STR_NONE;
    struct str id = json_text(answer, "external_id");
    return id.n <= ITEM_ID_MAX ? id : STR_NONE;
}

static bool may_succeed_later(int status)
{
    return status == 408 || status == 409 || status == 425 || status == 429 || status >= 500;
}

/* Would other answers fare the same there now? A plain 500 may be due to this one. */
static bool concerns_all(const struct fetch_response *r)
{
    return r->status == 429 || r->status == 502 || r->status == 503 || r->status == 504 ||
           r->retry_after > 0;
}

static void judge(const struct channel_ctx *c, enum err err, const struct fetch_response *r,
                  const struct errinfo *e, struct sent_result *out)
{
    bool accepted = r->status >= 200 && r->status < 300;
    if (accepted && (err == ERR_OK || err == ERR_LIMIT)) {
        if (err == ERR_OK)
            out->external_id = read_external_id(c->arena, r->body);
        shared_tell(out, SENT_ACCEPTED, TROUBLE_SENT_STATUS, "%d", r->status);
    } else if (err != ERR_OK) {
        /* Also when the message went out: the receiver knows a repeat by its id. */
        bool wrong = !r->sent && (err == ERR_INVALID || err == ERR_DENIED);
        out->sent = wrong ? SENT_REFUSED : SENT_LATER;
        out->why = *e;
        out->whole = err == ERR_IO || err == ERR_PEER;
    } else if (may_succeed_later(r->status)) {
        out->retry_at = r->retry_after ? clock_now(c->clock) + r->retry_after : 0;
        out->whole = concerns_all(r);
        if (r->status == 429)
            shared_tell(out, SENT_LATER, TROUBLE_TOO_MANY, NULL);
        else
            shared_tell(out, SENT_LATER, r->status >= 500 ? TROUBLE_SERVER_ILL : TROUBLE_STATUS,
                        "%d", r->status);
    } else if (r->status >= 300 && r->status < 400) {
        shared_tell(out, SENT_REFUSED, TROUBLE_RECEIVER_MOVED, "%d", r->status);
    } else {
        shared_tell(out, SENT_REFUSED, TROUBLE_REFUSED_STATUS, "%d", r->status);
    }
}

static void api_send(const struct channel_ctx *c, const struct outgoing *m,
                     struct sending_mark mark, struct sent_result *out)
{
    struct errinfo e = {0};
    struct fetch_response answer;
    *out = (struct sent_result){0};
    struct str url = channel_setting(c, "url"), secret = channel_setting(c, "secret");
    if (!url.n || !secret.n) {
        shared_tell(out, SENT_REFUSED, url.n ? TROUBLE_ENTER_SECRET : TROUBLE_ENTER_ADDRESS, NULL);
        return;
    }
    struct str body = compose(c->arena, m);
    if (!body.p) {
        shared_tell(out, SENT_REFUSED, TROUBLE_ANSWER_LARGE, "%d", BODY_MAX);
        return;
    }
    struct str stamp = arena_printf(c->arena, "%" PRId64, clock_now(c->clock) / CLOCK_SECOND);
    struct str signed_text = arena_join(c->arena, (const struct str[]){stamp, body}, 2, STR("."));
    struct str hex = hmac_sha256_hex(c->arena, secret, signed_text);
    const struct fetch_header headers[] = {
        {STR("Content-Type"), STR("application/json")},
        {STR("X-Zuruf-Id"), m->key},
        {STR("X-Zuruf-Timestamp"), stamp},
        {STR("X-Zuruf-Signature"), arena_printf(c->arena, "sha256=%s", hex.p)},
    };
    const struct fetch_request request = {
        .url = url,
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .body = body,
        .net = shared_net(c),
        .clock = c->clock,
        .body_max = ANSWER_MAX,
        .before_body = mark.mark,
        .arg = mark.arg,
    };
    enum err err = fetch(&request, c->arena, &answer, &e);
    judge(c, err, &answer, &e, out);
}

/* Without a request: whatever it would be, the receiver could take it for an answer. */
static enum err api_check(const struct channel_ctx *c, struct errinfo *e)
{
    struct str url = channel_setting(c, "url");
    if (!url.n)
        return ERR_OK;
    if (!channel_setting(c, "secret").n)
        return err_trouble(e, ERR_INVALID, "secret", TROUBLE_ENTER_SECRET, NULL);
    return guard_check(url, c->allow_private, e);
}

const struct channel channel_api = {
    .key = "api",
    .label = N_("API and webhook"),
    .icon = "webhook",
    .settings = settings,
    .setting_count = sizeof settings / sizeof *settings,
    .can_reply = true,
    .resend = RESEND_SAFE_WITH_KEY,
    .send = api_send,
    .check = api_check,
};
