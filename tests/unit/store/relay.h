/* relay.h - stands between a store and its PostgreSQL server and does what networks do: delays,
 * falls silent, refuses, and cuts a connection at the very moment of a commit. It reads the
 * protocol of the client (https://www.postgresql.org/docs/15/protocol-message-formats.html) as far
 * as it must to know a COMMIT. Linux only; a thread for each direction of each connection. */
#ifndef TEST_STORE_RELAY_H
#define TEST_STORE_RELAY_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

enum relay_cut {
    CUT_NOT,
    CUT_BEFORE, /* the server never sees the commit, and sees that its client is gone */
    CUT_BEHIND, /* the server never sees the commit, and believes its client to be there */
    CUT_AFTER,  /* the server has committed, its answer is lost */
    CUT_HOLD,   /* the server never sees the commit; both sides wait until one of them ends */
};

struct relay {
    int listener, port;
    atomic_int server_port; /* for new connections */
    atomic_bool
        refuse; /* new connections are closed at once, present ones were cut by relay_cut_all */
    atomic_bool silent; /* nothing is passed on */
    atomic_int delay_ms;
    atomic_int cut;          /* enum relay_cut, for the next commit only */
    atomic_bool then_refuse; /* from that cut on */
    atomic_int cuts;         /* done so far */
    atomic_bool stopping;
    pthread_t thread;
    pthread_mutex_t lock;
    struct relay_pair *pairs;
};

/* Passes connections to its port of 127.0.0.1 on to the server's. */
void relay_start(struct relay *r, int server_port);
/* The same for the server of a URL; the URL that leads there through the relay. */
void relay_start_before(struct relay *r, const char *url, char *through, size_t size);
void relay_stop(struct relay *r);
/* Closes all that pass through it now. */
void relay_cut_all(struct relay *r);

#endif
