/* error.c - see error.h. */
#include "page/error.h"

#include "base/rand.h"
#include "error_tmpl.h"
#include "flow/house.h"
#include "page/context.h"
#include "page/locale.h"
#include "page/page.h"

enum { TARGET_MAX = 16 * 1024, AGAIN_S = 5 };

struct advice {
    const char *what, *means, *todo;
};

static const struct advice table[ERR_COUNT] = {
    [ERR_NOT_FOUND] =
        {N_("There is nothing here"),
         N_("The address is wrong, what stood here is gone, or it belongs to another brand."),
         N_("Go back to the desk and look for it there.")},
    [ERR_INVALID] = {N_("That could not be understood"), N_("Nothing was changed."),
                     N_("Go back, check what you entered, and send it again.")},
    [ERR_CONFLICT] = {N_("Somebody was faster"),
                      N_("It was changed while you had it open. Your change was not made."),
                      N_("Go back, reload, and see what is there now.")},
    [ERR_DENIED] = {N_("You may not do that"),
                    N_("Your role in this brand does not allow it. Nothing was changed."),
                    N_("If you need it for your work, ask an administrator.")},
    [ERR_LIMIT] = {N_("That was too much"),
                   N_("It is larger, longer or more often than allowed. Nothing was changed."),
                   N_("Send less, or wait a minute and try again.")},
    [ERR_BUSY] = {N_("Too much at once"),
                  N_("More is waiting than can be done right now. Nothing was changed."),
                  N_("Wait a few seconds and try again.")},
    [ERR_PEER] = {N_("The other side refused"), N_("The channel's server answered with an error."),
                  N_("Look at the channel's log, then try again.")},
    [ERR_UNCLEAR] = {N_("It is not clear whether that worked"),
                     N_("The other side did not confirm. Perhaps it arrived, perhaps it did not."),
                     N_("Look on the channel before you send it again.")},
    [ERR_IO] = {N_("Something here has failed"),
                N_("The store or the disk did not answer. Your change may be missing."),
                N_("Try again. If it stays, tell an administrator the number below.")},
    [ERR_BUG] = {N_("Something here has failed"),
                 N_("This is a fault of the program. Your change may be missing."),
                 N_("Try again. If it stays, tell an administrator the number below.")},
};

struct str page_unsaved(const struct request *rq)
{
    static const char *const words[ERR_COUNT] = {
        [ERR_LIMIT] = N_("The disk of the server is full: nothing can be saved. Tell your "
                         "administrator, and try again when there is room."),
        [ERR_IO] = N_("The disk of the server has failed: nothing can be saved. Tell your "
                      "administrator."),
        [ERR_BUSY] = N_("The database cannot be reached: nothing can be saved. Try again in a "
                        "minute; if it stays, tell your administrator."),
    };
    const struct page_context *ctx = rq->app;
    struct house house;
    if (!ctx || !ctx->flow)
        return STR_NONE;
    house_look(ctx->flow, &house);
    return house.saving == ERR_OK
               ? STR_NONE
               : page_text(rq, words[words[house.saving] ? house.saving : ERR_IO]);
}

/* Over soon: the browser asks again for a page that was asked for, each at another moment. */
static void say_again(struct request *rq, struct response *rs, struct error_page *page)
{
    bool reading = rq->method == METHOD_GET || rq->method == METHOD_HEAD;
    long long seconds = AGAIN_S + (long long)rand_below(AGAIN_S);
    struct str number = arena_printf(rq->arena, "%lld", seconds);
    response_header(rs, "Retry-After", number);
    if (reading)
        response_header(rs, "Refresh", number);
    page->todo = locale_fill(
        rq->arena, page_locale(rq),
        reading ? N_("This page tries again by itself in %s seconds.")
                : N_("Go back and send it again in %s seconds. If it stays, tell an administrator "
                     "the number below."),
        &number, 1, NULL);
}

/* Where a page wanted somebody who is signed in; afterwards it leads back to what was asked for. */
static void to_signin(struct request *rq, struct response *rs)
{
    struct buf to;
    struct out o = {.buf = &to};
    buf_init_in(&to, rq->arena, TARGET_MAX);
    buf_add_z(&to, "/signin");
    bool reading = rq->method == METHOD_GET || rq->method == METHOD_HEAD;
    if (reading && !str_eq_z(rq->path, "/desk")) {
        buf_add_z(&to, "?next=");
        out_url_part(&o, rq->target);
    }
    buf_clear(&rs->body);
    response_redirect(rs, buf_ok(&to) ? buf_str(&to) : STR("/signin"));
}

void page_error(struct request *rq, struct response *rs, enum err code, const struct errinfo *e)
{
    if (code == ERR_DENIED && !rq->who.agent && rq->route && rq->route->right != RIGHT_NONE) {
        to_signin(rq, rs);
        return;
    }
    const struct advice *w = &table[code > ERR_OK && code < ERR_COUNT ? code : ERR_BUG];
    struct error_page page = {
        .what = page_text(rq, w->what),
        .means = page_text(rq, w->means),
        .todo = page_text(rq, w->todo),
        .detail = code == ERR_INVALID || code == ERR_LIMIT || code == ERR_PEER ||
                          code == ERR_CONFLICT /* says who was faster, or what comes first */
                      ? str_z(e ? e->what : NULL)
                      : STR_NONE,
        .request = rq->id,
        .home = rq->who.agent ? STR("/desk") : STR("/"),
    };
    struct str unsaved = code == ERR_IO || code == ERR_BUSY ? page_unsaved(rq) : STR_NONE;
    if (unsaved.n)
        page.means = unsaved;
    if (rq->method == METHOD_POST)
        page.wrote = request_field(rq, "text");
    page_layout(rq, &page.layout, page.what);
    if (rs->status < 400) /* http/ may have told another one, such as 400 for a broken query */
        rs->status = err_table[code > ERR_OK && code < ERR_COUNT ? code : ERR_BUG].http;
    if (rs->status == 503)
        say_again(rq, rs, &page);
    buf_clear(&rs->body);
    struct out o = page_begin(rq, rs);
    error_page_render(&o, &page);
}
