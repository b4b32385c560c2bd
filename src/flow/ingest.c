/* ingest.c - posts come in. Outside the transaction: the border (sound text, caps), judging,
 * routing, terms. Inside: one row per thing, and the cursor of the source with them, so that
 * nothing is lost or doubled by a crash. */
#include "base/arena.h"
#include "base/log.h"
#include "base/trouble.h"
#include "base/vec.h"
#include "account_sql.h"
#include "author_sql.h"
#include "care/rank.h"
#include "care_sql.h"
#include "crypt/hmac.h"
#include "flow/flow_int.h"
#include "outbox_sql.h"
#include "post_sql.h"
#include "posts/search.h"
#include "store/lease.h"
#include "text/analyse.h"
#include "text/unicode.h"

enum { DETAIL_PARENTS = 30 };

/* One item, ready to be stored. */
struct ready {
    struct item item; /* cleaned */
    int64_t flags;
    struct judged verdict;
    struct routed routed;
    struct str terms;
    struct str case_title;
    bool refused;
};

struct work {
    struct flow *f;
    const struct ingest *in;
    const struct brand_view *b;
    struct account account;
    struct ready *ready;
    struct ingest_result *results;
    int64_t now;
    /* of one run of the transaction */
    struct known known;
    int64_t stored;
    int64_t number; /* of the last case made; 0: none */
    /* rows to be inserted together: *_in of their statements */
    struct vec authors, posts, terms, search, cases;
};

static enum err check(const struct item *it, struct errinfo *e)
{
    if (!it->external_id.n || it->external_id.n > ITEM_ID_MAX)
        return err_set(e, ERR_INVALID, "id", "a post needs an id of 1 to %d bytes", ITEM_ID_MAX);
    if (!it->text.n && !it->title.n && !it->attachment_count)
        return err_set(e, ERR_INVALID, "text", "a post without text");
    return ERR_OK;
}

/* In the form in which ids are kept; empty ones say nothing. */
static void clean_parents(const struct item *raw, struct arena *a, struct item *it)
{
    size_t most = raw->parent_count < DETAIL_PARENTS ? raw->parent_count : DETAIL_PARENTS, n = 0;
    struct str *parents = arena_array(a, most, sizeof *parents);
    for (size_t i = 0; i < most; i++) {
        parents[n] = text_plain_line(a, raw->parents[i], ITEM_ID_MAX);
        n += parents[n].n > 0;
    }
    it->parents = parents;
    it->parent_count = n;
}

static void clean(const struct item *raw, int64_t now, struct arena *a, struct ready *r)
{
    struct item *it = &r->item;
    *it = *raw;
    it->external_id = text_plain_line(a, raw->external_id, ITEM_ID_MAX);
    it->author_id = text_plain_line(a, raw->author_id, ITEM_FIELD_MAX);
    it->author_name = text_plain_line(a, raw->author_name, ITEM_FIELD_MAX);
    it->title = text_plain_line(a, raw->title, ITEM_FIELD_MAX);
    it->url = text_plain_line(a, raw->url, ITEM_FIELD_MAX);
    it->text = str_trim(text_clean(a, raw->text, ITEM_TEXT_MAX));
    it->quoted = text_clean(a, raw->quoted, ITEM_TEXT_MAX);
    if (it->extra.n > ITEM_RAW_MAX)
        it->extra = STR_NONE;
    clean_parents(raw, a, it);
    if (it->published_at <= 0 || it->published_at > now)
        it->published_at = now;
    if (it->reach < 0)
        it->reach = 0;
    r->flags = (it->is_private ? POST_PRIVATE : 0) | (it->is_ours ? POST_OURS : 0) |
               (it->is_automatic ? POST_AUTOMATIC : 0) | (it->is_bounce ? POST_BOUNCE : 0) |
               (it->is_doubted ? POST_DOUBTED : 0) | (raw->text.n > ITEM_TEXT_MAX ? POST_CUT : 0);
}

