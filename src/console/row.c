/* row.c - see row.h. The reason for a case's place is told in words: first what weighs most in its
 * rank, then the words of the customer that decided. */
#include "console/row.h"

#include "care/rank.h"
#include "console/words.h"
#include "list_tmpl.h"
#include "page/format.h"
#include "page/page.h"
#include "text/unicode.h"

enum { LINE_BYTES = 400, LINE_LENGTH = 110, PARTS_MAX = 2 };

void clock_fill(struct request *rq, int64_t due_at, int64_t waiting_at, int64_t now,
                struct clock_view *out)
{
    static const char *const states[] = {"", "calm", "plain", "soon", "late"};
    struct case_clock c = case_clock_at(due_at, waiting_at, now);
    *out = (struct clock_view){.state = str_z(states[c.state])};
    if (c.state == CLOCK_NONE)
        return;
    out->text = format_duration(rq->arena, page_locale(rq), c.left);
    out->said = page_text(rq, c.state == CLOCK_LATE ? N_("overdue by") : N_("time left:"));
    out->left = c.percent;
    out->due = due_at;
    out->total = due_at - waiting_at;
    out->soon = CASE_CLOCK_SOON;
}

static struct str because(struct request *rq, const struct desk_sql_row_row *c, int64_t now)
{
    struct rank rank;
    struct str parts[PARTS_MAX + 1];
    size_t n = 0;
    rank_read(rq->arena, c->rank_why, &rank);
    if (rank.minutes[RANK_AGAIN] > 0)
        parts[n++] = page_text(rq, N_("has written again"));
    if (rank.minutes[RANK_REACH] >= 10)
        parts[n++] = words_with(rq, N_("reaches %s people"),
                                arena_printf(rq->arena, "%lld", (long long)c->reach));
    if (n < PARTS_MAX && c->words.n)
        parts[n++] = words_with(rq, N_("“%s”"), c->words);
    if (n < PARTS_MAX && c->request == REQUEST_EXPLICIT)
        parts[n++] = page_text(rq, N_("asks plainly"));
    else if (n < PARTS_MAX && c->request == REQUEST_IMPLICIT)
        parts[n++] = page_text(rq, N_("asks between the lines"));
    if (!n)
        parts[n++] = words_with(rq, N_("waits for %s"),
                                format_duration(rq->arena, page_locale(rq), now - c->waiting_at));
    return arena_join(rq->arena, parts, n, STR(", "));
}

void row_fill(struct request *rq, const struct brand_view *b, const struct desk_sql_row_row *c,
              int64_t now, int64_t chosen, struct str query, struct case_row_view *out)
{
    const struct team *team = brand_team(b, c->team);
    struct str person = c->person.n     ? c->person
                        : c->identity.n ? c->identity
                                        : page_text(rq, N_("Somebody"));
    *out = (struct case_row_view){
        .id = c->id,
        .version = c->version,
        .href = arena_printf(rq->arena, "/desk/case/%lld%.*s", (long long)c->id, STR_FMT(query)),
        .channel = {c->network, word_network(rq, c->network)},
        .person = person,
        .handle = str_eq(person, c->identity) ? STR("") : c->identity,
        .line = text_cut(rq->arena,
                         text_plain_line(rq->arena, str_sub(c->text, 0, LINE_BYTES), LINE_BYTES),
                         LINE_LENGTH),
        .kind = {str_z(words_name(&kind_words, (int)c->kind)), word_kind(rq, (int)c->kind)},
        .team = team ? arena_str(rq->arena, team->name) : STR(""),
        .on = {.name = c->agent_name, .drawn = c->agent_face, .initials = c->agent_initials},
        .chosen = c->id == chosen,
    };
    const char *language = words_name(&language_words, (int)c->language);
    if (c->language >= 0 && c->language < LANGUAGE_OTHER &&
        !str_eq_z(locale_language(page_locale(rq)), language))
        out->language = str_z(language);
    clock_fill(rq, c->due_at, c->waiting_at, now, &out->clock);
    if (c->problem) {
        out->unsent = true;
        out->person = words_with(rq, N_("Your answer to %s"), person);
        out->why = page_text(rq, N_("Look whether it arrived, then send it again or tick it off"));
    } else {
        out->why = because(rq, c, now);
    }
}
