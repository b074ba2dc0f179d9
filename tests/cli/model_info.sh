#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith model info: what the built-in model holds, and files that are no models.
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
ok "$pith" encode in.ppm a.pith
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
[ $code -eq 3 ] && grep -q tiny-1 said || fail "one bad model of two: status $code"
nothing_left
