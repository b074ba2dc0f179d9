#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Models: found by path, name and latent space; missing, damaged and wrong ones
# are told in one line with status 3.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
tiny=$work/models/mini.safetensors

ppm 40 30 >in.ppm
ok "$pith" encode in.ppm a.pith
ok "$pith" encode -m "$tiny" in.ppm by-path.pith
ok "$pith" encode -m mini in.ppm by-file.pith
ok "$pith" encode --model=tiny-1 in.ppm by-name.pith
for how in path file name; do cmp a.pith by-$how.pith; done
ok "$pith" decode -m tiny-1 a.pith out.png
"$pith" model list | grep -q "^tiny-1 .*$tiny" || fail "model list: $("$pith" model list)"

# Elsewhere, under another name: the latent space decides.
mkdir elsewhere empty
mv "$tiny" elsewhere/whatever.safetensors
PITH_MODELS=$work/empty:$work/elsewhere ok "$pith" decode a.pith again.png
cmp out.png again.png
PITH_MODELS="" XDG_DATA_HOME=$work/data refuses 3 "a.pith: needs model tiny-1 \(latent space [0-9a-f]{16}\)" "$pith" decode a.pith no.png
mkdir -p data/pith/models home/.local/share/pith/models
cp elsewhere/whatever.safetensors data/pith/models/
PITH_MODELS="" XDG_DATA_HOME=$work/data ok "$pith" decode a.pith again.png
mv data/pith/models/whatever.safetensors home/.local/share/pith/models/
env -u PITH_MODELS -u XDG_DATA_HOME HOME="$work/home" "$pith" decode a.pith again.png
cmp out.png again.png
PITH_MODELS="" "$pith" info a.pith | grep -q "not installed" || fail "info finds a model that is not there"
PITH_MODELS=$work/elsewhere "$pith" info a.pith | grep -q "installed: .*whatever" || fail "info does not find the model"
cp elsewhere/whatever.safetensors "$tiny"

# Missing, empty, lying.
refuses 3 "nosuch.safetensors: " "$pith" encode -m nosuch.safetensors in.ppm no.pith
refuses 3 "nosuch: no such file, and no model of that name in $work/models" "$pith" encode -m nosuch in.ppm no.pith
: >zero.safetensors
refuses 3 "zero.safetensors: " "$pith" encode -m zero.safetensors in.ppm no.pith
refuses 3 "/models: |empty: " "$pith" encode -m ./empty in.ppm no.pith
echo "this is text, and longer than the eight bytes of a length" >text.safetensors
refuses 3 "text.safetensors: " "$pith" encode -m text.safetensors in.ppm no.pith
n=$(wc -c <"$tiny")
for part in 7 100 2000 $((n - 1)); do
    head -c "$part" "$tiny" >cut.safetensors
    refuses 3 "cut.safetensors: " "$pith" encode -m cut.safetensors in.ppm no.pith
    refuses 3 "cut.safetensors: " "$pith" decode -m cut.safetensors a.pith no.png
done
lie() { # OLD NEW, of one length, in the header
    sed "s/$1/$2/" "$tiny" >lie.safetensors
    cmp -s "$tiny" lie.safetensors && fail "no $1 in the model"
    refuses 3 "lie.safetensors: " "$pith" encode -m lie.safetensors in.ppm no.pith
}
lie '"data_offsets":\[0,' '"data_offsets":[9,'
lie '"F16"' '"F99"'
lie '"shape":\[' '"shape":{'
lie '"n_enc_high":"1"' '"n_enc_high":"7"'
lie '"latent_channels":"4"' '"latent_channels":"0"'
printf '\xff\xff\xff\xff\xff\xff\xff\x7f{}' >length.safetensors
refuses 3 "length.safetensors: " "$pith" encode -m length.safetensors in.ppm no.pith

# A broken one among the installed does not hide the good one.
: >models/aaa.safetensors
ok "$pith" encode in.ppm b.pith
cmp a.pith b.pith
ok "$pith" decode a.pith out.png
"$pith" model list 2>said | grep -q "^tiny-1" || fail "model list"
grep -q "^pith: .*/aaa.safetensors: warning: " said || fail "model list says nothing of the broken model"
refuses 3 "aaa.safetensors: " "$pith" encode -m aaa in.ppm no.pith
rm models/aaa.safetensors

# Another model than the file was made with: never a picture.
python3 - "$tiny" other.safetensors <<'P' 2>/dev/null || { echo "NOT CHECKED: another model (no python3)"; exit 0; }
import sys
data = bytearray(open(sys.argv[1], "rb").read())
start = 8 + int.from_bytes(data[:8], "little")
for i in range(start, len(data), 2):
    data[i] ^= 1  # of every value, so of the encoder's too
open(sys.argv[2], "wb").write(data)
P
refuses 3 "a.pith: made with model tiny-1" "$pith" decode -m other.safetensors a.pith no.png
ok "$pith" encode -m other.safetensors in.ppm other.pith
refuses 3 "other.pith: needs model tiny-1" "$pith" decode other.pith no.png
ok "$pith" decode -m other.safetensors other.pith other.png
ls no.* >/dev/null 2>&1 && fail "output was made: $(ls no.*)"
nothing_left
