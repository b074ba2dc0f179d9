#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Engines: what is coded is decoded to the same symbols under every engine (a
# preview is made of them alone). The pictures of the portable engine and the
# reference are the same to the bit, those of oneDNN within a level. Where oneDNN
# is not built in, those who ask are told that Stable Diffusion is faster with it.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
# shellcheck source=tests/cli/checkpoint.bash
. "$(dirname "$0")/checkpoint.bash"

checkpoint --parts vae --dtype f16 -o sd.safetensors
ppm 40 24 >in.ppm
engines=(exact)
"$pith" encode --backend onednn in.ppm try.pith 2>said && engines+=(onednn)
[ ${#engines[@]} -eq 2 ] || grep -q 'network engine "onednn" is not built in' said || fail "onednn: $(cat said)"

within_a_level() { # A B: PPM
    { cmp -l "$1" "$2" || true; } | awk '{a = int($2 / 100) * 64 + int($2 / 10) % 10 * 8 + $2 % 10
        b = int($3 / 100) * 64 + int($3 / 10) % 10 * 8 + $3 % 10
        if (a - b > 1 || b - a > 1) exit 1}'
}

for model in mini sd.safetensors; do
    for method in latent palette; do
        for engine in "${engines[@]}" ref; do
            ok "$pith" encode -m $model --method $method --effort 0 --backend "$engine" in.ppm "$engine.pith"
        done
        ok "$pith" encode -m $model --method $method --effort 0 in.ppm default.pith
        cmp exact.pith ref.pith || fail "$model, $method: exact and ref make different files"
        best=$([ $model = mini ] && echo exact || echo "${engines[-1]}")
        cmp default.pith "$best.pith" || fail "$model, $method: $best is not the default engine"
        for file in "${engines[@]}"; do
            ok "$pith" decode -m $model --backend ref "$file.pith" ref.ppm
            ok "$pith" decode -m $model --preview --backend ref "$file.pith" small-ref.ppm
            for engine in "${engines[@]}"; do
                ok "$pith" decode -m $model --preview --backend "$engine" "$file.pith" small.ppm
                cmp small.ppm small-ref.ppm
                ok "$pith" decode -m $model --backend "$engine" "$file.pith" "$engine.ppm"
                within_a_level "$engine.ppm" ref.ppm || fail "$model, $method: $engine differs by more than a level"
            done
            cmp exact.ppm ref.ppm || fail "$model, $method: exact and ref make different pictures"
        done
    done
done

# In tiles, on which what lies under transparent pixels depends: the same tiles for both engines, and whatever they are,
# the same picture.
{
    printf 'P7\nWIDTH 2400\nHEIGHT 1600\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n'
    { yes 'a line of text, whose a is transparent where it is an alpha' | tr a '\000' || true; } | head -c $((2400 * 1600 * 4))
} >large.pam
for engine in exact ref; do ok "$pith" encode -m mini --effort 0 --backend $engine large.pam $engine.pith; done
cmp exact.pith ref.pith || fail "in tiles exact and ref make different files"
"$pith" decode -m mini --print-hash --format pam ref.pith large-ref.pam --backend ref >hash.txt
for memory in 64M 200M 1G; do
    "$pith" decode -m mini --print-hash --format pam --memory $memory ref.pith large.pam --force | cmp - hash.txt ||
        fail "another picture within $memory"
done

nothing_left
