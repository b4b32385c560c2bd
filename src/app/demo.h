/* demo.h - the fictional brand Nordwerk: made once in an empty directory, then its posts stream in
 * on a compressed clock and its customers write back. Everything goes through flow/, as real
 * channels do. */
#ifndef APP_DEMO_H
#define APP_DEMO_H

#include <stdint.h>

#include "base/err.h"

struct app;
struct bus;
struct demo;

enum err demo_start(struct demo **out, struct app *app, struct bus *bus,
                    struct errinfo *e) MUST_CHECK;
/* The agent whom the printed link signs in. */
int64_t demo_agent(const struct demo *d);
/* After bus_end. */
void demo_stop(struct demo *d);

#endif