/* Under which it is found: its words, and behind them who wrote it, as no word of a language. */
static struct str terms_of(const struct work *w, struct arena *a, const struct ready *r)
{
    const int language = r->verdict.facts.f[FACT_LANGUAGE].value;
    const struct str parts[] = {r->item.title, r->item.text};
    const struct str who[] = {r->item.author_name, r->item.author_id};
    const struct str both[] = {analyse_text(a, arena_join(a, parts, 2, STR("\n")),
                                            str_z(words_name(&language_words, language))),
                               analyse_text(a, arena_join(a, who, 2, STR("\n")), STR_NONE)};
    return post_search_terms(a, arena_join(a, both, 2, STR(" ")), w->account.id);
}

static void prepare(struct work *w, const struct item *raw, struct arena *a, struct ready *r)
{
    clean(raw, w->now, a, r);
    if (!w->account.is_public)
        r->item.is_private = true, r->flags |= POST_PRIVATE;
    flow_judge(w->f, w->b, &r->item, r->item.is_private, a, &r->verdict);
    if (r->verdict.needs)
        flow_route(w->b, &w->account, &r->item, &r->verdict.facts, a, &r->routed);
    r->terms = terms_of(w, a, r);
    r->case_title = case_title(a, r->item.title, r->item.text);
}

/* --- inside the transaction --- */

static enum err write_authors(struct work *w, struct tx *tx)
{
    TRY(author_sql_insert_rows(tx, w->authors.p, w->authors.n));
    w->authors.n = 0;
    return ERR_OK;
}

static enum err author_of(struct work *w, struct tx *tx, const struct ready *r, int64_t *id)
{
    const struct item *it = &r->item;
    struct known_author who;
    *id = 0;
    if (!it->author_id.n || it->is_ours)
        return ERR_OK;
    enum err err = known_author(&w->known, it->author_id, &who);
    if (err == ERR_OK) {
        *id = who.id;
        if (!it->author_name.n || it->is_doubted || str_eq(who.name, it->author_name))
            return ERR_OK;
        TRY(write_authors(w, tx)); /* it may be one of these */
        TRY(author_sql_rename(tx, &(struct author_sql_rename_in){w->b->id, *id, it->author_name},
                              NULL));
    } else if (err == ERR_NOT_FOUND) {
        *id = store_id(w->f->o.store, 0);
        *(struct author_sql_insert_in *)vec_push(&w->authors) = (struct author_sql_insert_in){
            *id, w->b->id, w->account.network, it->author_id, it->author_name, w->now};
    } else {
        return err;
    }
    known_set_author(&w->known, it->author_id, &(struct known_author){*id, it->author_name});
    return ERR_OK;
}

/* Nobody else has it: what is known of the store belongs to this transaction. */
static void add_post(struct work *w, const struct ready *r, int64_t id, int64_t thread,
                     int64_t parent, int64_t author)
{
    const struct fact *f = r->verdict.facts.f;
    const struct item *it = &r->item;
    *(struct post_sql_insert_in *)vec_push(&w->posts) = (struct post_sql_insert_in){
        .id = id,
        .brand = w->b->id,
        .account = w->account.id,
        .external_id = it->external_id,
        .thread = thread,
        .parent = parent,
        .author = author,
        .flags = r->flags,
        .published_at = it->published_at,
        .received_at = w->now,
        .reach = it->reach,
        .language = f[FACT_LANGUAGE].value,
        .relevance = f[FACT_RELEVANCE].value,
        .reaction = f[FACT_REACTION].value,
        .request = f[FACT_REQUEST].value,
        .kind = f[FACT_KIND].value,
        .sentiment = f[FACT_SENTIMENT].value,
        .offence = f[FACT_OFFENCE].value,
        .judged = r->verdict.json,
        .title = it->title,
        .text = it->text,
        .quoted = it->quoted,
        .url = it->url,
        .extra = it->extra,
    };
    *(struct post_sql_terms_add_in *)vec_push(&w->terms) =
        (struct post_sql_terms_add_in){id, ANALYSE_VERSION, r->terms};
    *(struct post_sql_search_add_in *)vec_push(&w->search) =
        (struct post_sql_search_add_in){id, r->terms};
    known_set_post(&w->known, it->external_id,
                   &(struct known_post){id, thread, author, 0, it->extra, it->title, it->text,
                                        author ? it->author_id : STR_NONE});
}

