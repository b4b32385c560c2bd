/* asset.h - style sheets, scripts, fonts and icons, which live in the program itself. Their
 * addresses begin with a digest of all of them, so that a browser may keep them for ever and a new
 * version is fetched at once. Threads: any; everything is constant. */
#ifndef PAGE_ASSET_H
#define PAGE_ASSET_H

#include "base/str.h"

/* "/assets/<digest>/" */
struct str asset_base(void);

struct asset {
    struct str bytes, etag;
    const char *type;
};

/* Bytes NULL when there is none of this name ("css/zuruf.css"). */
struct asset asset_find(struct str name);

#endif
