#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# No command replaces a file of another kind than it writes, or a picture whose
# name nobody typed, unless told; what is replaced hands on mode and link.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 40 30 >p.ppm
ok "$pith" encode p.ppm p.pith
ok "$pith" decode p.pith a.jpg
ok "$pith" decode p.pith -o b.jpg
ok "$pith" decode p.pith c.png
cp a.jpg a.kept
cp b.jpg b.kept
cp c.png c.kept
kept() {
    { cmp a.jpg a.kept && cmp b.jpg b.kept && cmp c.png c.kept; } || fail "a picture was replaced: $*"
}

# Two photos are two INs, also where a folder has no more.
"$pith" encode a.jpg b.jpg 2>said || fail "$(cat said)"
kept "encode a.jpg b.jpg"
{ [ -s a.pith ] && [ -s b.pith ]; } || fail "made $(ls)"
grep -q "2 done, 0 failed" said || fail "$(cat said)"
for name in a b; do
    ok "$pith" encode $name.jpg one.pith
    cmp one.pith $name.pith
done
code=0
"$pith" encode --force a.jpg b.jpg 2>said || code=$?
[ $code -eq 0 ] || fail "$(cat said)"
kept "encode --force a.jpg b.jpg"

# OUT of another kind, by name and by content.
echo letters >notes
cp a.jpg photo.pith
cp p.pith is-one.png
refuses 4 "b.jpg: is a JPEG, and a .pith file would" "$pith" encode a.jpg -o b.jpg
refuses 4 "c.png: is a PNG" "$pith" encode a.jpg -o c.png
refuses 4 "notes: is a file of another kind" "$pith" encode a.jpg notes
refuses 4 "photo.pith: is a JPEG" "$pith" encode a.jpg photo.pith
refuses 1 "new.jpg: is a name for a JPEG, and a .pith file is written" "$pith" encode a.jpg -o new.jpg
refuses 4 "b.jpg: is a JPEG, and a PNG would" "$pith" decode --format png p.pith b.jpg
refuses 4 "is-one.png: is a .pith file" "$pith" decode p.pith is-one.png
refuses 4 "notes: is a file of another kind" "$pith" decode --format png p.pith notes
refuses 1 "a.pith: ends like no format" "$pith" decode p.pith -o a.pith
refuses 4 "b.jpg: is a JPEG, and an HTML page would" "$pith" compare --html b.jpg c.png
refuses 1 "new.jpg: is a name for a JPEG, and an HTML" "$pith" compare --html new.jpg c.png
refuses 4 "is-one.png: is a .pith file" "$pith" compare --heatmap is-one.png a.jpg b.jpg
refuses 1 "new.pith: is a name for a .pith file, and a PNG" "$pith" compare --heatmap new.pith a.jpg b.jpg
refuses 4 "notes: is a file of another kind" "$pith" compare --side-by-side notes a.jpg b.jpg
kept refused
{ [ "$(cat notes)" = letters ] && cmp -s photo.pith a.jpg && cmp -s is-one.png p.pith && [ ! -e new.jpg ]; } || fail "replaced"
ok "$pith" encode --force a.jpg notes
cmp notes a.pith

# A heatmap and a sheet are of the format that their name says.
ok "$pith" compare --heatmap map.jpg a.jpg c.png
ok "$pith" compare --side-by-side sheet.ppm a.jpg c.png
{ [ "$(head -c 3 map.jpg | od -An -tx1)" = " ff d8 ff" ] && [ "$(head -c 2 sheet.ppm)" = P6 ]; } || fail "of another format"

# A picture without a typed name takes nobody's place: it may be the original.
ok "$pith" encode c.png
refuses 4 "c.png: is there already" "$pith" decode c.pith
kept "decode c.pith"
code=0
"$pith" decode p.pith c.pith -o . 2>said || code=$?
{ [ $code -eq 4 ] && grep -q "c.png: is there already" said; } || fail "status $code: $(cat said)"
kept "decode -o ."
mkdir out
for _ in 1 2; do "$pith" decode --force p.pith c.pith -o out 2>said || fail "$(cat said)"; done
[ -s out/c.png ] || fail "no picture"
"$pith" decode b.pith c.pith 2>said && fail "c.png was there"
[ -s b.png ] || fail "decode b.pith c.pith does not take both as INs"
cmp b.pith <("$pith" encode b.jpg -) || fail "decode wrote over a .pith file"
# One that was typed takes the place of its kind.
ok "$pith" decode c.pith b.png

# Mode, link, read-only; special files.
chmod 600 a.pith
ok "$pith" encode b.jpg a.pith
[ "$(stat -c %a a.pith)" = 600 ] || fail "the mode is $(stat -c %a a.pith)"
chmod 444 a.pith
refuses 4 "a.pith: is read-only" "$pith" encode a.jpg
ok "$pith" encode --force a.jpg
[ "$(stat -c %a a.pith)" = 444 ] || fail "the mode is $(stat -c %a a.pith)"
ln -s nowhere.pith link.pith
ok "$pith" encode a.jpg link.pith
{ [ -L link.pith ] && cmp -s nowhere.pith a.pith; } || fail "a link to nothing is not followed"
ln -s b.jpg photo-link.pith
refuses 4 "photo-link.pith: is a JPEG" "$pith" encode a.jpg photo-link.pith
kept link
for out in /dev/stdout /dev/fd/1 /proc/self/fd/1; do
    { printf before; ok "$pith" encode a.jpg $out; printf after; } >mixed
    { printf before; cat a.pith; printf after; } | cmp - mixed || fail "$out is not where standard output is"
done
mkfifo pipe
cat pipe >piped.pith &
ok "$pith" encode a.jpg pipe
wait $!
cmp a.pith piped.pith

# A terminal gets no bytes that it cannot show.
if command -v script >/dev/null && script -qec true /dev/null >/dev/null 2>&1; then
    for command in "encode a.jpg -" "decode a.pith -" "decode --format ppm a.pith /dev/tty" "compare --side-by-side - a.jpg"; do
        script -qec "'$pith' $command" /dev/null </dev/null >terminal 2>&1 && fail "$command writes to a terminal"
        grep -q "is a terminal" terminal || fail "$command: $(cat terminal)"
        [ "$(wc -l <terminal)" -eq 1 ] || fail "$command: $(cat terminal)"
    done
    script -qec "'$pith' encode --force a.jpg - 2>said" /dev/null </dev/null >terminal || fail "--force: $(cat said)"
    grep -aq PIT terminal || fail "--force does not write to a terminal"
else
    echo "NOT CHECKED: a terminal (there is no script(1))"
fi
nothing_left
