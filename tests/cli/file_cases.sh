#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Files that people sent in with reports of faults: ../shared/cases, whose table says what is right.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

cases=$source_dir/../shared/cases
if [ ! -f "$cases/cases.tsv" ]; then
    echo "skipped: no ../shared/cases"
    exit 77
fi

# psnr A B: "inf" where they are equal; what was said is in `said`.
psnr() { "$pith" compare "$1" "$2" 2>said | awk '/^psnr_db/ {print $2}'; }
# told PATTERN: `said` is one line, a warning, with that text.
told() { { [ "$(wc -l <said)" -eq 1 ] && grep -q "^pith: .*: warning: .*$1" said; } || fail "\"$1\" not said: $(cat said)"; }

for name in jpeg_no_eoi jpeg_trailer_no_eoi; do
    [ "$(psnr "$cases/$name.jpg" "$cases/jpeg_reference.png")" = inf ] || fail "$name"
    told "has no end marker; all of its pixels are there"
    "$pith" encode "$cases/$name.jpg" out.pith 2>said
    told "has no end marker"
done
[ "$(psnr "$cases/cmyk_no_adobe_marker.jpg" "$cases/cmyk_reference.png" | awk '{print ($1 == "inf" || $1 > 45)}')" = 1 ] || fail "CMYK"
[ "$(psnr "$cases/orientation_long.jpg" "$cases/orientation_reference.png")" = inf ] || fail "orientation of type LONG"
for from in "$cases/imagemagick_exif_after_pixels.png" -; do
    "$pith" encode "$from" out.pith <"$cases/imagemagick_exif_after_pixels.png" 2>said || fail "$(cat said)"
    [ "$(size_of out.pith)" = 96x128 ] || fail "$from: Exif after the pixels was not looked at"
    "$pith" info out.pith | grep -q "keeps  *Exif," || fail "$from: Exif after the pixels was not kept"
done
[ "$(psnr "$cases/imagemagick_exif_after_pixels.png" "$cases/orientation_reference.png" | awk '{print ($1 == "inf" || $1 > 30)}')" = 1 ] ||
    fail "Exif after the pixels: turned otherwise"

# No thumbnail, in the file, in a part of the picture, and in what an older file's becomes.
ok "$pith" encode -s 2k "$cases/phone_thumbnail.jpg" out.pith
[ "$("$pith" info out.pith | awk '/keeps  *Exif,/ {print ($(NF - 1) < 100)}')" = 1 ] || fail "the thumbnail was kept"
ok "$pith" encode "$cases/phone_thumbnail_turned.jpg" out.pith
ok "$pith" decode --region 64x64+0+0 out.pith out.jpg
[ "$(LC_ALL=C grep -c -a $'\xff\xd8\xff' out.jpg)" -eq 1 ] || fail "another JPEG in it"

# No orientation but 1, wherever it stands.
"$pith" encode "$cases/xmp_orientation.jpg" out.pith 2>said || fail "$(cat said)"
if grep -v "its metadata take" said; then fail "said something"; fi
ok "$pith" decode out.pith out.jpg
grep -a -o 'tiff:Orientation="[^"]*"\|tiff:Orientation>[^<]*' out.jpg | sort -u >found
case $(cat found) in 'tiff:Orientation="1"' | 'tiff:Orientation>1') ;; *) fail "XMP: $(cat found)" ;; esac
