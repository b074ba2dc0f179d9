#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Unreadable and damaged input: one line, status 2, no output, nothing left.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 60 40 >in.ppm
ok "$pith" encode in.ppm a.pith
for ending in png jpg webp ppm; do ok "$pith" decode a.pith "good.$ending"; done
: >empty.png
mkdir folder.png
echo "not a picture at all" >text.png
old_pith out.pith

refuses 2 "missing.png: cannot open: No such file" "$pith" encode missing.png out.pith
refuses 2 "empty.png: is empty" "$pith" encode empty.png out.pith
refuses 2 "folder.png: is a folder" "$pith" encode folder.png out.pith
refuses 2 "text.png: is text, not a picture" "$pith" encode text.png out.pith
refuses 2 "a.pith: is a .pith file already" "$pith" encode a.pith out.pith
refuses 2 "in.ppm/x: cannot open: Not a directory" "$pith" encode in.ppm/x out.pith
refuses 2 "-: is empty" "$pith" encode - out.pith </dev/null
refuses 2 "-: cannot read: Bad file descriptor" "$pith" encode - out.pith <&-
for ending in png jpg webp ppm; do
    n=$(wc -c <"good.$ending")
    last=$((n - 1))
    [ $ending = jpg ] && last=$((n - 3)) # the end marker alone may be missing
    for part in 10 $((n / 3)) $((n / 2)) $last; do
        head -c "$part" "good.$ending" >"cut.$ending"
        refuses 2 "cut.$ending: (the .* ends too early|is not a|is text|damaged)" "$pith" encode "cut.$ending" out.pith
        refuses 2 "-: (the .* ends too early|is not a|is text|damaged)" "$pith" encode - out.pith <"cut.$ending"
    done
done

# What is not read is named.
while IFS=$'\t' read -r bytes what; do
    # shellcheck disable=SC2059 # they are escapes
    printf "$bytes" >foreign.png
    refuses 2 "foreign.png: $what" "$pith" encode foreign.png out.pith
    refuses 2 "foreign.png: $what" "$pith" compare foreign.png in.ppm
done <<'END'
8BPS\000\001\000\000	is a Photoshop file; convert it to PNG
%%PDF-1.7\n	is a PDF
%%!PS-Adobe-3.0 EPSF\n	is PostScript
<?xml version="1.0"?>\n<svg xmlns="x"/>	is an SVG drawing
<!DOCTYPE html><title>404</title>	is a web page, not a picture
II*\000\020\000\000\000CR\002\000	is a raw photo of a camera
\000\000\000\030ftypcrx 	is a raw photo of a camera
\000\000\000\030ftypisom	is a video
\000\000\000\030ftypqt  	is a video
\000\000\000\014jP  \r\n\207\n	is JPEG 2000
\166\057\061\001\002	is an OpenEXR file
\000\000\001\000\001\000	is an icon file
\000\000\002\000\000\000\000\000	is a TGA picture
PK\003\004	is a ZIP archive or a document
\000\000\000\000\000\000\000\000\000\000	begins with nothing but zeros
\001\002\003\004\005	is not a picture of a kind that is read
END

printf 'P6 70000 70000 255\n' >huge.ppm
refuses 4 "huge.ppm: 70000x70000 pixels; at most" "$pith" encode huge.ppm out.pith

refuses 2 "missing.pith: cannot open" "$pith" decode missing.pith out.png
refuses 2 "empty.png: is empty" "$pith" decode empty.png out.png
refuses 2 "folder.png: is a folder; -r" "$pith" decode folder.png out.png
refuses 2 "text.png: " "$pith" decode text.png out.png
n=$(wc -c <a.pith)
for part in 1 4 5 20 $((n / 2)) $((n - 1)); do
    head -c "$part" a.pith >cut.pith
    refuses 2 "cut.pith: " "$pith" decode cut.pith out.png
    refuses 2 "cut.pith: " "$pith" info cut.pith
