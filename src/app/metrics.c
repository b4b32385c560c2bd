/* metrics.c - see metrics.h. */
#include "app/metrics.h"

#include <dirent.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/metrics_int.h"
#include "backup_sql.h"
#include "base/log.h"
#include "bus/bus.h"
#include "crypt/hmac.h"
#include "flow/flow.h"
#include "http/peer.h"
#include "metrics_sql.h"
#include "page/context.h"
#include "store/lease.h"
#include "understand/model.h"

#define KEPT_MS (3 * CLOCK_SECOND) /* a text is shown for so long */
#define SOON_MS (15 * CLOCK_MINUTE)

enum {
    ADDRESSES_MAX = 16,
    TOKEN_MIN = 16,
    ACCOUNTS_MAX = 1000,
    BRANDS_MAX = 200,
    CASES_MAX = 10000, /* counted of a kind */
    BYTES_MAX = 1 << 20
};

struct metrics {
    struct metrics_sources from;
    struct arena arena; /* of the list below */
    struct peers addresses;
    pthread_mutex_t lock; /* of what follows */
    struct buf text;
    int64_t made_at; /* of clock_mono; 0: not yet */
};

static void begin(struct exposition *x, int id)
{
    exposition_begin(x, &metrics_table[id]);
}

/* A metric that is one number. */
static void add_one(struct exposition *x, int id, double v)
{
    begin(x, id);
    exposition_add(x, NULL, v);
}

/* A sample with one label. */
static void add_of(struct exposition *x, const char *label, double v)
{
    exposition_add(x, &(struct str){label, strlen(label)}, v);
}

