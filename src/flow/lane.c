/* lane.c - see lane.h. */
#include "flow/lane.h"

void lanes_init(struct lanes *l, int size, int each)
{
    *l = (struct lanes){.size = size, .each = each};
    pthread_mutex_init(&l->lock, NULL);
}

void lanes_deinit(struct lanes *l)
{
    pthread_mutex_destroy(&l->lock);
}

static int64_t *slow_slot(struct lanes *l, int64_t account)
{
    return &l->slow[(uint64_t)account * UINT64_C(0x9e3779b97f4a7c15) >> 56];
}

bool lane_enter(struct lanes *l, int64_t account, bool ill, struct lane_pass *out)
{
    int mine = 0;
    pthread_mutex_lock(&l->lock);
    *out = (struct lane_pass){account, clock_mono(), ill || *slow_slot(l, account) == account};
    for (int i = 0; i < l->running_n; i++)
        mine += l->running[i].account == account;
    bool free = out->patient ? mine == 0 && l->patient < l->size / 2 : mine < l->each;
    free = free && l->running_n < LANE_MAX;
    if (free) {
        l->running[l->running_n++] = *out;
        l->patient += out->patient;
    }
    pthread_mutex_unlock(&l->lock);
    return free;
}

void lane_leave(struct lanes *l, const struct lane_pass *pass)
{
    pthread_mutex_lock(&l->lock);
    for (int i = 0; i < l->running_n; i++)
        if (l->running[i].account == pass->account && l->running[i].patient == pass->patient) {
            l->running[i] = l->running[--l->running_n];
            break;
        }
    l->patient -= pass->patient;
    int64_t *slow = slow_slot(l, pass->account);
    if (clock_mono() - pass->began > LANE_SLOW)
        *slow = pass->account;
    else if (*slow == pass->account)
        *slow = 0;
    pthread_mutex_unlock(&l->lock);
}
