/* control.h - how commands reach the data of DIR. While a server runs, they talk to it over
 * DIR/control.sock; else they take the directory themselves. Either way the same operations answer:
 * one JSON object in, one out; a long operation sends {"progress": [done, total]} before. Each
 * frame is four bytes of length (little-endian) and that many bytes of JSON. Threads: a connection
 * belongs to one. */
#ifndef APP_CONTROL_H
#define APP_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"

struct app;
struct arena;
struct buf;
struct control;
struct control_server;
struct json;
struct json_writer;
struct place;

enum { CONTROL_FRAME_MAX = 32 * 1024 * 1024 };

/* An operation: reads request, writes the members of the reply object. */
struct control_op {
    const char *name;
    enum err (*run)(struct app *app, struct arena *a, const struct json *request,
                    struct json_writer *reply, struct errinfo *e);
};
extern const struct control_op control_table[];
extern const size_t control_count;
/* From within a long operation, on its thread: tells the command how far it is. False: nobody
 * listens any more, or the server stops. Fits struct store_watch; ctx is not used. */
bool control_told(void *ctx, int64_t done, int64_t total);
/* The process for which the operation on this thread runs; our own when there is no other. */
int64_t control_caller(void);
/* The operation on this thread runs in a server. */
bool control_serving(void);
/* Operations that stand in files of their own. */
enum err op_doctor(struct app *app, struct arena *a, const struct json *request,
                   struct json_writer *reply, struct errinfo *e);

/* --- the command's side --- */
/* Through the server that runs on the directory, unless a database was named on the command line:
 * it may be another. */
enum err control_open(struct control **out, const struct place *p, struct errinfo *e) MUST_CHECK;
/* Only when a server is running: ERR_NOT_FOUND without one. */
enum err control_connect(struct control **out, const char *dir, struct errinfo *e) MUST_CHECK;
/* Without a server: the database as it is, nothing is migrated or settled. */
enum err control_open_as_it_is(struct control **out, const struct place *p,
                               struct errinfo *e) MUST_CHECK;
void control_close(struct control *c);
/* Who is told what a long operation says of itself (control_told), on the calling thread. */
void control_watch(struct control *c, void (*told)(void *ctx, int64_t done, int64_t total),
                   void *ctx);
/* request: a JSON object with "op". The reply lives in the arena. An error of the operation comes
 * back as it was. */
enum err control_call(struct control *c, struct arena *a, struct str request, struct json **reply,
                      struct errinfo *e) MUST_CHECK;

/* --- the server's side --- */
enum err control_listen(struct control_server **out, struct app *app, struct errinfo *e) MUST_CHECK;
void control_stop(struct control_server *s);

#endif
