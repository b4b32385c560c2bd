/* attachment.c - files that came with a post, as chunks in the store; see post.h. */
#include "base/arena.h"
#include "base/buf.h"
#include "post_sql.h"
#include "posts/post.h"
#include "store/store.h"
#include "text/unicode.h"

enum { CHUNK = 256 * 1024 };

static enum err add_one(struct store *s, struct tx *tx, int64_t brand, int64_t post,
                        const struct item_attachment *f)
{
    struct arena *a = tx_arena(tx);
    struct str name = text_plain_line(a, f->name, 200), type = text_plain_line(a, f->type, 100);
    const struct post_sql_attachment_add_in in = {store_id(s, 0),
                                                  brand,
                                                  post,
                                                  name.n ? name : STR("file"),
                                                  type.n ? type : STR("application/octet-stream"),
                                                  (int64_t)f->data.n};
    TRY(post_sql_attachment_add(tx, &in, NULL));
    int64_t n = 0;
    for (size_t at = 0; at < f->data.n; at += CHUNK)
        TRY(post_sql_chunk_add(
            tx, &(struct post_sql_chunk_add_in){in.id, n++, str_sub(f->data, at, at + CHUNK)},
            NULL));
    return ERR_OK;
}

enum err attachments_add(struct store *s, struct tx *tx, int64_t brand, int64_t post,
                         const struct item_attachment *list, size_t n)
{
    for (size_t i = 0; i < n && i < ITEM_ATTACHMENTS_MAX; i++)
        if (list[i].data.n <= ITEM_ATTACHMENT_MAX)
            TRY(add_one(s, tx, brand, post, &list[i]));
    return ERR_OK;
}

enum err attachment_read(struct db *db, struct arena *a, int64_t brand, int64_t id,
                         struct item_attachment *out)
{
    struct post_sql_attachment_get_row row;
    struct post_sql_chunks_row *chunks;
    size_t n;
    TRY(post_sql_attachment_get(db, a, &(struct post_sql_attachment_get_in){brand, id}, &row));
    TRY(post_sql_chunks(db, a, &(struct post_sql_chunks_in){id}, &chunks, &n));
    struct str *parts = arena_array(a, n, sizeof *parts);
    for (size_t i = 0; i < n; i++)
        parts[i] = chunks[i].data;
    *out = (struct item_attachment){row.name, row.type, arena_join(a, parts, n, STR_NONE)};
    return ERR_OK;
}
