/* doctor.h - what zuruf doctor finds: one finding for each thing it looked at, in words of the
 * asker's language. Two halves look: place (files, disk, clock of this machine) runs in the command
 * and needs no database; house (database, accounts, ways in and out) runs where the database is
 * open, in the server or in the command. Threads: one. */
#ifndef APP_DOCTOR_H
#define APP_DOCTOR_H

#include "app/app.h"
#include "base/arena.h"
#include "base/vec.h"
#include "page/locale.h"

enum finding_state { FINDING_OK, FINDING_WARN, FINDING_FAIL };

struct finding {
    enum finding_state state;
    struct str check; /* stable: "key", "account:brand/mail" */
    struct str what;  /* what is so */
    struct str todo;  /* what to do; empty when it is well */
};

struct doctor {
    struct arena *arena;
    const struct locale *locale;
    struct vec findings; /* struct finding */
};

/* Texts with their %s, first those of what, then those of todo. */
#define SAY(...)                                                                                   \
    (const struct str[]){__VA_ARGS__},                                                             \
        sizeof((const struct str[]){__VA_ARGS__}) / sizeof(struct str)
#define SAY_NOTHING NULL, 0

void doctor_init(struct doctor *d, struct arena *a, const struct locale *l);
/* what and todo are msgids; todo NULL: nothing to do. */
void doctor_found(struct doctor *d, enum finding_state state, struct str check, const char *what,
                  const char *todo, const struct str *args, size_t n);
/* Bytes, moments (UTC) and numbers as people read them. */
struct str doctor_size(const struct doctor *d, int64_t bytes);
struct str doctor_moment(const struct doctor *d, int64_t at);
struct str doctor_number(const struct doctor *d, int64_t n);

/* True when the database may be opened: no server is needed for that, but directory and key. */
bool doctor_look_at_place(struct doctor *d, const struct place *p);
/* app: open, running or not. outside: also ask mail servers, feeds, and our own public address. */
void doctor_look_at_house(struct doctor *d, struct app *app, bool serving, bool outside);
/* The ways to this server: public address, proxy, TLS. */
void doctor_look_at_ways(struct doctor *d, struct app *app, bool outside);

#endif
