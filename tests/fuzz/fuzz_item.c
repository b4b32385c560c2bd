/* fuzz_item.c - posts as JSON: whatever is taken has an id and a text within their caps. */
#include "fuzz.h"

#include "base/arena.h"
#include "flow/item_json.h"
#include "text/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct json *v, *extra;
    struct item item;
    arena_init(&a);
    if (json_parse(&a, (struct str){(const char *)bytes, n}, &v, NULL) == ERR_OK &&
        item_from_json(&a, v, &item, NULL) == ERR_OK) {
        assert(item.external_id.n && item.external_id.n <= ITEM_ID_MAX);
        assert(str_trim(item.text).n || str_trim(item.title).n);
        assert(item.parent_count <= 100 && item.published_at >= 0);
        assert(!item.extra.n || json_parse(&a, item.extra, &extra, NULL) == ERR_OK);
    }
    arena_deinit(&a);
    return 0;
}
