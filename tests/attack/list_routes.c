/* list_routes.c - all routes that the server knows, one a line: METHOD TAB path. */
#include <stdio.h>

#include "app/routes.h"
#include "http/router.h"

int main(void)
{
    struct app_routes r;
    app_routes(&r);
    for (size_t t = 0; t < r.n; t++)
        for (size_t i = 0; i < r.counts[t]; i++)
            printf("%s\t%s\n", method_names[r.tables[t][i].method], r.tables[t][i].pattern);
    return 0;
}
