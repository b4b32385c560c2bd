/* sentence.c - see sentence.h. */
#include "console/sentence.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/vec.h"
#include "console/words.h"
#include "page/page.h"
#include "text/unicode.h"

enum { SENTENCE_MAX = 64 * 1024 };

static const struct {
    const char *label, *sentence; /* %s: the values */
    int fact;                     /* whose words the values are; -1: any text */
} fields[ROUTING_FIELD_COUNT] = {
    [ROUTING_WORDS] = {N_("Text holds"), N_("the text holds %s"), -1},
    [ROUTING_CHANNEL] = {N_("Channel is"), N_("the channel is %s"), -1},
    [ROUTING_ACCOUNT] = {N_("Account is"), N_("the account is %s"), -1},
    [ROUTING_LANGUAGE] = {N_("Language is"), N_("the language is %s"), FACT_LANGUAGE},
    [ROUTING_KIND] = {N_("Kind is"), N_("the kind is %s"), FACT_KIND},
    [ROUTING_REQUEST] = {N_("Request is"), N_("the request is %s"), FACT_REQUEST},
    [ROUTING_SENTIMENT] = {N_("Mood is"), N_("the mood is %s"), FACT_SENTIMENT},
    [ROUTING_AUTHOR] = {N_("Author's address holds"), N_("the author's address holds %s"), -1},
    [ROUTING_REACH] = {N_("Reach is at least"), N_("it reaches at least %s people"), -1},
};

struct str sentence_field(const struct request *rq, enum routing_field field)
{
    return page_text(rq, fields[field].label);
}

/* One value as people say it. */
static struct str said(const struct request *rq, enum routing_field field, struct str piece)
{
    int fact = fields[field].fact;
    if (field == ROUTING_CHANNEL)
        return word_network(rq, piece);
    int v = fact < 0 ? -1 : words_find(fact_table[fact].words, piece);
    return v < 0 ? piece : word_value(rq, fact, v);
}

static struct str one_value_read(const struct request *rq, enum routing_field field,
                                 struct str typed)
{
    static const char *const networks[] = {
        "mail",     "feed", "api",     "file",  "mastodon", "instagram", "facebook",
        "whatsapp", "x",    "bluesky", "forum", "news",     "demo",      "community"};
    struct str folded = text_fold(rq->arena, typed);
    int fact = fields[field].fact;
    for (int v = 0; fact >= 0 && v < fact_table[fact].words->n; v++)
        if (str_eq(folded, text_fold(rq->arena, word_value(rq, fact, v))))
            return str_z(words_name(fact_table[fact].words, v));
    for (size_t i = 0; field == ROUTING_CHANNEL && i < sizeof networks / sizeof *networks; i++)
        if (str_eq(folded, text_fold(rq->arena, word_network(rq, str_z(networks[i])))))
            return str_z(networks[i]);
    return fact >= 0 || field == ROUTING_CHANNEL ? folded : typed;
}

static struct str each_value(const struct request *rq, enum routing_field field, struct str value,
                             struct str (*turn)(const struct request *rq, enum routing_field field,
                                                struct str piece))
{
    struct vec parts;
    struct str piece;
    vec_init(&parts, rq->arena, sizeof(struct str));
    while (str_next(&value, ',', &piece))
        if (str_trim(piece).n)
            *(struct str *)vec_push(&parts) = turn(rq, field, str_trim(piece));
    return arena_join(rq->arena, parts.p, parts.n, STR(", "));
}

struct str sentence_value(const struct request *rq, enum routing_field field, struct str value)
{
    return each_value(rq, field, value, said);
}

struct str sentence_value_read(const struct request *rq, enum routing_field field, struct str typed)
{
    return each_value(rq, field, typed, one_value_read);
}

struct str sentence_choices(const struct request *rq, enum routing_field field)
{
    struct vec parts;
    int fact = fields[field].fact;
    if (fact < 0)
        return STR_NONE;
    vec_init(&parts, rq->arena, sizeof(struct str));
    for (int v = 0; v < fact_table[fact].words->n; v++)
        *(struct str *)vec_push(&parts) = word_value(rq, fact, v);
    return arena_join(rq->arena, parts.p, parts.n, STR(", "));
}

/* "“Rechnung” or “Mahnung”": words of a text in quotation marks, words of a closed set without. */
static struct str alternatives(const struct request *rq, const struct routing_condition *c)
{
    bool quoted = c->field == ROUTING_WORDS || c->field == ROUTING_AUTHOR;
    struct str or = page_text(rq, " or ");
    struct str rest = c->value, piece;
    struct buf b;
    buf_init_in(&b, rq->arena, SENTENCE_MAX);
    while (str_next(&rest, ',', &piece)) {
        piece = said(rq, c->field, str_trim(piece));
        if (!piece.n)
            continue;
        if (b.n)
            buf_add(&b, or);
        buf_add(&b, quoted ? words_with(rq, N_("“%s”"), piece) : piece);
    }
    return buf_str(&b);
}

/* The first letter of the sentence as a capital one. Our own wording begins with ASCII letters. */
static struct str with_capital(struct arena *a, struct str s)
{
    struct str copy = arena_str(a, s);
    if (copy.n && copy.p[0] >= 'a' && copy.p[0] <= 'z')
        *(char *)(uintptr_t)copy.p = (char)(copy.p[0] - 'a' + 'A');
    return copy;
}

struct str sentence_when(const struct request *rq, const struct routing_rule *rule)
{
    struct str *parts = arena_array(rq->arena, rule->conditions_n, sizeof *parts);
    for (size_t i = 0; i < rule->conditions_n; i++)
        parts[i] = words_with(rq, fields[rule->conditions[i].field].sentence,
                              alternatives(rq, &rule->conditions[i]));
    if (!rule->conditions_n)
        return page_text(rq, "Everything");
    return with_capital(rq->arena,
                        arena_join(rq->arena, parts, rule->conditions_n, page_text(rq, " and ")));
}

struct str sentence_then(const struct request *rq, const struct brand_view *b,
                         const struct routing_effects *effects)
{
    struct str parts[3];
    size_t n = 0;
    const struct team *team = brand_team(b, effects->team);
    parts[n++] = team ? words_with(rq, N_("team %s"), team->name) : page_text(rq, "no team");
    if (effects->priority >= 0 && effects->priority != PRIORITY_NORMAL)
        parts[n++] = words_with(rq, N_("priority %s"), word_priority(rq, effects->priority));
    if (effects->tags.n)
        parts[n++] = words_with(rq, N_("tags %s"), effects->tags);
    return arena_join(rq->arena, parts, n, STR(", "));
}
