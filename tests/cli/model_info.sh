#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith model info and verify: the built-in model, and files that are no models.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

"$pith" model info mini >said || fail "info mini"
grep -q "^  model  *tiny-1, kind mini$" said || fail "model: $(cat said)"
grep -q "^  latent  *4 channels, 1/8 " said || fail "latent: $(cat said)"
grep -q "^  parts  *autoencoder$" said || fail "parts: $(cat said)"
grep -qE "^  parameters  *[0-9]+, F16$" said || fail "parameters: $(cat said)"
grep -q "^  bytes  *$(wc -c <models/mini.safetensors)$" said || fail "bytes: $(cat said)"

# The fingerprints are those of the list and of a file made with the model.
latent=$("$pith" model list | sed -n 's/.*latent \([0-9a-f]*\).*/\1/p')
grep -q "^  latent id   $latent$" said || fail "latent id $latent: $(cat said)"
ppm 16 16 >in.ppm
ok "$pith" encode --effort 0 in.ppm a.pith # by the model, whatever is smaller
"$pith" info a.pith | grep -q "latent space $latent" || fail "another latent space"

"$pith" model info --json mini models/mini.safetensors >said || fail "info --json"
[ "$(grep -c "\"latent_id\": \"$latent\"" said)" -eq 2 ] || fail "json: $(cat said)"
grep -q '"precision": "F16"' said || fail "json: $(cat said)"

refuses 3 "nosuch: no such file, and no model of that name" "$pith" model info nosuch
echo "no model at all" >text.safetensors
refuses 3 "text.safetensors: " "$pith" model info text.safetensors
refuses 1 "at least one model" "$pith" model info
code=0
"$pith" model info text.safetensors mini >said 2>/dev/null || code=$?
[ $code -eq 3 ] || fail "one bad model of two: status $code"
grep -q tiny-1 said || fail "one bad model of two hides the good one"

# verify: the file's own digest; no value may be infinite.
"$pith" model verify models/mini.safetensors >said 2>err || fail "verify: $(cat err)"
[ ! -s err ] || fail "verify said: $(cat err)"
grep -q "^  sha256 *$(sha256sum <models/mini.safetensors | cut -d' ' -f1)$" said || fail "sha256: $(cat said)"
grep -q "^  latent id *$latent$" said || fail "latent id: $(cat said)"
grep -q "^  known as *none of the known checkpoints$" said || fail "known: $(cat said)"
n=$(wc -c <models/mini.safetensors)
for bits in '\x00\x7c' '\xff\xff'; do
    cp models/mini.safetensors infinite.safetensors
    # shellcheck disable=SC2059
    printf "$bits" | dd of=infinite.safetensors bs=1 seek=$((n - 2)) conv=notrunc status=none
    refuses 3 "infinite.safetensors: tensor .*: value [0-9]+ is not finite" "$pith" model verify infinite.safetensors
done
refuses 3 "text.safetensors: " "$pith" model verify text.safetensors
refuses 3 "none.safetensors: " "$pith" model verify none.safetensors
refuses 1 "at least one PATH" "$pith" model verify
refuses 1 "JSON" "$pith" model verify --json models/mini.safetensors
nothing_left
