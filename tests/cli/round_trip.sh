#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every format in and out, sizes from 1x1 on, standard input and output.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

for size in "1 1" "1 5000" "7 13" "64 64" "511 513"; do
    read -r width height <<<"$size"
    ppm "$width" "$height" >in.ppm
    ok "$pith" encode --effort 0 in.ppm a.pith # by the network, whatever is smaller
    [ "$(size_of a.pith)" = "${width}x$height" ] || fail "$size became $(size_of a.pith)"
    for ending in png jpg jpeg webp ppm; do
        ok "$pith" decode a.pith "out.$ending"
        ok "$pith" encode "out.$ending" b.pith
        [ "$(size_of b.pith)" = "${width}x$height" ] || fail "$size, $ending: $(size_of b.pith)"
    done
    cmp <(tail -c +1 out.ppm) <("$pith" decode --format ppm a.pith -) || fail "standard output differs"
done
nothing_left

# PNG and PPM hold the same pixels, at 8 and at 16 bits; the decoder repeats itself.
ppm 70 50 >in.ppm
ok "$pith" encode in.ppm a.pith
ok "$pith" encode in.ppm again.pith
cmp a.pith again.pith
for depth in 8 16; do
    ok "$pith" decode --depth $depth a.pith out.png
    ok "$pith" decode --depth=$depth a.pith out.ppm
    [ "$("$pith" compare out.png out.ppm | head -n 1)" = "psnr_db inf" ] || fail "depth $depth: PNG and PPM differ"
done
[ "$(head -n 3 out.ppm | tail -n 1)" = 65535 ] || fail "not a 16-bit PPM"

# Grey stays grey.
printf 'P5 9 9 255\n%081d' 0 >grey.pgm
ok "$pith" encode grey.pgm grey.pith
"$pith" info grey.pith | grep -q "9x9, 1 channel " || fail "grey did not stay grey"
ok "$pith" decode grey.pith grey-out.pgm
[ "$(head -c 2 grey-out.pgm)" = P5 ] || fail "not a PGM"

# "-" and "--", options after names, names with a dash.
ok "$pith" encode - - <in.ppm >piped.pith
cmp a.pith piped.pith
ok "$pith" decode - - <a.pith >piped.png
[ "$(head -c 4 piped.png | tail -c 3)" = PNG ] || fail "standard output is not PNG"
cp in.ppm -- -q
ok "$pith" encode -q 50 -- -q --odd.pith
cmp a.pith -- ./--odd.pith
ok "$pith" encode in.ppm late.pith --quality 50
cmp a.pith late.pith

# A transparent pixel is kept; a format without transparency gets it on white, with one warning.
printf '\x89\x50\x4e\x47\x0d\x0a\x1a\x0a\x00\x00\x00\x0d\x49\x48\x44\x52\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00' >clear.png
printf '\x00\x0d\x49\x44\x41\x54\x78\x9c\x63\xf8\xdf\xc0\xe0\x00\x00\x05\xc1\x01\xc0\x96\x0c\x82\xa6\x00\x00\x00\x00\x49\x45\x4e\x44\xae\x42\x60\x82' >>clear.png
ok "$pith" encode clear.png clear.pith
code=0
"$pith" decode clear.pith clear.ppm 2>said || code=$?
[ $code -eq 0 ] || fail "transparent: $(cat said)"
{ [ "$(wc -l <said)" -eq 1 ] && grep -q "^pith: clear.* warning: .*transparent" said; } || fail "transparent: $(cat said)"

# -s: the file fits, in bytes and in bits per pixel; -v talks on standard error only.
grainy 256 256 >in.ppm
for size in 900 1k 1KiB 0.1bpp; do
    case $size in 900) most=900 ;; 1k) most=1000 ;; 1KiB) most=1024 ;; *) most=819 ;; esac
    ok "$pith" encode -s $size in.ppm sized.pith
    n=$(wc -c <sized.pith)
    { [ "$n" -le $most ] && [ "$n" -gt $((most * 3 / 4)) ]; } || fail "-s $size gave $n bytes"
done
"$pith" encode -v in.ppm v.pith >out 2>said
{ [ ! -s out ] && grep -q "^pith: v.pith: .*in all" said; } || fail "-v: $(cat said)"
"$pith" decode -v v.pith v.png >out 2>said
{ [ ! -s out ] && grep -q "^pith: v.png: .*in all" said; } || fail "-v: $(cat said)"
"$pith" encode -q 0 in.ppm low.pith
"$pith" encode -q 100 in.ppm high.pith
[ "$(wc -c <low.pith)" -lt "$(wc -c <high.pith)" ] || fail "-q changes nothing"
ok "$pith" encode --threads 1 --backend ref in.ppm ref.pith
ok "$pith" decode -q 30 v.pith small.jpg
ok "$pith" decode -q 100 v.pith large.jpg
[ "$(wc -c <small.jpg)" -lt "$(wc -c <large.jpg)" ] || fail "-q of JPEG changes nothing"
nothing_left
