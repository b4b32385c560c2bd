/* strand.c - see strand.h. */
#include "console/strand.h"

#include <stdlib.h>

#include "base/vec.h"
#include "case_tmpl.h"
#include "console/words.h"
#include "flow/flow.h"
#include "page/alarm.h"
#include "page/context.h"
#include "page/format.h"
#include "page/page.h"
#include "posts/post.h"
#include "store/store.h"
#include "text/html.h"
#include "text/json.h"
#include "text/unicode.h"

enum { LINE_BYTES = 300, MARKS_MAX = 32, OPEN_AT_LEAST = 3 };

/* A view with the moment it is ordered by. */
struct bead {
    int64_t at, id;
    struct case_post_view view;
};

struct strand {
    struct request *rq;
    const struct brand_view *b;
    const struct case_sql_head_row *c;
    struct db *db;
    int64_t now;
    struct vec beads;
    struct case_sql_attachments_row *files;
    size_t files_n;
    struct case_sql_corrected_row *corrected;
    size_t corrected_n;
};

/* --- what was understood --- */

static bool was_corrected(const struct strand *s, int64_t post, int fact)
{
    for (size_t i = 0; i < s->corrected_n; i++)
        if (s->corrected[i].post == post && s->corrected[i].fact == fact)
            return true;
    return false;
}

static void fill_facts(struct strand *s, const struct case_sql_posts_row *p,
                       const struct json *judged, bool words, struct case_post_view *out)
{
    static const int shown[] = {FACT_KIND, FACT_REACTION, FACT_REQUEST, FACT_SENTIMENT};
    struct request *rq = s->rq;
    const int64_t values[FACT_COUNT] = {[FACT_KIND] = p->kind,
                                        [FACT_REACTION] = p->reaction,
                                        [FACT_REQUEST] = p->request,
                                        [FACT_SENTIMENT] = p->sentiment};
    struct post_facts_view *f = ARENA_NEW(rq->arena, struct post_facts_view);
    struct fact_line_view *lines = arena_array(rq->arena, 4, sizeof *lines);
    for (size_t i = 0; i < 4; i++) {
        double sure = 0;
        int fact = shown[i];
        lines[i] = (struct fact_line_view){.name = word_fact(rq, fact),
                                           .word = word_value(rq, fact, (int)values[fact])};
        if (fact == FACT_KIND)
            lines[i].mark = str_z(words_name(&kind_words, (int)p->kind));
        if (was_corrected(s, p->id, fact))
            lines[i].sure = page_text(rq, N_("corrected"));
        else if (values[fact] >= 0 &&
                 json_as_double(json_at(json_get(judged, "p"), (size_t)fact), &sure))
            lines[i].sure = format_percent(rq->arena, page_locale(rq), sure);
    }
    *f = (struct post_facts_view){.lines = lines, .lines_n = 4, .words = words};
    if (right_of_role(rq->who.role, RIGHT_ANSWER))
        f->correct = arena_printf(rq->arena, "/desk/post/%lld/correct?case=%lld", (long long)p->id,
                                  (long long)s->c->id);
    out->facts = f;
}

static int by_place(const void *a, const void *b)
{
    const struct html_mark *x = a, *y = b;
    return (x->from > y->from) - (x->from < y->from);
}

/* The words that decided about reaction and kind, as marks of the text; 4 is the heaviest. */
static size_t read_marks(const struct json *judged, struct str text, struct html_mark *marks)
{
    const struct json *reasons = json_get(judged, "reasons");
    double heaviest = 0, weight[MARKS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < json_count(reasons) && n < MARKS_MAX; i++) {
        const struct json *r = json_at(reasons, i);
        int64_t fact, from, to;
        if (!json_as_i64(json_at(r, 0), &fact) || !json_as_i64(json_at(r, 1), &from) ||
            !json_as_i64(json_at(r, 2), &to) || !json_as_double(json_at(r, 3), &weight[n]) ||
            (fact != FACT_REACTION && fact != FACT_KIND) || weight[n] <= 0 || from < 0 ||
            to <= from || (size_t)to > text.n)
            continue;
        heaviest = weight[n] > heaviest ? weight[n] : heaviest;
        marks[n++] = (struct html_mark){(size_t)from, (size_t)to, 1};
    }
    for (size_t i = 0; i < n; i++)
        marks[i].weight = 1 + (int)(weight[i] / heaviest * 3);
    qsort(marks, n, sizeof *marks, by_place);
    return n;
}

