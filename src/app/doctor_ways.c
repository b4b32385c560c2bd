/* doctor_ways.c - whether people reach the server by its public address, and whether it knows what
 * the proxy in front tells of them. */
#include "app/doctor.h"
#include "base/clock.h"
#include "net/fetch.h"

enum { PATIENCE_MS = 10 * 1000 };

static bool is_own_machine(struct str url)
{
    static const char *const starts[] = {"http://127.", "http://localhost", "http://[::1]"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (str_starts(url, str_z(starts[i])))
            return true;
    return false;
}

/* Our own answer carries Strict-Transport-Security exactly when the request counts as encrypted
 * (http/response.c): then cookies are Secure too, and the visitor's address is the forwarded one.
 */
static void look_at_answer(struct doctor *d, struct str url, const struct fetch_response *r)
{
    struct str check = STR("proxy");
    if (!str_starts(url, STR("https:")))
        return;
    if (fetch_header(r, "Strict-Transport-Security").n)
        doctor_found(d, FINDING_OK, check,
                     N_("The proxy in front is known: cookies are for TLS only."), NULL,
                     SAY_NOTHING);
    else
        doctor_found(d, FINDING_FAIL, check,
                     N_("The proxy in front is not believed: cookies could travel without TLS, and "
                        "all visitors seem to come from one address."),
                     N_("Write its address into zuruf.conf (proxies = 127.0.0.1), and let it send "
                        "X-Forwarded-For and X-Forwarded-Proto."),
                     SAY_NOTHING);
}

static void reach(struct doctor *d, struct app *app, struct str url)
{
    const char *ca_file = config_get(&app->config, CONFIG_CA_FILE);
    const struct fetch_request request = {
        .url = arena_printf(d->arena, "%.*s/healthz", STR_FMT(url)),
        .net = {.allow_private = true, .ca_file = ca_file[0] ? ca_file : NULL},
        .total_ms = PATIENCE_MS};
    struct fetch_response answer;
    struct errinfo e = {0};
    static const char todo[] =
        N_("Look at the name, at the certificate, and into the log of the proxy.");
    enum err err = fetch(&request, d->arena, &answer, &e);
    if (err != ERR_OK) {
        doctor_found(d, FINDING_FAIL, STR("address"), N_("Nobody reaches the server by %s: %s"),
                     todo, SAY(url, arena_strz(d->arena, e.what[0] ? e.what : err_code(err))));
    } else if (answer.status != 200 || !fetch_header(&answer, "X-Request-Id").n) {
        doctor_found(d, FINDING_FAIL, STR("address"),
                     N_("%s answers with %s, but that is not this server."), todo,
                     SAY(url, doctor_number(d, answer.status)));
    } else {
        doctor_found(d, FINDING_OK, STR("address"), N_("The server is reached by %s."), NULL,
                     SAY(url));
        look_at_answer(d, url, &answer);
    }
}

void doctor_look_at_ways(struct doctor *d, struct app *app, bool outside)
{
    struct str url = str_z(config_get(&app->config, CONFIG_URL)), check = STR("address");
    if (!url.n) {
        doctor_found(d, FINDING_WARN, check,
                     N_("No public address is set: links in mails lead to this machine only."),
                     N_("Write url = https://... into zuruf.conf."), SAY_NOTHING);
        return;
    }
    if (!str_starts(url, STR("https:")) && !is_own_machine(url))
        doctor_found(d, FINDING_WARN, STR("proxy"),
                     N_("The public address has no TLS: passwords travel in the open."),
                     N_("Put Caddy or nginx in front; packaging/ has both."), SAY_NOTHING);
    if (outside)
        reach(d, app, url);
}
