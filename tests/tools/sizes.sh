#!/bin/sh
# docs/sizes.md tells the truth: each row's number is what the named file says for the named constant.
set -eu
cd "$(dirname "$0")/../.."
bad=0

value_of() { # NAME FILE: the number behind NAME =, NAME: an enum's or a macro's
    expression=$(sed -n "s|^.*\b$1 *= *\([0-9][^,;}/]*\).*|\1|p; s|^#define $1 \([(0-9][^/]*\)|\1|p" "$2" | head -n 1)
    echo $(($expression))
}

rows=$(sed -n 's/^|.*| *\([0-9,]*\) *| *`\([A-Z_]*\)` *| *`\([a-z_/]*\.[ch]\)` *|$/\2 \3 \1/p' docs/sizes.md)
while read -r name file told; do
    is=$(value_of "$name" "src/$file")
    [ "$is" = "$(echo "$told" | tr -d ,)" ] ||
        { echo "docs/sizes.md: $name of src/$file is $is, not $told"; bad=1; }
done <<END
$rows
END
[ -n "$rows" ]
exit $bad
