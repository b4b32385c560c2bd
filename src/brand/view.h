/* view.h - a brand with all that deciding needs, read at once and then immutable: names, calendar,
 * targets, routing key, teams. flow/ keeps one per brand and replaces it when something changed.
 * Threads: immutable once loaded. */
#ifndef BRAND_VIEW_H
#define BRAND_VIEW_H

#include <stdint.h>

#include "brand/calendar.h"
#include "brand/routing.h"
#include "domain/facts.h"

struct db;

struct team {
    int64_t id;
    struct str name, icon;
};

struct target {
    int64_t first_ms, next_ms;
};

struct brand_view {
    int64_t id, version;
    int64_t retention_days; /* 0: posts are kept for ever */
    struct str key, name, subtitle, language, timezone, signature, address;
    struct brand_names names; /* the name itself and all spellings */
    struct calendar calendar;
    struct target targets[KIND_COUNT][PRIORITY_COUNT];
    struct routing_rule *rules; /* broken ones are left out and logged */
    size_t rules_n;
    struct team *teams;
    size_t teams_n;
};

/* Everything lives in the arena. ERR_NOT_FOUND: no such brand. */
enum err brand_view_load(struct db *db, struct arena *a, int64_t brand, struct brand_view *out,
                         struct errinfo *e) MUST_CHECK;
/* What a brand starts with: an hour for questions and complaints, a working day for the rest. */
struct target target_default(enum kind kind, enum priority priority);
const struct team *brand_team(const struct brand_view *b, int64_t id);

#endif
