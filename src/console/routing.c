/* routing.c - the routing key: its rules as sentences in their order, and the form for one of them.
 */
#include "console/console.h"
#include "console/settings.h"

#include "base/buf.h"
#include "brand_sql.h"
#include "console/sentence.h"
#include "flow/flow.h"
#include "people/people.h"
#include "routing_tmpl.h"
#include "store/store.h"
#include "text/json.h"

enum {
    CONDITIONS = ROUTING_CONDITIONS_MAX,
    ROWS_SHOWN = 6,
    JSON_MAX = 64 * 1024,
    RULE_NAME_MAX = 120
};

/* --- list --- */

/* Its rule, unless it is broken. */
static bool read_row(struct request *rq, const struct brand_sql_rules_row *row,
                     struct routing_rule *rule)
{
    *rule = (struct routing_rule){.id = row->id, .name = row->name, .enabled = row->enabled != 0};
    return routing_rule_read(rq->arena, row->conditions, row->effects, rule, NULL) == ERR_OK;
}

static void get_routing(struct request *rq, struct response *rs)
{
    const struct page_context *ctx = rq->app;
    const struct brand_view *b = settings_brand(rq, rs);
    struct routing_page page = {.change = right_of_role(rq->who.role, RIGHT_LEAD)};
    struct brand_sql_rules_row *rows;
    size_t n;
    if (!b || !settings_open(rq, rs, b, N_("Routing key"), "routing", &page.sheet))
        return;
    enum err err = brand_sql_rules(store_reader(ctx->store), rq->arena,
                                   &(struct brand_sql_rules_in){b->id}, &rows, &n);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return;
    }
    struct rule_row_view *rules = arena_array(rq->arena, n, sizeof *rules);
    for (size_t i = 0; i < n; i++) {
        struct routing_rule rule;
        bool sound = read_row(rq, &rows[i], &rule);
        rules[i] = (struct rule_row_view){
            .id = rows[i].id,
            .order = (int64_t)i + 1,
            .when =
                sound ? sentence_when(rq, &rule)
                      : words_with(rq, N_("%s (cannot be read; it is passed over)"), rows[i].name),
            .then = sound ? sentence_then(rq, b, &rule.effects) : STR("–"),
            .off = !rows[i].enabled,
            .first = i == 0,
            .last = i + 1 == n,
        };
    }
    page.rules = rules;
    page.rules_n = n;
    page.rest = page_text(rq, "no team");
    page.sheet.intro = page_text(rq, "The first rule that fits decides who gets a case.");
    struct out o = page_begin(rq, rs);
    routing_page_render(&o, &page);
}

/* --- form --- */

struct rule_form {
    int64_t id, version; /* 0: a new one */
    struct str name, tags;
    int64_t team;
    int priority; /* -1: as it is */
    bool enabled;
    int field[CONDITIONS]; /* -1: none */
    struct str value[CONDITIONS];
    struct str conditions, effects; /* JSON, once it was read soundly */
};

static const char *numbered(struct request *rq, const char *name, int i)
{
    return arena_printf(rq->arena, "%s-%d", name, i + 1).p;
}

static void add_conditions(struct request *rq, const struct rule_form *form, struct fields *f)
{
    for (int i = 0; i < CONDITIONS; i++) {
        if (i >= ROWS_SHOWN && form->field[i] < 0) /* a rule made elsewhere may have more */
            continue;
        struct option_view *options =
            arena_array(rq->arena, ROUTING_FIELD_COUNT + 1, sizeof *options);
        options[0] = (struct option_view){.value = STR(""), .word = page_text(rq, "no condition")};
        for (int k = 0; k < ROUTING_FIELD_COUNT; k++)
            options[k + 1] =
                (struct option_view){.value = str_z(words_name(&routing_field_words, k)),
                                     .word = sentence_field(rq, (enum routing_field)k)};
        struct str chosen =
            form->field[i] < 0 ? STR("") : str_z(words_name(&routing_field_words, form->field[i]));
        fields_add_choice(f, numbered(rq, "field", i), N_("Condition"), NULL, options,
                          ROUTING_FIELD_COUNT + 1, chosen);
        fields_add(f, numbered(rq, "value", i), "text", N_("Value"), NULL, form->value[i])->needed =
            false;
    }
}