static void rank_of(const struct work *w, const struct ready *r, enum priority priority, int again,
                    bool first, struct rank *out, int64_t *due)
{
    const struct fact *f = r->verdict.facts.f;
    *due = flow_due(w->b, f[FACT_KIND].value, priority, first, r->item.published_at);
    const struct rank_input in = {
        .due_at = *due,
        .kind = f[FACT_KIND].value,
        .request = f[FACT_REQUEST].value,
        .sentiment = f[FACT_SENTIMENT].value,
        .need = f[FACT_REACTION].value == ANSWER_YES ? f[FACT_REACTION].p : 0.5,
        .reach = r->item.reach,
        .again = again,
        .priority = priority,
    };
    rank_compute(&in, out);
}

/* The first one takes the row for this transaction; the others count on, and save_number says how
 * far. */
static enum err next_number(struct work *w, struct tx *tx)
{
    struct care_sql_next_number_row first;
    if (w->number) {
        w->number++;
        return ERR_OK;
    }
    TRY(care_sql_next_number(tx, tx_arena(tx), &(struct care_sql_next_number_in){w->b->id},
                             &first));
    w->number = first.last;
    return ERR_OK;
}

static enum err save_number(struct work *w, struct tx *tx)
{
    if (!w->number)
        return ERR_OK;
    return care_sql_set_number(tx, &(struct care_sql_set_number_in){w->b->id, w->number}, NULL);
}

static enum err new_case(struct work *w, struct tx *tx, const struct ready *r, int64_t post,
                         int64_t thread, int64_t author, int64_t *case_id)
{
    struct rank rank;
    int64_t due;
    const struct fact *f = r->verdict.facts.f;
    rank_of(w, r, r->routed.priority, 0, true, &rank, &due);
    TRY(next_number(w, tx));
    *case_id = store_id(w->f->o.store, 0);
    const struct care_sql_insert_in in = {
        .id = *case_id,
        .brand = w->b->id,
        .number = w->number,
        .thread = thread,
        .account = w->account.id,
        .author = author,
        .post = post,
        .title = r->case_title,
        .words = r->verdict.words,
        .team = r->routed.team,
        .priority = r->routed.priority,
        .kind = f[FACT_KIND].value >= 0 ? f[FACT_KIND].value : KIND_OTHER,
        .language = f[FACT_LANGUAGE].value,
        .tags = r->routed.tags,
        .why = r->routed.why,
        .rank_why = rank_write(tx_arena(tx), &rank),
        .now = w->now,
        .waiting_at = r->item.published_at,
        .due_at = due,
        .rank_at = rank.rank_at,
        .posts = 1,
    };
    known_set_case(&w->known, thread,
                   &(struct known_case){.id = *case_id,
                                        .waiting_at = in.waiting_at,
                                        .state = CASE_WAITING,
                                        .priority = (int)r->routed.priority,
                                        .rank_why = in.rank_why,
                                        .fresh = true});
    *(struct care_sql_insert_in *)vec_push(&w->cases) = in;
    return ERR_OK;
}

static enum err write_cases(struct work *w, struct tx *tx)
{
    TRY(care_sql_insert_rows(tx, w->cases.p, w->cases.n));
    w->cases.n = 0;
    return ERR_OK;
}

static enum err further_post(struct work *w, struct tx *tx, const struct ready *r, int64_t post,
                             int64_t thread, const struct known_case *c)
{
    struct rank before, rank;
    int64_t due;
    if (!r->verdict.needs)
        return care_sql_count_post(tx, &(struct care_sql_count_post_in){w->b->id, c->id}, NULL);
    rank_read(tx_arena(tx), c->rank_why, &before);
    int again = c->state == CASE_WAITING ? before.minutes[RANK_AGAIN] / 15 + 1 : 0;
    rank_of(w, r, (enum priority)c->priority, again, !c->first_answered_at, &rank, &due);
    const struct care_sql_wait_again_in in = {
        .brand = w->b->id,
        .id = c->id,
        .post = post,
        .kind = r->verdict.facts.f[FACT_KIND].value,
        .words = r->verdict.words,
        .rank_why = rank_write(tx_arena(tx), &rank),
        .waiting_at = r->item.published_at,
        .due_at = due,
        .rank_at = rank.rank_at,
    };
    known_set_case(&w->known, thread, NULL);
    return care_sql_wait_again(tx, &in, NULL);
}

