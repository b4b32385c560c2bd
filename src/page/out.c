/* out.c - see out.h. */
#include "page/out.h"

#include <math.h>
#include <string.h>

#include "page/asset.h"
#include "page/format.h"

void out_text(struct out *o, struct str s)
{
    html_escape(o->buf, s);
}

void out_i64(struct out *o, int64_t v)
{
    buf_add_i64(o->buf, v);
}

void out_real(struct out *o, double v)
{
    buf_printf(o->buf, "%.6g", isfinite(v) ? v : 0.0);
}

/* "/x" but not "//host" and not "/\host", which browsers take for one. */
static bool is_own_path(struct str s)
{
    return s.n && (s.p[0] == '#' || s.p[0] == '?' ||
                   (s.p[0] == '/' && !(s.n > 1 && (s.p[1] == '/' || s.p[1] == '\\'))));
}

static bool has_controls(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.p[i] <= ' ' || s.p[i] == 0x7f)
            return true;
    return false;
}

void out_url(struct out *o, struct str s)
{
    bool allowed = !has_controls(s) && (is_own_path(s) || html_link_allowed(s));
    html_escape(o->buf, allowed ? s : STR("#"));
}

void out_url_part(struct out *o, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                     c == '-' || c == '.' || c == '_' || c == '~';
        if (plain)
            buf_add_char(o->buf, (char)c);
        else
            buf_printf(o->buf, "%%%02X", c);
    }
}

void out_html(struct out *o, struct safe_html s)
{
    buf_add(o->buf, s.html);
}

void out_asset(struct out *o, struct str name)
{
    buf_add(o->buf, asset_base());
    buf_add(o->buf, name);
}

void out_icon(struct out *o, struct str name)
{
    buf_add(o->buf, STR("<svg class=\"i\" aria-hidden=\"true\"><use href=\""));
    out_asset(o, STR("icons.svg#i-"));
    out_url_part(o, name);
    buf_add(o->buf, STR("\"/></svg>"));
}

void out_csrf(struct out *o)
{
    if (!o->csrf.n)
        return;
    buf_add(o->buf, STR("<input type=\"hidden\" name=\"csrf\" value=\""));
    out_text(o, o->csrf);
    buf_add(o->buf, STR("\">"));
}

/* Writes the text with its arguments. The catalogue's text is escaped like any other; only stars
 * have a meaning. */
static void out_filled(struct out *o, struct str text, bool strong, const struct out_arg *args,
                       size_t n)
{
    size_t used = 0, from = 0;
    bool open = false;
    for (size_t i = 0; i + 1 < text.n; i++) {
        char c = text.p[i], after = text.p[i + 1];
        bool stars = c == '*' && after == '*';
        if (!stars && c != '%')
            continue;
        out_text(o, str_sub(text, from, i));
        if (stars && strong) {
            buf_add_z(o->buf, open ? "</strong>" : "<strong>");
            open = !open;
        } else if (after >= '1' && after <= '9' && i + 3 < text.n && text.p[i + 2] == '$') {
            used = (size_t)(after - '1'); /* %2$s: a language may want another order */
            i += 2;
            after = text.p[i + 1];
        }
        if (c == '%' && after == '%')
            buf_add_char(o->buf, '%');
        else if (c == '%' && used < n && args[used].number)
            format_number(o->buf, o->locale, args[used].i);
        else if (c == '%' && used < n)
            out_text(o, args[used].s);
        used += c == '%' && after != '%';
        from = ++i + 1;
    }
    out_text(o, str_sub(text, from, text.n));
    if (open)
        buf_add_z(o->buf, "</strong>");
}

void out_message(struct out *o, const char *msgid, bool strong, const struct out_arg *args,
                 size_t n)
{
    out_filled(o, locale_text(o->locale, msgid), strong, args, n);
}

static size_t placeholders(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i + 1 < s.n; i++)
        if (s.p[i] == '%') {
            n += s.p[i + 1] != '%';
            i++;
        }
    return n;
}

void out_plural(struct out *o, const char *one, const char *many, bool strong,
                const struct out_arg *args, size_t n)
{
    struct str text = locale_plural(o->locale, one, many, n ? args[0].i : 0);
    size_t shown = placeholders(text);
    size_t skip = shown + 1 == n;
    out_filled(o, text, strong, args + skip, n - skip);
}
