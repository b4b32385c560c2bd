/* tally.c - see tally.h. */
#include "console/tally.h"

#include "console/kept.h"
#include "desk_sql.h"
#include "http/request.h"
#include "page/context.h"
#include "store/store.h"

enum err tally_load(struct request *rq, struct tally *out)
{
    const struct page_context *ctx = rq->app;
    struct str key = arena_printf(rq->arena, "tally %lld", (long long)rq->who.brand);
    uint64_t generation = kept_generation(ctx->kept, rq->who.brand);
    struct desk_sql_tally_row *rows;
    struct buf b;
    buf_init_in(&b, rq->arena, KEPT_BYTES_MAX);
    if (kept_find(ctx->kept, generation, key, &b) && buf_ok(&b)) {
        *out = (struct tally){(const void *)b.p, b.n / sizeof *rows};
        return ERR_OK;
    }
    TRY(desk_sql_tally(store_reader(ctx->store), rq->arena,
                       &(struct desk_sql_tally_in){rq->who.brand}, &rows, &out->n));
    out->rows = rows;
    kept_put(ctx->kept, generation, key, (struct str){(const char *)rows, out->n * sizeof *rows});
    return ERR_OK;
}

int64_t tally_count(const struct tally *t, struct tally_filter f)
{
    int64_t n = 0;
    for (size_t i = 0; i < t->n; i++) {
        const struct desk_sql_tally_row *r = &t->rows[i];
        if ((f.state < 0 || r->state == f.state) && (f.kind < 0 || r->kind == f.kind) &&
            (f.team < 0 || r->team == f.team) && (f.assignee < 0 || r->assignee == f.assignee))
            n += r->n;
    }
    return n;
}