static void add_effects(struct request *rq, const struct brand_view *b,
                        const struct rule_form *form, struct fields *f)
{
    size_t teams_n;
    struct option_view *teams = settings_teams(rq, b, 0, &teams_n);
    struct option_view *priorities = arena_array(rq->arena, PRIORITY_COUNT, sizeof *priorities);
    for (int i = 0; i < PRIORITY_COUNT; i++)
        priorities[i] = (struct option_view){.value = str_z(words_name(&priority_words, i)),
                                             .word = word_priority(rq, i)};
    fields_add_choice(f, "team", N_("Team"), NULL, teams, teams_n,
                      arena_printf(rq->arena, "%lld", (long long)form->team));
    fields_add_choice(
        f, "priority", N_("Priority"), NULL, priorities, PRIORITY_COUNT,
        str_z(words_name(&priority_words, form->priority < 0 ? PRIORITY_NORMAL : form->priority)));
    fields_add(f, "tags", "text", N_("Tags"), N_("Single words with blanks between."), form->tags)
        ->needed = false;
}

static void show(struct request *rq, struct response *rs, const struct brand_view *b,
                 const struct rule_form *form, const struct refusal *r)
{
    struct form_page page = {.submit = page_text(rq, form->id ? N_("Save") : N_("Add the rule")),
                             .back = STR("/desk/routing")};
    struct fields f[3];
    struct form_section_view sections[3];
    struct form_action_view delete;
    if (!settings_open(rq, rs, b, form->id ? N_("Rule") : N_("New rule"), "routing", &page.sheet))
        return;
    fields_init(&f[0], rq);
    add_conditions(rq, form, &f[0]);
    sections[0] = fields_section(&f[0], N_("If"),
                                 N_("All conditions must hold. A value may name several, with "
                                    "commas between; one of them is enough."));
    sections[0].pairs = true;
    fields_init(&f[1], rq);
    add_effects(rq, b, form, &f[1]);
    sections[1] = fields_section(&f[1], N_("Then"), NULL);
    fields_init(&f[2], rq);
    fields_add(&f[2], "name", "text", N_("Name"), N_("It stands at a case: why it came here."),
               form->name);
    fields_add_check(&f[2], "enabled", N_("Switched on"), NULL, form->enabled);
    sections[2] = fields_section(&f[2], NULL, NULL);
    page.sections = sections;
    page.action = form->id ? arena_printf(rq->arena, "/desk/routing/%lld?version=%lld",
                                          (long long)form->id, (long long)form->version)
                           : STR("/desk/routing/new");
    if (form->id) {
        delete = (struct form_action_view){
            .action = arena_printf(rq->arena, "/desk/routing/%lld/delete", (long long)form->id),
            .word = page_text(rq, "Delete this rule"),
            .hint = page_text(rq, "Cases that it has placed stay where they are."),
            .icon = STR("delete"),
            .danger = true,
        };
        page.actions = &delete;
        page.actions_n = 1;
    }
    settings_show_form(rq, rs, &page, f, 3, r);
}

/* --- reading --- */

/* One condition as JSON; checked by the rule's own reader, so that what is said stands at its row.
 */
static struct str condition_json(struct request *rq, const struct rule_form *form, int i)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, rq->arena, JSON_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_put_text(&w, "field", str_z(words_name(&routing_field_words, form->field[i])));
    json_put_text(&w, "op",
                  str_z(words_name(&routing_op_words,
                                   (int)routing_op_of((enum routing_field)form->field[i]))));
    json_put_text(&w, "value",
                  sentence_value_read(rq, (enum routing_field)form->field[i], form->value[i]));
    json_end_object(&w);
    return buf_ok(&b) ? buf_str(&b) : STR("");
}

