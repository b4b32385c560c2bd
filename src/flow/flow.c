/* flow.c - making, starting and stopping; see flow.h. */
#include "flow/flow.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/memory.h"
#include "base/threads.h"
#include "flow/flow_int.h"

#define UNDO_DEFAULT (15 * CLOCK_SECOND)

enum { SEND_GRACE_MS = 3000 };

struct flow *flow_new(const struct flow_options *o)
{
    struct flow *f = memory_zeroed(1, sizeof *f);
    f->o = *o;
    f->clock = o->clock ? *o->clock : clock_system;
    if (f->o.undo_ms < 0)
        f->o.undo_ms = UNDO_DEFAULT;
    pthread_mutex_init(&f->brands_lock, NULL);
    hand_init(&f->polling);
    hand_init(&f->sending_now);
    lanes_init(&f->send_lanes, SENDERS, SENDERS_EACH);
    lanes_init(&f->poll_lanes, POLLERS, 1);
    bell_init(&f->outbox_bell);
    bell_init(&f->poll_bell);
    bell_init(&f->jobs_bell);
    bell_init(&f->sent_bell);
    keep_init(f);
    return f;
}

void flow_free(struct flow *f)
{
    if (!f)
        return;
    brands_forget(f, 0);
    keep_deinit(f);
    bell_deinit(&f->sent_bell);
    bell_deinit(&f->jobs_bell);
    bell_deinit(&f->poll_bell);
    bell_deinit(&f->outbox_bell);
    hand_deinit(&f->sending_now);
    hand_deinit(&f->polling);
    lanes_deinit(&f->poll_lanes);
    lanes_deinit(&f->send_lanes);
    pthread_mutex_destroy(&f->brands_lock);
    free(f);
}

enum err flow_start(struct flow *f, struct errinfo *e)
{
    TRY(deliver_take_over(f, e));
    step_begin(f);
    f->poll_workers = workers_new("poll", POLLERS, BUSY_MAX);
    atomic_store(&f->sending, SENDERS);
    f->started = true; /* from here on flow_stop joins what runs */
    for (; f->senders_n < SENDERS; f->senders_n++)
        TRY(thread_start(&f->senders[f->senders_n], "send", deliver_loop, f));
    TRY(thread_start(&f->poller, "poller", poll_loop, f));
    f->poller_runs = true;
    TRY(thread_start(&f->jobs, "jobs", jobs_loop, f));
    f->jobs_run = true;
    if (f->o.dir) {
        TRY(thread_start(&f->keeper.thread, "backup", keep_loop, f));
        f->keeper.runs = true;
    }
    return ERR_OK;
}

void flow_stop(struct flow *f)
{
    atomic_store(&f->stopping, true);
    if (!f->started)
        return;
    bell_close(&f->outbox_bell);
    bell_close(&f->poll_bell);
    bell_close(&f->jobs_bell);
    bell_close(&f->keeper.bell);
    /* An answer that comes in time spares a person the question whether a mail has arrived. */
    bell_wait(&f->sent_bell, SEND_GRACE_MS);
    atomic_store(&f->stop_sends, true);
    if (f->poller_runs)
        pthread_join(f->poller, NULL);
    if (f->jobs_run)
        pthread_join(f->jobs, NULL);
    if (f->keeper.runs)
        pthread_join(f->keeper.thread, NULL);
    f->keeper.runs = false;
    workers_free(f->poll_workers);
    for (int i = 0; i < f->senders_n; i++)
        pthread_join(f->senders[i], NULL);
    f->started = false;
}

void flow_figures(const struct flow *f, struct flow_figures *out)
{
    *out = (struct flow_figures){.unreadable = f->unreadable};
    for (int i = 0; i < 3; i++)
        out->posts[i] = f->posts[i];
    for (int i = 0; i < 2; i++)
        out->polls[i] = f->polls[i];
    for (int i = 0; i < 4; i++)
        out->deliveries[i] = f->deliveries[i];
    if (f->poll_workers)
        out->polls_waiting = workers_waiting(f->poll_workers, &out->polls_max);
}

bool flow_runs(const struct flow *f)
{
    return f->started;
}

void flow_notice(struct flow *f, const struct notice *n)
{
    bool all = n->topic == TOPIC_ALL;
    if (all || n->topic == TOPIC_BRAND)
        brands_forget(f, n->brand);
    if (all || n->topic == TOPIC_MESSAGE)
        bell_ring(&f->outbox_bell);
    if (all || n->topic == TOPIC_ACCOUNT)
        bell_ring(&f->poll_bell);
}

struct store *flow_store(const struct flow *f)
{
    return f->o.store;
}

int64_t flow_now(const struct flow *f)
{
    return clock_now(&f->clock);
}
