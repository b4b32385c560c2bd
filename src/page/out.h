/* out.h - where templates write. Values are escaped for the place where the compiler of templates
 * found them to stand; nothing else may write into a page. Threads: one at a time. */
#ifndef PAGE_OUT_H
#define PAGE_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/str.h"
#include "page/locale.h"
#include "text/html.h"

struct out {
    struct buf *buf;
    const struct locale *locale;
    struct str csrf; /* token of the asker's forms; empty: none are signed in */
};

/* An argument of a translated text: %s takes s, %d takes i. */
struct out_arg {
    struct str s;
    int64_t i;
    bool number;
};

/* Between tags and inside quoted attributes. */
void out_text(struct out *o, struct str s);
void out_i64(struct out *o, int64_t v);
/* With a point and without grouping, for attributes that machines read. */
void out_real(struct out *o, double v);
/* A whole address: http, https, mailto, or a path of this site; anything else becomes "#". */
void out_url(struct out *o, struct str s);
/* A piece of an address behind a fixed start: percent-encoded, also '/' and '&'. */
void out_url_part(struct out *o, struct str s);
void out_html(struct out *o, struct safe_html s);
/* The address of an asset, "css/zuruf.css". */
void out_asset(struct out *o, struct str name);
/* An icon of the sprite, by its id without "i-"; hidden from screen readers. */
void out_icon(struct out *o, struct str name);
/* The hidden form field that changing requests must carry. */
void out_csrf(struct out *o);
/* A translated text; strong: **word** becomes <strong>, else the stars vanish. */
void out_message(struct out *o, const char *msgid, bool strong, const struct out_arg *args,
                 size_t n);
/* args[0] is the number that decides; if the text has one placeholder less than n, it is not shown.
 */
void out_plural(struct out *o, const char *one, const char *many, bool strong,
                const struct out_arg *args, size_t n);

#endif