static struct str condition_fault(struct request *rq, const struct rule_form *form, int i)
{
    enum routing_field field = (enum routing_field)form->field[i];
    struct str choices = sentence_choices(rq, field);
    if (!form->value[i].n)
        return page_text(
            rq, "A value is missing. Enter what it is compared with, or choose “no condition”.");
    if (choices.n)
        return words_with(rq, N_("That is none of the words that can stand here: %s."), choices);
    if (routing_op_of(field) == ROUTING_AT_LEAST)
        return page_text(rq, "Reach is compared with one whole number, such as 5000.");
    return page_text(rq, "This value cannot be used. It is empty or longer than 2,000 characters.");
}

static void read_conditions(struct request *rq, struct rule_form *form, struct refusal *r)
{
    struct vec parts;
    vec_init(&parts, rq->arena, sizeof(struct str));
    for (int i = 0; i < CONDITIONS; i++) {
        struct routing_rule probe;
        form->field[i] =
            words_find(&routing_field_words, request_field(rq, numbered(rq, "field", i)));
        form->value[i] = settings_line(rq, numbered(rq, "value", i), ROUTING_VALUE_MAX + 1);
        if (form->field[i] < 0 && form->value[i].n)
            refuse(r, numbered(rq, "field", i),
                   page_text(rq, "Choose what this value is compared with, or empty it."));
        if (form->field[i] < 0)
            continue;
        struct str json = condition_json(rq, form, i);
        *(struct str *)vec_push(&parts) = json;
        if (routing_rule_read(rq->arena, arena_printf(rq->arena, "[%.*s]", STR_FMT(json)),
                              STR("{}"), &probe, NULL) != ERR_OK)
            refuse(r, numbered(rq, "value", i), condition_fault(rq, form, i));
    }
    form->conditions = arena_printf(rq->arena, "[%.*s]",
                                    STR_FMT(arena_join(rq->arena, parts.p, parts.n, STR(","))));
}

static void read_effects(struct request *rq, const struct brand_view *b, struct rule_form *form,
                         struct refusal *r)
{
    struct routing_rule rule = {
        .effects = {.team = 0, .priority = PRIORITY_NORMAL, .tags = STR("")}};
    struct buf json;
    struct json_writer w;
    if (!str_to_i64(request_field(rq, "team"), &form->team) || !brand_team(b, form->team))
        form->team = 0;
    form->priority = words_find(&priority_words, request_field(rq, "priority"));
    form->tags = settings_line(rq, "tags", 500);
    rule.effects = (struct routing_effects){form->team, form->priority, form->tags};
    buf_init_in(&json, rq->arena, JSON_MAX);
    json_writer_init(&w, &json);
    routing_effects_write(&w, &rule);
    form->effects = buf_str(&json);
    if (routing_rule_read(rq->arena, STR("[]"), form->effects, &rule, NULL) != ERR_OK)
        refuse(
            r, "tags",
            page_text(
                rq,
                "A tag is one word of at most 64 characters, and there are at most 20 of them."));
}

static void read_form(struct request *rq, const struct brand_view *b, struct rule_form *form,
                      struct refusal *r)
{
    read_conditions(rq, form, r);
    read_effects(rq, b, form, r);
    form->name = settings_line(rq, "name", RULE_NAME_MAX);
    form->enabled = settings_flag(rq, "enabled");
    if (!form->name.n)
        refuse(r, "name", page_text(rq, "A name is missing. It tells at a case why it came here."));
    if (!form->id && b->rules_n >= ROUTING_RULES_MAX)
        refuse(r, "",
               page_text(rq, "There are 500 rules, which is as many as there can be. Delete one "
                             "that nobody needs."));
}

/* --- saving --- */

struct saving {
    struct request *rq;
    const struct rule_form *form;
    int64_t id;
    int step; /* of a move: -1 up, 1 down */
};

