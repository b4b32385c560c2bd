/* context.h - what handlers of pages and API find in request->app. Built by app/. Threads:
 * immutable after start. */
#ifndef PAGE_CONTEXT_H
#define PAGE_CONTEXT_H

#include <stdbool.h>

struct denials;
struct flow;
struct http_server;
struct kept;
struct metrics;
struct seal_key;
struct sessions;
struct store;
struct throttle;

struct page_context {
    struct store *store;
    struct flow *flow;
    struct sessions *sessions;
    struct throttle *throttle; /* of sign-ins */
    struct denials *denials;   /* people/denial.h */
    const struct seal_key *key;
    struct kept *kept;        /* console/kept.h */
    struct http_server *http; /* for event streams; set once the server runs */
    struct metrics *metrics;  /* app/metrics.h */
    const char *url;          /* how people reach us, without a slash at the end; may be empty */
    const char *setup_token;  /* opens the set-up while there is no agent; empty: no set-up */
    bool demo;                /* fictional brand: the sign-in page says so */
};

#endif
