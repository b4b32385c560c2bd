/* mail_peer.c - see mail_peer.h. */
#include "mail_peer.h"

#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "net/smtp.h"

static _Noreturn void give_up(const char *what)
{
    fprintf(stderr, "mail peer: %s\n", what);
    exit(1);
}

void mail_peer_run(const struct mail_peer *p, const char *command, const char *arguments)
{
    char line[512];
    const char *source = getenv("ZURUF_SOURCE");
    snprintf(line, sizeof line, "'%s/tests/channels/mail-server' %s '%s' %s", source ? source : ".",
             command, p->dir, arguments);
    if (system(line) != 0)
        give_up("the mail server's script failed, see the line above");
}

static int read_port(const struct mail_peer *p, const char *name)
{
    char path[96], line[64];
    int port = 0;
    snprintf(path, sizeof path, "%s/ports", p->dir);
    FILE *f = fopen(path, "r");
    while (f && fgets(line, sizeof line, f)) {
        struct str text = str_trim(str_z(line)), key;
        int64_t n;
        if (str_next(&text, '=', &key) && str_eq_z(key, name) && str_to_i64(text, &n))
            port = (int)n;
    }
    if (f)
        fclose(f);
    if (!port)
        give_up("the mail server's ports are not known");
    return port;
}

void mail_peer_start(struct mail_peer *p)
{
    *p = (struct mail_peer){.dir = "/tmp/zuruf-mail.XXXXXX"}; /* short: sockets live below */
    if (!mkdtemp(p->dir))
        give_up("no temporary directory");
    snprintf(p->ca_file, sizeof p->ca_file, "%s/cert.pem", p->dir);
    mail_peer_run(p, "start", "");
    p->imap = read_port(p, "imap");
    p->imaps = read_port(p, "imaps");
    p->smtp = read_port(p, "smtp");
    p->submission = read_port(p, "submission");
    p->submissions = read_port(p, "submissions");
    arena_init(&p->arena);
}

void mail_peer_stop(struct mail_peer *p)
{
    char line[128];
    mail_peer_run(p, "stop", "");
    snprintf(line, sizeof line, "rm -rf '%s'", p->dir);
    if (system(line) != 0)
        give_up("the temporary directory stays");
    arena_deinit(&p->arena);
}

struct str mail_peer_url(struct mail_peer *p, const char *scheme, int port)
{
    return arena_printf(&p->arena, "%s://localhost:%d", scheme, port);
}

struct net_options mail_peer_options(const struct mail_peer *p)
{
    return (struct net_options){.allow_private = true, .ca_file = p->ca_file};
}

void mail_peer_deliver(struct mail_peer *p, const char *user, struct str mail)
{
    struct smtp_result result;
    const struct smtp_request r = {.url = arena_printf(&p->arena, "smtp://127.0.0.1:%d", p->smtp),
                                   .plain = true,
                                   .net = mail_peer_options(p),
                                   .from = STR("kunde@elsewhere.test"),
                                   .to = arena_printf(&p->arena, "%s@zuruf.test", user),
                                   .data = mail};
    smtp_send(&r, &result);
    if (result.outcome != SMTP_ACCEPTED)
        give_up(result.why.what);
}

static const char *const places[] = {"new", "cur"};

size_t mail_peer_count(const struct mail_peer *p, const char *user)
{
    size_t n = 0;
    for (size_t i = 0; i < 2; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/mail/%s/Maildir/%s", p->dir, user, places[i]);
        DIR *d = opendir(path);
        for (struct dirent *f; d && (f = readdir(d));)
            n += f->d_name[0] != '.';
        if (d)
            closedir(d);
    }
    return n;
}

void mail_peer_wait(const struct mail_peer *p, const char *user, size_t n)
{
    int64_t end = clock_mono() + CLOCK_MINUTE;
    while (mail_peer_count(p, user) < n) {
        if (clock_mono() > end)
            give_up("a mail did not arrive within a minute");
        (void)poll(NULL, 0, 20);
    }
}

static struct str read_whole(struct arena *a, const char *path)
{
    char block[65536];
    FILE *f = fopen(path, "r");
    if (!f)
        return STR_NONE;
    size_t n = fread(block, 1, sizeof block, f); /* the start is enough for tests */
    fclose(f);
    return arena_str(a, (struct str){block, n});
}

struct str mail_peer_find(const struct mail_peer *p, struct arena *a, const char *user,
                          const char *text)
{
    struct str found = STR_NONE;
    char newest[256] = "";
    for (size_t i = 0; i < 2; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/mail/%s/Maildir/%s", p->dir, user, places[i]);
        DIR *d = opendir(path);
        for (struct dirent *f; d && (f = readdir(d));) {
            if (f->d_name[0] == '.' || strcmp(f->d_name, newest) < 0)
                continue;
            snprintf(path, sizeof path, "%s/mail/%s/Maildir/%s/%s", p->dir, user, places[i],
                     f->d_name);
            struct str mail = read_whole(a, path);
            if (str_find(mail, str_z(text), 0) < 0)
                continue;
            found = mail;
            snprintf(newest, sizeof newest, "%s", f->d_name);
        }
        if (d)
            closedir(d);
    }
    return found;
}