static enum err changed_routing(struct tx *tx, const struct saving *s, struct str name)
{
    const struct page_context *ctx = s->rq->app;
    const struct who *who = &s->rq->who;
    tx_notify(tx, (struct notice){TOPIC_BRAND, who->brand, who->brand, 0});
    return audit_add(ctx->store, tx,
                     &(struct audit){who->brand, who->agent, flow_now(ctx->flow), "routing.change",
                                     s->id, name});
}

static enum err write_rule(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    const struct rule_form *form = s->form;
    int64_t brand = s->rq->who.brand, changed = 0;
    struct brand_sql_rules_row *rows;
    size_t n;
    if (form->id) {
        const struct brand_sql_rule_update_in in = {.brand = brand,
                                                    .id = form->id,
                                                    .name = form->name,
                                                    .conditions = form->conditions,
                                                    .effects = form->effects,
                                                    .enabled = form->enabled,
                                                    .version = form->version};
        TRY(brand_sql_rule_update(tx, &in, &changed));
        if (!changed)
            return err_set(e, ERR_CONFLICT, "rule", "somebody else has changed this rule");
        return changed_routing(tx, s, form->name);
    }
    TRY(brand_sql_rules(tx_db(tx), tx_arena(tx), &(struct brand_sql_rules_in){brand}, &rows, &n));
    const struct brand_sql_rule_insert_in in = {.id = s->id,
                                                .brand = brand,
                                                .position = n ? rows[n - 1].position + 1 : 1,
                                                .name = form->name,
                                                .conditions = form->conditions,
                                                .effects = form->effects,
                                                .enabled = form->enabled};
    TRY(brand_sql_rule_insert(tx, &in, NULL));
    return changed_routing(tx, s, form->name);
}

/* Numbers all rules anew with this one a place up or down, so that equal positions of old data do
 * no harm. */
static enum err write_move(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    struct brand_sql_rules_row *rows;
    size_t n, at = 0;
    TRY(brand_sql_rules(tx_db(tx), tx_arena(tx), &(struct brand_sql_rules_in){s->rq->who.brand},
                        &rows, &n));
    while (at < n && rows[at].id != s->id)
        at++;
    if (at == n)
        return err_set(e, ERR_NOT_FOUND, "rule", "this rule does not exist");
    size_t other = s->step < 0 ? (at ? at - 1 : at) : (at + 1 < n ? at + 1 : at);
    for (size_t i = 0; i < n; i++) {
        size_t place = i == at ? other : i == other ? at : i;
        TRY(brand_sql_rule_place(
            tx, &(struct brand_sql_rule_place_in){s->rq->who.brand, rows[i].id, (int64_t)place + 1},
            NULL));
    }
    return changed_routing(tx, s, rows[at].name);
}

static enum err write_delete(struct tx *tx, void *arg, struct errinfo *e)
{
    const struct saving *s = arg;
    int64_t changed;
    TRY(brand_sql_rule_delete(tx, &(struct brand_sql_rule_delete_in){s->rq->who.brand, s->id},
                              &changed));
    if (!changed)
        return err_set(e, ERR_NOT_FOUND, "rule", "this rule does not exist");
    return changed_routing(tx, s, STR(""));
}

/* --- handlers --- */

/* The rule of the path as a form. False: the error page is written. */
static bool load(struct request *rq, struct response *rs, struct rule_form *form)
{
    const struct page_context *ctx = rq->app;
    struct brand_sql_rule_get_row row;
    struct routing_rule rule = {.effects = {.priority = -1, .tags = STR("")}};
    enum err err = request_param_i64(rq, "id", &form->id) ? ERR_OK : ERR_NOT_FOUND;
    if (err == ERR_OK)
        err = brand_sql_rule_get(store_reader(ctx->store), rq->arena,
                                 &(struct brand_sql_rule_get_in){rq->who.brand, form->id}, &row);
    if (err != ERR_OK) {
        pages_fail(rq, rs, err, NULL);
        return false;
    }
    if (routing_rule_read(rq->arena, row.conditions, row.effects, &rule, NULL) != ERR_OK)
        rule = (struct routing_rule){.effects = {.priority = -1, .tags = STR("")}};
    form->version = row.version;
    form->name = row.name;
    form->enabled = row.enabled != 0;
    form->team = rule.effects.team;
    form->priority = rule.effects.priority;
    form->tags = rule.effects.tags;
    for (size_t i = 0; i < rule.conditions_n && i < CONDITIONS; i++) {
        form->field[i] = (int)rule.conditions[i].field;
        form->value[i] = sentence_value(rq, rule.conditions[i].field, rule.conditions[i].value);
    }
    return true;
}