/* --- the process --- */

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static int count_fds(void)
{
    DIR *d = opendir("/proc/self/fd");
    int n = -3; /* ".", ".." and its own */
    if (!d)
        return 0;
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

/* Fields of /proc/self/stat behind the name, from the state on as number 3 (proc(5)). */
static bool read_stat(long long fields[25])
{
    char text[1024];
    FILE *f = fopen("/proc/self/stat", "re");
    size_t n = f ? fread(text, 1, sizeof text - 1, f) : 0;
    if (f)
        fclose(f);
    text[n] = 0;
    char *at = strrchr(text, ')');
    if (!at || strlen(at) < 4)
        return false;
    at += 4; /* the state is a letter */
    for (int i = 4; i < 25; i++)
        fields[i] = strtoll(at, &at, 10);
    return true;
}

/* Field 22: ticks from the start of the machine to that of the process. */
static double started_at(long long ticks)
{
    double age = (double)clock_mono() / 1000 - (double)ticks / (double)sysconf(_SC_CLK_TCK);
    return (double)clock_now(&clock_system) / 1000 - age;
}

static void add_process(struct exposition *x)
{
    struct rusage used;
    struct rlimit files;
    long long stat[25] = {0};
    bool known = read_stat(stat);
    if (getrusage(RUSAGE_SELF, &used) == 0)
        add_one(x, M_CPU, seconds(used.ru_utime) + seconds(used.ru_stime));
    if (known) {
        add_one(x, M_START, started_at(stat[22]));
        add_one(x, M_RESIDENT, (double)stat[24] * (double)sysconf(_SC_PAGESIZE));
        add_one(x, M_VIRTUAL, (double)stat[23]);
        add_one(x, M_THREADS, (double)stat[20]);
    }
    add_one(x, M_FDS, count_fds());
    if (getrlimit(RLIMIT_NOFILE, &files) == 0)
        add_one(x, M_FDS_MAX, (double)files.rlim_cur);
}

/* --- this node --- */

static void add_versions(struct metrics *m, struct exposition *x)
{
    char checksum[20];
    const struct page_context *ctx = m->from.context;
    const struct str build[] = {STR(ZURUF_VERSION), store_engine(ctx->store) == STORE_SQLITE
                                                        ? STR("sqlite")
                                                        : STR("postgresql")};
    begin(x, M_BUILD);
    exposition_add(x, build, 1);
    snprintf(checksum, sizeof checksum, "%016" PRIx64, model_fingerprint(m->from.model));
    begin(x, M_MODEL);
    add_of(x, checksum, 1);
}

static void add_http(struct metrics *m, struct exposition *x)
{
    static const char *const classes[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
    struct http_figures f = {0};
    if (m->from.context->http)
        http_figures(m->from.context->http, &f);
    begin(x, M_ANSWERS);
    for (int i = 1; i < HTTP_CLASSES; i++) /* 1xx are no answers */
        add_of(x, classes[i], (double)f.answers[i]);
    begin(x, M_TOOK);
    exposition_add_histogram(x, NULL, &f.took);
    add_one(x, M_CONNECTIONS, f.connections);
    add_one(x, M_STREAMS, f.streams);
}

static void add_queues(struct metrics *m, struct exposition *x)
{
    const struct page_context *ctx = m->from.context;
    struct store_figures store;
    struct flow_figures flow;
    struct bus_figures bus;
    size_t workers_max, workers = workers_waiting(m->from.workers, &workers_max);
    store_figures(ctx->store, &store);
    flow_figures(ctx->flow, &flow);
    bus_figures(m->from.bus, &bus);
    begin(x, M_QUEUE);
    add_of(x, "writes", store.writing);
    add_of(x, "workers", (double)workers);
    add_of(x, "polls", (double)flow.polls_waiting);
    add_of(x, "notices", (double)bus.waiting);
    begin(x, M_QUEUE_MAX);
    if (store_engine(ctx->store) == STORE_SQLITE)
        add_of(x, "writes", STORE_QUEUE_MAX);
    add_of(x, "workers", (double)workers_max);
    add_of(x, "polls", (double)flow.polls_max);
    add_one(x, M_OVERFLOWS, (double)bus.overflows);
    add_one(x, M_NODE, store_run(ctx->store) != 0);
    add_one(x, M_READERS, store.readers);
    add_one(x, M_WRITE_FAILED, (double)store.failed);
    begin(x, M_WRITE_TOOK);
    exposition_add_histogram(x, NULL, &store.took);
}

static void add_flow(struct metrics *m, struct exposition *x)
{
    static const char *const posts[] = {
        [INGEST_STORED] = "stored", [INGEST_DUPLICATE] = "duplicate", [INGEST_REFUSED] = "refused"};
    static const char *const polls[] = {"failed", "well"};
    static const char *const sent[] = {"accepted", "refused", "later", "unclear"};
    struct flow_figures f;
    flow_figures(m->from.context->flow, &f);
    begin(x, M_POSTS);
    for (size_t i = 0; i < sizeof posts / sizeof *posts; i++)
        add_of(x, posts[i], (double)f.posts[i]);
    add_one(x, M_UNREADABLE, (double)f.unreadable);
    begin(x, M_POLLS);
    for (size_t i = 0; i < sizeof polls / sizeof *polls; i++)
        add_of(x, polls[i], (double)f.polls[i]);
    begin(x, M_DELIVERIES);
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++)
        add_of(x, sent[i], (double)f.deliveries[i]);
}

static void add_log(struct exposition *x)
{
    static const char *const levels[] = {"debug", "info", "warn", "error"};
    begin(x, M_LOG_LINES);
    for (int i = LOG_DEBUG; i <= LOG_ERROR; i++)
        add_of(x, levels[i], (double)log_count((enum log_level)i));
}

/* --- the installation, from the store --- */

static enum err add_accounts(struct db *db, struct arena *a, int64_t now, struct exposition *x)
{
    static const int ids[] = {M_ACCOUNT_HEARS, M_ACCOUNT_FAILURES, M_ACCOUNT_SUCCESS,
                              M_ACCOUNT_POST, M_ACCOUNT_DUE};
    struct metrics_sql_accounts_row *rows;
    size_t n;
    TRY(metrics_sql_accounts(db, a, &(struct metrics_sql_accounts_in){ACCOUNTS_MAX}, &rows, &n));
    for (size_t k = 0; k < sizeof ids / sizeof *ids; k++) {
        begin(x, ids[k]);
        for (size_t i = 0; i < n; i++) {
            const struct metrics_sql_accounts_row *r = &rows[i];
            const struct str labels[] = {r->brand, r->key, r->channel};
            bool on = r->state == ACCOUNT_ON, fetched = r->next_at < now + 10 * 365 * CLOCK_DAY;
            if (ids[k] == M_ACCOUNT_HEARS)
                exposition_add(x, labels, on && !r->failures);
            else if (ids[k] == M_ACCOUNT_FAILURES)
                exposition_add(x, labels, (double)r->failures);
            else if (ids[k] == M_ACCOUNT_SUCCESS && r->success_at)
                exposition_add(x, labels, (double)(now - r->success_at) / 1000);
            else if (ids[k] == M_ACCOUNT_POST && r->item_at)
                exposition_add(x, labels, (double)(now - r->item_at) / 1000);
            else if (ids[k] == M_ACCOUNT_DUE && on && fetched && r->next_at)
                exposition_add(x, labels, r->next_at < now ? (double)(now - r->next_at) / 1000 : 0);
        }
    }
    return ERR_OK;
}

static enum err add_incidents(struct db *db, struct arena *a, int64_t now, struct exposition *x)
{
    struct metrics_sql_incidents_row *rows;
    size_t n;
    TRY(metrics_sql_incidents(db, a, &(struct metrics_sql_incidents_in){ACCOUNTS_MAX}, &rows, &n));
    begin(x, M_INCIDENTS);
    for (size_t i = 0; i < n; i++) {
        const struct str labels[] = {rows[i].brand, rows[i].key,
                                     str_z(words_name(&incident_words, (int)rows[i].kind))};
        exposition_add(x, labels, rows[i].fine_until <= now);
    }
    return ERR_OK;
}

static enum err add_outbox(struct db *db, struct arena *a, int64_t now, struct exposition *x)
{
    struct metrics_sql_outbox_row r;
    TRY(metrics_sql_outbox(db, a, &r));
    begin(x, M_MESSAGES);
    add_of(x, "queued", (double)r.queued);
    add_of(x, "claimed", (double)r.claimed);
    add_of(x, "sending", (double)r.sending);
    add_of(x, "failed", (double)r.failed);
    add_of(x, "unclear", (double)r.unclear);
    add_one(x, M_MESSAGE_WAIT, r.oldest && r.oldest < now ? (double)(now - r.oldest) / 1000 : 0);
    return ERR_OK;
}

static enum err add_cases(struct db *db, struct arena *a, int64_t now, struct exposition *x)
{
    struct metrics_sql_cases_row *rows;
    size_t n;
    TRY(metrics_sql_cases(
        db, a,
        &(struct metrics_sql_cases_in){now, now + SOON_MS, now - CLOCK_DAY, CASES_MAX, BRANDS_MAX},
        &rows, &n));
    begin(x, M_CASES);
    for (size_t i = 0; i < n; i++) {
        const int64_t counts[] = {rows[i].waiting, rows[i].answered, rows[i].snoozed};
        for (int k = 0; k < 3; k++)
            exposition_add(
                x, (const struct str[]){rows[i].brand, str_z(words_name(&case_state_words, k))},
                (double)counts[k]);
    }
    begin(x, M_CASES_LATE);
    for (size_t i = 0; i < n; i++)
        exposition_add(x, &rows[i].brand, (double)rows[i].late);
    begin(x, M_CASES_SOON);
    for (size_t i = 0; i < n; i++)
        exposition_add(x, &rows[i].brand, (double)rows[i].soon);
    begin(x, M_CASES_PROBLEM);
    for (size_t i = 0; i < n; i++)
        exposition_add(x, &rows[i].brand, (double)rows[i].problem);
    return ERR_OK;
}

static enum err add_backups(struct db *db, struct arena *a, int64_t now, struct exposition *x)
{
    struct backup_sql_runs_row *last;
    struct backup_sql_whole_row whole;
    size_t n;
    TRY(backup_sql_runs(db, a, &(struct backup_sql_runs_in){1}, &last, &n));
    begin(x, M_BACKUP_AGE);
    if (backup_sql_whole(db, a, &whole) == ERR_OK)
        exposition_add(x, NULL, (double)(now - whole.made_at) / 1000.0);
    add_one(x, M_BACKUP_FAILED, n && last[0].what.n);
    return ERR_OK;
}

static enum err add_installation(struct metrics *m, struct arena *a, struct exposition *x)
{
    struct db *db = store_reader(m->from.context->store);
    struct metrics_sql_nodes_row nodes;
    int64_t now;
    TRY(store_now(db, &now));
    TRY(metrics_sql_nodes(db, a, &(struct metrics_sql_nodes_in){now}, &nodes));
    add_one(x, M_NODES, (double)nodes.n);
    TRY(add_accounts(db, a, now, x));
    TRY(add_incidents(db, a, now, x));
    TRY(add_outbox(db, a, now, x));
    TRY(add_backups(db, a, now, x));
    return add_cases(db, a, now, x);
}

/* --- the text --- */

static void make_text(struct metrics *m, struct buf *out)
{
    struct exposition x;
    struct arena a;
    struct buf stored;
    exposition_init(&x, out);
    add_versions(m, &x);
    add_process(&x);
    add_http(m, &x);
    add_queues(m, &x);
    add_flow(m, &x);
    add_log(&x);
    arena_init(&a);
    buf_init_in(&stored, &a, BYTES_MAX);
    exposition_init(
        &x, &stored); /* all of it or nothing: half a list would look like accounts that are gone */
    bool up = add_installation(m, &a, &x) == ERR_OK;
    exposition_init(&x, out);
    add_one(&x, M_STORE_UP, up);
    if (up)
        buf_add(out, buf_str(&stored));
    arena_deinit(&a);
}

/* From a listed address itself, or with the token. Behind a proxy every asker may look as if it
 * came from here, so there an address proves nothing. */
static bool may_read(const struct metrics *m, const struct request *rq)
{
    static const char *const marks[] = {"X-Forwarded-For", "Forwarded", "Via"};
    struct str token = str_z(config_get(m->from.config, CONFIG_METRICS_TOKEN));
    struct str given = request_header(rq, "Authorization");
    bool direct = true;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++)
        direct = direct && !request_header(rq, marks[i]).p;
    if (direct && peers_have(&m->addresses, rq->remote))
        return true;
    return token.n && str_starts_nocase(given, STR("Bearer ")) &&
           crypt_equal(str_trim(str_sub(given, 7, given.n)), token);
}