/* A post of ours that came through the channel ends the wait only if it was written after it began;
 * and not a mail, where anybody can write our address into From. */
static bool answers(const struct work *w, const struct ready *r, const struct known_case *c)
{
    return r->item.is_ours && !str_eq_z(w->account.channel, "mail") && !c->problem &&
           (c->state == CASE_WAITING || c->state == CASE_SNOOZED) &&
           r->item.published_at >= c->waiting_at;
}

/* The case of the thread follows the post: made, woken, or only counted. */
static enum err case_follows(struct work *w, struct tx *tx, const struct ready *r, int64_t post,
                             int64_t thread, int64_t author, int64_t *case_id)
{
    struct known_case known;
    enum err err = thread == post ? ERR_NOT_FOUND : known_case(&w->known, thread, &known);
    *case_id = 0;
    if (err == ERR_NOT_FOUND) {
        if (!r->verdict.needs)
            return ERR_OK;
        TRY(new_case(w, tx, r, post, thread, author, case_id));
    } else if (err == ERR_OK) {
        *case_id = known.id;
        if (known.fresh)
            TRY(write_cases(w, tx));
        if (answers(w, r, &known)) {
            known_set_case(&w->known, thread, NULL);
            TRY(care_sql_answered(tx,
                                  &(struct care_sql_answered_in){
                                      w->b->id, known.id, 0, r->item.published_at, CASE_ANSWERED},
                                  NULL));
        }
        TRY(further_post(w, tx, r, post, thread, &known));
    } else {
        return err;
    }
    tx_notify(tx, (struct notice){TOPIC_CASE, w->b->id, *case_id, 0});
    return ERR_OK;
}

/* A bounce tells which message of ours did not arrive. */
static enum err bounce_of(struct work *w, struct tx *tx, const struct ready *r)
{
    for (size_t i = 0; r->item.is_bounce && i < r->item.parent_count && i < DETAIL_PARENTS; i++) {
        struct outbox_sql_by_key_row m;
        enum err err =
            outbox_sql_by_key(tx_db(tx), tx_arena(tx),
                              &(struct outbox_sql_by_key_in){w->b->id, r->item.parents[i]}, &m);
        if (err == ERR_NOT_FOUND)
            continue;
        TRY(err);
        int64_t changed; /* 0: decided already, or never sent */
        TRY(outbox_sql_bounced(tx,
                               &(struct outbox_sql_bounced_in){
                                   w->b->id, m.id, str_z(trouble_table[TROUBLE_MAIL_BOUNCED].word)},
                               &changed));
        if (changed)
            TRY(answer_problem(tx, w->b->id, m.case_id, m.id));
    }
    return ERR_OK;
}

/* The same words by the same person. */
static bool is_twin(const struct ready *r, int64_t author, int64_t its_author, struct str title,
                    struct str text)
{
    return author == its_author && str_eq(r->item.title, title) && str_eq(r->item.text, text);
}

/* A Message-ID is what the sender says it is. The same mail twice, also in two mailboxes, is one
 * post: *twin. Another mail under the id of one that is here gets an id of its own, made of what it
 * says, so that it too comes once. */
static enum err mail_twin(struct work *w, struct tx *tx, int64_t author, struct ready *r,
                          int64_t *twin)
{
    struct arena *a = tx_arena(tx);
    struct known_post here;
    struct post_sql_find_elsewhere_row *there;
    size_t n;
    struct str id = r->item.external_id;
    const struct str parts[] = {r->item.author_id, r->item.title, r->item.text};
    struct str digest = sha256_hex(a, arena_join(a, parts, 3, (struct str){"", 1}));
    struct str own_id =
        arena_printf(a, "%.*s#%.16s", STR_FMT(utf8_clip(id, ITEM_ID_MAX - 17)), digest.p);
    TRY(post_sql_find_elsewhere(
        tx_db(tx), a, &(struct post_sql_find_elsewhere_in){w->b->id, w->account.id, id, own_id},
        &there, &n));
    for (size_t i = 0; i < n && !*twin; i++)
        if (is_twin(r, author, there[i].author, there[i].title, there[i].text))
            *twin = there[i].id;
    enum err err = known_post(&w->known, id, &here);
    if (err != ERR_OK)
        return err == ERR_NOT_FOUND ? ERR_OK : err;
    if (!here.message && !is_twin(r, author, here.author, here.title, here.text)) {
        r->item.external_id = own_id;
        r->flags |= POST_SAME_ID;
    }
    return ERR_OK;
}

