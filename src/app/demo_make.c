/* demo_make.c - makes the brand of the demo from demo/brand.json and its past from
 * demo/history.json. */
#include "app/demo_int.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/log.h"
#include "brand/routing.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "flow/setup.h"
#include "people/people.h"
#include "people/session.h"
#include "people_sql.h"
#include "store/store.h"

enum { RULE_MAX = 16 * 1024 };

struct making {
    struct demo *d;
    struct arena *a;
    const struct json *brand;
    struct map teams, agents; /* key -> int64_t * */
};

static int64_t id_of(const struct map *m, struct str key)
{
    const int64_t *id = map_get(m, key);
    return id ? *id : 0;
}

static void keep_id(struct making *m, struct map *into, struct str key, int64_t id)
{
    int64_t *kept = ARENA_NEW(m->a, int64_t);
    *kept = id;
    map_set(into, key, kept);
}

static int minute_of(struct str hhmm)
{
    int64_t h = 0, min = 0;
    return str_to_i64(str_sub(hhmm, 0, 2), &h) && str_to_i64(str_sub(hhmm, 3, 5), &min)
               ? (int)(h * 60 + min)
               : 0;
}

/* --- one transaction: teams, calendar, targets, agents, routing key --- */

static enum err write_teams(struct making *m, struct tx *tx)
{
    const struct json *teams = json_get(m->brand, "teams");
    for (size_t i = 0; i < json_count(teams); i++) {
        const struct json *t = json_at(teams, i);
        int64_t id = store_id(m->d->app->store, 0);
        TRY(brand_sql_team_insert(tx,
                                  &(struct brand_sql_team_insert_in){
                                      id, m->d->brand, json_text(json_get(t, "name"), "de"),
                                      json_text(t, "icon"), (int64_t)i},
                                  NULL));
        keep_id(m, &m->teams, json_text(t, "key"), id);
    }
    return ERR_OK;
}

static enum err write_calendar(struct making *m, struct tx *tx)
{
    const struct json *calendar = json_get(m->brand, "calendar"),
                      *hours = json_get(calendar, "hours");
    const struct json *days = json_get(calendar, "holidays");
    TRY(brand_sql_hours_clear(tx, &(struct brand_sql_hours_clear_in){m->d->brand}, NULL));
    for (size_t i = 0; i < json_count(hours); i++)
        for (int day = 1; day <= 7; day++) /* the demo is open every day, see brand.json */
            TRY(brand_sql_hours_add(
                tx,
                &(struct brand_sql_hours_add_in){m->d->brand, day,
                                                 minute_of(json_text(json_at(hours, i), "from")),
                                                 minute_of(json_text(json_at(hours, i), "to"))},
                NULL));
    int64_t today = flow_now(m->d->app->flow) / CLOCK_DAY;
    for (size_t i = 0; i < json_count(days); i++) {
        int64_t t;
        const struct json *h = json_at(days, i);
        if (clock_parse(json_text(h, "date"), &t) && t / CLOCK_DAY != today)
            TRY(brand_sql_holiday_add(
                tx,
                &(struct brand_sql_holiday_add_in){m->d->brand, t / CLOCK_DAY,
                                                   json_text(json_get(h, "name"), "de")},
                NULL));
    }
    return ERR_OK;
}

static enum err write_targets(struct making *m, struct tx *tx)
{
    const struct json *targets = json_get(m->brand, "targets");
    for (size_t i = 0; i < json_count(targets); i++) {
        const struct json *t = json_at(targets, i);
        int64_t first = 60, next = 120;
        json_i64(t, "first_minutes", &first);
        json_i64(t, "next_minutes", &next);
        TRY(brand_sql_target_set(tx,
                                 &(struct brand_sql_target_set_in){
                                     m->d->brand, words_find(&kind_words, json_text(t, "kind")),
                                     words_find(&priority_words, json_text(t, "priority")),
                                     first * CLOCK_MINUTE, next * CLOCK_MINUTE},
                                 NULL));
    }
    return ERR_OK;
}

