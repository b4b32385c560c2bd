/* ask.h - one question of a command to the data of DIR: begin, put, send. Errors are told on
 * stderr. */
#ifndef APP_ASK_H
#define APP_ASK_H

#include <stdbool.h>

#include "app/app.h"
#include "app/control.h"
#include "base/arena.h"
#include "base/buf.h"
#include "text/json.h"

struct ask {
    const char *command;
    struct control *control;
    struct arena arena;
    struct buf request;
    struct json_writer w;
};

bool ask_open(struct ask *q, const char *command, const struct place *p);
void ask_close(struct ask *q);
void ask_begin(struct ask *q, const char *op);
/* Nothing when the value is NULL. */
void ask_put(struct ask *q, const char *name, const char *value);
bool ask_send(struct ask *q, struct json **reply);

#endif