static enum err store_one(struct work *w, struct tx *tx, const struct ready *prepared,
                          struct ingest_result *result)
{
    int64_t id = store_id(w->f->o.store, prepared->item.published_at), thread, parent, author;
    int64_t twin = 0;
    struct ready ready = *prepared, *r = &ready;
    struct known_post here;
    TRY(author_of(w, tx, r, &author));
    if (str_eq_z(w->account.channel, "mail"))
        TRY(mail_twin(w, tx, author, r, &twin));
    if (twin) {
        *result = (struct ingest_result){.status = INGEST_DUPLICATE, .post = twin};
        return ERR_OK;
    }
    enum err err = known_post(&w->known, r->item.external_id, &here);
    if (err == ERR_OK)
        *result = (struct ingest_result){.status = INGEST_DUPLICATE,
                                         .post = here.id,
                                         .differs = !str_eq(here.text, r->item.text) ||
                                                    !str_eq(here.title, r->item.title)};
    if (err != ERR_NOT_FOUND)
        return err;
    const struct joining j = {&w->known, w->b->id, &w->account, &r->item, id, author};
    TRY(thread_find(tx, &j, &thread, &parent));
    add_post(w, r, id, thread, parent, author);
    w->stored++;
    *result = (struct ingest_result){.status = INGEST_STORED, .post = id};
    TRY(thread_remember(tx, &j, thread, parent));
    TRY(attachments_add(w->f->o.store, tx, w->b->id, id, r->item.attachments,
                        r->item.attachment_count));
    TRY(bounce_of(w, tx, r));
    return case_follows(w, tx, r, id, thread, author, &result->case_id);
}

/* The index comes last: on SQLite a statement that returns rows makes it write out what it has
 * gathered so far, and a segment of its own for each post costs more than everything else. */
static enum err write_rows(struct work *w, struct tx *tx)
{
    TRY(write_authors(w, tx));
    TRY(post_sql_insert_rows(tx, w->posts.p, w->posts.n));
    TRY(post_sql_terms_add_rows(tx, w->terms.p, w->terms.n));
    TRY(write_cases(w, tx));
    return post_sql_search_add_rows(tx, w->search.p, w->search.n);
}

static void begin_rows(struct work *w, struct arena *a)
{
    vec_init(&w->authors, a, sizeof(struct author_sql_insert_in));
    vec_init(&w->posts, a, sizeof(struct post_sql_insert_in));
    vec_init(&w->terms, a, sizeof(struct post_sql_terms_add_in));
    vec_init(&w->search, a, sizeof(struct post_sql_search_add_in));
    vec_init(&w->cases, a, sizeof(struct care_sql_insert_in));
}

static enum err store_refused(struct work *w, struct tx *tx)
{
    for (size_t i = 0; i < w->in->refused_n; i++) {
        const struct ingest_refused *r = &w->in->refused[i];
        TRY(post_sql_refused_add(tx,
                                 &(struct post_sql_refused_add_in){
                                     store_id(w->f->o.store, 0), w->b->id, w->account.id, w->now,
                                     utf8_clip(r->place, 200), utf8_clip(r->what, 500),
                                     str_sub(r->raw, 0, ITEM_RAW_MAX)},
                                 NULL));
    }
    if (w->in->refused_n)
        TRY(post_sql_refused_trim(tx, &(struct post_sql_refused_trim_in){w->b->id, w->account.id},
                                  NULL));
    return ERR_OK;
}

/* The poll that brought this must still be the only one. */
static enum err check_lease(struct work *w, struct tx *tx, struct errinfo *e)
{
    enum err err = w->in->lease ? lease_check(tx, w->in->lease) : ERR_OK;
    return err == ERR_CONFLICT ? err_set(e, err, "cursor", "another node polls this account") : err;
}

