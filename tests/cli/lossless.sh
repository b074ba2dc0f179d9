#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# --lossless: no model, no loss, and few bytes.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

rm -r models # nothing below may look for one

ppm 70 50 >a.ppm
ok "$pith" encode --lossless a.ppm a.pith
ok "$pith" decode a.pith b.ppm
cmp <(tail -c 10500 a.ppm) <(tail -c 10500 b.ppm)
"$pith" info -v a.pith >said
for line in 'quality   lossless' 'model     none is needed' 'format    1.0, method exact, 1 slice'; do
    grep -qx "  $line" said || fail "info has no \"$line\": $(cat said)"
done
"$pith" info --json a.pith | tr -d ' \n' | grep -q '"method":"exact","lossless":true'
"$pith" compare a.ppm a.pith | grep -qx 'psnr_db inf'
"$pith" encode --lossless - - <a.ppm | cmp - a.pith

# Grey of 16 bits, of which 12 are used; a part, a preview, 8 bits.
{ printf 'P5\n64 40\n65535\n'; awk 'BEGIN {for (i = 0; i < 2560; i++) printf "%c%c", i % 15 + 1, i * i % 90 + 33}'; } >deep.pgm
ok "$pith" encode --lossless deep.pgm deep.pith
ok "$pith" decode --depth 16 deep.pith back.pgm
cmp <(tail -c 5120 deep.pgm) <(tail -c 5120 back.pgm)
"$pith" compare deep.pgm deep.pith | grep -qx 'psnr_db inf' || fail "compared with fewer bits"
[ "$(stat -c %s deep.pith)" -lt 4000 ] || fail "unused bits are paid for"
ok "$pith" decode --region 10x8+3+5 deep.pith part.pgm
head -c 15 part.pgm | grep -qa '^10 8' || fail "the region's size"
ok "$pith" decode --preview deep.pith small.pgm
head -c 15 small.pgm | grep -qa '^8 5' || fail "the preview's size"

# Many files, and what is said of wrong wishes.
"$pith" encode --lossless -o out --jobs 1 a.ppm deep.pgm 2>said || fail "$(cat said)"
cmp out/a.pith a.pith
for wish in '-q 50' '-s 5000' '--faithful' '--method palette' '--protect 0,0,9,9'; do
    # shellcheck disable=SC2086 # two words
    refuses 1 'lossless keeps all' "$pith" encode --lossless $wish a.ppm c.pith
done

# Damage is seen, and what is whole of more slices is saved.
{ printf 'P6\n1100 30\n255\n'; head -c 99000 /dev/zero | tr '\0' '\101'; } >wide.ppm
ok "$pith" encode --lossless wide.ppm wide.pith
size=$(stat -c %s wide.pith)
{ head -c $((size - 6)) wide.pith; printf '\377\377\377\377\377\377'; } >bad.pith
refuses 2 'damaged' "$pith" decode bad.pith bad.ppm
"$pith" decode --tolerate bad.pith bad.ppm 2>said
grep -q '76x30+1024+0 of the picture is lost' said || fail "$(cat said)"

# Not larger than lossless WebP, on pictures that Pith drew itself.
if command -v cwebp >/dev/null && [ -d "$source_dir/../shared/cases" ]; then
    for name in pixel_art_64 text_red_on_blue line_art_alpha; do
        in=$source_dir/../shared/cases/$name.png
        ok "$pith" encode --lossless "$in" case.pith
        cwebp -quiet -lossless -z 9 -m 6 -exact "$in" -o case.webp
        [ "$(stat -c %s case.pith)" -le "$(stat -c %s case.webp)" ] || fail "$name is larger than as WebP"
        ok "$pith" decode case.pith case.png
        "$pith" compare "$in" case.png 2>/dev/null | grep -qx 'psnr_db inf' || fail "$name is not exact"
    done
else
    echo "NOT COMPARED with cwebp: it or ../shared/cases is not there" >&2
fi
