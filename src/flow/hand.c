/* hand.c - what threads of this process have in hand: one thing by one thread at a time. */
#include "flow/flow_int.h"

void hand_init(struct hand *h)
{
    *h = (struct hand){0};
    pthread_mutex_init(&h->lock, NULL);
}

void hand_deinit(struct hand *h)
{
    pthread_mutex_destroy(&h->lock);
}

bool hand_take(struct hand *h, int64_t id)
{
    bool mine = true;
    int64_t *free_place = NULL;
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < BUSY_MAX; i++) {
        if (h->ids[i] == id)
            mine = false;
        else if (!h->ids[i] && !free_place)
            free_place = &h->ids[i];
    }
    mine = mine && free_place;
    if (mine)
        *free_place = id;
    pthread_mutex_unlock(&h->lock);
    return mine;
}

void hand_give(struct hand *h, int64_t id)
{
    pthread_mutex_lock(&h->lock);
    for (size_t i = 0; i < BUSY_MAX; i++)
        if (h->ids[i] == id)
            h->ids[i] = 0;
    pthread_mutex_unlock(&h->lock);
}
