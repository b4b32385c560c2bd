/* routing.c - reading, writing and matching of routing rules; see routing.h. */
#include "brand/routing.h"

#include "base/arena.h"
#include "base/vec.h"
#include "text/json.h"
#include "text/unicode.h"

static const char *const field_list[ROUTING_FIELD_COUNT] = {
    "words", "channel", "account", "language", "kind", "request", "sentiment", "author", "reach"};
const struct words routing_field_words = {field_list, ROUTING_FIELD_COUNT};
static const char *const op_list[ROUTING_OP_COUNT] = {"is", "contains", "at_least"};
const struct words routing_op_words = {op_list, ROUTING_OP_COUNT};

static const struct {
    enum routing_op op;
    const struct words *words; /* the closed set its values come from */
} field_table[ROUTING_FIELD_COUNT] = {
    [ROUTING_WORDS] = {ROUTING_CONTAINS, NULL},
    [ROUTING_CHANNEL] = {ROUTING_IS, NULL},
    [ROUTING_ACCOUNT] = {ROUTING_IS, NULL},
    [ROUTING_LANGUAGE] = {ROUTING_IS, &language_words},
    [ROUTING_KIND] = {ROUTING_IS, &kind_words},
    [ROUTING_REQUEST] = {ROUTING_IS, &request_words},
    [ROUTING_SENTIMENT] = {ROUTING_IS, &sentiment_words},
    [ROUTING_AUTHOR] = {ROUTING_CONTAINS, NULL},
    [ROUTING_REACH] = {ROUTING_AT_LEAST, NULL},
};

enum routing_op routing_op_of(enum routing_field field)
{
    return field_table[field].op;
}

static enum err read_values(struct arena *a, struct routing_condition *c, struct errinfo *e)
{
    const struct words *words = field_table[c->field].words;
    struct vec any;
    vec_init(&any, a, sizeof(struct str));
    struct str rest = c->value, piece;
    while (str_next(&rest, ',', &piece)) {
        piece = str_trim(piece);
        if (!piece.n)
            continue;
        if (words && words_find(words, piece) < 0)
            return err_set(e, ERR_INVALID, "value", "'%.*s' is no %s", STR_FMT(piece),
                           words_name(&routing_field_words, (int)c->field));
        *(struct str *)vec_push(&any) = text_fold(a, piece);
    }
    c->any = any.p;
    c->any_n = any.n;
    if (!any.n)
        return err_set(e, ERR_INVALID, "value", "a condition on '%s' needs a value",
                       words_name(&routing_field_words, (int)c->field));
    if (field_table[c->field].op == ROUTING_AT_LEAST &&
        (any.n != 1 || !str_to_i64(c->any[0], &c->number) || c->number < 0))
        return err_set(e, ERR_INVALID, "value", "reach is compared with a whole number");
    return ERR_OK;
}

static enum err read_condition(struct arena *a, const struct json *v, struct routing_condition *c,
                               struct errinfo *e)
{
    int field = words_find(&routing_field_words, json_text(v, "field"));
    if (field < 0)
        return err_set(e, ERR_INVALID, "field", "a condition needs a known field");
    c->field = (enum routing_field)field;
    c->value = arena_str(a, str_trim(json_text(v, "value")));
    if (c->value.n > ROUTING_VALUE_MAX)
        return err_set(e, ERR_LIMIT, "value", "a condition takes at most %d bytes",
                       ROUTING_VALUE_MAX);
    return read_values(a, c, e);
}

static enum err read_effects(struct arena *a, const struct json *v, struct routing_effects *out,
                             struct errinfo *e)
{
    out->team = 0;
    out->priority = -1;
    if (json_get(v, "team") && !json_i64(v, "team", &out->team))
        return err_set(e, ERR_INVALID, "team", "the team must be named by its id");
    struct str priority = json_text(v, "priority");
    if (priority.n && (out->priority = words_find(&priority_words, priority)) < 0)
        return err_set(e, ERR_INVALID, "priority", "'%.*s' is no priority", STR_FMT(priority));
    const struct json *tags = json_get(v, "tags");
    struct vec parts;
    vec_init(&parts, a, sizeof(struct str));
    for (size_t i = 0; i < json_count(tags) && i < 20; i++) {
        struct str tag = text_fold(a, str_trim(json_as_text(json_at(tags, i))));
        if (tag.n && tag.n <= 64 && str_find_char(tag, ' ', 0) < 0)
            *(struct str *)vec_push(&parts) = tag;
        else
            return err_set(e, ERR_INVALID, "tags", "a tag is one word of at most 64 bytes");
    }
    out->tags = arena_join(a, parts.p, parts.n, STR(" "));
    return ERR_OK;
}

