/* routing.h - the routing key: an ordered list of rules, each a readable sentence of conditions and
 * effects. The first enabled rule whose conditions all hold decides. Rules are kept as JSON:
 *   conditions [{"field":"words","op":"contains","value":"mahnung, rechnung"}, ...]   (none:
 * always) effects    {"team":"123","priority":"high","tags":["storung"]} A value may name several,
 * separated by commas: one of them is enough. Threads: immutable once read. */
#ifndef BRAND_ROUTING_H
#define BRAND_ROUTING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/str.h"
#include "domain/facts.h"

struct arena;
struct json_writer;

enum routing_field {
    ROUTING_WORDS,   /* folded title and text contain it */
    ROUTING_CHANNEL, /* network: mail, mastodon ... */
    ROUTING_ACCOUNT, /* account key */
    ROUTING_LANGUAGE,
    ROUTING_KIND,
    ROUTING_REQUEST,
    ROUTING_SENTIMENT,
    ROUTING_AUTHOR, /* identity contains it */
    ROUTING_REACH,  /* at least */
    ROUTING_FIELD_COUNT
};
extern const struct words routing_field_words;

enum routing_op { ROUTING_IS, ROUTING_CONTAINS, ROUTING_AT_LEAST, ROUTING_OP_COUNT };
extern const struct words routing_op_words;
/* The one operation that goes with a field. */
enum routing_op routing_op_of(enum routing_field field);

struct routing_condition {
    enum routing_field field;
    struct str value; /* as written */
    struct str *any;  /* its parts, folded */
    size_t any_n;
    int64_t number; /* ROUTING_AT_LEAST */
};

struct routing_effects {
    int64_t team;    /* 0: none */
    int priority;    /* enum priority; -1: leave it normal */
    struct str tags; /* words with one blank between */
};

struct routing_rule {
    int64_t id;
    struct str name;
    bool enabled;
    struct routing_condition *conditions;
    size_t conditions_n;
    struct routing_effects effects;
};

enum { ROUTING_CONDITIONS_MAX = 20, ROUTING_VALUE_MAX = 2000, ROUTING_RULES_MAX = 500 };

/* Reads both texts; e names the part that is wrong. */
enum err routing_rule_read(struct arena *a, struct str conditions, struct str effects,
                           struct routing_rule *out, struct errinfo *e) MUST_CHECK;
void routing_conditions_write(struct json_writer *w, const struct routing_rule *rule);
void routing_effects_write(struct json_writer *w, const struct routing_rule *rule);

/* What a rule looks at. */
struct routing_subject {
    struct str folded; /* text_fold of title, blank, text */
    struct str network, account, author;
    const struct facts *facts;
    int64_t reach;
};

/* The first rule that fits, or NULL. */
const struct routing_rule *routing_find(const struct routing_rule *rules, size_t n,
                                        const struct routing_subject *s);
/* Does this condition hold, and by which of its values? *by may be NULL. */
bool routing_holds(const struct routing_condition *c, const struct routing_subject *s,
                   struct str *by);

#endif
