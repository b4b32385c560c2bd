/* view.c - see view.h. */
#include "brand/view.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "brand_sql.h"
#include "text/zone.h"

struct target target_default(enum kind kind, enum priority priority)
{
    int64_t first = kind == KIND_QUESTION || kind == KIND_COMPLAINT ? CLOCK_HOUR : 8 * CLOCK_HOUR;
    int64_t next = 2 * first;
    if (priority == PRIORITY_HIGH)
        return (struct target){first / 2, next / 2};
    if (priority == PRIORITY_LOW)
        return (struct target){first * 4, next * 4};
    return (struct target){first, next};
}

static enum err load_names(struct db *db, struct arena *a, struct brand_view *b)
{
    struct brand_sql_names_row *rows;
    size_t n;
    TRY(brand_sql_names(db, a, &(struct brand_sql_names_in){b->id}, &rows, &n));
    struct str *names = arena_array(a, n + 1, sizeof *names);
    names[0] = b->name;
    for (size_t i = 0; i < n; i++)
        names[i + 1] = rows[i].name;
    b->names = (struct brand_names){names, n + 1};
    return ERR_OK;
}

static enum err load_calendar(struct db *db, struct arena *a, struct brand_view *b)
{
    struct brand_sql_hours_row *hours;
    struct brand_sql_holidays_row *days;
    size_t hours_n, days_n;
    TRY(brand_sql_hours(db, a, &(struct brand_sql_hours_in){b->id}, &hours, &hours_n));
    TRY(brand_sql_holidays(db, a, &(struct brand_sql_holidays_in){b->id}, &days, &days_n));
    struct calendar_hours *h = arena_array(a, hours_n, sizeof *h);
    for (size_t i = 0; i < hours_n; i++)
        h[i] = (struct calendar_hours){(int)hours[i].weekday, (int)hours[i].from_minute,
                                       (int)hours[i].to_minute};
    int64_t *holidays = arena_array(a, days_n, sizeof *holidays);
    for (size_t i = 0; i < days_n; i++)
        holidays[i] = days[i].day;
    b->calendar = (struct calendar){zone_find(b->timezone), h, hours_n, holidays, days_n};
    return ERR_OK;
}

static enum err load_targets(struct db *db, struct arena *a, struct brand_view *b)
{
    struct brand_sql_targets_row *rows;
    size_t n;
    for (int k = 0; k < KIND_COUNT; k++)
        for (int p = 0; p < PRIORITY_COUNT; p++)
            b->targets[k][p] = target_default((enum kind)k, (enum priority)p);
    TRY(brand_sql_targets(db, a, &(struct brand_sql_targets_in){b->id}, &rows, &n));
    for (size_t i = 0; i < n; i++)
        if (rows[i].kind >= 0 && rows[i].kind < KIND_COUNT && rows[i].priority >= 0 &&
            rows[i].priority < PRIORITY_COUNT)
            b->targets[rows[i].kind][rows[i].priority] =
                (struct target){rows[i].first_ms, rows[i].next_ms};
    return ERR_OK;
}

static enum err load_rules(struct db *db, struct arena *a, struct brand_view *b)
{
    struct brand_sql_rules_row *rows;
    size_t n;
    TRY(brand_sql_rules(db, a, &(struct brand_sql_rules_in){b->id}, &rows, &n));
    b->rules = arena_array(a, n, sizeof *b->rules);
    for (size_t i = 0; i < n; i++) {
        struct errinfo e = {0};
        struct routing_rule *rule = &b->rules[b->rules_n];
        *rule = (struct routing_rule){
            .id = rows[i].id, .name = rows[i].name, .enabled = rows[i].enabled != 0};
        if (routing_rule_read(a, rows[i].conditions, rows[i].effects, rule, &e) == ERR_OK)
            b->rules_n++;
        else
            log_warn("brand", "routing rule %lld is left out: %s", (long long)rows[i].id, e.what);
    }
    return ERR_OK;
}

static enum err load_teams(struct db *db, struct arena *a, struct brand_view *b)
{
    struct brand_sql_teams_row *rows;
    size_t n;
    TRY(brand_sql_teams(db, a, &(struct brand_sql_teams_in){b->id}, &rows, &n));
    b->teams = arena_array(a, n, sizeof *b->teams);
    b->teams_n = n;
    for (size_t i = 0; i < n; i++)
        b->teams[i] = (struct team){rows[i].id, rows[i].name, rows[i].icon};
    return ERR_OK;
}

enum err brand_view_load(struct db *db, struct arena *a, int64_t brand, struct brand_view *out,
                         struct errinfo *e)
{
    struct brand_sql_get_row row;
    enum err err = brand_sql_get(db, a, &(struct brand_sql_get_in){brand}, &row);
    if (err != ERR_OK)
        return err_set(e, err, "brand", "brand %lld cannot be read", (long long)brand);
    *out = (struct brand_view){.id = brand,
                               .version = row.version,
                               .key = row.key,
                               .name = row.name,
                               .subtitle = row.subtitle,
                               .language = row.language,
                               .timezone = row.timezone,
                               .retention_days = row.retention_days,
                               .signature = row.signature,
                               .address = row.address};
    TRY(load_names(db, a, out));
    TRY(load_calendar(db, a, out));
    TRY(load_targets(db, a, out));
    TRY(load_teams(db, a, out));
    return load_rules(db, a, out);
}

const struct team *brand_team(const struct brand_view *b, int64_t id)
{
    for (size_t i = 0; i < b->teams_n; i++)
        if (b->teams[i].id == id)
            return &b->teams[i];
    return NULL;
}
