/* intake.c - see intake.h. */
#include "http/intake.h"

#include <errno.h>
#include <stddef.h>
#include <time.h>

#include <microhttpd.h>

#include "base/clock.h"
#include "http/exchange.h"

enum {
    RATE = 16, /* bytes a millisecond (so KB/s): who is slower has only the fixed time */
    LINGER_MS = 2000,
    DROPPED_MAX = 4 << 20,
    HEAD_BYTES_MAX = 8192 /* of an answer */
};

static struct exchange *exchange_of(struct tap *t)
{
    void *intake = (char *)t - offsetof(struct intake, tap);
    return (void *)((char *)intake - offsetof(struct exchange, intake));
}

/* --- the last word --- */

static void add_line(struct buf *b, const char *name, struct str value)
{
    buf_printf(b, "%s: %.*s\r\n", name, STR_FMT(value));
}

static void add_date(struct buf *b)
{
    char text[40];
    time_t now = (time_t)(clock_now(&clock_system) / CLOCK_SECOND);
    struct tm tm;
    if (gmtime_r(&now, &tm) && strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm))
        add_line(b, "Date", str_z(text));
}

static void write_answer(const struct exchange *x, struct buf *b)
{
    const struct response *rs = x->rs;
    struct str body = buf_str(&rs->body);
    unsigned status = (unsigned)rs->status;
    buf_printf(b, "HTTP/1.1 %u %s\r\n", status, MHD_get_reason_phrase_for(status));
    add_date(b);
    add_line(b, "Connection", STR("close"));
    buf_printf(b, "Content-Length: %zu\r\n", body.n);
    if (body.n)
        add_line(b, "Content-Type", str_z(rs->type));
    for (size_t i = 0; i < rs->inner->answer_headers.n; i++) {
        const struct header *h = vec_at(&rs->inner->answer_headers, i);
        add_line(b, h->name.p, h->value);
    }
    buf_add_z(b, "\r\n");
    if (x->rq->method != METHOD_HEAD)
        buf_add(b, body);
}

void intake_say(struct exchange *x)
{
    struct intake *in = &x->intake;
    struct buf b;
    exchange_finish(x);
    buf_init_in(&b, &x->arena, HEAD_BYTES_MAX + x->rs->body.n);
    write_answer(x, &b);
    in->said = true;
    /* nothing else is being written on this connection, so the kernel has room */
    if (buf_ok(&b))
        (void)send(in->fd, b.p, b.n, MSG_NOSIGNAL | MSG_DONTWAIT);
    shutdown(in->fd, SHUT_WR);
    watch_until(&in->watched, clock_mono() + LINGER_MS, true);
}

/* Whoever still sends gets the time to read what we said: closing at once would answer its bytes
 * with a reset, and the answer would be lost with them. */
static ssize_t drop_rest(struct intake *in)
{
    char scratch[4096];
    ssize_t got;
    while ((got = recvfrom(in->fd, scratch, sizeof scratch, 0, NULL, NULL)) > 0)
        if ((in->dropped += (size_t)got) > DROPPED_MAX)
            return 0;
    return got;
}

static ssize_t refuse(struct exchange *x, int status, enum err code, const char *where,
                      const char *what)
{
    exchange_refuse(x, status, code, where, what);
    intake_say(x);
    return drop_rest(&x->intake);
}

static ssize_t refuse_fault(struct exchange *x)
{
    static const struct {
        int status;
        enum err code;
        const char *where;
    } table[] = {[WIRE_MALFORMED] = {400, ERR_INVALID, "header"},
                 [WIRE_TARGET_LONG] = {414, ERR_LIMIT, "path"},
                 [WIRE_HEAD_LARGE] = {431, ERR_LIMIT, "header"}};
    const struct wire *w = &x->intake.wire;
    return refuse(x, table[w->fault].status, table[w->fault].code, table[w->fault].where, w->why);
}

/* --- reading --- */

static void set_deadline(struct exchange *x, bool was_idle)
{
    struct intake *in = &x->intake;
    int64_t now = clock_mono();
    if (wire_is_idle(&in->wire))
        return;
    if (was_idle)
        in->body_since = 0;
    if (wire_in_body(&in->wire)) {
        if (!in->body_since)
            in->body_since = now;
        watch_until(&in->watched, in->body_since + x->site->body_ms + (int64_t)in->wire.body / RATE,
                    false);
    } else if (was_idle) {
        watch_until(&in->watched, now + x->site->head_ms, false);
    }
}

/* Who has said nothing at all is told nothing: browsers open connections in store, and would take
 * a 408 for the answer to the request that they send at that moment. */
static ssize_t at_end(struct exchange *x, ssize_t got)
{
    const struct intake *in = &x->intake;
    if (got < 0 || !in->watched.late || wire_is_idle(&in->wire))
        return got;
    return refuse(x, 408, ERR_LIMIT, "", "The request did not come in time.");
}

static ssize_t read_checked(struct tap *t, int fd, void *to, size_t n)
{
    struct exchange *x = exchange_of(t);
    struct intake *in = &x->intake;
    in->used = true;
    if (in->said)
        return drop_rest(in);
    if (in->crowded) {
        (void)refuse(x, 429, ERR_LIMIT, "address", CROWDED);
        return 0; /* one of very many perhaps: it does not stay */
    }
    if (in->wire.fault)
        return refuse_fault(x);
    ssize_t got = recvfrom(fd, to, n, 0, NULL, NULL);
    if (got <= 0)
        return at_end(x, got);
    bool was_idle = wire_is_idle(&in->wire);
    size_t whole, sound = wire_take(&in->wire, to, (size_t)got, &whole);
    set_deadline(x, was_idle || whole);
    if (sound == (size_t)got)
        return got;
    if (!whole)
        return refuse_fault(x);
    /* the requests before it are answered first; then the end of this side calls us again */
    shutdown(fd, SHUT_RD);
    return (ssize_t)whole;
}

/* --- one connection --- */

void intake_open(struct exchange *x, int fd)
{
    struct intake *in = &x->intake;
    in->tap.read = read_checked;
    in->fd = fd;
    wire_init(&in->wire);
    watch_add(x->site->watch, &in->watched, fd,
              clock_mono() + (in->crowded ? 0 : x->site->head_ms));
    tap_set(fd, &in->tap);
}

void intake_close(struct exchange *x)
{
    tap_set(x->intake.fd, NULL);
    watch_remove(x->site->watch, &x->intake.watched);
}

void intake_pause(struct exchange *x)
{
    watch_until(&x->intake.watched, WATCH_NEVER, false);
}

void intake_answer(struct exchange *x, size_t n)
{
    watch_until(&x->intake.watched, clock_mono() + x->site->answer_ms + (int64_t)n / RATE, true);
}

void intake_next(struct exchange *x)
{
    struct intake *in = &x->intake;
    if (in->said)
        return;
    bool idle = wire_is_idle(&in->wire); /* libmicrohttpd ends a connection that stays so */
    watch_until(&in->watched, idle ? WATCH_NEVER : clock_mono() + x->site->head_ms, false);
}
