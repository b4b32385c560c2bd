#!/bin/sh
# docs/metrics.md holds the table of metrics as the program has it; the alert rules name no others.
# metrics.sh LIST_METRICS; with --write it writes the table.
set -eu
program=$(readlink -f "$1")
cd "$(dirname "$0")/../.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
"$program" > "$work/table"
if [ "${2-}" = --write ]; then
    sed -n '1,/^|---/p' docs/metrics.md > "$work/page"
    cat "$work/table" >> "$work/page"
    sed -n '/^|---/,$p' docs/metrics.md | sed '/^|/d' >> "$work/page"
    cp "$work/page" docs/metrics.md
fi
grep '^| `' docs/metrics.md | diff - "$work/table" >&2 ||
    { echo "docs/metrics.md is not what the program shows; tests/tools/metrics.sh LIST_METRICS --write mends it" >&2; exit 1; }
sed 's/^| `\([a-z_]*\)`.*/\1/' "$work/table" > "$work/names"
grep -o '\b\(zuruf\|process\)_[a-z_]*' packaging/alerts.yml | sed 's/_\(bucket\|sum\|count\)$//' | sort -u |
    grep -vxF -f "$work/names" >&2 && { echo "packaging/alerts.yml names metrics that do not exist: above" >&2; exit 1; }
exit 0
