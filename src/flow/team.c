/* team.c - the end of a team. Its cases move in steps that hold nobody up; the last step moves what
 * came meanwhile, with rules and members, and only then the team is gone. So a stop in the middle
 * leaves a team with fewer cases, never a case with a team that is none. What was routed to it
 * before and is written after it has no team (care.sql looks). */
#include "base/arena.h"
#include "base/buf.h"
#include "brand/routing.h"
#include "brand_sql.h"
#include "care_sql.h"
#include "flow/flow_int.h"
#include "people/people.h"
#include "people_sql.h"
#include "text/json.h"

enum { STEP = 500, EFFECTS_MAX = 64 * 1024 };

struct leaving {
    struct flow *f;
    const struct who *who;
    int64_t team;
    const struct team_heirs *to;
    bool more; /* cases are left: once more */
};

static const struct brand_sql_teams_row *find(const struct brand_sql_teams_row *teams, size_t n,
                                              int64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (teams[i].id == id)
            return &teams[i];
    return NULL;
}

/* All that are named are teams of the brand, as the transaction sees it. */
static enum err look(struct tx *tx, const struct leaving *l, struct str *name, struct errinfo *e)
{
    const int64_t heirs[] = {l->to->cases, l->to->rules, l->to->members};
    struct brand_sql_teams_row *teams;
    size_t n;
    TRY(brand_sql_teams(tx_db(tx), tx_arena(tx), &(struct brand_sql_teams_in){l->who->brand},
                        &teams, &n));
    const struct brand_sql_teams_row *own = find(teams, n, l->team);
    if (!own)
        return err_set(e, ERR_NOT_FOUND, "team", "this team is no more");
    for (size_t i = 0; i < sizeof heirs / sizeof *heirs; i++)
        if (heirs[i] && (heirs[i] == l->team || !find(teams, n, heirs[i])))
            return err_set(e, ERR_INVALID, "team", "the other team is no more");
    *name = own->name;
    return ERR_OK;
}

static enum err move_cases(struct tx *tx, struct leaving *l)
{
    int64_t moved = 0;
    TRY(care_sql_team_move(
        tx, &(struct care_sql_team_move_in){l->who->brand, l->team, l->to->cases, STEP}, &moved));
    l->more = moved == STEP;
    return ERR_OK;
}

static enum err write_step(struct tx *tx, void *arg, struct errinfo *e)
{
    struct str name;
    TRY(look(tx, arg, &name, e));
    return move_cases(tx, arg);
}

/* A rule that cannot be read is passed over when posts come, too. */
static enum err move_rules(struct tx *tx, const struct leaving *l)
{
    struct brand_sql_rules_row *rows;
    size_t n;
    TRY(brand_sql_rules(tx_db(tx), tx_arena(tx), &(struct brand_sql_rules_in){l->who->brand}, &rows,
                        &n));
    for (size_t i = 0; i < n; i++) {
        struct routing_rule rule;
        struct buf effects;
        struct json_writer w;
        if (routing_rule_read(tx_arena(tx), rows[i].conditions, rows[i].effects, &rule, NULL) !=
                ERR_OK ||
            rule.effects.team != l->team)
            continue;
        rule.effects.team = l->to->rules;
        buf_init_in(&effects, tx_arena(tx), EFFECTS_MAX);
        json_writer_init(&w, &effects);
        routing_effects_write(&w, &rule);
        const struct brand_sql_rule_update_in in = {.brand = l->who->brand,
                                                    .id = rows[i].id,
                                                    .name = rows[i].name,
                                                    .conditions = rows[i].conditions,
                                                    .effects = buf_str(&effects),
                                                    .enabled = rows[i].enabled,
                                                    .version = rows[i].version};
        TRY(brand_sql_rule_update(tx, &in, NULL));
    }
    return ERR_OK;
}

static enum err write_end(struct tx *tx, void *arg, struct errinfo *e)
{
    struct leaving *l = arg;
    int64_t brand = l->who->brand;
    struct str name;
    TRY(look(tx, l, &name, e));
    TRY(move_cases(tx, l));
    if (l->more)
        return ERR_OK;
    TRY(move_rules(tx, l));
    if (l->to->members)
        TRY(people_sql_team_join_as(
            tx, &(struct people_sql_team_join_as_in){brand, l->to->members, l->team}, NULL));
    TRY(people_sql_team_clear(tx, &(struct people_sql_team_clear_in){brand, l->team}, NULL));
    TRY(brand_sql_team_delete(tx, &(struct brand_sql_team_delete_in){brand, l->team}, NULL));
    tx_notify(tx, (struct notice){TOPIC_BRAND, brand, brand, 0});
    return audit_add(
        l->f->o.store, tx,
        &(struct audit){brand, l->who->agent, flow_now(l->f), "team.delete", l->team, name});
}

enum err flow_team_delete(struct flow *f, const struct who *who, int64_t team,
                          const struct team_heirs *to, struct errinfo *e)
{
    struct leaving l = {f, who, team, to, true};
    while (l.more)
        TRY(store_write(f->o.store, write_step, &l, e));
    do
        TRY(store_write(f->o.store, write_end, &l, e));
    while (l.more);
    return ERR_OK;
}
