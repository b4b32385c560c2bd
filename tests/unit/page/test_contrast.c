/* Contrast of the colour tokens, day and night, as WCAG 2.2 counts it: text 4.5 to 1, edges of
 * controls and the focus ring 3 to 1. Reads assets/css/tokens.css, so a colour that is changed
 * there is measured here. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/str.h"
#include "page/asset.h"

struct colour {
    double r, g, b; /* linear light, 0..1 */
};

/* The declarations of one theme; an empty selector text is the first block that matches. */
static struct str block_of(struct str css, const char *selector)
{
    ptrdiff_t at = str_find(css, str_z(selector), 0);
    assert_true(at >= 0);
    ptrdiff_t open = str_find_char(css, '{', (size_t)at),
              close = str_find_char(css, '}', (size_t)at);
    assert_true(open > 0 && close > open);
    return str_sub(css, (size_t)open + 1, (size_t)close);
}

static struct str value_of(struct str block, const char *token)
{
    char name[64];
    snprintf(name, sizeof(name), " --%s:", token);
    ptrdiff_t at = str_find(block, str_z(name), 0);
    if (at < 0)
        fail_msg("token --%s is not there", token);
    size_t from = (size_t)at + strlen(name);
    return str_trim(str_sub(block, from, (size_t)str_find_char(block, ';', from)));
}

/* OKLab to linear sRGB: Björn Ottosson, "A perceptual color space for image processing", 2020. */
static struct colour from_oklch(double l, double c, double h)
{
    double a = c * cos(h * M_PI / 180), b = c * sin(h * M_PI / 180);
    double x = pow(l + 0.3963377774 * a + 0.2158037573 * b, 3);
    double y = pow(l - 0.1055613458 * a - 0.0638541728 * b, 3);
    double z = pow(l - 0.0894841775 * a - 1.2914855480 * b, 3);
    struct colour rgb = {4.0767416621 * x - 3.3077115913 * y + 0.2309699292 * z,
                         -1.2684380046 * x + 2.6097574011 * y - 0.3413193965 * z,
                         -0.0041960863 * x - 0.7034186147 * y + 1.7076147010 * z};
    rgb.r = fmin(fmax(rgb.r, 0), 1);
    rgb.g = fmin(fmax(rgb.g, 0), 1);
    rgb.b = fmin(fmax(rgb.b, 0), 1);
    return rgb;
}

static struct colour colour_of(struct str block, const char *token)
{
    struct str v = value_of(block, token);
    if (str_starts(v, STR("var(--"))) {
        char name[64] = "";
        memcpy(name, v.p + 6, v.n - 7 < 63 ? v.n - 7 : 63);
        return colour_of(block, name);
    }
    assert_true(str_starts(v, STR("oklch(")));
    struct str rest = str_sub(v, 6, v.n - 1), part;
    double n[3] = {0};
    for (int i = 0; i < 3; i++)
        assert_true(str_next(&rest, ' ', &part) && str_to_double(part, &n[i]));
    return from_oklch(n[0], n[1], n[2]);
}

static double contrast(struct colour a, struct colour b)
{
    double la = 0.2126 * a.r + 0.7152 * a.g + 0.0722 * a.b,
           lb = 0.2126 * b.r + 0.7152 * b.g + 0.0722 * b.b;
    return (fmax(la, lb) + 0.05) / (fmin(la, lb) + 0.05);
}

static const struct pair {
    const char *front, *back;
    double least;
} pairs[] = {
    {"ink", "desk", 7},
    {"ink", "paper", 7},
    {"ink", "surface", 7},
    {"ink", "raised", 7},
    {"ink", "signal-wash", 7},
    {"ink-soft", "desk", 4.5},
    {"ink-soft", "paper", 4.5},
    {"ink-soft", "surface", 4.5},
    {"ink-soft", "raised", 4.5},
    {"ink-soft", "signal-wash", 4.5},
    {"ink-quiet", "desk", 4.5},
    {"ink-quiet", "paper", 4.5},
    {"ink-quiet", "surface", 4.5},
    {"signal", "desk", 4.5},
    {"signal", "paper", 4.5},
    {"signal", "surface", 4.5},
    {"signal", "raised", 4.5},
    {"signal-strong", "paper", 4.5},
    {"signal-strong", "surface", 4.5},
    {"on-signal", "signal-fill", 4.5},
    {"on-signal", "signal-strong", 4.5},
    {"soon", "paper", 4.5},
    {"soon", "surface", 4.5},
    {"late", "desk", 4.5},
    {"late", "paper", 4.5},
    {"late", "surface", 4.5},
    {"done", "paper", 4.5},
    {"done", "surface", 4.5},
    {"paper", "ink", 4.5},
    {"on-toast", "toast", 4.5},
    {"line-strong", "paper", 3},
    {"line-strong", "surface", 3},
    {"signal-fill", "surface", 3},
    {"late-fill", "surface", 3},
    {"done-fill", "surface", 3},
};

static void assert_theme(struct str block, const char *theme)
{
    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        double c = contrast(colour_of(block, pairs[i].front), colour_of(block, pairs[i].back));
        if (c < pairs[i].least)
            fail_msg("%s: %s on %s is %.2f to 1, wanted %.1f", theme, pairs[i].front, pairs[i].back,
                     c, pairs[i].least);
    }
}

static struct str stylesheet(void)
{
    struct str css = asset_find(STR("css/zuruf.css")).bytes;
    assert_non_null(css.p);
    return css;
}

static void the_measure_is_right(void **state)
{
    (void)state;
    struct colour black = from_oklch(0, 0, 0), white = from_oklch(1, 0, 0),
                  red = from_oklch(0.62796, 0.25768, 29.2339);
    assert_true(fabs(contrast(black, white) - 21) < 0.01);
    assert_true(fabs(contrast(red, white) - 3.998) < 0.02); /* #f00 on white */
}

static void day_is_readable(void **state)
{
    (void)state;
    assert_theme(block_of(stylesheet(), ":root, [data-theme=\"light\"] {"), "day");
}

static void night_is_readable(void **state)
{
    (void)state;
    assert_theme(block_of(stylesheet(), "\n[data-theme=\"dark\"] {"), "night");
}

/* The night stands twice in the file, for a choice and for the system's: they say the same. */
static void both_nights_are_one(void **state)
{
    (void)state;
    struct str a = block_of(stylesheet(), "\n[data-theme=\"dark\"] {");
    struct str b = block_of(stylesheet(), ":root:not([data-theme=\"light\"]) {"), x, y;
    for (;;) {
        bool more = str_next(&a, ';', &x);
        assert_int_equal(more, str_next(&b, ';', &y));
        if (!more)
            break;
        assert_true(str_eq(str_trim(x), str_trim(y)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_measure_is_right),
        cmocka_unit_test(day_is_readable),
        cmocka_unit_test(night_is_readable),
        cmocka_unit_test(both_nights_are_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
