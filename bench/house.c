/* house.c - see house.h. */
#include "house.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "app/app.h"
#include "base/vec.h"
#include "brand_sql.h"
#include "flow/setup.h"
#include "people/people.h"
#include "people/session.h"
#include "store/store.h"
#include "text/json.h"

enum { AUTHORS = 500, LINE_MAX_BYTES = 4096 };

void fail(const char *what)
{
    fprintf(stderr, "bench: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    exit(2);
}

void house_wait(double seconds)
{
    struct timespec t = {.tv_sec = (time_t)seconds};
    t.tv_nsec = (long)((seconds - (double)t.tv_sec) * 1e9);
    nanosleep(&t, NULL);
}

bool report(const char *what, double numerator, double denominator, const char *unit, double goal,
            bool below)
{
    double ratio = denominator > 0 ? numerator / denominator : 0;
    bool good = below ? ratio <= goal : ratio >= goal;
    printf("%-46s %12.2f / %12.2f  %-22s = %8.3f  (goal %s %g)%s\n", what, numerator, denominator,
           unit, ratio, below ? "<=" : ">=", goal, good ? "" : "  MISSED");
    fflush(stdout);
    return good;
}

/* --- posts --- */

static struct str replace(struct arena *a, struct str text, struct str from, struct str to)
{
    struct buf b;
    buf_init_in(&b, a, 4096);
    for (const char *at; from.n && (at = memmem(text.p, text.n, from.p, from.n));) {
        size_t before = (size_t)(at - text.p);
        buf_add(&b, str_sub(text, 0, before));
        buf_add(&b, to);
        text = str_sub(text, before + from.n, text.n);
    }
    buf_add(&b, text);
    return buf_str(&b);
}

/* "id, industry, brand, ..., text" */
static void read_row(struct texts *t, struct vec *v, char *line)
{
    struct str rest = str_trim(str_z(line)), cell = {0}, brands = {0}, name;
    for (int column = 0; str_next(&rest, '\t', &cell); column++)
        if (column == 2)
            brands = cell;
    if (!cell.n || cell.n > TWEET_MAX)
        return;
    while (str_next(&brands, ',', &name))
        cell = replace(&t->arena, cell, name,
                       name.n && name.p[0] == '@' ? STR("@nordwerk") : STR("Nordwerk"));
    *(struct str *)vec_push(v) = arena_str(&t->arena, cell);
}

void texts_read(struct texts *t, const char *source)
{
    static const char *const files[] = {"own-de.tsv", "own-en.tsv"};
    struct vec v;
    arena_init(&t->arena);
    vec_init(&v, &t->arena, sizeof(struct str));
    for (size_t i = 0; i < 2; i++) {
        char path[600], line[LINE_MAX_BYTES];
        snprintf(path, sizeof path, "%s/model/labels/%s", source, files[i]);
        FILE *f = fopen(path, "r");
        if (!f)
            fail(path);
        for (bool header = true; fgets(line, sizeof line, f); header = false)
            if (!header)
                read_row(t, &v, line);
        fclose(f);
    }
    t->list = v.p;
    t->n = v.n;
    errno = 0;
    if (!t->n)
        fail("no texts in model/labels");
}

void texts_free(struct texts *t)
{
    arena_deinit(&t->arena);
}

void texts_post(const struct texts *t, struct buf *out, int64_t n)
{
    struct json_writer w;
    char id[32], author[32];
    int id_n = snprintf(id, sizeof id, "post-%lld", (long long)n);
    int author_n = snprintf(author, sizeof author, "@customer%d", (int)(n % AUTHORS));
    json_writer_init(&w, out);
    json_begin_object(&w);
    json_put_text(&w, "id", (struct str){id, (size_t)id_n});
    json_put_text(&w, "author", (struct str){author, (size_t)author_n});
    json_put_text(&w, "text", t->list[(size_t)n % t->n]);
    json_put_i64(&w, "reach", n % 997);
    json_end_object(&w);
    buf_add_char(out, '\n');
}

/* --- the directory --- */

struct seed {
    struct house *h;
    struct app *app;
    int64_t agent;
};

static enum err seed_people(struct tx *tx, void *arg, struct errinfo *e)
{
    static const char *const teams[] = {"Rechnung", "Technik", "Vertrag", "Community"};
    static const char *const words[] = {"rechnung, invoice, mahnung, charge",
                                        "kaputt, broken, app, internet, störung",
                                        "vertrag, contract, kündigung, cancel"};
    struct seed *s = arg;
    const struct agent_new in = {.email = STR("bench@example.com"),
                                 .name = STR("Bea Lorenzen"),
                                 .initials = STR("BL"),
                                 .role = ROLE_ADMINISTRATOR,
                                 .brand = s->h->brand,
                                 .at = clock_now(&clock_system)};
    TRY(agent_create(s->app->store, tx, &in, &s->agent, e));
    for (int i = 0; i < 4; i++) {
        int64_t team = store_id(s->app->store, 0);
        TRY(brand_sql_team_insert(
            tx,
            &(struct brand_sql_team_insert_in){team, s->h->brand, str_z(teams[i]), STR("users"), i},
            NULL));
        if (i == 3)
            continue;
        struct arena *a = tx_arena(tx);
        TRY(brand_sql_rule_insert(
            tx,
            &(struct brand_sql_rule_insert_in){
                store_id(s->app->store, 0), s->h->brand, i, str_z(teams[i]),
                arena_printf(a, "[{\"field\":\"words\",\"op\":\"contains\",\"value\":\"%s\"}]",
                             words[i]),
                arena_printf(a, "{\"team\":\"%lld\"}", (long long)team), 1},
            NULL));
    }
    tx_notify(tx, (struct notice){TOPIC_BRAND, s->h->brand, s->h->brand, 0});
    return ERR_OK;
}

void house_make(struct house *h, const char *folder, const char *db)
{
    struct app app;
    struct arena a;
    struct errinfo e = {0};
    static const struct str names[] = {{"Nordwerk", 8}, {"@nordwerk", 9}};
    const struct brand_new brand = {.name = STR("Nordwerk"),
                                    .language = STR("de"),
                                    .timezone = STR("Europe/Berlin"),
                                    .signature = STR("initials"),
                                    .names = names,
                                    .names_n = 2};
    struct account_new account = {.channel = STR("api"),
                                  .name = STR("@nordwerk"),
                                  .network = STR("mastodon"),
                                  .key = STR("api"),
                                  .is_public = true};
    struct account_made made;
    struct seed seed = {.h = h, .app = &app};
    struct str token;
    *h = (struct house){.db = db};
    snprintf(h->dir, sizeof h->dir, "%s/zuruf-bench-XXXXXX", folder);
    if (!mkdtemp(h->dir))
        fail(h->dir);
    arena_init(&a);
    map_init(&account.settings, &a);
    if (app_open(&app, &(struct place){.data = h->dir, .db = db}, &e) != ERR_OK ||
        setup_brand(app.flow, 0, &brand, &h->brand, &e) != ERR_OK ||
        setup_account(app.flow, &a, h->brand, 0, &account, &made, &e) != ERR_OK ||
        store_write(app.store, seed_people, &seed, &e) != ERR_OK ||
        session_start(app.sessions, &a, seed.agent, STR("bench"), &token, &e) != ERR_OK)
        fail(e.what);
    snprintf(h->token, sizeof h->token, "%.*s", STR_FMT(made.token));
    snprintf(h->cookie, sizeof h->cookie, "%s=%.*s", SESSION_COOKIE, STR_FMT(token));
    app_close(&app);
    arena_deinit(&a);
}

void house_join(struct house *h, const struct house *first, const char *folder)
{
    char from[400], to[400];
    *h = *first;
    h->server = 0;
    snprintf(h->dir, sizeof h->dir, "%s/zuruf-bench-XXXXXX", folder);
    if (!mkdtemp(h->dir))
        fail(h->dir);
    snprintf(from, sizeof from, "%s/key", first->dir);
    snprintf(to, sizeof to, "%s/key", h->dir);
    if (link(from, to))
        fail(to);
}

/* --- the server --- */

/* The line "Zuruf 0.1.0 is at http://127.0.0.1:12345" says where it is. */
static int read_port(int fd)
{
    char line[300] = "";
    size_t n = 0;
    while (n + 1 < sizeof line && !strchr(line, '\n') && read(fd, line + n, 1) == 1)
        line[++n] = 0;
    const char *colon = strrchr(line, ':');
    return colon ? (int)strtol(colon + 1, NULL, 10) : 0;
}

void house_serve(struct house *h, const char *zuruf)
{
    int out[2];
    if (pipe(out))
        fail("pipe");
    h->server = fork();
    if (h->server == 0) {
        prctl(PR_SET_PDEATHSIG, SIGTERM); /* it does not outlive a bench that gives up */
        dup2(out[1], 1);
        close(out[0]);
        close(out[1]);
        execl(zuruf, zuruf, "serve", "--data", h->dir, "--listen", "127.0.0.1:0",
              h->db ? "--db" : NULL, h->db, (char *)NULL);
        perror(zuruf);
        _exit(127);
    }
    close(out[1]);
    h->port = read_port(out[0]); /* the pipe stays open: the server may say more */
    errno = 0;
    if (!h->port)
        fail("the server does not start");
}

void house_stop(struct house *h)
{
    int status = 0;
    if (!h->server)
        return;
    kill(h->server, SIGTERM);
    waitpid(h->server, &status, 0);
    h->server = 0;
}

void house_remove(struct house *h)
{
    house_stop(h);
    DIR *d = opendir(h->dir);
    for (struct dirent *f; d && (f = readdir(d));) {
        char path[700];
        snprintf(path, sizeof path, "%s/%s", h->dir, f->d_name);
        unlink(path);
    }
    if (d)
        closedir(d);
    rmdir(h->dir);
}

int house_connect(const struct house *h)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((unsigned short)h->port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to))
        fail("connect");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

