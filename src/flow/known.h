/* known.h - what the store has of the posts of a batch: asked for with one statement a kind before
 * the batch is written, not post by post, and kept in step with what the batch writes. On
 * PostgreSQL a question is a round trip, while what only writes travels without waiting; so the
 * cost of a batch is in its questions (docs/decisions/016). Whatever was not asked for ahead is
 * asked for alone. Lives in its transaction. */
#ifndef FLOW_KNOWN_H
#define FLOW_KNOWN_H

#include "base/map.h"
#include "store/store.h"

struct account;

struct known {
    struct tx *tx;
    int64_t brand;
    const struct account *account;
    struct map posts, refs, authors; /* by what the network calls them */
    struct map roots, cases;         /* by thread */
};

struct known_post {
    int64_t id, thread, author, message;
    struct str extra, title, text;
    struct str identity; /* of the author; absent: none */
};
struct known_author {
    int64_t id;
    struct str name;
};
struct known_case {
    int64_t id, waiting_at, first_answered_at, problem;
    int state, priority;
    struct str rank_why;
    bool fresh; /* made by this transaction, whose rows may wait to be written */
};

void known_init(struct known *k, struct tx *tx, int64_t brand, const struct account *account);

/* Ids and identities that will be asked for, each as often as it comes. */
enum err known_ahead(struct known *k, const struct str *external_ids, size_t n,
                     const struct str *identities, size_t identities_n) MUST_CHECK;

/* ERR_NOT_FOUND: there is none. The bytes of a key must live as long as the transaction. */
enum err known_post(struct known *k, struct str external_id, struct known_post *out) MUST_CHECK;
/* The first post of a thread: who wrote it, and what stands with it. */
enum err known_root(struct known *k, int64_t thread, struct known_post *out) MUST_CHECK;
enum err known_thread_ref(struct known *k, struct str external_id, int64_t *thread) MUST_CHECK;
enum err known_author(struct known *k, struct str identity, struct known_author *out) MUST_CHECK;
enum err known_case(struct known *k, int64_t thread, struct known_case *out) MUST_CHECK;

/* The transaction has written it. */
void known_set_post(struct known *k, struct str external_id, const struct known_post *p);
void known_set_thread_ref(struct known *k, struct str external_id, int64_t thread);
void known_set_author(struct known *k, struct str identity, const struct known_author *w);
/* NULL: it is changed, and will be read again. */
void known_set_case(struct known *k, int64_t thread, const struct known_case *c);

#endif
