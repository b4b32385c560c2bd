/* row.h - a case as one row of the list. Threads: the handler's. */
#ifndef CONSOLE_ROW_H
#define CONSOLE_ROW_H

#include "brand/view.h"
#include "desk_sql.h"
#include "http/request.h"

struct case_row_view;
struct clock_view;

/* The statements of a list and of one row give the same columns. */
void row_fill(struct request *rq, const struct brand_view *b, const struct desk_sql_row_row *c,
              int64_t now, int64_t chosen, struct str query, struct case_row_view *out);
/* The clock of a case; large ones say the same. */
void clock_fill(struct request *rq, int64_t due_at, int64_t waiting_at, int64_t now,
                struct clock_view *out);

#endif
