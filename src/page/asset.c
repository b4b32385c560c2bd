/* asset.c - see asset.h. */
#include "page/asset.h"

#include <stdio.h>
#include <threads.h>

#include "assets.h"

static char base[64];
static once_flag base_once = ONCE_FLAG_INIT;

static void make_base(void)
{
    snprintf(base, sizeof(base), "/assets/%s/", assets_hash);
}

struct str asset_base(void)
{
    call_once(&base_once, make_base);
    return str_z(base);
}

struct asset asset_find(struct str name)
{
    for (size_t i = 0; i < assets_count; i++)
        if (str_eq_z(name, assets[i].name))
            return (struct asset){{(const char *)assets[i].bytes, assets[i].n},
                                  str_z(assets[i].etag),
                                  assets[i].type};
    return (struct asset){0};
}