static enum err write_agents(struct making *m, struct tx *tx, struct errinfo *e)
{
    const struct json *agents = json_get(m->brand, "agents");
    for (size_t i = 0; i < json_count(agents); i++) {
        const struct json *v = json_at(agents, i), *teams = json_get(v, "teams");
        int64_t id;
        const struct agent_new in = {.email = json_text(v, "email"),
                                     .name = json_text(v, "name"),
                                     .initials = json_text(v, "initials"),
                                     .language = json_text(v, "language"),
                                     .face = json_text(v, "face"),
                                     .brand = m->d->brand,
                                     .role =
                                         (enum role)words_find(&role_words, json_text(v, "role")),
                                     .at = flow_now(m->d->app->flow)};
        TRY(agent_create(m->d->app->store, tx, &in, &id, e));
        keep_id(m, &m->agents, json_text(v, "key"), id);
        for (size_t k = 0; k < json_count(teams); k++)
            TRY(people_sql_team_join(
                tx,
                &(struct people_sql_team_join_in){
                    m->d->brand, id_of(&m->teams, json_as_text(json_at(teams, k))), id},
                NULL));
    }
    return ERR_OK;
}

/* The readable rule of brand.json as the routing key keeps it: teams by id. */
static enum err write_rule(struct making *m, struct tx *tx, const struct json *v, int64_t position,
                           struct errinfo *e)
{
    struct buf conditions, effects;
    struct json_writer w;
    struct routing_rule rule = {0};
    const struct json *then = json_get(v, "then");
    buf_init_in(&conditions, m->a, RULE_MAX);
    json_writer_init(&w, &conditions);
    json_add_value(&w, json_get(v, "when"));
    buf_init_in(&effects, m->a, RULE_MAX);
    json_writer_init(&w, &effects);
    json_begin_object(&w);
    json_put_id(&w, "team", id_of(&m->teams, json_text(then, "team")));
    if (json_text(then, "priority").n)
        json_put_text(&w, "priority", json_text(then, "priority"));
    if (json_get(then, "tags")) {
        json_key(&w, "tags");
        json_add_value(&w, json_get(then, "tags"));
    }
    json_end_object(&w);
    TRY(routing_rule_read(m->a, buf_str(&conditions), buf_str(&effects), &rule, e));
    return brand_sql_rule_insert(
        tx,
        &(struct brand_sql_rule_insert_in){store_id(m->d->app->store, 0), m->d->brand, position,
                                           json_text(json_get(v, "name"), "de"),
                                           buf_str(&conditions), buf_str(&effects), 1},
        NULL);
}

static enum err write_brand(struct tx *tx, void *arg, struct errinfo *e)
{
    struct making *m = arg;
    const struct json *rules = json_get(m->brand, "rules");
    map_init(&m->teams, m->a);
    map_init(&m->agents, m->a);
    TRY(write_teams(m, tx));
    TRY(write_calendar(m, tx));
    TRY(write_targets(m, tx));
    TRY(write_agents(m, tx, e));
    for (size_t i = 0; i < json_count(rules); i++)
        TRY(write_rule(m, tx, json_at(rules, i), (int64_t)i, e));
    tx_notify(tx, (struct notice){TOPIC_BRAND, m->d->brand, m->d->brand, 0});
    return ERR_OK;
}

static enum err make_accounts(struct making *m, struct errinfo *e)
{
    const struct json *accounts = json_get(m->brand, "accounts");
    for (size_t i = 0; i < json_count(accounts); i++) {
        const struct json *v = json_at(accounts, i);
        struct account_made made;
        struct account_new in = {.channel = STR("demo"),
                                 .key = json_text(v, "key"),
                                 .name = json_text(v, "name"),
                                 .network = json_text(v, "network"),
                                 .is_public = json_bool(v, "public", true)};
        json_i64(v, "limit", &in.text_limit);
        map_init(&in.settings, m->a);
        TRY(setup_account(m->d->app->flow, m->a, m->d->brand, 0, &in, &made, e));
    }
    return ERR_OK;
}

