/* door.c - signing in and out. Passwords are checked on a worker; a wrong name costs as much time
 * as a wrong password, and guessing slows down by address and by account. */
#include "console/console.h"
#include "console/pages.h"

#include "crypt/encode.h"
#include "crypt/hmac.h"
#include "crypt/password.h"
#include "crypt/seal.h"
#include "flow/flow.h"
#include "page/page.h"
#include "people/denial.h"
#include "people/people.h"
#include "people/session.h"
#include "people/throttle.h"
#include "people_sql.h"
#include "session_sql.h"
#include "signin_tmpl.h"
#include "store/store.h"

enum { NEXT_MAX = 500, KNOWN_DAYS = 365 };
#define KNOWN_COOKIE "zuruf-known"

static void show(struct request *rq, struct response *rs, struct str email, struct str next,
                 struct str error)
{
    const struct page_context *ctx = rq->app;
    struct signin_page page = {.email = email, .next = next, .error = error};
    page_layout(rq, &page.layout, page_text(rq, "Sign in"));
    if (ctx->demo)
        page.demo = page_text(
            rq, "This is the demo. The link to sign in stands where the server was started.");
    struct out o = page_begin(rq, rs);
    signin_page_render(&o, &page);
}

static void get_signin(struct request *rq, struct response *rs)
{
    if (rq->who.agent)
        response_redirect(rs, STR("/desk"));
    else
        show(rq, rs, STR(""), request_query(rq, "next"), STR(""));
}

void door_enter(struct request *rq, struct response *rs, int64_t agent, struct str next)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    struct str token;
    enum err err = session_start(ctx->sessions, rq->arena, agent, request_header(rq, "User-Agent"),
                                 &token, &e);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, &e);
        return;
    }
    response_cookie(rq, rs, SESSION_COOKIE, token, SESSION_DAYS * 24 * 3600);
    response_redirect(rs, next.n && next.n < NEXT_MAX ? next : STR("/desk"));
}

/* Whom the address names. False: nobody who signs in with a password. */
static bool find(struct request *rq, struct str email, struct people_sql_agent_by_email_row *row)
{
    const struct page_context *ctx = rq->app;
    enum err err = people_sql_agent_by_email(store_reader(ctx->store), rq->arena,
                                             &(struct people_sql_agent_by_email_in){email}, row);
    return err == ERR_OK && !row->disabled_at && row->password.n;
}

/* What a browser keeps in which somebody has signed in before; void with a new password. */
static struct str known_mark(struct request *rq, const struct people_sql_agent_by_email_row *row)
{
    const struct page_context *ctx = rq->app;
    unsigned char mac[SHA256_SIZE];
    struct str what = arena_printf(rq->arena, "known browser %lld %.*s", (long long)row->id,
                                   STR_FMT(row->password));
    hmac_sha256((struct str){(const char *)ctx->key->bytes, SEAL_KEY_BYTES}, what, mac);
    return base64url_encode(rq->arena, (struct str){(const char *)mac, sizeof mac});
}

/* An address may fail often (a whole office behind one), an address with one account seldom. An
 * account alone may fail very often; and where its owner has signed in before this is not counted,
 * so that strangers who guess from everywhere do not keep the owner out. */
static int64_t longest_wait(struct throttle *t, struct str from, struct str both, struct str whom,
                            bool known, int64_t now)
{
    const int64_t waits[] = {throttle_wait(t, from, 20, now), throttle_wait(t, both, 5, now),
                             known ? 0 : throttle_wait(t, whom, 100, now)};
    int64_t longest = 0;
    for (size_t i = 0; i < sizeof waits / sizeof *waits; i++)
        longest = waits[i] > longest ? waits[i] : longest;
    return longest;
}

/* For those who look after the account; addresses that nobody has are nobody's matter. */
static void note_denied(const struct page_context *ctx, int64_t whose, const char *what)
{
    if (whose)
        denials_note(ctx->denials,
                     &(struct denial){.object = whose, .what = what, .place = "", .verb = ""});
}

