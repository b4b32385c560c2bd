/* brands.c - the loaded brands. One immutable view per brand, counted, replaced when a notice says
 * that it changed: whoever holds an old one finishes with it. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/memory.h"
#include "flow/flow_int.h"
#include "understand/naming.h"

struct brand_entry {
    struct brand_view view; /* first, so that a view's address is its entry's */
    const struct naming *naming;
    struct brand_entry *next;
    struct arena arena;
    atomic_int users; /* the list counts as one */
};

static void release(struct brand_entry *e)
{
    if (atomic_fetch_sub(&e->users, 1) == 1) {
        arena_deinit(&e->arena);
        free(e);
    }
}

void flow_brand_release(const struct brand_view *b)
{
    if (b)
        release((struct brand_entry *)(uintptr_t)b);
}

const struct naming *brand_naming(const struct brand_view *b)
{
    return ((const struct brand_entry *)(const void *)b)->naming;
}

void brands_forget(struct flow *f, int64_t brand)
{
    pthread_mutex_lock(&f->brands_lock);
    for (struct brand_entry **at = &f->brands; *at;) {
        struct brand_entry *e = *at;
        if (!brand || e->view.id == brand) {
            *at = e->next;
            release(e);
        } else {
            at = &e->next;
        }
    }
    pthread_mutex_unlock(&f->brands_lock);
}

static struct brand_entry *find(struct flow *f, int64_t brand)
{
    struct brand_entry *e = f->brands;
    while (e && e->view.id != brand)
        e = e->next;
    if (e)
        atomic_fetch_add(&e->users, 1);
    return e;
}

static struct brand_entry *load(struct flow *f, int64_t brand, struct errinfo *info)
{
    struct brand_entry *e = memory_zeroed(1, sizeof *e);
    arena_init(&e->arena);
    enum err err = brand_view_load(store_reader(f->o.store), &e->arena, brand, &e->view, info);
    if (err == ERR_OK) {
        e->users = 1;
        e->naming = naming_new(&e->arena, e->view.names);
        return e;
    }
    err_set(info, err, "brand", "brand %lld cannot be read", (long long)brand); /* of any part */
    log_warn("flow", "%s", info->what);
    arena_deinit(&e->arena);
    free(e);
    return NULL;
}

const struct brand_view *flow_brand(struct flow *f, int64_t brand, struct errinfo *info)
{
    struct errinfo own;
    if (!info)
        info = &own;
    pthread_mutex_lock(&f->brands_lock);
    struct brand_entry *e = find(f, brand);
    if (!e && (e = load(f, brand, info))) {
        /* loaded under the lock, so that a notice that comes now forgets this one too */
        e->next = f->brands;
        f->brands = e;
        atomic_fetch_add(&e->users, 1);
    }
    pthread_mutex_unlock(&f->brands_lock);
    return e ? &e->view : NULL;
}
