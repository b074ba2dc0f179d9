#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith model convert: the copy has the source's fingerprints, codes the same
# symbols and gives the same picture within a level.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

ids() { "$pith" model info "$1" | sed -n 's/^  \([a-z]* id  [0-9a-f ]*[0-9a-f]\).*/\1/p'; }
same() { # A B: two models, one latent space, one decoder
    ids "$1" >ids.a
    ids "$2" >ids.b
    [ "$(wc -l <ids.a)" -eq 2 ] || fail "no ids: $(cat ids.a)"
    cmp ids.a ids.b
}
within_a_level() { # A B: PPM
    { cmp -l "$1" "$2" || true; } | awk '{a = substr($2, 1); b = substr($3, 1)
        d = (int(a / 100) * 64 + int(a / 10) % 10 * 8 + a % 10) - (int(b / 100) * 64 + int(b / 10) % 10 * 8 + b % 10)
        if (d > 1 || d < -1) exit 1}' || fail "$1 and $2 differ by more than a level"
}

# The autoencoder alone, from single precision.
checkpoint --parts vae -o vae.safetensors
ok "$pith" model convert --to fp16 vae.safetensors copy.safetensors
[ "$(wc -c <copy.safetensors)" -lt $(($(wc -c <vae.safetensors) * 52 / 100)) ] || fail "the copy is not half as large"
"$pith" model info copy.safetensors | grep -q "converted by Pith" || fail "the copy does not say what it is"
same vae.safetensors copy.safetensors
"$pith" model verify copy.safetensors >said 2>&1 || fail "verify: $(cat said)"
ppm 72 40 >in.ppm
ok "$pith" encode -m vae.safetensors in.ppm a.pith
ok "$pith" encode -m copy.safetensors in.ppm b.pith
ok "$pith" decode --preview -m vae.safetensors a.pith small.ppm
head -n 2 small.ppm | tail -n 1 | grep -qx "9 5" || fail "size of the preview"
cmp a.pith b.pith
ok "$pith" decode -m vae.safetensors a.pith a.ppm
ok "$pith" decode -m copy.safetensors a.pith b.ppm
within_a_level a.ppm b.ppm

# A copy of the copy is the copy; another version or value is told.
ok "$pith" model convert --to fp16 copy.safetensors again.safetensors
cmp copy.safetensors again.safetensors
sed 's/"format_version":"1"/"format_version":"2"/' copy.safetensors >version.safetensors
refuses 3 "version.safetensors: is a converted model of version 2" "$pith" model info version.safetensors
cp copy.safetensors damaged.safetensors
printf '\x01\x02' | dd of=damaged.safetensors bs=1 seek=$(($(wc -c <copy.safetensors) - 2)) conv=notrunc status=none
refuses 3 "damaged.safetensors: is damaged: its [a-z]*_id" "$pith" model verify damaged.safetensors

# Faults leave nothing behind, and what was there as it was.
refuses 1 "one IN and one OUT" "$pith" model convert --to fp16 vae.safetensors
refuses 1 "--to fp16, int8 or decoder is needed" "$pith" model convert vae.safetensors no.safetensors
refuses 1 "to takes fp16, int8 or decoder, not \"int3\"" "$pith" model convert --to int3 vae.safetensors no.safetensors
refuses 1 "does not end with" "$pith" model convert --to fp16 vae.safetensors no.ckpt
refuses 1 "is the input" "$pith" model convert --to fp16 vae.safetensors ./vae.safetensors
refuses 1 "to takes fp16, int8 or decoder" "$pith" model convert --to int3 --to fp16 vae.safetensors no.safetensors
refuses 1 "are for convert" "$pith" model list --to fp16
cp vae.safetensors photo.safetensors
printf '\xff\xd8\xff\xe0 a photo' >photo.safetensors
refuses 4 "photo.safetensors: is a JPEG" "$pith" model convert --to fp16 vae.safetensors photo.safetensors
ok "$pith" model convert --force --to fp16 vae.safetensors photo.safetensors
cmp photo.safetensors copy.safetensors
rm photo.safetensors

# What a name leads to must not become its own copy, whatever links lead there; a copy keeps the mode of what it replaces.
mkdir named
cp vae.safetensors named/my-vae.safetensors
before=$(sha256sum <named/my-vae.safetensors)
ln named/my-vae.safetensors hard.safetensors
ln -s named/my-vae.safetensors soft.safetensors
for out in named/my-vae.safetensors hard.safetensors soft.safetensors; do
    PITH_MODELS=$work/named refuses 1 "$out: is the model" "$pith" model convert --to int8 my-vae "$out"
done
refuses 1 "is the input" "$pith" model convert --to int8 hard.safetensors named/my-vae.safetensors
[ "$(sha256sum <named/my-vae.safetensors)" = "$before" ] || fail "the model was written over"
cp copy.safetensors private.safetensors
chmod 600 private.safetensors
ln -s private.safetensors link.safetensors
ok "$pith" model convert --to int8 vae.safetensors link.safetensors
{ [ -L link.safetensors ] && [ "$(stat -c %a private.safetensors)" = 600 ]; } || fail "a link or a mode was lost"
"$pith" model info private.safetensors | grep -q int8 || fail "the link's end was not replaced"
rm -r named ./*.safetensors.tmp hard.safetensors soft.safetensors link.safetensors private.safetensors 2>/dev/null || true
refuses 3 "mini" "$pith" model convert --to fp16 models/mini.safetensors no.safetensors
refuses 3 "gone.safetensors: " "$pith" model convert --to fp16 gone.safetensors no.safetensors
refuses 4 "no/where.safetensors: cannot be written" "$pith" model convert --to fp16 vae.safetensors no/where.safetensors

# The decoder of a built-in model alone.
refuses 3 "kind sd1" "$pith" model convert --to decoder vae.safetensors no.safetensors
mini=$PITH_SOURCE_DIR/models/mini-5.safetensors
ok "$pith" model convert --to decoder "$mini" decoder.safetensors
same "$mini" decoder.safetensors
ok "$pith" encode -e 0 -m "$mini" "$PITH_SOURCE_DIR/tests/data/ssimulacra2_a.webp" m.pith
ok "$pith" decode -m "$mini" m.pith m.ppm
ok "$pith" decode -m decoder.safetensors m.pith d.ppm
cmp m.ppm d.ppm
refuses 2 "only a decoder" "$pith" encode -e 0 -m decoder.safetensors m.ppm no.pith
rm m.* d.ppm decoder.safetensors

# With the U-Net: not without its text encoder, or the constant in its place.
checkpoint --dtype f16 -o sd.safetensors
refuses 3 "sd.safetensors: .*neither a text encoder" "$pith" model convert --to fp16 sd.safetensors no.safetensors
checkpoint --dtype f16 --format own -o whole.safetensors
rm sd.safetensors
refuses 3 "whole.safetensors: is damaged: its latent_id is [0-9a-f]*, and it says none" "$pith" model verify whole.safetensors
ok "$pith" model convert --to fp16 whole.safetensors small.safetensors
"$pith" model info small.safetensors | grep -q "^  parts *autoencoder, U-Net, empty prompt$" || fail "parts"
same whole.safetensors small.safetensors
ok "$pith" decode --steps 2 -m whole.safetensors a.pith a.ppm
ok "$pith" decode --steps 2 -m small.safetensors a.pith b.ppm
within_a_level a.ppm b.ppm
ls no.* ./*.tmp >/dev/null 2>&1 && fail "left behind: $(ls)"
nothing_left
