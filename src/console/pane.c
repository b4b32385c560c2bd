/* pane.c - see pane.h: head, reply box, person, log. The strand of posts is in strand.c. */
#include "console/pane.h"

#include "care/rank.h"
#include "care_sql.h"
#include "case_sql.h"
#include "case_tmpl.h"
#include "channels/channel.h"
#include "console/row.h"
#include "console/sentence.h"
#include "console/strand.h"
#include "console/words.h"
#include "flow/flow.h"
#include "page/context.h"
#include "page/format.h"
#include "page/page.h"
#include "store/store.h"
#include "text/json.h"
#include "text/unicode.h"

static const struct page_context *context(const struct request *rq)
{
    return rq->app;
}

static struct db *reader(const struct request *rq)
{
    return store_reader(context(rq)->store);
}

/* --- head --- */

static struct str state_word(struct request *rq, const struct brand_view *b,
                             const struct case_sql_head_row *c, int64_t now)
{
    if (c->state == CASE_SNOOZED)
        return words_with(
            rq, N_("put off until %s"),
            format_moment(rq->arena, page_locale(rq), b->calendar.zone, now, c->snoozed_until));
    if (c->state == CASE_ANSWERED)
        return page_text(rq, N_("answered, waits for the customer"));
    if (c->state == CASE_CLOSED)
        return page_text(rq, N_("closed"));
    return STR("");
}

static void fill_head(struct request *rq, const struct brand_view *b,
                      const struct case_sql_head_row *c, struct str query,
                      struct case_pane_view *out)
{
    const struct team *team = brand_team(b, c->team);
    int64_t now = flow_now(context(rq)->flow);
    struct str number = arena_printf(rq->arena, "%lld", (long long)c->number);
    const struct str where[] = {words_with(rq, N_("Case %s"), number),
                                team ? team->name : page_text(rq, N_("no team")), c->account_name};
    *out = (struct case_pane_view){
        .id = c->id,
        .version = c->version,
        .href = arena_printf(rq->arena, "/desk/case/%lld", (long long)c->id),
        .list = arena_printf(rq->arena, "/desk%.*s", STR_FMT(query)),
        .where = arena_join(rq->arena, where, 3, STR(" · ")),
        .title = c->title,
        .state = str_z(words_name(&case_state_words, (int)c->state)),
        .state_word = state_word(rq, b, c, now),
        .mine = c->assignee == rq->who.agent && c->assignee,
        .on = {.name = c->agent_name, .drawn = c->agent_face, .initials = c->agent_initials},
        .on_word = c->agent_name.n ? c->agent_name : page_text(rq, N_("Nobody")),
        .priority = str_z(words_name(&priority_words, (int)c->priority)),
        .can_answer = right_of_role(rq->who.role, RIGHT_ANSWER)};
    clock_fill(rq, c->due_at, c->waiting_at, now, &out->clock);
    if (c->due_at)
        out->due = words_with(
            rq,
            c->due_is_first ? N_("until the first answer, %s") : N_("until the next answer, %s"),
            format_moment(rq->arena, page_locale(rq), b->calendar.zone, now, c->due_at));
    if (c->assignee && c->assignee != rq->who.agent) {
        struct case_notice_view *n = ARENA_NEW(rq->arena, struct case_notice_view);
        struct face_view *face = ARENA_NEW(rq->arena, struct face_view);
        *face = out->on;
        *n = (struct case_notice_view){.strong = c->agent_name,
                                       .text =
                                           page_text(rq, N_(" is on it. Ask before you answer.")),
                                       .faces = face,
                                       .faces_n = 1};
        out->notice = n;
    }
}

/* --- reply box --- */

static void fill_ways(struct request *rq, const char *way, bool is_public, struct str href,
                      struct reply_box_view *out)
{
    struct reply_way_view *ways = arena_array(rq->arena, 2, sizeof *ways);
    bool note = str_eq_z(str_z(way), "note");
    ways[0] =
        (struct reply_way_view){.href = arena_printf(rq->arena, "%.*s/reply", STR_FMT(href)),
                                .icon = str_z(is_public ? "globe" : "mail"),
                                .word = page_text(rq, is_public ? N_("Public") : N_("Private")),
                                .current = !note};
    ways[1] = (struct reply_way_view){
        .href = arena_printf(rq->arena, "%.*s/reply?way=note", STR_FMT(href)),
        .icon = STR("note"),
        .word = page_text(rq, N_("Note")),
        .current = note};
    out->ways = ways;
    out->ways_n = 2;
}