/* Length of the head with its empty line, 0 while it is not whole. */
static size_t head_length(const struct buf *b)
{
    const char *end = memmem(b->p, b->n, "\r\n\r\n", 4);
    return end ? (size_t)(end - b->p) + 4 : 0;
}

static size_t body_length(const struct buf *b)
{
    const char *at = memmem(b->p, b->n, "Content-Length: ", 16);
    return at ? (size_t)strtoull(at + 16, NULL, 10) : 0;
}

int house_ask(int fd, struct str request, struct buf *out)
{
    while (request.n) {
        ssize_t sent = send(fd, request.p, request.n, MSG_NOSIGNAL);
        if (sent <= 0)
            fail("send");
        request = str_sub(request, (size_t)sent, request.n);
    }
    buf_clear(out);
    for (size_t head = 0; !head || out->n < head + body_length(out);) {
        char in[65536];
        ssize_t got = recv(fd, in, sizeof in, 0);
        if (got <= 0)
            fail("the server closed the connection");
        buf_add(out, (struct str){in, (size_t)got});
        head = head_length(out);
    }
    return (int)strtol(out->p + strlen("HTTP/1.1 "), NULL, 10);
}

static size_t count(const struct buf *b, const char *what)
{
    size_t n = 0, length = strlen(what);
    const char *end = b->p + b->n;
    for (const char *at = b->p; (at = memmem(at, (size_t)(end - at), what, length)); at += length)
        n++;
    return n;
}

