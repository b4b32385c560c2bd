/* judge.c - asks the model about an item and says whether a person must see it. */
#include <ctype.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/log.h"
#include "flow/flow_int.h"
#include "text/json.h"
#include "text/unicode.h"
#include "understand/judge.h"

enum { JUDGED_MAX = 16 * 1024, WORDS_MAX = 40 };

/* What comes to us in private is nearly always meant for us: there the judge must be surer to set
 * it aside. */
static const float NEED_PUBLIC = 0.5f, NEED_PRIVATE = 0.3f;

static pthread_key_t judge_key;
static pthread_once_t judge_once = PTHREAD_ONCE_INIT;

static void judge_done(void *p)
{
    judge_free(p);
}

static void make_key(void)
{
    if (pthread_key_create(&judge_key, judge_done))
        log_fatal("flow", "no thread key for the judge");
}

/* A judge has working memory and belongs to one thread. */
static struct judge *own_judge(void)
{
    pthread_once(&judge_once, make_key);
    struct judge *j = pthread_getspecific(judge_key);
    if (!j) {
        j = judge_new();
        pthread_setspecific(judge_key, j);
    }
    return j;
}

static void write_reasons(struct json_writer *w, const struct facts *f, size_t title_n)
{
    json_key(w, "reasons");
    json_begin_list(w);
    for (size_t i = 0; i < f->reason_count; i++) {
        const struct reason *r = &f->reasons[i];
        if (r->from < title_n)
            continue; /* offsets are those of the text; the title is judged with it but not marked
                       */
        json_begin_list(w);
        json_add_i64(w, (int64_t)r->fact);
        json_add_i64(w, (int64_t)(r->from - title_n));
        json_add_i64(w, (int64_t)(r->to - title_n));
        json_add_double(w, (double)(int)(r->weight * 100) / 100);
        json_end_list(w);
    }
    json_end_list(w);
}

static struct str write_judged(struct arena *a, const struct facts *f, size_t title_n)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, JUDGED_MAX);
    json_writer_init(&w, &b);
    json_begin_object(&w);
    json_key(&w, "p");
    json_begin_list(&w);
    for (int i = 0; i < FACT_COUNT; i++)
        json_add_double(&w, (double)(int)(f->f[i].p * 1000 + 0.5f) / 1000);
    json_end_list(&w);
    if (f->reason_count)
        write_reasons(&w, f, title_n);
    json_end_object(&w);
    return buf_ok(&b) ? buf_str(&b) : STR("");
}

static bool needs(const struct facts *f, bool is_private)
{
    const struct fact *reaction = &f->f[FACT_REACTION], *relevance = &f->f[FACT_RELEVANCE];
    if (reaction->value < 0)
        return is_private; /* nothing to go by: an empty mail with an attachment is for a person */
    float p = reaction->value == ANSWER_YES ? reaction->p : 1 - reaction->p;
    if (f->f[FACT_KIND].value == KIND_SPAM && f->f[FACT_KIND].p > 0.8f)
        return false;
    if (is_private)
        return p >= NEED_PRIVATE;
    return p >= NEED_PUBLIC && !(relevance->value == ANSWER_NO && relevance->p > 0.8f);
}

/* A quoted span begins with a word: not with "? " or the handle that every post of the channel
 * begins with. */
static struct str without_marks(struct str s)
{
    if (s.n && s.p[0] == '@') {
        ptrdiff_t blank = str_find_char(s, ' ', 0);
        s = str_sub(s, blank < 0 ? s.n : (size_t)blank, s.n);
    }
    while (s.n && (unsigned char)s.p[0] < 0x80 && !isalnum((unsigned char)s.p[0]))
        s = str_sub(s, 1, s.n);
    while (s.n && (unsigned char)s.p[s.n - 1] < 0x80 && !isalnum((unsigned char)s.p[s.n - 1]))
        s = str_sub(s, 0, s.n - 1);
    return s;
}

/* The heaviest span that can stand for the post in a list. How a post begins ("Sehr geehrte") tells
 * less than what it says, so that is taken only where there is nothing else. */
static struct str heaviest_words(struct arena *a, const struct facts *f, struct str text,
                                 size_t title_n)
{
    struct str words = STR("");
    double best = 0;
    bool begins = true;
    for (size_t i = 0; i < f->reason_count; i++) {
        const struct reason *r = &f->reasons[i];
        if (r->from < title_n)
            continue;
        struct str span = without_marks(str_sub(text, r->from - title_n, r->to - title_n));
        bool first = r->from == title_n;
        if (span.n <= 3 || span.n > WORDS_MAX || (first && !begins) ||
            (first == begins && r->weight <= best))
            continue;
        best = r->weight;
        words = span;
        begins = first;
    }
    return text_plain_line(a, words, WORDS_MAX);
}

void flow_judge(struct flow *f, const struct brand_view *b, const struct item *item,
                bool is_private, struct arena *a, struct judged *out)
{
    const struct str parts[] = {item->title, item->text};
    size_t title_n = item->title.n ? item->title.n + 1 : 0;
    struct judge_input in = {
        .text = title_n ? arena_join(a, parts, 2, STR("\n")) : item->text,
        .brand = brand_naming(b),
        .from_brand = item->is_ours,
    };
    *out = (struct judged){.json = STR(""), .words = STR("")};
    struct judge *j = own_judge();
    judge_facts(j, f->o.model, &in, &out->facts);
    out->needs = !item->is_ours && !item->is_automatic && needs(&out->facts, is_private);
    if (out->needs) { /* only a post that a person will see is worth its reasons, and those that
                         pages show */
        judge_explain(j, f->o.model, 1U << FACT_REACTION | 1U << FACT_KIND, a, &out->facts);
        out->words = heaviest_words(a, &out->facts, item->text, title_n);
    }
    out->json = write_judged(a, &out->facts, title_n);
}
