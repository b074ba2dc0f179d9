#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Exif, XMP and the colour profile go through encode and decode into every
# format that holds them, the orientation reset; --strip leaves them out.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! python3 -c 'import zlib' 2>/dev/null; then
    echo "skipped: no python3"
    exit 77
fi
python3 "$source_dir/tests/reference/make_pngs.py" .
cd metadata

# chunk FILE NAME: the payload's bytes to standard output (header of 2 bytes, or 3 from 128 bytes on; CRC of 4).
chunk() {
    "$pith" info --json "$1" | python3 -c '
import json, sys
view = json.load(sys.stdin)
data = open(sys.argv[1], "rb").read()
for c in (view[0] if isinstance(view, list) else view)["chunks"]:
    if c["name"] == sys.argv[2]:
        piece = data[c["offset"]:c["offset"] + c["bytes"]]
        at = 1
        while piece[at] & 128: at += 1
        sys.stdout.buffer.write(piece[at + 1:-4])' "$1" "$2"
}

# coded FILE OUT: what the picture itself was coded to; never nothing.
coded() {
    { chunk "$1" EXCT && chunk "$1" LATN; } >"$2"
    [ -s "$2" ] || fail "$1: no picture in it"
}

# same_metadata FILE.pith: all three are those of the folder.
same_metadata() {
    chunk "$1" ICCP | cmp - p3.icc || fail "$1: another profile"
    chunk "$1" EXIF | cmp - upright.exif || fail "$1: another Exif"
    chunk "$1" XMPM | cmp - packet.xmp || fail "$1: another XMP"
}

# A picture that lies on its side stands up; metadata that outweigh the picture are told.
"$pith" encode turned.png turned.pith 2>said || fail "$(cat said)"
grep -q 'metadata take .* --strip' said || fail "not told of the metadata's size: $(cat said)"
[ "$(size_of turned.pith)" = 64x48 ] || fail "not turned: $(size_of turned.pith)"
same_metadata turned.pith
"$pith" encode upright.png upright.pith 2>said
coded turned.pith turned.coded
coded upright.pith upright.coded
cmp turned.coded upright.coded || fail "turned into another picture"

# Round and round by way of each format.
for ending in png jpg webp; do
    ok "$pith" decode turned.pith "out.$ending"
    "$pith" encode "out.$ending" "again-$ending.pith" 2>said || fail "$(cat said)"
    [ "$(size_of "again-$ending.pith")" = 64x48 ] || fail "$ending: turned twice"
    same_metadata "again-$ending.pith"
done

# PPM has no profile, so it gets sRGB: the same as the PNG looks.
ok "$pith" decode turned.pith out.ppm
ok "$pith" decode --strip turned.pith stripped.png
[ "$("$pith" compare stripped.png out.ppm | awk '/^psnr_db/ {print $2}')" = inf ] || fail "PPM is not in sRGB"
[ "$("$pith" compare out.png out.ppm | awk '/^psnr_db/ {print ($2 == "inf" || $2 > 50)}')" = 1 ] || fail "PNG and PPM differ"
[ "$("$pith" compare turned.pith out.ppm | awk '/^psnr_db/ {print $2}')" = inf ] || fail "compare does not convert"
"$pith" encode stripped.png plain.pith 2>/dev/null
for name in ICCP EXIF XMPM; do [ -z "$(chunk plain.pith $name)" ] || fail "decode --strip left $name"; done

# Stripped when encoded: no chunk, nothing said, in sRGB.
ok "$pith" encode --strip turned.png stripped.pith
for name in ICCP EXIF XMPM; do [ -z "$(chunk stripped.pith $name)" ] || fail "encode --strip left $name"; done
"$pith" encode --lossless turned.png exact.pith 2>/dev/null
ok "$pith" encode --lossless --strip turned.png converted.pith
ok "$pith" decode --strip exact.pith by-decode.png
coded exact.pith exact.coded
coded converted.pith converted.coded
if cmp -s exact.coded converted.coded; then fail "--strip did not convert"; fi
[ "$("$pith" compare converted.pith by-decode.png | awk '/^psnr_db/ {print $2}')" = inf ] || fail "--strip converts to something else"