/* --- one post --- */

static void fill_moment(struct strand *s, int64_t at, struct case_post_view *out)
{
    struct request *rq = s->rq;
    out->at = format_moment(rq->arena, page_locale(rq), s->b->calendar.zone, s->now, at);
    out->at_full = format_full(rq->arena, page_locale(rq), s->b->calendar.zone, at);
    out->at_iso = clock_format(rq->arena, at);
}

static struct str about_post(struct strand *s, const struct case_sql_posts_row *p)
{
    struct request *rq = s->rq;
    struct str parts[6];
    size_t n = 0;
    parts[n++] = page_text(rq, p->flags & POST_PRIVATE ? N_("private") : N_("public"));
    if (p->flags & POST_DOUBTED)
        parts[n++] = page_text(rq, N_("sender not confirmed, may be somebody else"));
    if (p->flags & POST_AUTOMATIC)
        parts[n++] = page_text(rq, N_("sent by a machine"));
    if (p->reach > 0)
        parts[n++] = words_count(rq, "reaches %d person", "reaches %d people", p->reach);
    if (p->flags & POST_CUT)
        parts[n++] = page_text(rq, N_("cut, it was too long"));
    if (p->flags & POST_SAME_ID)
        parts[n++] = page_text(rq, N_("bears the number of another mail"));
    return arena_join(rq->arena, parts, n, STR(", "));
}

static void fill_files(struct strand *s, int64_t post, struct case_post_view *out)
{
    struct request *rq = s->rq;
    struct vec v;
    vec_init(&v, rq->arena, sizeof(struct attachment_view));
    for (size_t i = 0; i < s->files_n; i++)
        if (s->files[i].post == post)
            *(struct attachment_view *)vec_push(&v) = (struct attachment_view){
                .href = arena_printf(rq->arena, "/desk/attachment/%lld", (long long)s->files[i].id),
                .name = s->files[i].name,
                .about = format_size(rq->arena, page_locale(rq), s->files[i].size)};
    out->attachments = v.p;
    out->attachments_n = v.n;
}

static void add_post(struct strand *s, const struct case_sql_posts_row *p)
{
    struct request *rq = s->rq;
    struct bead *bead = vec_push(&s->beads);
    bool ours = (p->flags & POST_OURS) != 0;
    struct str who = ours          ? (p->agent_name.n ? p->agent_name : s->b->name)
                     : p->person.n ? p->person
                                   : p->identity;
    struct str host = html_link_host(rq->arena, p->url);
    bead->at = p->published_at;
    bead->id = p->id;
    struct case_post_view *v = &bead->view;
    *v = (struct case_post_view){
        .id = p->id,
        .way = str_z(ours ? "out" : "in"),
        .channel = {s->c->network, word_network(rq, s->c->network)},
        .face = {.name = who,
                 .drawn = p->agent_face,
                 .initials =
                     p->agent_initials.n ? p->agent_initials : text_initials(rq->arena, who)},
        .by = who.n ? arena_str(rq->arena, who) : page_text(rq, N_("Somebody")),
        .about = about_post(s, p),
        .original = host.n ? p->url : STR_NONE,
        .host = host,
        .line = text_plain_line(rq->arena, str_sub(p->text, 0, LINE_BYTES), LINE_BYTES),
        .title = p->title};
    const char *language = words_name(&language_words, (int)p->language);
    if (p->language >= 0 && p->language < LANGUAGE_OTHER &&
        !str_eq_z(locale_language(page_locale(rq)), language))
        v->language = str_z(language);
    fill_moment(s, p->published_at, v);
    fill_files(s, p->id, v);
    struct html_mark marks[MARKS_MAX];
    struct json *judged = NULL;
    size_t n = 0;
    if (!ours && p->judged.n && json_parse(rq->arena, p->judged, &judged, NULL) == ERR_OK)
        n = read_marks(judged, p->text, marks);
    v->body = n ? html_from_text_marked(rq->arena, p->text, marks, n)
                : html_from_text(rq->arena, p->text);
    if (p->quoted.n)
        v->quoted = html_from_text(rq->arena, p->quoted);
    if (!ours)
        fill_facts(s, p, judged, n > 0, v);
}

