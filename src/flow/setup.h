/* setup.h - making brands and accounts: what the wizard, the settings pages, the commands and the
 * demo share. Each is one transaction with its line in the audit log. Threads: any. */
#ifndef FLOW_SETUP_H
#define FLOW_SETUP_H

#include "base/map.h"
#include "flow/flow.h"
#include "posts/post.h"

struct arena;

enum { BRAND_NAMES_MAX = 100 };

struct brand_new {
    struct str name, subtitle, language, timezone, signature;
    struct str key;          /* empty: made of the name */
    const struct str *names; /* spellings and handles */
    size_t names_n;
};
/* A brand opens Monday to Friday from nine to five until somebody says otherwise. */
enum err setup_brand(struct flow *f, int64_t agent, const struct brand_new *in, int64_t *id,
                     struct errinfo *e) MUST_CHECK;

struct account_new {
    struct str channel, name;
    struct str key;     /* empty: made of the name */
    struct str network; /* empty: the channel */
    bool is_public, allow_private;
    int64_t text_limit;
    int64_t version;     /* of a change: the one it was made of; 0: whatever is there */
    struct map settings; /* key -> struct str *; secrets are taken out and sealed */
};
struct account_made {
    int64_t id;
    struct str key;
    struct str token; /* bearer token of an API account, shown once; else empty */
};
/* ERR_INVALID names the setting that is wrong. */
enum err setup_account(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                       const struct account_new *in, struct account_made *out,
                       struct errinfo *e) MUST_CHECK;
/* Changes name and settings; an empty secret keeps the one that is there. */
enum err setup_account_change(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                              int64_t account, const struct account_new *in,
                              struct errinfo *e) MUST_CHECK;
/* The account with its secrets opened, to tell which are set: they must never leave the process. */
enum err setup_account_load(struct flow *f, struct arena *a, int64_t brand, int64_t account,
                            struct account *out, struct errinfo *e) MUST_CHECK;
/* A new bearer token; the old ones stop working at once. */
enum err setup_account_token(struct flow *f, struct arena *a, int64_t brand, int64_t agent,
                             int64_t account, struct str *token, struct errinfo *e) MUST_CHECK;
/* ACCOUNT_ON, ACCOUNT_PAUSED. */
enum err setup_account_state(struct flow *f, int64_t brand, int64_t agent, int64_t account,
                             int state, struct errinfo *e) MUST_CHECK;

/* Lower-case letters, digits and '-' of a name, for keys in URLs and commands. */
struct str setup_key(struct arena *a, struct str name);

#endif
