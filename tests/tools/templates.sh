#!/bin/sh
# templates.sh TOOL: what the template compiler refuses, and that it names file and line.
tool=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
: >"$work/failed"

compile() {
    "$tool" --root "$work" --in t.html --out-h "$work/t.h" --out-c "$work/t.c" 2>"$work/err"
}

# refuse LINE PART: the template on stdin is refused at this line, the message holds PART
refuse() {
    cat >"$work/t.html"
    if compile; then
        echo "not ok: accepted, though: $2"
        echo >>"$work/failed"
    elif ! grep -q "t.html:$1: .*$2" "$work/err"; then
        echo "not ok: wanted line $1 and '$2', got: $(cat "$work/err")"
        echo >>"$work/failed"
    fi
}

accept() {
    cat >"$work/t.html"
    if ! compile; then
        echo "not ok: refused: $(cat "$work/err")"
        echo >>"$work/failed"
    fi
}

page() {
    printf '{{struct row}}\nid i64\nname str\n{{end}}\n{{page t}}\na str\nu url\nh html\nb bool\nn i64\nrows [row]\nopt row?\nin row\n{{end}}\n'
    printf '%s' "$1" # the body begins on line 15
}

page '<p title="{{= a}}">{{= a}}</p><a href="{{= u}}">x</a><a href="/c/{{= a}}?q={{= n}}">y</a>{{= h}}' | accept
page '{{if b and not n or b}}{{end}}' | refuse 15 'joined by'
page '<p title={{= a}}>' | refuse 15 'in quotes'
page '<p title=x>' | refuse 15 'needs quotes'
page '<p onclick="{{= a}}">' | refuse 15 'onclick'
page '<p style="{{= a}}">' | refuse 15 'style'
page '<img srcset="{{= a}}">' | refuse 15 'srcset'
page '<{{= a}}>' | refuse 15 'no tag'
page '<p {{= a}}="x">' | refuse 15 'quotes'
page '<script>{{= a}}</script>' | refuse 15 'script'
page '<style>{{= a}}</style>' | refuse 15 'script or style'
page '<a href="javascript:{{= a}}">' | refuse 15 'must begin'
page '<p title="{{= h}}">' | refuse 15 'between tags'
page '{{= b}}' | refuse 15 'nothing that can be written'
page '{{= in}}' | refuse 15 'nothing that can be written'
page '{{= nosuch}}' | refuse 15 'no field'
page '{{= opt.name}}' | refuse 15 'cannot be reached'
page '{{= rows.name}}' | refuse 15 'cannot be reached'
page '{{= in.name}}{{for r in rows}}{{= r.id}}{{end}}' | accept
page '{{for r in a}}{{end}}' | refuse 15 'no array'
page '{{for r in rows}}{{for r in rows}}{{end}}{{end}}' | refuse 15 'taken'
page '<p title="{{if b}}x"{{end}}>' | refuse 15 'different places'
page '{{if b}}<p{{else}}<p>{{end}}' | refuse 15 'different places'
page '<p{{if b}} class="x"{{end}}>{{if b}}<b>{{end}}' | accept
page '{{if a == 3}}{{end}}' | refuse 15 'compares'
page '{{_ "%s"}}' | refuse 15 'placeholders'
page '{{_ "%x" a}}' | refuse 15 'only %s'
page '<a href="{{_ "x"}}">' | refuse 15 'no address'
page '{{n_ "one" "%d and %d" a}}' | refuse 15 placeholders
page '{{n_ "one" "%d many" n}}' | accept
page '{{include nosuch in}}' | refuse 15 'not known'
page '{{if b}}' | refuse 15 'no {{end}}'
page '{{end}}' | refuse 15 'closes nothing'
page '{{nosuch}}' | refuse 15 'not known'
page '<!-- x -->' | refuse 15 'comments'
page 'a < b' | refuse 15 'no tag'
page '<p' | refuse 14 'ends inside'
printf '{{struct a}}\nx nosuch\n{{end}}' | refuse 2 'not known'
printf '{{struct a}}\nx str\nx str\n{{end}}' | refuse 3 'second field'
printf 'text' | refuse 1 'text outside'

# blanks with a line break vanish between tags and are one space beside text
printf '{{page t}}\na str\n{{end}}\n<p>\n  one\n  two {{= a}}\n  <b>x</b>\n</p>\n<pre>\n y</pre>\n' | accept
grep -q '"<p> one two "' "$work/t.c" && grep -q '" <b>x</b></p><pre>\\n y</pre>"' "$work/t.c" || {
    echo "not ok: blanks"
    cat "$work/t.c"
    echo >>"$work/failed"
}
test ! -s "$work/failed"
