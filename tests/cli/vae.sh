#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# --vae: any autoencoder of the model's latent space codes in the place of its
# own, and one of another space is told in a line.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

checkpoint --parts vae -o sd.safetensors
"$maker" autoencoders v
ppm 72 40 >in.ppm
ok "$pith" encode -m sd.safetensors in.ppm a.pith
ok "$pith" decode -m sd.safetensors a.pith a.ppm

# Another decoder of the same space: what it makes as a model by itself.
ok "$pith" encode -m sd.safetensors --vae v/decoder.safetensors in.ppm b.pith
cmp a.pith b.pith
ok "$pith" decode -m sd.safetensors --vae v/decoder.safetensors a.pith b.ppm
ok "$pith" decode -m v/decoder.safetensors a.pith c.ppm
cmp b.ppm c.ppm
cmp -s a.ppm b.ppm && fail "the other decoder makes the same picture"
ok "$pith" decode -m sd.safetensors --vae sd.safetensors a.pith c.ppm
cmp a.ppm c.ppm

# TAESD, as one file, as two of which either is named, and for many files at once.
ok "$pith" encode -m sd.safetensors --vae v/tiny.safetensors in.ppm tiny.pith
cmp -s a.pith tiny.pith && fail "TAESD makes the same latent"
ok "$pith" decode -m sd.safetensors --vae v/tiny.safetensors tiny.pith tiny.ppm
for half in encoder decoder; do
    ok "$pith" encode -m sd.safetensors --vae v/taesd_$half.safetensors in.ppm b.pith
    cmp tiny.pith b.pith
    ok "$pith" decode -m sd.safetensors --vae v/taesd_$half.safetensors tiny.pith b.ppm
    cmp tiny.ppm b.ppm
done
"$pith" decode -m sd.safetensors --vae v/tiny.safetensors --format ppm -o many tiny.pith a.pith 2>said || fail "$(cat said)"
cmp tiny.ppm many/tiny.ppm
ok "$pith" decode -m sd.safetensors tiny.pith b.ppm # one latent space: either decodes what the other encoded
"$pith" info --json tiny.pith | grep latent_id >id.tiny
"$pith" info --json a.pith | grep latent_id | cmp - id.tiny

# The model is found by the file's fingerprint as ever.
cp sd.safetensors models/
ok "$pith" decode --vae v/tiny.safetensors tiny.pith b.ppm
cmp tiny.ppm b.ppm

# What will not do.
refuses 3 "encoder.safetensors: is an autoencoder of another latent space: [0-9a-f]{16}, the model's is [0-9a-f]{16}" \
    "$pith" decode -m sd.safetensors --vae v/encoder.safetensors a.pith no.ppm
refuses 3 "encoder.safetensors: is an autoencoder of another latent" \
    "$pith" encode -m sd.safetensors --vae v/encoder.safetensors in.ppm no.pith
refuses 3 "tiny16.safetensors: .*16 latent channels of TAESD" \
    "$pith" decode -m sd.safetensors --vae v/tiny16.safetensors a.pith no.ppm
refuses 3 "TAESD's decoder is not there, only its encoder" \
    "$pith" decode -m sd.safetensors --vae v/lonely_e_encoder.safetensors a.pith no.ppm
refuses 3 "TAESD's encoder is not there, only its decoder" \
    "$pith" encode -m sd.safetensors --vae v/lonely_d_decoder.safetensors in.ppm no.pith
ok "$pith" decode -m sd.safetensors --vae v/lonely_d_decoder.safetensors tiny.pith b.ppm
cmp tiny.ppm b.ppm
refuses 3 "tiny.safetensors: is for Stable Diffusion: model tiny-1 has no other" \
    "$pith" encode -m mini --vae v/tiny.safetensors in.ppm no.pith
refuses 3 "mini.safetensors: has no autoencoder of Stable Diffusion" \
    "$pith" decode -m sd.safetensors --vae models/mini.safetensors a.pith no.ppm
refuses 3 "tiny.safetensors: is TAESD, which codes for another model" \
    "$pith" decode -m v/tiny.safetensors tiny.pith no.ppm
refuses 3 "gone.safetensors: cannot be opened" "$pith" decode -m sd.safetensors --vae gone.safetensors a.pith no.ppm
checkpoint --dtype f16 --parts unet -o unet.safetensors
refuses 3 "unet.safetensors: is a U-Net alone" "$pith" decode -m sd.safetensors --vae unet.safetensors a.pith no.ppm
n=$(wc -c <v/tiny.safetensors)
for part in 0 7 1000 $((n - 1)); do
    head -c "$part" v/tiny.safetensors >cut.safetensors
    refuses 3 "cut.safetensors: " "$pith" decode -m sd.safetensors --vae cut.safetensors tiny.pith no.ppm
done
ls no.* >/dev/null 2>&1 && fail "left behind: $(ls)"
nothing_left