enum err routing_rule_read(struct arena *a, struct str conditions, struct str effects,
                           struct routing_rule *out, struct errinfo *e)
{
    struct json *list, *effect;
    TRY(json_parse(a, conditions, &list, e));
    TRY(json_parse(a, effects, &effect, e));
    if (json_kind(list) != JSON_KIND_LIST || json_kind(effect) != JSON_KIND_OBJECT)
        return err_set(e, ERR_INVALID, "rule", "conditions are a list, effects an object");
    out->conditions_n = json_count(list);
    if (out->conditions_n > ROUTING_CONDITIONS_MAX)
        return err_set(e, ERR_LIMIT, "conditions", "a rule has at most %d conditions",
                       ROUTING_CONDITIONS_MAX);
    out->conditions = arena_array(a, out->conditions_n, sizeof *out->conditions);
    for (size_t i = 0; i < out->conditions_n; i++)
        TRY(read_condition(a, json_at(list, i), &out->conditions[i], e));
    return read_effects(a, effect, &out->effects, e);
}

void routing_conditions_write(struct json_writer *w, const struct routing_rule *rule)
{
    json_begin_list(w);
    for (size_t i = 0; i < rule->conditions_n; i++) {
        const struct routing_condition *c = &rule->conditions[i];
        json_begin_object(w);
        json_put_text(w, "field", str_z(words_name(&routing_field_words, (int)c->field)));
        json_put_text(w, "op", str_z(words_name(&routing_op_words, (int)field_table[c->field].op)));
        json_put_text(w, "value", c->value);
        json_end_object(w);
    }
    json_end_list(w);
}

void routing_effects_write(struct json_writer *w, const struct routing_rule *rule)
{
    json_begin_object(w);
    json_put_id(w, "team", rule->effects.team);
    if (rule->effects.priority >= 0)
        json_put_text(w, "priority", str_z(words_name(&priority_words, rule->effects.priority)));
    json_key(w, "tags");
    json_begin_list(w);
    struct str rest = rule->effects.tags, tag;
    while (rest.n && str_next(&rest, ' ', &tag))
        json_add_text(w, tag);
    json_end_list(w);
    json_end_object(w);
}

static bool letter(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.p[at];
    return c >= 0x80 || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* German hides words in compounds ("Stromrechnung"), so long values match anywhere; short ones
 * ("EV") must stand alone. */
static bool contains(struct str folded, struct str value)
{
    for (size_t from = 0;;) {
        ptrdiff_t at = str_find(folded, value, from);
        if (at < 0)
            return false;
        size_t end = (size_t)at + value.n;
        if (value.n >= 4 || ((at == 0 || !letter(folded, (size_t)at - 1)) &&
                             (end == folded.n || !letter(folded, end))))
            return true;
        from = (size_t)at + 1;
    }
}

static struct str subject_value(const struct routing_subject *s, enum routing_field field)
{
    switch (field) {
    case ROUTING_WORDS:
        return s->folded;
    case ROUTING_CHANNEL:
        return s->network;
    case ROUTING_ACCOUNT:
        return s->account;
    case ROUTING_AUTHOR:
        return s->author;
    case ROUTING_LANGUAGE:
        return str_z(words_name(&language_words, s->facts->f[FACT_LANGUAGE].value));
    case ROUTING_KIND:
        return str_z(words_name(&kind_words, s->facts->f[FACT_KIND].value));
    case ROUTING_REQUEST:
        return str_z(words_name(&request_words, s->facts->f[FACT_REQUEST].value));
    case ROUTING_SENTIMENT:
        return str_z(words_name(&sentiment_words, s->facts->f[FACT_SENTIMENT].value));
    default:
        return STR_NONE;
    }
}

bool routing_holds(const struct routing_condition *c, const struct routing_subject *s,
                   struct str *by)
{
    if (field_table[c->field].op == ROUTING_AT_LEAST) {
        if (by)
            *by = c->value;
        return s->reach >= c->number;
    }
    struct str value = subject_value(s, c->field);
    bool part = field_table[c->field].op == ROUTING_CONTAINS;
    for (size_t i = 0; i < c->any_n; i++) {
        bool hit = c->field == ROUTING_WORDS ? contains(value, c->any[i])
                   : part                    ? str_contains_nocase(value, c->any[i])
                                             : str_eq_nocase(value, c->any[i]);
        if (hit) {
            if (by)
                *by = c->any[i];
            return true;
        }
    }
    return false;
}

const struct routing_rule *routing_find(const struct routing_rule *rules, size_t n,
                                        const struct routing_subject *s)
{
    for (size_t i = 0; i < n; i++) {
        bool all = rules[i].enabled;
        for (size_t k = 0; all && k < rules[i].conditions_n; k++)
            all = routing_holds(&rules[i].conditions[k], s, NULL);
        if (all)
            return &rules[i];
    }
    return NULL;
}