static void post_signin(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct str email, typed = request_field(rq, "email"), password = request_field(rq, "password");
    struct str next = request_field(rq, "next");
    struct people_sql_agent_by_email_row row = {0};
    int64_t now = flow_now(ctx->flow);
    rs->status = 422;
    if (email_normalise(rq->arena, typed, &email, NULL) != ERR_OK || !password.n) {
        show(rq, rs, typed, next, page_text(rq, "Enter your mail address and your password."));
        return;
    }
    struct str from = arena_printf(rq->arena, "from %.*s", STR_FMT(rq->remote));
    struct str both =
        arena_printf(rq->arena, "both %.*s %.*s", STR_FMT(rq->remote), STR_FMT(email));
    struct str whom = arena_printf(rq->arena, "whom %.*s", STR_FMT(email));
    bool found = find(rq, email, &row);
    struct str mark = found ? known_mark(rq, &row) : STR_NONE;
    int64_t whose = row.id; /* also of somebody who was shut out */
    bool known = found && crypt_equal(request_cookie(rq, KNOWN_COOKIE), mark);
    int64_t wait = longest_wait(ctx->throttle, from, both, whom, known, now);
    if (wait > 0) {
        rs->status = 429;
        note_denied(ctx, whose, "denied.wait");
        response_header(rs, "Retry-After",
                        arena_printf(rq->arena, "%lld", (long long)(wait / 1000 + 1)));
        show(rq, rs, typed, next, page_text(rq, "Too many tries. Wait a little, then try again."));
        return;
    }
    bool fits = password.n <= PASSWORD_BYTES_MAX;
    if (fits && !found)
        password_dummy_verify(password);
    if (!fits || !found || !password_verify(row.password, password)) {
        throttle_failed(ctx->throttle, from, now);
        throttle_failed(ctx->throttle, both, now);
        throttle_failed(ctx->throttle, whom, now);
        note_denied(ctx, whose, "denied.password");
        show(rq, rs, typed, next, page_text(rq, "Address and password do not belong together."));
        return;
    }
    throttle_passed(ctx->throttle, both);
    rs->status = 200;
    response_cookie(rq, rs, KNOWN_COOKIE, mark, KNOWN_DAYS * 24 * 3600);
    door_enter(rq, rs, row.id, next);
}

static void use_link(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    int64_t agent;
    enum err err =
        session_use_link(ctx->sessions, rq->arena, request_param(rq, "token"), &agent, &e);
    if (err != ERR_OK)
        pages_fail(rq, rs, err, &e);
    else
        door_enter(rq, rs, agent, STR_NONE);
}

/* Programs look at links before people do, and another site could sign a visitor in as somebody
 * else: whoever does not come by themselves is asked first. */
static bool comes_by_itself(const struct request *rq)
{
    struct str site = request_header(rq, "Sec-Fetch-Site");
    return rq->method == METHOD_GET && !request_header(rq, "Sec-Purpose").p &&
           (!site.p || str_eq_z(site, "none") || str_eq_z(site, "same-origin"));
}

static void get_link(struct request *rq, struct response *rs)
{
    if (comes_by_itself(rq)) {
        use_link(rq, rs);
        return;
    }
    struct signin_page page = {.link = rq->path};
    page_layout(rq, &page.layout, page_text(rq, "Sign in"));
    struct out o = page_begin(rq, rs);
    signin_page_render(&o, &page);
}

static enum err write_end(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct who *who = arg;
    (void)e;
    tx_notify(tx, (struct notice){TOPIC_AGENT, 0, who->agent, 0});
    return session_sql_end(tx, &(struct session_sql_end_in){who->session}, NULL);
}

static void post_signout(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct errinfo e = {0};
    enum err err = store_write(ctx->store, write_end, &rq->who, &e);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, &e);
        return;
    }
    response_cookie(rq, rs, SESSION_COOKIE, STR(""), 0);
    response_redirect(rs, STR("/signin"));
}

static void get_root(struct request *rq, struct response *rs)
{
    (void)rq;
    response_redirect(rs, STR("/desk"));
}

const struct route door_routes[] = {
    {METHOD_GET, "/", RIGHT_NONE, 0, 0, get_root},
    {METHOD_GET, "/signin", RIGHT_NONE, 0, 0, get_signin},
    {METHOD_POST, "/signin", RIGHT_NONE, 16 * 1024, ROUTE_WORKER, post_signin},
    {METHOD_GET, "/signin/link/:token", RIGHT_NONE, 0, 0, get_link},
    {METHOD_POST, "/signin/link/:token", RIGHT_NONE, 4096, 0, use_link},
    {METHOD_POST, "/signout", RIGHT_SIGNED_IN, 4096, 0, post_signout},
};
const size_t door_route_count = sizeof door_routes / sizeof *door_routes;
