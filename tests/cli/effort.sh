#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Efforts 2 and 3 with the built-in model: better and better pictures of a photograph in as many bytes.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
model=$source_dir/models/mini-5.safetensors

ok "$pith" encode -m "$model" -q 80 "$source_dir/examples/photo.png" whole.pith
ok "$pith" decode -m "$model" --region 192x192+320+200 whole.pith photo.png

# figures EFFORT: of photo.png in 900 bytes; sets `bytes`, `ms_ssim` and `ssimulacra2`.
figures() {
    local json
    ok "$pith" encode -m "$model" --effort "$1" -s 900 photo.png "$1.pith"
    ok "$pith" decode -m "$model" "$1.pith" "$1.png"
    bytes=$(stat -c %s "$1.pith")
    json=$("$pith" compare --json photo.png "$1.png")
    echo "effort $1: $bytes bytes, $json"
    ms_ssim=$(sed -n 's/.*"ms_ssim": *\([0-9.]*\).*/\1/p' <<<"$json")
    ssimulacra2=$(sed -n 's/.*"ssimulacra2": *\([0-9.-]*\).*/\1/p' <<<"$json")
}
figures 1
before_ms_ssim=$ms_ssim before_ssimulacra2=$ssimulacra2
for effort in 2 3; do
    figures $effort
    if [ "$bytes" -gt 900 ] || [ "$bytes" -lt $((effort == 2 ? 855 : 882)) ]; then fail "$bytes bytes of 900"; fi
    awk "BEGIN { exit !($ms_ssim > $before_ms_ssim && $ssimulacra2 > $before_ssimulacra2 + 0.5) }" ||
        fail "effort $effort: $ms_ssim, $ssimulacra2; one less: $before_ms_ssim, $before_ssimulacra2"
    before_ms_ssim=$ms_ssim before_ssimulacra2=$ssimulacra2
done

# There is no more.
refuses 1 'effort takes 0, 1, 2 or 3' "$pith" encode --effort 4 photo.png no.pith
