#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The time and memory that Stable Diffusion takes: a checkpoint of the real size and its
# fp16 and int8 conversions are opened, and each encodes the example photo (512x512) and
# decodes it, without and with four steps of the U-Net. Seconds and peak memory of the
# command. The weights are random. Fastest with oneDNN (scripts/build onednn; PITH=build/onednn/bin/pith).
#   bench/sd_files.sh [FOLDER]    (FOLDER: where the 7 GB of files go, and stay; default: a temporary one)
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
pith=${PITH:-$root/build/release/bin/pith}
generator=$(dirname "$pith")/pith-checkpoint # 6 GB of memory
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
files=${1:-$work}
export XDG_CACHE_HOME=$work/cache

# timed COMMAND...: a cell of the table, the seconds and the peak memory of the command.
timed() {
    /usr/bin/time -f '%e %M' -o "$work/time" -- "$@" >"$work/out" 2>&1 || {
        cat -- "$work/out" >&2
        return 1
    }
    awk '{printf " %.1f s, %d MB |", $1, $2 * 1024e-6}' "$work/time"
}

[ -e "$files/raw.safetensors" ] || "$generator" --parts whole --vae-ch 128 --unet-ch 320 -o "$files/raw.safetensors"
for kind in fp16 int8; do
    [ -e "$files/$kind.safetensors" ] ||
        "$pith" model convert --to "$kind" "$files/raw.safetensors" "$files/$kind.safetensors"
done
photo=$root/examples/photo.png

echo "| file | GB | opened first | again | encode | decode | decode, 4 steps |"
echo "|---|---|---|---|---|---|---|"
for kind in raw fp16 int8; do
    file=$files/$kind.safetensors
    printf '| %s | %s |' "$kind" "$(stat -c %s "$file" | awk '{printf "%.2f", $1 / 1e9}')"
    cat -- "$file" >/dev/null # so that its pages are cached
    timed "$pith" model info "$file"
    timed "$pith" model info "$file"
    timed "$pith" encode --effort 0 --model "$file" "$photo" "$work/photo.pith"
    timed "$pith" decode --model "$file" --steps 0 "$work/photo.pith" "$work/out.ppm"
    timed "$pith" decode --model "$file" --steps 4 "$work/photo.pith" "$work/out.ppm"
    printf '\n'
done
