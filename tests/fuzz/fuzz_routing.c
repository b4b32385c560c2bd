/* fuzz_routing.c - rules: the first line is the conditions, the second the effects. A rule that was
 * read is written and read again alike, and can be asked of any text. */
#include "fuzz.h"

#include "base/arena.h"
#include "base/buf.h"
#include "brand/routing.h"
#include "domain/facts.h"
#include "text/json.h"
#include "text/unicode.h"

static struct str written(struct arena *a, const struct routing_rule *r, bool effects)
{
    struct buf b;
    struct json_writer w;
    buf_init_in(&b, a, 1 << 20);
    json_writer_init(&w, &b);
    if (effects)
        routing_effects_write(&w, r);
    else
        routing_conditions_write(&w, r);
    assert(buf_ok(&b));
    return buf_str(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct arena a;
    struct routing_rule r = {0}, again = {0};
    struct str rest = {(const char *)bytes, n}, conditions = STR_NONE;
    arena_init(&a);
    str_next_line(&rest, &conditions);
    if (routing_rule_read(&a, conditions, rest, &r, NULL) == ERR_OK) {
        assert(r.conditions_n <= ROUTING_CONDITIONS_MAX);
        assert(routing_rule_read(&a, written(&a, &r, false), written(&a, &r, true), &again, NULL) ==
               ERR_OK);
        assert(again.conditions_n == r.conditions_n && again.effects.team == r.effects.team &&
               str_eq(again.effects.tags, r.effects.tags));
        struct facts facts = {0};
        const struct routing_subject s = {
            .folded = text_fold(&a, utf8_repair(&a, (struct str){(const char *)bytes, n})),
            .network = STR("mail"),
            .account = STR("support"),
            .author = STR("anna@example.org"),
            .facts = &facts,
            .reach = 100};
        r.enabled = true;
        for (size_t i = 0; i < r.conditions_n; i++)
            (void)routing_holds(&r.conditions[i], &s, NULL);
        (void)routing_find(&r, 1, &s);
    }
    arena_deinit(&a);
    return 0;
}
