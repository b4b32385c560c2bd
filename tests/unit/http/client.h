/* client.h - a raw HTTP client for the tests: writes bytes as they are, reads until the answer, a
 * text or the end is there. Threads: one at a time. */
#ifndef TEST_CLIENT_H
#define TEST_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

struct client {
    int fd;
    size_t n;
    char in[1 << 17]; /* what came, with a NUL behind */
    bool ended;
};

/* Connects to 127.0.0.1; aborts the test when it cannot. */
void client_open(struct client *c, int port);
/* From another address of the loopback network. */
void client_open_from(struct client *c, int port, const char *from);
void client_close(struct client *c);
void client_send(struct client *c, const char *bytes, size_t n);
void client_send_z(struct client *c, const char *text);
/* Reads until the text has come; false when the connection ended or 10 s passed before. */
bool client_wait_for(struct client *c, const char *text);
/* Reads until the other side closes; false after 10 s. */
bool client_wait_end(struct client *c);
/* Reads one whole answer with Content-Length (or without a body) from the start of in; false when
 * it does not come. head_only: the answer to HEAD. */
bool client_wait_answer(struct client *c, bool head_only);
/* Forgets what came. */
void client_clear(struct client *c);
/* Status of the first answer in `in`; 0 when there is none. */
int client_status(const struct client *c);
/* The value of a header in the first answer, NULL when absent; valid until the next call. */
const char *client_header(const struct client *c, const char *name);
/* What stands behind the first head. */
const char *client_body(const struct client *c);
/* How often an answer starts in what came. */
int client_answers(const struct client *c);

#endif
