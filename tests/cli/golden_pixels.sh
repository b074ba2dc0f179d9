#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Golden files come out as the pixels they always had, to the bit; those with a
# HASH say the same of themselves.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
golden=$source_dir/tests/golden

# By the reference engine, and by every instruction set that this machine has.
for engine in exact ref exact-base exact-v2 exact-v3 exact-v4; do
    "$pith" decode -m "$source_dir/tests/data/mini_tiny.safetensors" --backend $engine -o x.ppm --force "$golden/alpha-soft.pith" \
        2>said || { grep -q "no network engine" said && continue; }
    "$source_dir/scripts/golden-pixels" "${PITH_BUILD_DIR:-$source_dir/build/release}" $engine >pixels.txt ||
        fail "$engine: a golden file does not decode"
    diff "$golden/pixels.txt" pixels.txt || fail "$engine: not the pixels that the golden files always had"
done

n=0
while read -r hash name; do
    said=$("$pith" info "$golden/$name" | awk '$1 == "hash" {sub(",", "", $2); print $2}')
    [ -n "$said" ] || continue
    [ "${hash:0:16}" = "$said" ] || fail "$name: its pixels have $hash, its HASH is $said"
    n=$((n + 1))
done <"$golden/pixels.txt"
[ $n -eq 3 ] || fail "$n golden files with a HASH"
[ "$(wc -l <"$golden/pixels.txt")" -ge 39 ] || fail "only $(wc -l <"$golden/pixels.txt") golden files"