static enum err add_posts(struct strand *s, struct str *to_line)
{
    struct case_sql_posts_row *rows;
    size_t n;
    TRY(case_sql_posts(s->db, s->rq->arena,
                       &(struct case_sql_posts_in){s->rq->who.brand, s->c->thread}, &rows, &n));
    *to_line = STR("");
    for (size_t i = 0; i < n; i++) {
        add_post(s, &rows[i]);
        if (rows[i].id == s->c->post)
            *to_line =
                text_plain_line(s->rq->arena, str_sub(rows[i].text, 0, LINE_BYTES), LINE_BYTES);
    }
    return ERR_OK;
}

static enum err add_notes(struct strand *s)
{
    struct case_sql_notes_row *rows;
    size_t n;
    struct request *rq = s->rq;
    TRY(case_sql_notes(s->db, rq->arena, &(struct case_sql_notes_in){rq->who.brand, s->c->id},
                       &rows, &n));
    for (size_t i = 0; i < n; i++) {
        struct bead *bead = vec_push(&s->beads);
        bead->at = rows[i].at;
        bead->id = rows[i].id;
        bead->view = (struct case_post_view){.id = rows[i].id,
                                             .way = STR("note"),
                                             .by = rows[i].agent_name,
                                             .about = page_text(rq, N_("note, internal only")),
                                             .face = {.name = rows[i].agent_name,
                                                      .drawn = rows[i].agent_face,
                                                      .initials = rows[i].agent_initials},
                                             .body = html_from_text(rq->arena, rows[i].text)};
        fill_moment(s, rows[i].at, &bead->view);
    }
    return ERR_OK;
}

/* --- messages that somebody should know of --- */

static struct str message_path(struct request *rq, int64_t id, const char *act)
{
    return arena_printf(rq->arena, "/desk/message/%lld/%s", (long long)id, act);
}

/* Why, and what to do. */
static struct str why_of(struct request *rq, struct str kept)
{
    struct str todo = fault_todo(page_locale(rq), kept);
    struct str why = fault_text(rq->arena, page_locale(rq), kept);
    return todo.n ? arena_printf(rq->arena, "%.*s. %.*s", STR_FMT(why), STR_FMT(todo)) : why;
}

/* A try of it, or of others on its account, has failed: why, and when it is tried again. */
static void fill_wait(struct strand *s, const struct case_sql_messages_row *m,
                      struct delivery_view *d)
{
    struct request *rq = s->rq;
    bool held = m->send_after > s->now;
    int64_t at = held && m->send_after > m->not_before ? m->send_after : m->not_before;
    struct str why = m->attempt && m->what.n ? m->what : m->send_error;
    if (!why.n || (!held && !m->attempt))
        return;
    d->text = why_of(rq, why);
    d->word =
        at > s->now
            ? words_with(rq, N_("Has not left yet. Next try %s."),
                         format_moment(rq->arena, page_locale(rq), s->b->calendar.zone, s->now, at))
            : page_text(rq, N_("Has not left yet. It is tried again now."));
    d->waits = true;
    if (at > s->now && !(held && m->send_asked) && right_of_role(rq->who.role, RIGHT_ANSWER))
        d->now = message_path(rq, m->id, "now");
}

static void fill_delivery(struct strand *s, const struct case_sql_messages_row *m,
                          struct case_post_view *out)
{
    struct request *rq = s->rq;
    struct delivery_view *d = ARENA_NEW(rq->arena, struct delivery_view);
    static const char *const words[MESSAGE_STATE_COUNT] = {
        [MESSAGE_QUEUED] = N_("waits to be sent"),
        [MESSAGE_CLAIMED] = N_("is being sent"),
        [MESSAGE_SENDING] = N_("is being sent"),
        [MESSAGE_FAILED] = N_("Not delivered."),
        [MESSAGE_UNCLEAR] = N_("Not confirmed.")};
    *d = (struct delivery_view){
        .state = str_z(words_name(&message_state_words, (int)m->state)),
        .word = page_text(rq, words[m->state] ? words[m->state] : N_("is being sent")),
        .text = why_of(rq, m->what),
        .thread = s->c->id};
    if (m->state == MESSAGE_QUEUED && !m->attempt && right_of_role(rq->who.role, RIGHT_ANSWER))
        d->recall = message_path(rq, m->id, "recall");
    if (m->state == MESSAGE_QUEUED)
        fill_wait(s, m, d);
    if ((m->state == MESSAGE_FAILED || m->state == MESSAGE_UNCLEAR) &&
        right_of_role(rq->who.role, RIGHT_ANSWER)) {
        d->again = message_path(rq, m->id, "again");
        d->drop = message_path(rq, m->id, "drop");
        if (m->state == MESSAGE_UNCLEAR)
            d->arrived = message_path(rq, m->id, "arrived");
    }
    out->delivery = d;
}

