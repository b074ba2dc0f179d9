#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Engines: what is coded is decoded to the same symbols under the reference
# engine as under the best there is (a preview is made of them alone), and the
# pictures of both are the same within a level.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

checkpoint --parts vae --dtype f16 -o sd.safetensors
ppm 40 24 >in.ppm
for method in latent palette; do
    ok "$pith" encode -m sd.safetensors --method $method in.ppm $method.pith
    ok "$pith" encode -m sd.safetensors --method $method --backend ref in.ppm $method-ref.pith
    for file in $method $method-ref; do
        ok "$pith" decode -m sd.safetensors --preview "$file.pith" best.ppm
        ok "$pith" decode -m sd.safetensors --preview --backend ref "$file.pith" ref.ppm
        cmp best.ppm ref.ppm
    done
    ok "$pith" decode -m sd.safetensors $method.pith best.ppm
    ok "$pith" decode -m sd.safetensors --backend ref $method.pith ref.ppm
    { cmp -l best.ppm ref.ppm || true; } | awk '{a = int($2 / 100) * 64 + int($2 / 10) % 10 * 8 + $2 % 10
        b = int($3 / 100) * 64 + int($3 / 10) % 10 * 8 + $3 % 10
        if (a - b > 1 || b - a > 1) exit 1}' || fail "$method: the engines differ by more than a level"
done
nothing_left