static struct rule_form *new_form(struct request *rq)
{
    struct rule_form *form = ARENA_NEW(rq->arena, struct rule_form);
    form->name = form->tags = STR("");
    form->priority = PRIORITY_NORMAL;
    form->enabled = true;
    for (int i = 0; i < CONDITIONS; i++) {
        form->field[i] = -1;
        form->value[i] = STR("");
    }
    return form;
}

static void get_new(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    if (b)
        show(rq, rs, b, new_form(rq), NULL);
}

static void get_rule(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct rule_form *form = new_form(rq);
    if (b && load(rq, rs, form))
        show(rq, rs, b, form, NULL);
}

static void save(struct request *rq, struct response *rs, const struct brand_view *b,
                 struct rule_form *form)
{
    const struct page_context *ctx = rq->app;
    struct refusal r = {0};
    struct saving s = {.rq = rq, .form = form, .id = form->id ? form->id : store_id(ctx->store, 0)};
    read_form(rq, b, form, &r);
    if (!settings_write(rq, rs, write_rule, &s, &r))
        return;
    if (r.why.n)
        show(rq, rs, b, form, &r);
    else
        settings_saved(rq, rs, STR("/desk/routing"));
}

static void post_new(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    if (b)
        save(rq, rs, b, new_form(rq));
}

static void post_rule(struct request *rq, struct response *rs)
{
    const struct brand_view *b = settings_brand(rq, rs);
    struct rule_form *form = new_form(rq);
    if (!b || !load(rq, rs, form))
        return;
    int64_t seen; /* the one the form was made of */
    if (str_to_i64(request_query(rq, "version"), &seen))
        form->version = seen;
    save(rq, rs, b, form);
}

static void act(struct request *rq, struct response *rs, store_write_fn write, int step)
{
    const struct page_context *ctx = rq->app;
    struct saving s = {.rq = rq, .step = step};
    struct errinfo e = {0};
    enum err err = ERR_NOT_FOUND;
    if (request_param_i64(rq, "id", &s.id))
        err = store_write(ctx->store, write, &s, &e);
    if (err == ERR_OK)
        settings_saved(rq, rs, STR("/desk/routing"));
    else
        pages_fail(rq, rs, err, &e);
}

static void post_up(struct request *rq, struct response *rs)
{
    act(rq, rs, write_move, -1);
}

static void post_down(struct request *rq, struct response *rs)
{
    act(rq, rs, write_move, 1);
}

static void post_delete(struct request *rq, struct response *rs)
{
    act(rq, rs, write_delete, 0);
}

const struct route routing_routes[] = {
    {METHOD_GET, "/desk/routing", RIGHT_READ, 0, 0, get_routing},
    {METHOD_GET, "/desk/routing/new", RIGHT_LEAD, 0, 0, get_new},
    {METHOD_POST, "/desk/routing/new", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_new},
    {METHOD_GET, "/desk/routing/:id", RIGHT_LEAD, 0, 0, get_rule},
    {METHOD_POST, "/desk/routing/:id", RIGHT_LEAD, SETTINGS_FORM_MAX, 0, post_rule},
    {METHOD_POST, "/desk/routing/:id/up", RIGHT_LEAD, 4096, 0, post_up},
    {METHOD_POST, "/desk/routing/:id/down", RIGHT_LEAD, 4096, 0, post_down},
    {METHOD_POST, "/desk/routing/:id/delete", RIGHT_LEAD, 4096, 0, post_delete},
};
const size_t routing_route_count = sizeof routing_routes / sizeof *routing_routes;
