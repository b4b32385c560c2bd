/* demo_int.h - what the two files of the demo share. */
#ifndef APP_DEMO_INT_H
#define APP_DEMO_INT_H

#include <pthread.h>

#include "app/app.h"
#include "app/demo.h"
#include "base/map.h"
#include "flow/flow.h"
#include "text/json.h"

struct bus_listener;

struct demo {
    struct app *app;
    int64_t brand;
    int64_t began; /* moment 0 of the story */
    struct bus_listener *listener;
    pthread_t thread;
};

/* A file of demo/, built into the program. */
struct str demo_file(const char *name);
enum err demo_make_brand(struct demo *d, struct arena *a, struct errinfo *e) MUST_CHECK;
void demo_sign_in_colleagues(struct demo *d);
/* A reply and a note of the past, on the case of its post. */
enum err demo_add_story(struct demo *d, struct arena *a, const struct json *story, int64_t case_id,
                        struct errinfo *e) MUST_CHECK;

#endif