static void get_metrics(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    struct metrics *m = ctx->metrics;
    struct errinfo e = {0};
    if (!m || !may_read(m, rq)) {
        enum err err = err_set(&e, ERR_DENIED, "metrics",
                               "figures are for listed addresses and for who has the token");
        response_json_error(rq, rs, err, &e);
        return;
    }
    rs->type = EXPOSITION_TYPE;
    pthread_mutex_lock(&m->lock);
    if (!m->made_at || clock_mono() - m->made_at > KEPT_MS) {
        buf_clear(&m->text);
        make_text(m, &m->text);
        m->made_at = clock_mono();
    }
    buf_add(&rs->body, buf_str(&m->text));
    pthread_mutex_unlock(&m->lock);
}

enum err metrics_new(struct metrics **out, const struct metrics_sources *from, struct errinfo *e)
{
    const char *addresses[ADDRESSES_MAX + 1] = {0};
    size_t n = 0, token = strlen(config_get(from->config, CONFIG_METRICS_TOKEN));
    struct metrics *m = calloc(1, sizeof *m);
    if (!m)
        return err_set(e, ERR_IO, "metrics", "out of memory");
    m->from = *from;
    arena_init(&m->arena);
    buf_init(&m->text, BYTES_MAX);
    pthread_mutex_init(&m->lock, NULL);
    *out = m;
    if (token && token < TOKEN_MIN)
        return err_set(e, ERR_INVALID, "metrics_token", "a token has at least %d characters",
                       TOKEN_MIN);
    struct str rest = str_z(config_get(from->config, CONFIG_METRICS_FROM)), one;
    while (n < ADDRESSES_MAX && str_next(&rest, ' ', &one))
        if (str_trim(one).n)
            addresses[n++] = arena_str(&m->arena, str_trim(one)).p;
    struct errinfo why;
    enum err err = peers_new(&m->arena, addresses, &m->addresses, &why);
    return err == ERR_OK ? ERR_OK : err_set(e, err, "metrics_from", "%s", why.what);
}

void metrics_free(struct metrics *m)
{
    if (!m)
        return;
    pthread_mutex_destroy(&m->lock);
    buf_deinit(&m->text);
    arena_deinit(&m->arena);
    free(m);
}

const struct route metrics_routes[] = {
    {METHOD_GET, "/metrics", RIGHT_NONE, 0, ROUTE_API, get_metrics},
};
const size_t metrics_route_count = sizeof metrics_routes / sizeof *metrics_routes;