size_t house_post(const struct house *h, int fd, const struct texts *t, int64_t from, int n,
                  struct buf *scratch)
{
    struct buf body, request;
    buf_init(&body, REQUEST_MAX);
    buf_init(&request, REQUEST_MAX);
    for (int i = 0; i < n; i++)
        texts_post(t, &body, from + i);
    buf_printf(&request,
               "POST /api/v1/posts HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"
               "Content-Type: application/x-ndjson\r\nContent-Length: %zu\r\n\r\n",
               h->token, body.n);
    buf_add(&request, buf_str(&body));
    int status = house_ask(fd, buf_str(&request), scratch);
    buf_deinit(&body);
    buf_deinit(&request);
    errno = 0;
    if (status != 201 || count(scratch, "\"status\":\"stored\"") != (size_t)n) {
        fprintf(stderr, "%.*s\n", (int)(scratch->n < 2000 ? scratch->n : 2000), scratch->p);
        fail("not every post was stored");
    }
    return count(scratch, "\"case\":");
}

/* --- what it uses --- */

double house_cpu(const struct house *h)
{
    char path[64], line[1024];
    unsigned long long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)h->server);
    FILE *f = fopen(path, "r");
    if (!f || !fgets(line, sizeof line, f))
        fail(path);
    fclose(f);
    const char *rest = strrchr(line, ')');
    if (!rest || sscanf(rest + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &user,
                        &system) != 2)
        fail(path);
    return (double)(user + system) / (double)sysconf(_SC_CLK_TCK);
}

void house_memory(const struct house *h, struct memory *m)
{
    static const char *const names[] = {"Rss:", "Anonymous:", "Private_Dirty:"};
    double *const slots[] = {&m->rss, &m->anonymous, &m->private_dirty};
    char path[64], line[200];
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)h->server);
    FILE *f = fopen(path, "r");
    if (!f)
        fail(path);
    *m = (struct memory){0};
    while (fgets(line, sizeof line, f))
        for (size_t i = 0; i < 3; i++)
            if (strncmp(line, names[i], strlen(names[i])) == 0)
                *slots[i] = (double)strtoull(line + strlen(names[i]), NULL, 10) * 1024;
    fclose(f);
}

int house_sockets(const struct house *h)
{
    char path[400], to[64];
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)h->server);
    DIR *d = opendir(path);
    if (!d)
        fail(path);
    for (struct dirent *f; (f = readdir(d));) {
        snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)h->server, f->d_name);
        ssize_t length = readlink(path, to, sizeof to);
        n += length > 7 && memcmp(to, "socket:", 7) == 0;
    }
    closedir(d);
    return n;
}
