#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Does a face still look like the same person? Mean cosine between the face descriptors
# (face-api's 128 numbers) of originals and of pictures decoded from at most
# 5000 bytes per 512x512; the other codecs get no more bytes than Pith's file of
# that picture has, and none is given a colour profile, which avifenc would store
# (3156 bytes). A face no longer found counts as 0. 'other faces' compares the originals with each
# other, which is what a stranger gets; its worst is the most similar pair.
# Installs face-api into build/bench. Never tune to these pictures.
#   bench/faces.sh [-b "BYTES_PER_512x512..."] [-c "pith avif jxl webp jpeg"] [FOLDER]
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
budgets=5000
codecs="pith avif"
while getopts b:c: option; do
    case $option in b) budgets=$OPTARG ;; c) codecs=$OPTARG ;; *) exit 1 ;; esac
done
shift $((OPTIND - 1))
folder=${1:-$root/../shared/images/faces}
export PITH=${PITH:-$root/build/release/bin/pith} root codecs

for tool in node npm pngtopnm; do
    command -v "$tool" >/dev/null || not_here "$tool" "nodejs, npm, netpbm"
done
ls "$folder"/*.png >/dev/null 2>&1 || no_pictures "$folder" 'FOLDER (PNG files, a face in each)'
# TensorFlow itself is in face-api, all but its WebAssembly; hence no peers.
packages="@vladmandic/face-api@1.7.15 @tensorflow/tfjs-backend-wasm@4.22.0"
modules=$root/build/bench/face-api
if [ "$(cat "$modules/installed" 2>/dev/null)" != "$packages" ]; then
    mkdir -p "$modules"
    # shellcheck disable=SC2086 # packages are words
    npm install --prefix "$modules" --save-exact --ignore-scripts --legacy-peer-deps --no-audit --no-fund \
        --fetch-retries 0 $packages >"$modules/npm.log" 2>&1 || {
        echo "bench/faces.sh: npm cannot install $packages ($modules/npm.log)" >&2
        exit 1
    }
    echo "$packages" >"$modules/installed"
fi

# code BUDGET PICTURE WORK: what all codecs make of it, as lines for faces.mjs.
code() {
    local budget=$1 work=$3 name pixels bytes codec stem picture status
    # shellcheck source=bench/codecs.sh
    . "$root/bench/codecs.sh"
    name=$(basename "$2" .png)
    stem=$work/$name-$budget
    picture=$stem.png
    plain_copies "$2" "$stem" || return 255
    pixels=$(pamfile -size "$stem.ppm" | awk '{print $1 * $2}')
    bytes=$((budget * pixels / 262144))
    if "$PITH" encode -s "$bytes" "$picture" "$stem.pith" 2>"$stem.said"; then
        bytes=$(stat -c %s "$stem.pith")
    elif ! grep -q 'cannot be made as small as' "$stem.said"; then
        cat "$stem.said" >&2 # another fault than the size
        return 255
    fi
    for codec in $codecs; do
        status=0
        if [ "$codec" = pith ]; then [ -f "$stem.pith" ]; else best_under "$codec" "$picture" "$bytes" "$stem.$codec"; fi || status=$?
        [ $status -lt 2 ] || return 255
        if [ $status = 1 ]; then # not so small
            printf '%s\t%s\t%s\t-\t%s\t-\n' "$codec" "$budget" "$name" "$stem.ppm"
            continue
        fi
        "decode_$codec" "$stem.$codec" "$stem.out" || return 255
        as_netpbm "$stem.out" >"$stem.$codec.ppm"
        printf '%s\t%s\t%s\t%d\t%s\t%s\n' "$codec" "$budget" "$name" \
            $(($(stat -c %s "$stem.$codec") * 262144 / pixels)) "$stem.ppm" "$stem.$codec.ppm"
    done
}
decode_pith() { "$PITH" decode --format ppm "$1" "$2"; }
export -f code decode_pith

table=$root/build/bench/faces.tsv
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
for budget in $budgets; do for picture in "$folder"/*.png; do printf '%s\0%s\0%s\0' "$budget" "$picture" "$work"; done; done |
    xargs -0 -n 3 -P "${JOBS:-$(nproc)}" bash -c 'code "$@"' code | sort >"$work/list"
node "$root/bench/faces.mjs" "$modules/node_modules" <"$work/list" >"$table"

echo "Cosine between face descriptors, $folder:"
printf '| codec | bytes per 512x512 | faces found | mean cosine | worst |\n|---|---|---|---|---|\n'
for codec in $codecs; do for budget in $budgets; do printf '%s\t%s\n' "$codec" "$budget"; done; done |
    awk -F '\t' -v OFS='\t' '
        NR == FNR {
            key = $1 "\t" $2; all[key]++
            if ($6 == "-") next
            n[key]++; bytes[key] += $4; sum[key] += $6; lost[key] += $5 == "lost"; whole[key] += $5 == "whole"
            if (n[key] == 1 || ($1 == "other faces" ? $6 > worst[key] : $6 < worst[key])) {worst[key] = $6; who[key] = $3}
            next
        }
        {
            if (!n[$0]) {printf "| %s | - of %s | none of %d so small | - | - |\n", $1, $2, all[$0]; next}
            also = (whole[$0] ? ", " whole[$0] " as a whole" : "") (n[$0] < all[$0] ? ", " all[$0] - n[$0] " not so small" : "")
            printf "| %s | %.0f of %s | %d of %d%s | %.3f | %.3f (%s) |\n", $1, bytes[$0] / n[$0], $2,
                n[$0] - lost[$0] - whole[$0], all[$0], also, sum[$0] / n[$0], worst[$0], who[$0]
        }
        END {key = "other faces\t-"; if (n[key]) printf "| other faces | - | %d pairs | %.3f | %.3f (%s) |\n", n[key], sum[key] / n[key], worst[key], who[key]}' "$table" -