/* The post that a message became before it came back to us. */
static struct bead *bead_of_post(struct strand *s, int64_t post)
{
    for (size_t i = 0; post && i < s->beads.n; i++) {
        struct bead *bead = vec_at(&s->beads, i);
        if (bead->id == post)
            return bead;
    }
    return NULL;
}

static enum err add_messages(struct strand *s)
{
    struct case_sql_messages_row *rows;
    size_t n;
    struct request *rq = s->rq;
    TRY(case_sql_messages(s->db, rq->arena, &(struct case_sql_messages_in){rq->who.brand, s->c->id},
                          &rows, &n));
    for (size_t i = 0; i < n; i++) {
        struct bead *bead = bead_of_post(s, rows[i].post);
        if (bead) {
            fill_delivery(s, &rows[i], &bead->view);
            continue;
        }
        bead = vec_push(&s->beads);
        bead->at = rows[i].created_at;
        bead->id = rows[i].id;
        bead->view =
            (struct case_post_view){.id = rows[i].id,
                                    .way = STR("out"),
                                    .channel = {s->c->network, word_network(rq, s->c->network)},
                                    .by = rows[i].agent_name,
                                    .face = {.name = rows[i].agent_name,
                                             .drawn = rows[i].agent_face,
                                             .initials = rows[i].agent_initials},
                                    .body = html_from_text(rq->arena, rows[i].text)};
        fill_moment(s, rows[i].created_at, &bead->view);
        fill_delivery(s, &rows[i], &bead->view);
    }
    return ERR_OK;
}

static int by_time(const void *a, const void *b)
{
    const struct bead *x = a, *y = b;
    if (x->at != y->at)
        return x->at > y->at ? 1 : -1;
    return (x->id > y->id) - (x->id < y->id);
}

/* Old posts fold to one line; what decides, notes and the newest stay open. */
static void fold(struct strand *s, struct case_post_view *views)
{
    for (size_t i = 0; i + OPEN_AT_LEAST < s->beads.n; i++)
        views[i].folded =
            views[i].id != s->c->post && !views[i].delivery && !str_eq_z(views[i].way, "note");
}

enum err strand_fill(struct request *rq, const struct brand_view *b,
                     const struct case_sql_head_row *c, struct case_pane_view *out,
                     struct str *to_line)
{
    const struct page_context *ctx = rq->app;
    struct strand s = {
        .rq = rq, .b = b, .c = c, .db = store_reader(ctx->store), .now = flow_now(ctx->flow)};
    vec_init(&s.beads, rq->arena, sizeof(struct bead));
    TRY(case_sql_attachments(s.db, rq->arena,
                             &(struct case_sql_attachments_in){rq->who.brand, c->thread}, &s.files,
                             &s.files_n));
    TRY(case_sql_corrected(s.db, rq->arena,
                           &(struct case_sql_corrected_in){rq->who.brand, c->thread}, &s.corrected,
                           &s.corrected_n));
    TRY(add_posts(&s, to_line));
    TRY(add_notes(&s));
    TRY(add_messages(&s));
    qsort(s.beads.p, s.beads.n, sizeof(struct bead), by_time);
    struct case_post_view *views = arena_array(rq->arena, s.beads.n, sizeof *views);
    for (size_t i = 0; i < s.beads.n; i++)
        views[i] = ((struct bead *)vec_at(&s.beads, i))->view;
    fold(&s, views);
    out->posts = views;
    out->posts_n = s.beads.n;
    out->count = (int64_t)s.beads.n;
    return ERR_OK;
}