# With --size they have a quarter of it at most, and never stop the picture; --keep holds on to them.
"$pith" encode -s 300 turned.png small.pith 2>said || fail "$(cat said)"
for name in ICCP XMPM; do [ -z "$(chunk small.pith $name)" ] || fail "-s 300 kept $name"; done
chunk small.pith EXIF | cmp - upright.exif || fail "-s 300: another Exif"
grep -q 'warning: its XMP was left out: --size leaves no room' said || fail "not told of XMP: $(cat said)"
grep -q 'warning: its colours became sRGB' said || fail "not told of the profile: $(cat said)"
refuses 4 "its metadata take [0-9]+ bytes, --strip" "$pith" encode -s 300 --keep=icc turned.png none.pith
# A picture that needs all of SIZE; the built-in model's files are large enough that Exif would have fitted otherwise.
export PITH_MODELS=$source_dir/models
ppm 640 400 >large.ppm
refuses 4 "as small as 40 bytes" "$pith" encode -s 40 large.ppm none.pith
smallest=$(grep -oE '[0-9]+ is the least' ../.said | grep -oE '[0-9]+')
ok "$pith" encode -s "$smallest" large.ppm large.pith
ok "$pith" decode --format png large.pith large.png
python3 - <<'END'
import zlib
data, exif = open("large.png", "rb").read(), b"eXIf" + open("upright.exif", "rb").read()
chunk = (len(exif) - 4).to_bytes(4, "big") + exif + zlib.crc32(exif).to_bytes(4, "big")
open("large.png", "wb").write(data[:33] + chunk + data[33:])
END
refuses 4 "as small as 40 bytes" "$pith" encode -s 40 --strip large.png none.pith
smallest=$(grep -oE '[0-9]+ is the least' ../.said | grep -oE '[0-9]+')
for from in large.png -; do
    "$pith" encode -s "$smallest" "$from" all.pith <large.png 2>said || fail "-s $smallest: $(cat said)"
    [ "$(wc -c <all.pith)" -le "$smallest" ] || fail "-s $smallest: $(wc -c <all.pith)"
    grep -q 'its metadata were left out: --size leaves no room for them' said || fail "not told: $(cat said)"
done
refuses 4 "its metadata take [0-9]+ bytes, --strip" "$pith" encode -s "$smallest" - none.pith < <(cat large.png)
export PITH_MODELS=$work/models

# Lists of what goes and what stays.
kept() {
    "$pith" encode "${@:2}" turned.png listed.pith 2>/dev/null || fail "${*:2}"
    local found
    found=$("$pith" info -v listed.pith | awk '/ICCP|EXIF|XMPM/ {printf "%s,", $2}')
    [ "$found" = "$1" ] || fail "${*:2}: $found"
    "$pith" decode "${@:2}" turned.pith listed.png
    "$pith" encode listed.png again.pith 2>/dev/null
    found=$("$pith" info -v again.pith | awk '/ICCP|EXIF|XMPM/ {printf "%s,", $2}')
    [ "$found" = "$1" ] || fail "decode ${*:2}: $found"
}
kept "" --strip
kept "" --strip=all
kept "EXIF,XMPM," --strip=icc
kept "ICCP,XMPM," --strip=exif
kept "ICCP," --strip=xmp,exif
kept "ICCP,EXIF,XMPM," --keep=all
kept "ICCP,EXIF,XMPM," --strip=gps
kept "EXIF," --keep exif
kept "EXIF," --strip=all --keep exif
kept "ICCP,XMPM," --keep=xmp,icc --strip=gps
refuses 1 "--strip takes gps, exif, xmp, icc and all, not \"gsp\"" "$pith" encode --strip=gsp turned.png o.pith
refuses 1 "--strip takes .* not \"exif,\"" "$pith" decode --strip=exif, turned.pith o.png
refuses 1 "--keep takes exif, xmp, icc and all, not \"gps\"" "$pith" encode --keep=gps turned.png o.pith
refuses 1 "--strip and --keep contradict" "$pith" encode --strip=exif --keep=exif,icc turned.png o.pith
