#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith model convert --to int8: half the bytes of fp16, the source's latent
# space, a decoder of its own; and files that only look like one.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

id() { "$pith" model info "$2" | sed -n "s/^  $1 id  *\([0-9a-f]\{16\}\).*/\1/p"; } # latent|decoder MODEL
bytes() { wc -c <"$1"; }
half_of() { # SMALL LARGE
    [ "$(bytes "$1")" -le $(($(bytes "$2") * 55 / 100)) ] || fail "$1 has $(bytes "$1") bytes, $2 $(bytes "$2")"
}
near() { # A B DB: pictures at least that alike, or equal
    "$pith" compare --json "$1" "$2" >said
    awk -v least="$3" '/"psnr_db"/ {good = $2 ~ /null/ || $2 + 0 >= least} END {exit !good}' said ||
        fail "$1 and $2: $(cat said)"
}

# The autoencoder alone.
checkpoint --parts vae -o vae.safetensors
ok "$pith" model convert --to fp16 vae.safetensors half.safetensors
ok "$pith" model convert --to int8 vae.safetensors int8.safetensors
half_of int8.safetensors half.safetensors
[ "$(id latent int8.safetensors)" = "$(id latent vae.safetensors)" ] || fail "another latent space"
[ "$(id decoder int8.safetensors)" != "$(id decoder vae.safetensors)" ] || fail "the same decoder"
"$pith" model info int8.safetensors >said
grep -q "^  parameters  [0-9]*, F16+int8$" said || fail "precision: $(cat said)"
grep -q "converted by Pith" said || fail "not converted: $(cat said)"
grep "^  parameters" said | cut -d, -f 1 >parameters
"$pith" model info half.safetensors | grep "^  parameters" | cut -d, -f 1 | cmp - parameters
"$pith" model info --json int8.safetensors | grep -q '"precision": "F16+int8"' || fail "json"
"$pith" model verify int8.safetensors >said 2>&1 || fail "verify: $(cat said)"
grep -q "^  precision   F16+int8$" said || fail "verify: $(cat said)"
mkdir found
cp int8.safetensors found/
PITH_MODELS=$PWD/found "$pith" model list | grep -q "(autoencoder; F16+int8)$" || fail "list"
PITH_MODELS=$PWD/found "$pith" model list --json | grep -q '"precision": "F16+int8"' || fail "list --json"

# The fingerprints are those that the specification gives.
reference() { /usr/bin/python3 "$source_dir/tests/reference/fingerprint.py" "$@"; }
[ "$(reference int8.safetensors vae.decoder. vae.post_quant_conv.)" = "$(id decoder int8.safetensors)" ] || fail "decoder id"
encoder=$(reference int8.safetensors vae.encoder. vae.quant_conv.)
grep -aq "\"encoder_id\":\"$encoder\"" int8.safetensors || fail "encoder id $encoder"

# What one encodes the other decodes; the copy is found where the source is not.
ppm 72 40 >in.ppm
ok "$pith" encode -m vae.safetensors in.ppm a.pith
ok "$pith" encode -m int8.safetensors in.ppm b.pith
ok "$pith" decode -m vae.safetensors a.pith a.ppm
ok "$pith" decode -m int8.safetensors a.pith b.ppm
near a.ppm b.ppm 40
ok "$pith" decode -m vae.safetensors b.pith b.ppm
PITH_MODELS=$PWD/found "$pith" decode a.pith c.ppm 2>said || fail "not found: $(cat said)"
near a.ppm c.ppm 40

# As another model's autoencoder, and the other way round.
ok "$pith" decode -m half.safetensors --vae int8.safetensors a.pith c.ppm
near a.ppm c.ppm 40
ok "$pith" decode -m int8.safetensors --vae half.safetensors a.pith c.ppm
near a.ppm c.ppm 48

# Again, and back.
ok "$pith" model convert --to int8 int8.safetensors again.safetensors
cmp int8.safetensors again.safetensors
ok "$pith" model convert --to int8 half.safetensors again.safetensors
cmp int8.safetensors again.safetensors
refuses 3 "int8.safetensors: is int8: make the fp16 one of" "$pith" model convert --to fp16 int8.safetensors no.safetensors

# TAESD, in one file and in two.
mkdir v
"$maker" autoencoders v
for in in v/tiny v/taesd_decoder; do
    ok "$pith" model convert --to fp16 $in.safetensors t16.safetensors
    ok "$pith" model convert --to int8 $in.safetensors t8.safetensors
    half_of t8.safetensors t16.safetensors
    ok "$pith" decode -m vae.safetensors --vae $in.safetensors a.pith a.ppm
    ok "$pith" decode -m vae.safetensors --vae t16.safetensors a.pith b.ppm
    near a.ppm b.ppm 48
    ok "$pith" decode -m vae.safetensors --vae t8.safetensors a.pith b.ppm
    near a.ppm b.ppm 40
    ok "$pith" encode -m vae.safetensors --vae t8.safetensors in.ppm c.pith
done
refuses 3 "t8.safetensors: is TAESD" "$pith" model info t8.safetensors
refuses 3 "t8.safetensors: is int8" "$pith" model convert --to fp16 t8.safetensors no.safetensors
sed 's/"format_version":"2"/"format_version":"3"/' t8.safetensors >t9.safetensors
refuses 3 "t9.safetensors: is a converted model of version 3" "$pith" decode -m vae.safetensors --vae t9.safetensors a.pith no.ppm

