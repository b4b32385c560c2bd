/* feed_house.h - a brand with one account that follows a feed, over a real store, at a clock that
 * is moved; the feed answers as the test says. For the tests of this folder; what goes wrong ends
 * the test. */
#ifndef TEST_FEED_HOUSE_H
#define TEST_FEED_HOUSE_H

#include "base/arena.h"
#include "flow/flow.h"
#include "stand_in.h"
#include "store/store.h"

struct feed_house {
    char dir[64];
    struct arena arena;
    struct clock_fake clock; /* begins on Monday 2026-11-23, 11:00 in Berlin */
    struct store *store;
    struct flow *flow;
    struct stand_in feed;
    int64_t brand, account;
};

/* answer: what the feed does, with ctx. */
void feed_house_open(struct feed_house *h,
                     void (*answer)(void *ctx, int fd, const struct stand_in_request *r),
                     void *ctx);
int feed_house_close(struct feed_house *h);
/* A feed without entries. */
void feed_house_empty(int fd);

#endif
