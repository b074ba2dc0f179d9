#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# compare --bound and --heatmap: what they say, and with which status.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

# 64x70 grey pixels: a gradient; in the second, a bright square at 40,40.
gradient() {
    printf 'P5\n64 70\n255\n'
    awk -v square="$1" 'BEGIN {for (y = 0; y < 70; y++) for (x = 0; x < 64; x++)
        printf "%c", (square && x >= 40 && x < 46 && y >= 40 && y < 46) ? 250 : 33 + x + y}'
}
gradient 0 >a.pgm
gradient 1 >b.pgm

# over PATTERN COMMAND...: numbers on standard output, status 5 and one line on standard error.
over() {
    local pattern=$1 code=0
    shift
    "$@" >out 2>said || code=$?
    [ "$code" -eq 5 ] || fail "status $code, not 5: $* -- $(cat said)"
    [ "$(wc -l <said)" -eq 1 ] || fail "not one line: $(cat said)"
    grep -q "$pattern" said || fail "\"$pattern\" not said: $(cat said)"
}

ok "$pith" compare --bound strict a.pgm a.pgm >out
[ "$(cut -d ' ' -f 1 out | tr '\n' ' ')" = "level bound worst_error worst_x worst_y tiles tiles_over " ] || fail "$(cat out)"
grep -q "^worst_error 0.0000$" out || fail "$(cat out)"
grep -q "^tiles 6$" out || fail "$(cat out)"

for level in loose normal strict; do
    over "b.pgm: the $level bound does not hold: the tile at 32,32" "$pith" compare --bound $level a.pgm b.pgm
    grep -q "^tiles_over 1$" out || fail "$(cat out)"
    grep -q "^worst_x 32$" out || fail "$(cat out)"
done

# The heatmap is a picture of the same size, coloured most where they differ most.
ok "$pith" compare --heatmap heat.png a.pgm b.pgm >out
[ ! -s out ] || fail "numbers with --heatmap: $(cat out)"
ok "$pith" compare --heatmap same.png a.pgm a.pgm
over "bound does not hold: the tile at 32,32" "$pith" compare --bound strict same.png heat.png
over "bound" "$pith" compare --bound normal --heatmap both.png a.pgm b.pgm
cmp heat.png both.png || fail "--bound changes the heatmap"
"$pith" compare --heatmap - a.pgm b.pgm | cmp - heat.png || fail "standard output"

"$pith" compare --json --bound normal a.pgm a.pgm >json
grep -q '"holds": true' json || fail "$(cat json)"

refuses 1 "loose, normal or strict" "$pith" compare --bound tight a.pgm b.pgm
refuses 1 "two pictures" "$pith" compare --bound normal a.pgm
refuses 1 "side-by-side" "$pith" compare --bound normal --side-by-side s.png a.pgm b.pgm
refuses 1 "is an input" "$pith" compare --heatmap a.pgm a.pgm b.pgm
refuses 4 "" "$pith" compare --heatmap nowhere/x.png a.pgm b.pgm
