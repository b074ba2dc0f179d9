#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# How large lossless files are: PNG as it is, WebP (-z 9 -m 6), JPEG XL (-d 0), where their tools are installed, and
# Pith (--lossless), whose files are decoded and compared. Also the processor time that Pith took, in seconds.
#   bench/lossless.sh FILE.png... | FOLDER...     (default: drawings, text and icons of ../shared, if it is there)
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
pith=${PITH:-$root/build/release/bin/pith}
shared=$root/../shared
if [ $# -eq 0 ]; then
    if [ ! -d "$shared/images" ]; then
        echo "SKIPPED: give PNG files or folders of them; there is no $shared/images"
        exit 0
    fi
    set -- "$shared/images/graphics" "$shared/images/text" "$shared/cases"
fi
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
export XDG_DATA_HOME=$work PITH_MODELS=$work # no model is needed

files=()
for given in "$@"; do
    if [ -d "$given" ]; then files+=("$given"/*.png); else files+=("$given"); fi
done

size() { stat -c %s -- "$1"; }
# made COMMAND...: the size of what it makes in $work/out, or - where its tool is not there or fails.
made() {
    rm -f -- "$work/out"
    if command -v "$1" >/dev/null && "$@" >"$work/said" 2>&1 && [ -s "$work/out" ]; then size "$work/out"; else echo -; fi
}

echo "| picture | PNG | WebP | JPEG XL | Pith | encode, s | decode, s |"
echo "|---|---|---|---|---|---|---|"
TIMEFORMAT='%U'
for file in "${files[@]}"; do
    webp=- # has 8 bits
    [ "$(od -An -tu1 -j24 -N1 "$file")" -eq 16 ] || webp=$(made cwebp -quiet -lossless -z 9 -m 6 -exact "$file" -o "$work/out")
    jxl=$(made cjxl -d 0 -e 7 --quiet "$file" "$work/out")
    { time "$pith" encode --lossless --threads 1 "$file" "$work/a.pith" 2>"$work/said"; } 2>"$work/encode"
    { time "$pith" decode --threads 1 "$work/a.pith" "$work/a.png" 2>"$work/said"; } 2>"$work/decode"
    "$pith" compare "$file" "$work/a.png" 2>"$work/said" | grep -qx 'psnr_db inf' || {
        echo "$file is not restored exactly" >&2
        exit 1
    }
    echo "| $(basename "$file") | $(size "$file") | $webp | $jxl | $(size "$work/a.pith") | $(cat "$work/encode") | $(cat "$work/decode") |"
done | tee "$work/table"
awk -F'|' '$4 + 0 > 0 {n++; webp += $4; pith += $6; worse += $6 > $4}
    $5 + 0 > 0 {jxl += $5; of += $6}
    END {
        if (webp) printf "\nPith: %.1f %% of WebP; larger on %d of %d\n", 100 * pith / webp, worse, n
        if (jxl) printf "Pith: %.1f %% of JPEG XL\n", 100 * of / jxl
    }' "$work/table"
