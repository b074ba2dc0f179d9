#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith compare --html: one file that needs nothing else, with or without the
# other codecs' tools.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 72 50 >'a&<b.ppm'
mkdir tmp
export TMPDIR=$work/tmp
mkdir none
# Without any tool it says so, four lines, and the page has Pith alone.
PATH=$work/none "$pith" compare --html alone.html 'a&<b.ppm' 2>said || fail "status $?: $(cat said)"
[ "$(grep -c 'is not installed' said)" -eq 4 ] || fail "not four tools: $(cat said)"
grep -q 'Not installed, so left out: AVIF (avifenc), JPEG XL (cjxl), WebP (cwebp), JPEG (cjpeg)' alone.html ||
    fail "the page does not say what is missing"
grep -q 'a&#38;&#60;b.ppm' alone.html || fail "the file's name is not escaped"
[ "$(tail -n 1 alone.html)" = "</html>" ] || fail "the page does not end"
if grep -oE '(src|href)="[^"]{0,5}' alone.html | grep -v '^src="data:'; then fail "the page needs another file"; fi
[ -z "$(ls tmp)" ] || fail "left behind: $(ls tmp)"

# Ended by a signal: neither a page nor coded pictures are left.
ppm 1000 800 >large.ppm
PATH=$work/none "$pith" compare --backend ref --html ended.html large.ppm 2>said &
process=$!
for _ in $(seq 400); do
    [ -n "$(find tmp -name original.ppm)" ] && break
    sleep 0.05
done
[ -n "$(find tmp -name original.ppm)" ] || fail "no folder for the coded pictures was seen: $(cat said)"
kill $process
code=0
wait $process || code=$?
[ $code -eq 143 ] || fail "status $code"
{ [ -z "$(ls tmp)" ] && [ ! -e ended.html ]; } || fail "left behind: $(ls tmp ended.html)"

refuses 1 'needs a picture' "$pith" compare --html page.html
refuses 1 'does not go with' "$pith" compare --json --html page.html 'a&<b.ppm'
refuses 1 'is an input' "$pith" compare --html 'a&<b.ppm' 'a&<b.ppm'
head -c 100 'a&<b.ppm' >short.ppm
code=0
PATH=$work/none "$pith" compare --html page.html short.ppm 2>said || code=$?
[ "$code" -eq 2 ] || fail "status $code for a damaged picture: $(cat said)"
[ ! -e page.html ] || fail "a page of a damaged picture"
nothing_left
