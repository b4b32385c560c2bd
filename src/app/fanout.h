/* fanout.h - what changed, told to the desks: notices from the bus become events on the streams of
 * the brand. */
#ifndef APP_FANOUT_H
#define APP_FANOUT_H

#include "base/err.h"

struct bus;
struct fanout;
struct http_server;

enum err fanout_start(struct fanout **out, struct bus *bus, struct http_server *http,
                      struct errinfo *e) MUST_CHECK;
void fanout_stop(struct fanout *f);

#endif
