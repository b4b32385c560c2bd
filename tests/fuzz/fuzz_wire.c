/* fuzz_wire.c - what clients send: however the bytes are cut into pieces, the same of them are
 * sound; nothing follows a fault; in what is sound outside of bodies there is no NUL, no LF without
 * CR and no CR without LF. */
#include "fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "http/wire.h"

struct outcome {
    size_t sound, whole;
    uint8_t fault;
};

/* Pieces of that many bytes. */
static struct outcome feed(const char *p, size_t n, size_t piece)
{
    struct outcome o = {0};
    struct wire w;
    wire_init(&w);
    while (o.sound < n) {
        size_t more = n - o.sound < piece ? n - o.sound : piece, whole;
        size_t took = wire_take(&w, p + o.sound, more, &whole);
        assert(took <= more && whole <= took);
        if (whole)
            o.whole = o.sound + whole;
        o.sound += took;
        assert((took < more) == (w.fault != WIRE_SOUND));
        if (w.fault) {
            assert(w.why && *w.why && !wire_is_idle(&w) && !wire_in_body(&w));
            assert(wire_take(&w, p, n, &whole) == 0 && whole == 0);
            break;
        }
    }
    o.fault = w.fault;
    return o;
}

static void check_heads(const char *p, size_t sound)
{
    struct wire w;
    char before = 0;
    wire_init(&w);
    for (size_t i = 0, whole; i < sound; i++) {
        bool in_body = wire_in_body(&w);
        assert(wire_take(&w, p + i, 1, &whole) == 1);
        if (!in_body) {
            assert(p[i] && (p[i] != '\n' || before == '\r') && (before != '\r' || p[i] == '\n'));
            before = p[i];
        } else {
            before = 0;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static const size_t pieces[] = {1, 2, 7, 1000};
    const char *p = (const char *)bytes;
    if (!n)
        return 0;
    struct outcome all = feed(p, n, n);
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct outcome o = feed(p, n, pieces[i]);
        assert(o.sound == all.sound && o.whole == all.whole && o.fault == all.fault);
    }
    check_heads(p, all.sound);
    return 0;
}
