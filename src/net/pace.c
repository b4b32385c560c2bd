/* pace.c - see pace.h. Sets of four slots by hash; a slot counts one minute from its first request.
 */
#include "net/pace.h"

#include <pthread.h>

#include "base/clock.h"

enum { SETS = 256, WAYS = 4 };

struct slot {
    uint64_t host;
    int64_t since;
    int n; /* 0: free */
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct slot slots[SETS][WAYS];

bool pace_take(struct str host, int64_t now)
{
    uint64_t hash = str_hash(host);
    bool taken = false;
    pthread_mutex_lock(&lock);
    struct slot *set = slots[hash % SETS], *found = &set[0];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].n && set[i].host == hash) {
            found = &set[i];
            break;
        }
        if (!set[i].n || (found->n && set[i].since < found->since))
            found = &set[i];
    }
    if (!found->n || found->host != hash || now - found->since >= CLOCK_MINUTE)
        *found = (struct slot){.host = hash, .since = now};
    if (found->n < PACE_MAX) {
        found->n++;
        taken = true;
    }
    pthread_mutex_unlock(&lock);
    return taken;
}