static void fill_limit(struct request *rq, const struct brand_view *b,
                       const struct case_sql_head_row *c, const struct channel *channel,
                       struct reply_box_view *r)
{
    struct str empty = flow_signed(b, &rq->who, STR(""), rq->arena);
    r->signs = str_trim(empty);
    int64_t limit = c->text_limit ? c->text_limit : channel->text_limit;
    if (!limit || str_eq_z(r->way, "note"))
        return;
    /* what the signature takes is not the agent's to write */
    r->limit = limit - (int64_t)text_length(r->signs) - 1;
    r->left = r->limit - (int64_t)text_length(r->draft);
    r->limit_word =
        words_with(rq, N_("characters at %s, signature left out"), word_network(rq, c->network));
}

static enum err fill_reply(struct request *rq, const struct brand_view *b,
                           const struct case_sql_head_row *c, struct str to_line, bool focus,
                           const struct refused_reply *refused, struct case_pane_view *out)
{
    struct care_sql_draft_get_row draft = {0};
    const struct channel *channel = channel_find(c->channel);
    bool note = str_eq_z(request_query(rq, "way"), "note");
    const char *way = note ? "note" : c->is_public ? "public" : "private";
    if (!out->can_answer)
        return ERR_OK;
    enum err err =
        care_sql_draft_get(reader(rq), rq->arena,
                           &(struct care_sql_draft_get_in){rq->who.brand, rq->who.agent, c->id,
                                                           note ? DRAFT_NOTE : DRAFT_ANSWER},
                           &draft);
    if (err != ERR_OK && err != ERR_NOT_FOUND)
        return err;
    struct reply_box_view *r = ARENA_NEW(rq->arena, struct reply_box_view);
    struct str network = word_network(rq, c->network);
    *r = (struct reply_box_view){
        .action = arena_printf(rq->arena, "%.*s/reply", STR_FMT(out->href)),
        .draft_to = arena_printf(rq->arena, "%.*s/draft", STR_FMT(out->href)),
        .back = out->href,
        .way = str_z(way),
        .to_line = to_line,
        .to = c->identity.n ? c->identity : c->person,
        .draft = draft.text,
        .version = c->version,
        .focus = focus,
        .error = refused ? refused->why : STR_NONE};
    r->label = note ? page_text(rq, N_("Your note, seen by colleagues only"))
                    : words_with(rq,
                                 c->is_public ? N_("Your answer, public on %s")
                                              : N_("Your answer, private by %s"),
                                 network);
    if (refused)
        r->draft = refused->text; /* which could perhaps not be saved */
    else if (draft.text.n)
        r->saved =
            words_with(rq, N_("saved %s"), format_time(rq->arena, b->calendar.zone, draft.at));
    fill_ways(rq, way, c->is_public != 0, out->href, r);
    if (channel && channel->can_reply)
        fill_limit(rq, b, c, channel, r);
    else if (!note)
        r->blocked = page_text(rq, N_("This channel takes no answers. Answer where the post "
                                      "stands, then close the case."));
    if (c->problem)
        r->blocked = page_text(rq, N_("An earlier answer has not arrived. Decide about it first."));
    out->reply = r;
    return ERR_OK;
}

/* --- person --- */

static enum err fill_person(struct request *rq, const struct brand_view *b,
                            const struct case_sql_head_row *c, struct case_pane_view *out)
{
    struct case_sql_earlier_row *rows;
    struct case_sql_author_posts_row posts;
    size_t n;
    int64_t now = flow_now(context(rq)->flow);
    struct case_person_view *p = ARENA_NEW(rq->arena, struct case_person_view);
    struct person_account_view *account = ARENA_NEW(rq->arena, struct person_account_view);
    static const char *const states[CASE_STATE_COUNT] = {N_("waiting"), N_("answered"),
                                                         N_("put off"), N_("closed")};
    TRY(case_sql_earlier(reader(rq), rq->arena,
                         &(struct case_sql_earlier_in){rq->who.brand, c->author, c->id}, &rows,
                         &n));
    TRY(case_sql_author_posts(reader(rq), rq->arena,
                              &(struct case_sql_author_posts_in){rq->who.brand, c->author},
                              &posts));
    struct person_case_view *cases = arena_array(rq->arena, n, sizeof *cases);
    for (size_t i = 0; i < n; i++)
        cases[i] = (struct person_case_view){
            .href = arena_printf(rq->arena, "/desk/case/%lld", (long long)rows[i].id),
            .title = rows[i].title,
            .state = page_text(rq, states[rows[i].state]),
            .at = format_moment(rq->arena, page_locale(rq), b->calendar.zone, now,
                                rows[i].opened_at)};
    *account =
        (struct person_account_view){.channel = {c->network, word_network(rq, c->network)},
                                     .handle = c->identity,
                                     .about = words_count(rq, "%d post", "%d posts", posts.n)};
    *p = (struct case_person_view){.name = c->person.n ? c->person : c->identity,
                                   .accounts = account,
                                   .accounts_n = 1,
                                   .cases = cases,
                                   .cases_n = n};
    out->person = p;
    return ERR_OK;
}

