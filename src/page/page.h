/* page.h - how a handler answers with a page:
 *
 *     struct desk_page page = {...};                       the page's struct, filled
 *     page_layout(rq, &page.layout, title);           what the frame needs of the asker
 *     struct out o = page_begin(rq, rs);
 *     desk_page_render(&o, &page);
 *
 * A partial for a live update is rendered the same way. Threads: the handler's. */
#ifndef PAGE_PAGE_H
#define PAGE_PAGE_H

#include <stddef.h>

#include "http/server.h"
#include "page/out.h"

struct layout_view;

/* The asker's language: their own, else the browser's, else German. */
const struct locale *page_locale(const struct request *rq) __attribute__((returns_nonnull));
/* Shorthand for locale_text(page_locale(rq), msgid). */
struct str page_text(const struct request *rq, const char *msgid);
/* The token that the asker's forms carry; STR_NONE when nobody is signed in. Also the hook of
 * http/server.h. */
struct str page_csrf(struct request *rq);

/* Fills everything of the frame but the title, brand, and what only a desk knows. */
void page_layout(struct request *rq, struct layout_view *l, struct str title);
/* Where the page is written: the answer's body, in the asker's language. http/ adds the policy
 * headers. */
struct out page_begin(struct request *rq, struct response *rs);

/* Sign-in page and assets. */
extern const struct route page_routes[];
extern const size_t page_route_count;

#endif
