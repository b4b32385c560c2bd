#!/bin/sh
# Tests of tools/check-layers and tools/check-style: a small tree that breaks each rule once.
set -eu
source_root=$(cd "$(dirname "$0")/../.." && pwd)
tree=$(mktemp -d)
trap 'rm -rf "$tree"' EXIT
mkdir -p "$tree/tools" "$tree/src/base" "$tree/src/care" "$tree/src/store" "$tree/src/attic"
cp "$source_root/tools/check-layers" "$source_root/tools/check-style" "$tree/tools/"
cp "$source_root/src/meson.build" "$tree/src/"

cat > "$tree/src/base/good.c" <<'END'
/* atoi(x) and "strcpy(a, b)" are only talked about here: äöüäöüäöüäöüäöü äöüäöüäöü */
#include "base/str.h"
#include <ini.h>
const char *p = "sprintf(";
typedef int (*fine)(int);
END
printf '#include "store/sql.h"\n#include "care_sql.h"\n' > "$tree/src/care/good.c"
printf '#include <sqlite3.h>\nconst char *q = "SELECT 1";\n' > "$tree/src/store/good.c"
"$tree/tools/check-layers"
"$tree/tools/check-style"

printf '#include "store/store.h"\n' > "$tree/src/base/up.c"
printf '#include "posts/post.h"\n#include <sqlite3.h>\n#include <curl/curl.h>\n' > "$tree/src/care/side.c"
printf 'const char *q =\n    "SELECT 1";\nx = "DELETE FROM a";\ny = "UPDATE a SET b";\n' > "$tree/src/care/sql.c"
printf '#include "../base/str.h"\n' > "$tree/src/care/dots.c"
printf '\n' > "$tree/src/attic/old.c"
if "$tree/tools/check-layers" > "$tree/said"; then
    echo "check-layers passes a broken tree"
    exit 1
fi
cat > "$tree/wanted" <<'END'
src/attic/old.c:1: src/meson.build has no row for attic
src/base/up.c:1: base may not include store (src/meson.build)
src/care/dots.c:1: care may not include .. (src/meson.build)
src/care/side.c:1: care may not include posts (src/meson.build)
src/care/side.c:2: <sqlite3.h> belongs to store
src/care/side.c:3: <curl/curl.h> belongs to net
src/care/sql.c:2: SQL in a string; put it into a .sql file of its room
src/care/sql.c:3: SQL in a string; put it into a .sql file of its room
src/care/sql.c:4: SQL in a string; put it into a .sql file of its room
END
diff "$tree/wanted" "$tree/said"

cat > "$tree/src/care/bad.c" <<'END'
    strcpy(a, b);
x = atoi (p);
typedef struct { int a; } thing;
typedef struct thing other;
END
printf 'int a; \n\tint b;\n' >> "$tree/src/care/bad.c"
printf '/*%0120d*/\n' 0 >> "$tree/src/care/bad.c"
awk 'BEGIN { for (i = 0; i < 651; i++) print "" }' > "$tree/src/care/long.c"
if "$tree/tools/check-style" > "$tree/said"; then
    echo "check-style passes a broken tree"
    exit 1
fi
cat > "$tree/wanted" <<'END'
src/care/bad.c:1: refused function; see base/str.h, base/buf.h
src/care/bad.c:2: refused function; see base/str.h, base/buf.h
src/care/bad.c:3: typedef hides what it is; write struct x
src/care/bad.c:4: typedef hides what it is; write struct x
src/care/bad.c:5: blank at the end of the line
src/care/bad.c:6: tab; indent with four spaces
src/care/bad.c:7: longer than 100 columns
src/care/long.c:651: longer than 650 lines; split it, or say why in tools/check-style
END
diff "$tree/wanted" "$tree/said"
