/* route.c - which team, how urgent, until when; and why, for the agent who asks. */
#include "base/arena.h"
#include "base/buf.h"
#include "flow/flow_int.h"
#include "text/json.h"
#include "text/unicode.h"

enum { WHY_MAX = 8192, FOLD_MAX = 16 * 1024, TITLE_BYTES = 600, TITLE_LENGTH = 60 };

static void write_why(struct json_writer *w, const struct routing_rule *rule,
                      const struct routing_subject *s)
{
    json_begin_object(w);
    json_put_id(w, "rule", rule->id);
    json_put_text(w, "name", rule->name);
    json_key(w, "by");
    json_begin_list(w);
    for (size_t i = 0; i < rule->conditions_n; i++) {
        struct str by;
        if (!routing_holds(&rule->conditions[i], s, &by))
            continue;
        json_begin_object(w);
        json_put_text(w, "field",
                      str_z(words_name(&routing_field_words, (int)rule->conditions[i].field)));
        json_put_text(w, "value", by);
        json_end_object(w);
    }
    json_end_list(w);
    json_end_object(w);
}

void flow_route(const struct brand_view *b, const struct account *account, const struct item *item,
                const struct facts *facts, struct arena *a, struct routed *out)
{
    const struct str parts[] = {item->title, utf8_clip(item->text, FOLD_MAX)};
    const struct routing_subject subject = {
        .folded = text_fold(a, arena_join(a, parts, 2, STR(" "))),
        .network = account->network,
        .account = account->key,
        .author = item->author_id,
        .facts = facts,
        .reach = item->reach,
    };
    *out = (struct routed){.priority = PRIORITY_NORMAL, .tags = STR(""), .why = STR("")};
    const struct routing_rule *rule = routing_find(b->rules, b->rules_n, &subject);
    if (!rule)
        return;
    struct buf why;
    struct json_writer w;
    buf_init_in(&why, a, WHY_MAX);
    json_writer_init(&w, &why);
    write_why(&w, rule, &subject);
    if (buf_ok(&why))
        out->why = buf_str(&why);
    out->team = brand_team(b, rule->effects.team) ? rule->effects.team : 0;
    if (rule->effects.priority >= 0)
        out->priority = (enum priority)rule->effects.priority;
    out->tags = rule->effects.tags;
}

int64_t flow_due(const struct brand_view *b, int kind, enum priority priority, bool first,
                 int64_t from)
{
    const struct target *t = &b->targets[kind >= 0 ? kind : KIND_OTHER][priority];
    return calendar_due(&b->calendar, from, first ? t->first_ms : t->next_ms);
}

struct str case_title(struct arena *a, struct str title, struct str text)
{
    struct str line =
                   text_plain_line(a, title.n ? title : utf8_clip(text, TITLE_BYTES), TITLE_BYTES),
               rest = line, word;
    while (rest.n && rest.p[0] == '@' && str_next(&rest, ' ', &word)) {
    }
    return text_cut(a, rest.n ? rest : line, TITLE_LENGTH);
}
