/* thread.c - which thread a post joins, by the ids it answers. Those of public networks are given
 * by the network. In a mail anybody can write any id, so there it takes a reason to believe it:
 * an id of ours, which only those have who got our mail, or people who know the thread. */
#include "base/arena.h"
#include "flow/flow_int.h"
#include "post_sql.h"
#include "text/json.h"

enum { PARENTS_MAX = 30 };

static bool in_list(const struct json *list, struct str address)
{
    for (size_t i = 0; i < json_count(list); i++)
        if (str_eq_nocase(json_as_text(json_at(list, i)), address))
            return true;
    return false;
}

/* Was a post with this extra (channels/mail_item.c) also addressed to them? */
static bool addressed(struct arena *a, struct str extra, struct str address)
{
    struct json *v = NULL;
    if (!extra.n || !address.n || json_parse(a, extra, &v, NULL) != ERR_OK)
        return false;
    return in_list(json_get(v, "to"), address) || in_list(json_get(v, "cc"), address);
}

/* What makes a thread known to somebody: a post of it that we sent, wrote, or got together. */
struct standing {
    int64_t author, message;
    struct str extra, identity;
};

static bool may_join(struct arena *a, const struct joining *j, const struct standing *known)
{
    if (!str_eq_z(j->account->channel, "mail"))
        return true;
    if (known->message || j->item->is_doubted)
        return known->message != 0;
    if (known->author && known->author == j->author)
        return true;
    return addressed(a, known->extra, j->item->author_id) ||
           addressed(a, j->item->extra, known->identity);
}

/* The thread that waits for this external id, if the post may join it. */
static enum err waiting_for(struct tx *tx, const struct joining *j, struct str external_id,
                            int64_t *thread)
{
    struct known_post root;
    int64_t waiting;
    TRY(known_thread_ref(j->known, external_id, &waiting));
    TRY(known_root(j->known, waiting, &root));
    if (!may_join(tx_arena(tx), j,
                  &(struct standing){root.author, root.message, root.extra, root.identity}))
        return ERR_NOT_FOUND;
    *thread = waiting;
    return ERR_OK;
}

enum err thread_find(struct tx *tx, const struct joining *j, int64_t *thread, int64_t *parent)
{
    struct arena *a = tx_arena(tx);
    const struct item *it = j->item;
    size_t n = it->parent_count < PARENTS_MAX ? it->parent_count : PARENTS_MAX;
    enum err err;
    *thread = j->post;
    *parent = 0;
    for (size_t i = 0; i < n; i++) {
        struct known_post known;
        err = known_post(j->known, it->parents[i], &known);
        if (err == ERR_OK && may_join(a, j,
                                      &(struct standing){known.author, known.message, known.extra,
                                                         known.identity})) {
            *thread = known.thread;
            *parent = i == 0 ? known.id : 0;
            return ERR_OK;
        }
        if (err != ERR_OK && err != ERR_NOT_FOUND)
            return err;
    }
    err = waiting_for(tx, j, it->external_id, thread);
    for (size_t i = 0; err == ERR_NOT_FOUND && i < n; i++)
        err = waiting_for(tx, j, it->parents[i], thread);
    return err == ERR_NOT_FOUND ? ERR_OK : err;
}

enum err thread_remember(struct tx *tx, const struct joining *j, int64_t thread, int64_t parent)
{
    const struct item *it = j->item;
    for (size_t i = 0; !parent && i < it->parent_count && i < PARENTS_MAX; i++) {
        int64_t waiting; /* the first one keeps it */
        enum err err = known_thread_ref(j->known, it->parents[i], &waiting);
        if (err == ERR_OK)
            continue;
        if (err != ERR_NOT_FOUND)
            return err;
        TRY(post_sql_thread_ref_add(
            tx, &(struct post_sql_thread_ref_add_in){j->account->id, it->parents[i], thread},
            NULL));
        known_set_thread_ref(j->known, it->parents[i], thread);
    }
    return ERR_OK;
}
