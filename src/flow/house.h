/* house.h - is the place well that all of it stands in: can anything be saved, and is there room on
 * the disk. Threads: any. */
#ifndef FLOW_HOUSE_H
#define FLOW_HOUSE_H

#include "flow/flow.h"

/* Bytes left on the disk of the data directory: below the first, soon nothing can be saved; below
 * the second it is time to look. */
#define HOUSE_ROOM_LEAST (INT64_C(100) << 20)
#define HOUSE_ROOM_WANTED (INT64_C(1) << 30)

struct house {
    enum err saving; /* as store_writable: ERR_OK, ERR_LIMIT, ERR_IO, ERR_BUSY */
    int64_t room;    /* bytes; INT64_MAX: it cannot be told */
};
void house_look(const struct flow *f, struct house *out);
bool house_is_narrow(const struct house *h);

#endif