static enum err store_cursor(struct work *w, struct tx *tx, struct errinfo *e)
{
    int64_t changed;
    if (!w->in->cursor_before.p)
        return ERR_OK;
    TRY(account_sql_save_cursor(tx,
                                &(struct account_sql_save_cursor_in){w->b->id, w->account.id,
                                                                     w->in->cursor_before,
                                                                     w->in->cursor_after},
                                &changed));
    if (!changed)
        return err_set(e, ERR_CONFLICT, "cursor", "another poll of this account was faster");
    return account_sql_pulse_well(
        tx,
        &(struct account_sql_pulse_well_in){w->b->id, w->account.id, w->now, w->in->next_at,
                                            w->in->asked, w->now + FETCH_GAP},
        NULL);
}

/* Asks for all that the posts name. */
static enum err look_ahead(struct work *w, struct tx *tx)
{
    struct vec ids, authors;
    vec_init(&ids, tx_arena(tx), sizeof(struct str));
    vec_init(&authors, tx_arena(tx), sizeof(struct str));
    for (size_t i = 0; i < w->in->n; i++) {
        const struct item *it = &w->ready[i].item;
        if (w->ready[i].refused)
            continue;
        *(struct str *)vec_push(&ids) = it->external_id;
        for (size_t k = 0; k < it->parent_count; k++)
            *(struct str *)vec_push(&ids) = it->parents[k];
        if (it->author_id.n && !it->is_ours)
            *(struct str *)vec_push(&authors) = it->author_id;
    }
    known_init(&w->known, tx, w->b->id, &w->account);
    return known_ahead(&w->known, ids.p, ids.n, authors.p, authors.n);
}

static enum err write_all(struct tx *tx, void *arg, struct errinfo *e)
{
    struct work *w = arg;
    w->stored = 0;
    w->number = 0;
    TRY(check_lease(w, tx, e));
    begin_rows(w, tx_arena(tx));
    TRY(look_ahead(w, tx));
    for (size_t i = 0; i < w->in->n; i++)
        if (!w->ready[i].refused)
            TRY(store_one(w, tx, &w->ready[i], &w->results[i]));
    TRY(save_number(w, tx));
    TRY(write_rows(w, tx));
    TRY(store_refused(w, tx));
    TRY(store_cursor(w, tx, e));
    if (!w->stored && !w->in->refused_n && !w->in->cursor_before.p)
        return ERR_OK;
    tx_notify(tx, (struct notice){TOPIC_ACCOUNT, w->b->id, w->account.id, 0});
    return account_sql_pulse_items(tx,
                                   &(struct account_sql_pulse_items_in){w->b->id, w->account.id,
                                                                        w->now, w->stored,
                                                                        (int64_t)w->in->refused_n},
                                   NULL);
}

static void count(struct flow *f, const struct work *w)
{
    for (size_t i = 0; i < w->in->n; i++)
        f->posts[w->results[i].status]++;
    f->unreadable += w->in->refused_n;
}

enum err flow_ingest(struct flow *f, const struct ingest *in, struct ingest_result *results,
                     struct errinfo *e)
{
    struct arena a;
    struct work w = {.f = f, .in = in, .now = flow_now(f)};
    if (in->n > INGEST_MAX)
        return err_set(e, ERR_LIMIT, "posts", "at most %d posts at once", INGEST_MAX);
    arena_init(&a);
    struct errinfo own;
    enum err err;
    e = e ? e : &own;
    w.b = flow_brand(f, in->brand, e);
    if (!w.b) {
        err = e->code;
        goto out;
    }
    err = account_load(store_reader(f->o.store), &a, NULL, in->brand, in->account, &w.account, e);
    if (err != ERR_OK)
        goto out;
    w.ready = arena_array(&a, in->n, sizeof *w.ready);
    w.results = results ? results : arena_array(&a, in->n, sizeof *results);
    for (size_t i = 0; i < in->n; i++) {
        w.results[i] = (struct ingest_result){.status = INGEST_REFUSED};
        w.ready[i].refused = check(&in->items[i], &w.results[i].why) != ERR_OK;
        if (!w.ready[i].refused)
            prepare(&w, &in->items[i], &a, &w.ready[i]);
    }
    /* all posts of a brand raise its case number */
    err = store_write_keyed(f->o.store, w.b->id, write_all, &w, e);
    if (err == ERR_OK)
        count(f, &w);
out:
    flow_brand_release(w.b);
    arena_deinit(&a);
    return err;
}
