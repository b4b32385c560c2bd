/* feed_house.c - see feed_house.h. */
#include "feed_house.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "flow/setup.h"
#include "schema.h"

#define BEGIN INT64_C(1795428000000)

void feed_house_open(struct feed_house *h,
                     void (*answer)(void *ctx, int fd, const struct stand_in_request *r), void *ctx)
{
    struct errinfo e = {0};
    struct account_made made;
    struct account_new account = {
        .channel = STR("feed"), .name = STR("Blatt"), .is_public = true, .allow_private = true};
    *h = (struct feed_house){0};
    /* weeks of looks: not on a disk that waits for each */
    snprintf(h->dir, sizeof h->dir, "%s/zuruf-feed-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert_non_null(mkdtemp(h->dir));
    arena_init(&h->arena);
    clock_fake_init(&h->clock, BEGIN);
    stand_in_start(&h->feed, answer, ctx);
    const struct store_options options = {.path = arena_printf(&h->arena, "%s/zuruf.db", h->dir).p,
                                          .migrations = schema_table,
                                          .migration_count = schema_count,
                                          .clock = &h->clock.clock};
    assert_int_equal(store_open(&h->store, &options, &e), ERR_OK);
    h->flow = flow_new(&(struct flow_options){.store = h->store, .clock = &h->clock.clock});
    assert_int_equal(
        setup_brand(h->flow, 0, &(struct brand_new){.name = STR("Acme")}, &h->brand, &e), ERR_OK);
    struct str url = stand_in_url(&h->feed, &h->arena, "/feed");
    map_init(&account.settings, &h->arena);
    map_set(&account.settings, STR("url"), &url);
    assert_int_equal(setup_account(h->flow, &h->arena, h->brand, 0, &account, &made, &e), ERR_OK);
    h->account = made.id;
}

int feed_house_close(struct feed_house *h)
{
    char command[128];
    flow_stop(h->flow);
    store_close(h->store);
    flow_free(h->flow);
    stand_in_stop(&h->feed);
    arena_deinit(&h->arena);
    snprintf(command, sizeof command, "rm -r %s", h->dir);
    return system(command);
}

void feed_house_empty(int fd)
{
    stand_in_printf(fd, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n<rss version=\"2.0\">"
                        "<channel><title>Blatt</title></channel></rss>");
}
