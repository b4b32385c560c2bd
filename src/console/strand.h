/* strand.h - the posts, notes and messages of a case, in order of time. Threads: the handler's. */
#ifndef CONSOLE_STRAND_H
#define CONSOLE_STRAND_H

#include "brand/view.h"
#include "case_sql.h"
#include "http/request.h"

struct case_pane_view;

/* Fills out->posts; *to_line gets the post that is answered, in one line. */
enum err strand_fill(struct request *rq, const struct brand_view *b,
                     const struct case_sql_head_row *c, struct case_pane_view *out,
                     struct str *to_line);

#endif