enum err demo_make_brand(struct demo *d, struct arena *a, struct errinfo *e)
{
    struct making m = {.d = d, .a = a};
    struct json *all;
    TRY(json_parse(a, demo_file("brand.json"), &all, e));
    const struct json *b = json_get(all, "brand"), *aliases = json_get(b, "aliases");
    struct str *names = arena_array(a, json_count(aliases), sizeof *names);
    for (size_t i = 0; i < json_count(aliases); i++)
        names[i] = json_as_text(json_at(aliases, i));
    const struct brand_new in = {.name = json_text(b, "name"),
                                 .subtitle = json_text(b, "subtitle"),
                                 .key = STR("nordwerk"),
                                 .language = json_text(b, "language"),
                                 .timezone = json_text(b, "timezone"),
                                 .signature = json_text(b, "signature"),
                                 .names = names,
                                 .names_n = json_count(aliases)};
    TRY(setup_brand(d->app->flow, 0, &in, &d->brand, e));
    m.brand = all;
    TRY(store_write(d->app->store, write_brand, &m, e));
    return make_accounts(&m, e);
}

/* --- the past: what the team has answered and noted already --- */

struct past_note {
    struct demo *d;
    int64_t case_id, agent, at;
    struct str text;
};

static enum err write_note(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct past_note *n = arg;
    (void)e;
    return care_sql_note_add(tx,
                             &(struct care_sql_note_add_in){store_id(n->d->app->store, n->at),
                                                            n->d->brand, n->case_id, n->agent,
                                                            n->text, n->at},
                             NULL);
}

static int64_t agent_by_key(struct demo *d, struct arena *a, struct str key)
{
    struct people_sql_agents_row *rows;
    size_t n;
    if (people_sql_agents(store_reader(d->app->store), a, &(struct people_sql_agents_in){d->brand},
                          &rows, &n) == ERR_OK)
        for (size_t i = 0; i < n; i++)
            if (str_starts(rows[i].email, key)) /* aylin.brandt@... */
                return rows[i].id;
    return 0;
}

enum err demo_add_story(struct demo *d, struct arena *a, const struct json *story, int64_t case_id,
                        struct errinfo *e)
{
    int64_t at = 0, note_at = 0;
    const struct json *note = json_get(story, "note");
    json_i64(story, "at", &at);
    TRY(flow_record_reply(d->app->flow, d->brand, agent_by_key(d, a, json_text(story, "agent")),
                          case_id, json_text(story, "reply"), d->began + at * CLOCK_SECOND,
                          str_eq_z(json_text(story, "state"), "closed"), e));
    if (!note)
        return ERR_OK;
    json_i64(note, "at", &note_at);
    struct past_note n = {d, case_id, agent_by_key(d, a, json_text(note, "agent")),
                          d->began + note_at * CLOCK_SECOND, json_text(note, "text")};
    return store_write(d->app->store, write_note, &n, e);
}

/* Some colleagues are at their desks, so that the visitor is not alone. */
void demo_sign_in_colleagues(struct demo *d)
{
    static const char *const keys[] = {"aylin", "jonas", "merle", "tarek"};
    struct arena a;
    arena_init(&a);
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        struct str token;
        struct errinfo e = {0};
        if (session_start(d->app->sessions, &a, agent_by_key(d, &a, str_z(keys[i])), STR("demo"),
                          &token, &e) != ERR_OK)
            log_warn("demo", "%s is not at the desk: %s", keys[i], e.what);
    }
    arena_deinit(&a);
}

int64_t demo_agent(const struct demo *d)
{
    struct arena a;
    arena_init(&a);
    int64_t agent = agent_by_key((struct demo *)(uintptr_t)d, &a, STR("ingo"));
    arena_deinit(&a);
    return agent;
}