done
for byte in 0 4 6 15 40 $((n - 1)); do
    cp a.pith bad.pith
    printf '\xa5' | dd of=bad.pith bs=1 seek="$byte" conv=notrunc status=none
    cmp -s a.pith bad.pith || refuses 2 "bad.pith: " "$pith" decode bad.pith out.png
done
refuses 2 "text.png: " "$pith" info text.png
refuses 2 "text.png: is text, not a picture" "$pith" compare in.ppm text.png
refuses 2 "text.png: is text, not a picture" "$pith" compare --side-by-side sheet.png in.ppm text.png
ppm 60 41 >taller.ppm
refuses 2 "taller.ppm: 60x41 pixels, but in.ppm has 60x40" "$pith" compare in.ppm taller.ppm
refuses 2 "taller.ppm: 60x41 pixels, but in.ppm has 60x40" "$pith" compare --side-by-side sheet.png in.ppm taller.ppm

is_old out.pith || fail "out.pith was touched"
{ [ ! -e out.png ] && [ ! -e sheet.png ]; } || fail "a half picture is there"

# A message is one line whatever the file is called.
name=$(printf 'two\nlines\033[1m.png')
refuses 2 "two.lines..1m.png: cannot open" "$pith" encode "$name" out.pith

# A batch goes on, and ends with the highest status.
code=0
"$pith" info a.pith text.png a.pith >out 2>said || code=$?
{ [ $code -eq 2 ] && [ "$(grep -c '^a.pith$' out)" -eq 2 ]; } || fail "a batch stopped at the bad file"

# Damage is an error, and with --tolerate what is whole comes out.
cp "$source_dir/tests/golden/slices.pith" middle.pith
n=$(wc -c <middle.pith)
printf '\xa5\xa5\xa5\xa5' | dd of=middle.pith bs=1 seek=$((n * 7 / 10)) conv=notrunc status=none
refuses 2 "middle.pith: .*damaged" "$pith" decode middle.pith out.png
[ ! -e out.png ] || fail "a picture of a damaged file"
"$pith" decode --tolerate middle.pith out.png 2>said || fail "--tolerate: $(cat said)"
{ [ "$(wc -l <said)" -eq 1 ] && grep -q '^pith: middle.pith: warning: damaged: 1024x9+1024+0 of the picture is lost' said; } ||
    fail "--tolerate: $(cat said)"
ok "$pith" decode --tolerate "$source_dir/tests/golden/slices.pith" whole.png

# What is left out of a picture that is not lost is said, too.
offset=$("$pith" info -v "$source_dir/tests/golden/tint.pith" | sed -nE 's/.*chunk +TINT .*offset ([0-9]+),.*/\1/p')
cp "$source_dir/tests/golden/tint.pith" tint.pith
printf '\xa5' | dd of=tint.pith bs=1 seek=$((offset + 4)) conv=notrunc status=none
refuses 2 "tint.pith: .*damaged" "$pith" decode tint.pith out.png
"$pith" decode --tolerate tint.pith tint.png 2>said || fail "--tolerate: $(cat said)"
diff - said <<'SAID' || fail "--tolerate: other warnings"
pith: tint.pith: warning: damaged: what mends the picture's colours is lost
pith: tint.pith: warning: damaged: its residual is left out, which fits the whole picture alone
SAID
cp "$source_dir/tests/invalid/ok_residual_of_another_decoder.pith" other.pith
"$pith" decode other.pith other.png 2>said || fail "$(cat said)"
grep -qx 'pith: other.pith: warning: the residual was made for another decoder or other steps: left out' said ||
    fail "not told of a residual that is left out: $(cat said)"
printf '\xa5' | dd of=middle.pith bs=1 seek=9 conv=notrunc status=none
refuses 2 "middle.pith: .*damaged" "$pith" decode --tolerate middle.pith no.png