# The built-in model.
mini=$source_dir/models/mini-5.safetensors
ok "$pith" model convert --to int8 "$mini" mini8.safetensors
half_of mini8.safetensors "$mini"
"$pith" model verify mini8.safetensors >said 2>&1 || fail "verify: $(cat said)"
ok "$pith" encode -m "$mini" --effort 0 in.ppm m.pith
ok "$pith" decode -m "$mini" m.pith a.ppm
ok "$pith" decode -m mini8.safetensors m.pith b.ppm
near a.ppm b.ppm 40
# A bound that was kept with one decoder is none of the other's.
ok "$pith" encode -m "$mini" --faithful=strict in.ppm m.pith
ok "$pith" decode -m "$mini" m.pith a.ppm
refuses 3 "promises a bound for another decoder" "$pith" decode -m mini8.safetensors m.pith no.ppm
# Of two of one latent space the one whose pictures the residual mends is found, whichever comes first.
cp mini8.safetensors found/mini.safetensors
cp "$mini" found/zzz.safetensors
PITH_MODELS=$PWD/found "$pith" decode m.pith c.ppm 2>said || fail "the right decoder is not found: $(cat said)"
cmp a.ppm c.ppm
sed 's/"pith_int8":"1"/"pith_int9":"1"/; s/"format_version":"2"/"format_version":"1"/' mini8.safetensors >no_mark.safetensors
refuses 3 "no_mark.safetensors: tensor enc.[a-z0-9.]*weight .* is not F32, F16, BF16 or F8" "$pith" model info no_mark.safetensors

# Files that only look like one.
spoil() { # OUT PYTHON: statements that change `header` (a dict), `meta` and `data` (a bytearray)
    /usr/bin/python3 - int8.safetensors "$1" "$2" <<'P'
import json, sys
content = open(sys.argv[1], "rb").read()
n = int.from_bytes(content[:8], "little")
header, data = json.loads(content[8:8 + n]), bytearray(content[8 + n:])
meta, name = header["__metadata__"], next(k for k in header if header[k].get("dtype") == "I8")
begin, end = header[name + ".scale"]["data_offsets"]
exec(sys.argv[3])
text = json.dumps(header).encode()
open(sys.argv[2], "wb").write(len(text).to_bytes(8, "little") + text + data)
P
}
bad() { # PATTERN PYTHON
    spoil bad.safetensors "$2"
    refuses 3 "bad.safetensors: $1" "$pith" model info bad.safetensors
    refuses 3 "bad.safetensors: $1" "$pith" encode -m bad.safetensors in.ppm no.pith
}
bad "tensor .*: int8 without scales" 'header[name + ".scales"] = header.pop(name + ".scale")'
bad "tensor .*.scale: must be F32" 'header[name + ".scale"]["dtype"] = "I32"'
bad "tensor .*.scale: must be F32" 'header[name + ".scale"]["shape"].append(1)'
bad "tensor .*.scale: scale 0 is not finite" 'data[begin:begin + 4] = b"\0\0\xc0\x7f"'
bad "tensor .*.scale: scales of no int8 tensor" 'header["x.scale"] = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}'
bad "tensor .* is not F32, F16, BF16 or F8" 'del meta["pith_int8"]; meta["format_version"] = "1"'
bad "has int8 weights of version 2" 'meta["pith_int8"] = "2"'
bad "is a converted model of version 1" 'meta["format_version"] = "1"'
bad "int8 weights and decoders must name the latent space" 'del meta["latent_id"]'
bad "int8 weights and decoders must name the latent space.*\"00112233445566GG\"" 'meta["latent_id"] = "00112233445566GG"'
spoil bad.safetensors 'data[header[name]["data_offsets"][0]] ^= 1'
refuses 3 "bad.safetensors: is damaged: its [a-z]*_id" "$pith" model verify bad.safetensors
for part in 7 100 5000 100000 $(($(bytes int8.safetensors) - 1)); do
    head -c "$part" int8.safetensors >bad.safetensors
    refuses 3 "bad.safetensors: " "$pith" model info bad.safetensors
done
refuses 4 "no/where.safetensors: cannot be written" "$pith" model convert --to int8 vae.safetensors no/where.safetensors

# With the U-Net and both methods.
checkpoint --dtype f16 --format own -o whole.safetensors
ok "$pith" model convert --to int8 whole.safetensors int8.safetensors
half_of int8.safetensors whole.safetensors
"$pith" model info int8.safetensors | grep -q "^  parts *autoencoder, U-Net, empty prompt$" || fail "parts"
ok "$pith" decode --steps 2 -m whole.safetensors a.pith a.ppm
ok "$pith" decode --steps 2 -m int8.safetensors a.pith b.ppm
near a.ppm b.ppm 40
ok "$pith" encode --method palette -m whole.safetensors in.ppm p.pith
ok "$pith" decode -m whole.safetensors p.pith a.ppm
ok "$pith" decode -m int8.safetensors p.pith b.ppm
near a.ppm b.ppm 40
ls no.* ./*.tmp >/dev/null 2>&1 && fail "left behind: $(ls)"
nothing_left
