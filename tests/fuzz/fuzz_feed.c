/* fuzz_feed.c - feeds: whatever is accepted has entries with ids, in UTF-8, within the caps,
 * printable as JSON. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "text/feed.h"
#include "text/json.h"
#include "text/unicode.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct feed f;
    struct json *v;
    arena_init(&a);
    if (feed_parse(&a, (struct str){(const char *)bytes, n}, STR_NONE, STR("https://e.org/f"), &f,
                   NULL) == ERR_OK) {
        assert(f.entry_count <= FEED_ENTRIES_MAX && utf8_valid(f.title) && utf8_valid(f.link));
        for (size_t i = 0; i < f.entry_count; i++) {
            const struct feed_entry *e = &f.entries[i];
            assert(e->id.n && utf8_valid(e->id) && utf8_valid(e->title) && utf8_valid(e->content));
            assert(e->tag_count <= FEED_LIST_MAX && e->enclosure_count <= FEED_LIST_MAX);
        }
        struct buf b;
        buf_init_in(&b, &a, 256 * 1024 * 1024);
        feed_to_json(&b, &f);
        assert(json_parse(&a, buf_str(&b), &v, NULL) != ERR_INVALID);
    }
    arena_deinit(&a);
    return 0;
}
