/* house.c - see house.h. */
#include "flow/house.h"

#include "base/file.h"
#include "flow/flow_int.h"
#include "store/store.h"

void house_look(const struct flow *f, struct house *out)
{
    struct errinfo e;
    out->saving = store_writable(f->o.store, &e);
    if (!f->o.dir || !file_room(f->o.dir, &out->room))
        out->room = INT64_MAX;
}

bool house_is_narrow(const struct house *h)
{
    return h->room < HOUSE_ROOM_WANTED;
}
