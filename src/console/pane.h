/* pane.h - one case as the desk shows it. Threads: the handler's. */
#ifndef CONSOLE_PANE_H
#define CONSOLE_PANE_H

#include "brand/view.h"
#include "http/request.h"

struct case_pane_view;

/* A reply that was not sent: it stands in its box again. */
struct refused_reply {
    struct str why, text;
};

/* query: of the list it was opened from. focus: the reply was asked for by its own address.
 * refused: NULL when none was. */
enum err pane_fill(struct request *rq, const struct brand_view *b, int64_t case_id,
                   struct str query, bool focus, const struct refused_reply *refused,
                   struct case_pane_view *out);

#endif
