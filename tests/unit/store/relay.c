/* relay.c - see relay.h. */
#include "relay.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK = 65536 };

struct relay_pair {
    struct relay *relay;
    int client, server;
    pthread_t up, down;
    struct relay_pair *next;
    /* the client's stream, as far as it makes no whole message yet */
    unsigned char *kept;
    size_t kept_n;
    bool started;         /* past the first message, which has no type */
    char commit_name[64]; /* of the prepared COMMIT */
    atomic_bool wait_for_answer;
};

static void end_pair(struct relay_pair *p)
{
    shutdown(p->client, SHUT_RDWR);
    shutdown(p->server, SHUT_RDWR);
}

static bool pass(int to, const unsigned char *p, size_t n)
{
    while (n) {
        ssize_t done = send(to, p, n, MSG_NOSIGNAL);
        if (done <= 0)
            return false;
        p += done;
        n -= (size_t)done;
    }
    return true;
}

/* Waits as the line would; false when it ends meanwhile. */
static bool travel(struct relay_pair *p)
{
    struct relay *r = p->relay;
    if (r->delay_ms)
        poll(NULL, 0, r->delay_ms);
    while (r->silent && !r->stopping)
        poll(NULL, 0, 5);
    return !r->stopping;
}

/* A message of the client: is it the commit? */
static bool is_commit(struct relay_pair *p, char type, const unsigned char *body, size_t n)
{
    const char *first = (const char *)body;
    size_t first_n = strnlen(first, n);
    if (first_n + 1 >= n)
        return false;
    const char *second = first + first_n + 1;
    if (type == 'P' && strncmp(second, "COMMIT", 6) == 0)
        snprintf(p->commit_name, sizeof p->commit_name, "%s", first);
    return type == 'B' && p->commit_name[0] && strcmp(second, p->commit_name) == 0;
}

/* Reads on in the client's stream; true when a commit was among the new bytes. */
static bool commit_is_in(struct relay_pair *p, const unsigned char *bytes, size_t n)
{
    bool found = false;
    p->kept = realloc(p->kept, p->kept_n + n);
    memcpy(p->kept + p->kept_n, bytes, n);
    p->kept_n += n;
    for (;;) {
        size_t head = p->started ? 1 : 0;
        if (p->kept_n < head + 4)
            return found;
        uint32_t length;
        memcpy(&length, p->kept + head, 4);
        size_t whole = head + ntohl(length);
        if (p->kept_n < whole)
            return found;
        if (p->started)
            found = is_commit(p, (char)p->kept[0], p->kept + 5, whole - 5) || found;
        p->started = true;
        p->kept_n -= whole;
        memmove(p->kept, p->kept + whole, p->kept_n);
    }
}

static bool take_cut(struct relay *r, enum relay_cut which)
{
    int wanted = which;
    if (!atomic_compare_exchange_strong(&r->cut, &wanted, CUT_NOT))
        return false;
    r->refuse = r->then_refuse;
    r->cuts++;
    return true;
}

static void *go_up(void *arg)
{
    struct relay_pair *p = arg;
    unsigned char *bytes = malloc(CHUNK);
    ssize_t n;
    while ((n = recv(p->client, bytes, CHUNK, 0)) > 0 && travel(p)) {
        if (commit_is_in(p, bytes, (size_t)n)) {
            if (take_cut(p->relay, CUT_BEFORE))
                break;
            if (take_cut(p->relay, CUT_BEHIND)) {
                shutdown(p->client, SHUT_RDWR);
                free(bytes);
                return NULL;
            }
            if (take_cut(p->relay, CUT_HOLD)) {
                while (recv(p->client, bytes, CHUNK, 0) > 0)
                    ;
                break;
            }
            p->wait_for_answer = p->relay->cut == CUT_AFTER;
        }
        if (!pass(p->server, bytes, (size_t)n))
            break;
    }
    end_pair(p);
    free(bytes);
    return NULL;
}

static void *go_down(void *arg)
{
    struct relay_pair *p = arg;
    unsigned char *bytes = malloc(CHUNK);
    ssize_t n;
    while ((n = recv(p->server, bytes, CHUNK, 0)) > 0 && travel(p)) {
        if (p->wait_for_answer && memmem(bytes, (size_t)n, "COMMIT", 7) &&
            take_cut(p->relay, CUT_AFTER))
            break;
        if (!pass(p->client, bytes, (size_t)n))
            break;
    }
    end_pair(p);
    free(bytes);
    return NULL;
}

static int connect_to(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET,
                             .sin_port = htons((uint16_t)port),
                             .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) == 0)
        return fd;
    close(fd);
    return -1;
}

static void *accept_all(void *arg)
{
    struct relay *r = arg;
    int client;
    while ((client = accept(r->listener, NULL, NULL)) >= 0) {
        int server = r->refuse ? -1 : connect_to(r->server_port);
        if (server < 0) {
            close(client);
            continue;
        }
        struct relay_pair *p = calloc(1, sizeof *p);
        *p = (struct relay_pair){.relay = r, .client = client, .server = server};
        pthread_mutex_lock(&r->lock);
        p->next = r->pairs;
        r->pairs = p;
        pthread_create(&p->up, NULL, go_up, p);
        pthread_create(&p->down, NULL, go_down, p);
        pthread_mutex_unlock(&r->lock);
    }
    return NULL;
}

void relay_start(struct relay *r, int server_port)
{
    struct sockaddr_in own = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof own;
    *r = (struct relay){0};
    r->server_port = server_port;
    pthread_mutex_init(&r->lock, NULL);
    r->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(r->listener, (struct sockaddr *)&own, sizeof own) != 0 ||
        listen(r->listener, 64) != 0 || getsockname(r->listener, (struct sockaddr *)&own, &size))
        abort();
    r->port = ntohs(own.sin_port);
    pthread_create(&r->thread, NULL, accept_all, r);
}

void relay_start_before(struct relay *r, const char *url, char *through, size_t size)
{
    const char *colon = strrchr(url, ':');
    relay_start(r, (int)strtol(colon + 1, NULL, 10));
    snprintf(through, size, "%.*s:%d%s", (int)(colon - url), url, r->port, strchr(colon, '/'));
}

void relay_cut_all(struct relay *r)
{
    pthread_mutex_lock(&r->lock);
    for (struct relay_pair *p = r->pairs; p; p = p->next)
        end_pair(p);
    pthread_mutex_unlock(&r->lock);
}

void relay_stop(struct relay *r)
{
    r->stopping = true;
    shutdown(r->listener, SHUT_RDWR);
    pthread_join(r->thread, NULL);
    close(r->listener);
    relay_cut_all(r);
    while (r->pairs) {
        struct relay_pair *p = r->pairs;
        r->pairs = p->next;
        pthread_join(p->up, NULL);
        pthread_join(p->down, NULL);
        close(p->client);
        close(p->server);
        free(p->kept);
        free(p);
    }
    pthread_mutex_destroy(&r->lock);
}
