/* site.h - a small site on a real server on a free port of 127.0.0.1, which the tests of this
 * folder speak to over raw sockets. Threads: the tests' only. */
#ifndef TEST_SITE_H
#define TEST_SITE_H

#include <stddef.h>

#include "base/queue.h"
#include "client.h"
#include "http/server.h"

struct site {
    struct http_server *server;
    struct workers *workers; /* one that works, one that waits */
    struct queue *gate;      /* where the handlers of /work and /hold wait for the test */
    struct queue *arrived;   /* a token for each that has come there */
};
extern struct site site;

/* Its pages; tests may put them on a server of their own. */
extern const struct route site_pages[];
extern const size_t site_page_count;

/* For cmocka's groups: 0 when the site runs, -1 (and a word on stderr) when it cannot. */
int site_start(void **state);
int site_stop(void **state);
/* After the test itself has stopped the server: a new one. */
void site_start_again(void);

/* Sends the text on a new connection, reads one answer into *c and closes; its status, or 0 when
 * none came. */
int site_ask(struct client *c, const char *request);

#define GET(target) "GET " target " HTTP/1.1\r\nHost: x\r\n\r\n"
#define HTML(target) "GET " target " HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n"
#define POST "POST /echo HTTP/1.1\r\nHost: x\r\n"

#endif