/* --- log, which begins with the answer to "why did it come here, and why does it stand there" ---
 */

static struct str rank_words(struct request *rq, struct str rank_why)
{
    static const char *const words[RANK_PART_COUNT] = {
        N_("kind"),  N_("request"),     N_("anger"),   N_("need"),
        N_("reach"), N_("wrote again"), N_("priority")};
    struct rank rank;
    struct str parts[RANK_PART_COUNT];
    size_t n = 0;
    rank_read(rq->arena, rank_why, &rank);
    for (int i = 0; i < RANK_PART_COUNT; i++)
        if (rank.minutes[i])
            parts[n++] = arena_printf(rq->arena, "%.*s %+d min", STR_FMT(page_text(rq, words[i])),
                                      rank.minutes[i]);
    return arena_join(rq->arena, parts, n, STR(", "));
}

/* Stable words as people say them. */
static struct str why_value(struct request *rq, const struct json *by)
{
    struct str value = json_text(by, "value");
    int field = words_find(&routing_field_words, json_text(by, "field"));
    return field < 0 ? value : sentence_value(rq, (enum routing_field)field, value);
}

static struct str why_words(struct request *rq, struct str why)
{
    struct json *v;
    if (!why.n || json_parse(rq->arena, why, &v, NULL) != ERR_OK)
        return STR("");
    const struct json *by = json_get(v, "by");
    struct str values[8];
    size_t n = 0;
    for (size_t i = 0; i < json_count(by) && n < 8; i++)
        values[n++] = words_with(rq, N_("“%s”"), why_value(rq, json_at(by, i)));
    const struct str args[] = {json_text(v, "name"), arena_join(rq->arena, values, n, STR(", "))};
    return n ? words_fill(rq, N_("brought it here: rule “%s”, because of %s"), args, 2)
             : words_with(rq, N_("brought it here: rule “%s”"), args[0]);
}

static enum err fill_log(struct request *rq, const struct brand_view *b,
                         const struct case_sql_head_row *c, struct case_pane_view *out)
{
    struct case_sql_events_row *rows;
    size_t n, used = 0;
    int64_t now = flow_now(context(rq)->flow);
    TRY(case_sql_events(reader(rq), rq->arena, &(struct case_sql_events_in){rq->who.brand, c->id},
                        &rows, &n));
    struct case_event_view *events = arena_array(rq->arena, n + 2, sizeof *events);
    for (size_t i = 0; i < n; i++)
        events[used++] = (struct case_event_view){
            .at = format_moment(rq->arena, page_locale(rq), b->calendar.zone, now, rows[i].at),
            .at_iso = clock_format(rq->arena, rows[i].at),
            .who = rows[i].agent_name.n ? rows[i].agent_name : STR("Zuruf"),
            .what = word_audit(rq, rows[i].what)};
    struct str opened =
        format_moment(rq->arena, page_locale(rq), b->calendar.zone, now, c->opened_at);
    struct str iso = clock_format(rq->arena, c->opened_at), why = why_words(rq, c->why),
               rank = rank_words(rq, c->rank_why);
    if (rank.n)
        events[used++] =
            (struct case_event_view){opened, iso, page_text(rq, N_("The order of the queue")),
                                     words_with(rq, N_("puts it ahead of its clock: %s"), rank)};
    if (why.n)
        events[used++] =
            (struct case_event_view){opened, iso, page_text(rq, N_("The routing key")), why};
    out->events = events;
    out->events_n = used;
    return ERR_OK;
}

enum err pane_fill(struct request *rq, const struct brand_view *b, int64_t case_id,
                   struct str query, bool focus, const struct refused_reply *refused,
                   struct case_pane_view *out)
{
    struct case_sql_head_row c;
    struct str to_line;
    struct str tab = request_query(rq, "tab");
    TRY(case_sql_head(reader(rq), rq->arena, &(struct case_sql_head_in){rq->who.brand, case_id},
                      &c));
    fill_head(rq, b, &c, query, out);
    out->tab = str_eq_z(tab, "person") && c.author ? STR("person")
               : str_eq_z(tab, "log")              ? STR("log")
                                                   : STR("thread");
    TRY(strand_fill(rq, b, &c, out, &to_line));
    if (str_eq_z(out->tab, "person"))
        TRY(fill_person(rq, b, &c, out));
    if (str_eq_z(out->tab, "log"))
        TRY(fill_log(rq, b, &c, out));
    return fill_reply(rq, b, &c, to_line, focus, refused, out);
}
