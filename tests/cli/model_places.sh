#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Checkpoints where other programs keep them: listed once, found by decode, and
# their fingerprints remembered.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

export HOME=$work/home
hub=$HOME/.cache/huggingface/hub
checkpoint --parts vae -o vae.safetensors
checkpoint --parts vae --format diffusers --dtype f16 -o folder
ppm 64 64 >in.ppm
ok "$pith" encode -m vae.safetensors in.ppm a.pith
ok "$pith" decode -m vae.safetensors a.pith expected.ppm
refuses 3 "a.pith: needs model" "$pith" decode a.pith no.ppm

listed() { "$pith" model list | grep '^sd1' || true; }
expect() { # COUNT PATH
    listed >said 2>err
    [ ! -s err ] || fail "list said: $(cat err)"
    [ "$(wc -l <said)" -eq "$1" ] || fail "not $1: $(cat said)"
    [ "$1" -eq 0 ] || grep -q "$2" said || fail "not $2: $(cat said)"
}
found() { # the model is found by decode, which says nothing
    rm -f out.ppm
    ok "$pith" decode a.pith out.ppm
    cmp out.ppm expected.ppm
}

# The Hugging Face cache: two revisions' links to one file, and junk.
repository=$hub/models--someone--sd-vae
mkdir -p "$repository/blobs" "$repository/snapshots/aaaa" "$repository/snapshots/bbbb" "$hub/datasets--x/snapshots/c"
cp vae.safetensors "$repository/blobs/0123"
for revision in aaaa bbbb; do
    ln -s ../../blobs/0123 "$repository/snapshots/$revision/diffusion_pytorch_model.safetensors"
done
echo junk >"$repository/snapshots/aaaa/lora.safetensors"
ln -s nowhere "$repository/snapshots/aaaa/gone.safetensors"
cp vae.safetensors "$hub/datasets--x/snapshots/c/"
expect 1 "sd1 .*latent .* bytes .*/snapshots/aaaa/diffusion_pytorch_model.safetensors"
found
"$pith" model list -v 2>&1 >/dev/null | grep -q "lora.safetensors: warning: " || fail "-v says nothing of junk"
"$pith" model list --json | grep -q '"decoder_id": null' || fail "the decoder's fingerprint is known already"
"$pith" info a.pith | grep -q "installed: .*aaaa" || fail "info does not find it"

# Elsewhere, and under HF_HOME.
mv "$hub" hub
export HF_HOME=$work
expect 1 "$work/hub/models--"
found
unset HF_HOME
expect 0 ""
for place in ComfyUI/models/vae ComfyUI/models/checkpoints/sub stable-diffusion-webui/models/VAE stable-diffusion-webui/models/Stable-diffusion; do
    mkdir -p "$HOME/$place"
    cp vae.safetensors "$HOME/$place/"
    expect 1 "$HOME/$place/vae.safetensors"
    found
    rm "$HOME/$place/vae.safetensors"
done

# A diffusers folder, in its cache and beside the models.
mkdir -p "$hub/models--a--b/snapshots" extra
mv folder "$hub/models--a--b/snapshots/cccc"
expect 1 "/snapshots/cccc "
found
mv "$hub/models--a--b/snapshots/cccc" extra/folder
PITH_MODELS=$PITH_MODELS:$work/extra expect 1 "$work/extra/folder "
PITH_MODELS=$PITH_MODELS:$work/extra found

# What is remembered: an entry for each large file; damage is no matter.
cache=$XDG_CACHE_HOME/pith/fingerprints
head -1 "$cache" | grep -q "^pith fingerprints 2$" || fail "no cache: $(ls -la "$cache")"
mkdir -p "$HOME/ComfyUI/models/vae"
mv vae.safetensors "$HOME/ComfyUI/models/vae/"
rm "$cache"
found
[ "$(wc -l <"$cache")" -eq 2 ] || fail "not one entry: $(cat "$cache")"
# An entry that says another model is believed until the file changes.
sed '2s/ [0-9a-f]* -$/ 0000000000000000 -/' "$cache" >changed
cp changed "$cache"
refuses 3 "a.pith: needs model" "$pith" decode a.pith no.ppm
touch "$HOME/ComfyUI/models/vae/vae.safetensors"
found
for damage in "" "pith fingerprints 2\nx" "pith fingerprints 3\n" "\0\0\0" "pith fingerprints 2\n1 2 3 4 zz -\n"; do
    # shellcheck disable=SC2059
    printf "$damage" >"$cache"
    found
done
head -c 40 changed >"$cache"
found
# info computes the decoder's fingerprint, and then the list shows it.
decoder=$("$pith" model info "$HOME/ComfyUI/models/vae/vae.safetensors" | sed -n 's/^  decoder id  //p')
expect 1 "decoder $decoder "
# A cache that cannot be written is none.
rm -r "$XDG_CACHE_HOME"
: >"$XDG_CACHE_HOME"
found
nothing_left
