/* retry.c - see retry.h. */
#include "net/retry.h"

int64_t retry_delay(int attempt, int64_t longest, int64_t retry_after, uint64_t random)
{
    if (retry_after > 0)
        return retry_after + (int64_t)(random % (uint64_t)(retry_after / 10 + 1));
    int64_t delay = RETRY_FIRST;
    for (int i = 1; i < attempt && delay < longest; i++)
        delay *= 2;
    if (delay > longest)
        delay = longest;
    return delay + (int64_t)(random % (uint64_t)(delay / 4 + 1));
}
