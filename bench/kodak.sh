#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Real files at a byte budget, Pith beside JPEG, WebP, AVIF and JPEG XL: means
# of PSNR and MS-SSIM over the pictures that each codec can make so small.
#   bench/kodak.sh [-b BYTES_PER_512x512] [-c "pith jpeg webp avif jxl"] [FOLDER]
# FOLDER of PNG files; default: ../shared/images/kodak. A row a picture goes to
# build/bench/kodak-BYTES.tsv. Never tune to these pictures.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
budget=5000
codecs="pith jpeg webp avif jxl"
while getopts b:c: option; do
    case $option in
        b) budget=$OPTARG ;;
        c) codecs=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
folder=${1:-$root/../shared/images/kodak}
export PITH=${PITH:-$root/build/release/bin/pith} root budget

if ! ls "$folder"/*.png >/dev/null 2>&1; then
    echo "SKIPPED: no PNG files in $folder"
    exit 0
fi

# measure CODEC PICTURE: a line of codec, picture, bytes, bpp, PSNR, MS-SSIM;
# nothing after the picture's name when the codec cannot make it so small.
measure() {
    local codec=$1 picture=$2 work pixels bytes
    work=$(mktemp -d)
    # shellcheck source=bench/codecs.sh
    . "$root/bench/codecs.sh"
    pixels=$(pngtopnm -quiet "$picture" | pamfile -size | awk '{print $1 * $2}')
    bytes=$((budget * pixels / 262144))
    if [ "$codec" = pith ]; then
        "$PITH" encode -s "$bytes" "$picture" "$work/coded" && "$PITH" decode --format ppm "$work/coded" "$work/decoded"
    else
        best_under "$codec" "$picture" "$bytes" "$work/coded" && "decode_$codec" "$work/coded" "$work/decoded"
    fi && "$PITH" compare "$picture" "$work/decoded" | awk -v OFS='\t' -v codec="$codec" -v name="$(basename "$picture")" \
        -v bytes="$(stat -c %s "$work/coded")" -v pixels="$pixels" '
        $1 ~ /psnr/ {psnr = $2} $1 ~ /ms_ssim/ {ssim = $2}
        END {print codec, name, bytes, bytes * 8 / pixels, psnr, ssim}' ||
        printf '%s\t%s\n' "$codec" "$(basename "$picture")"
    rm -rf -- "$work"
}
export -f measure

table=$root/build/bench/kodak-$budget.tsv
mkdir -p "$(dirname "$table")"
for codec in $codecs; do
    for picture in "$folder"/*.png; do printf '%s\0%s\0' "$codec" "$picture"; done
done | xargs -0 -n 2 -P "${JOBS:-$(nproc)}" bash -c 'measure "$@"' measure | sort >"$table.tmp"
mv -- "$table.tmp" "$table"

echo "At most $budget bytes per 512x512 ($(awk -v b="$budget" 'BEGIN {printf "%.4f", b * 8 / 262144}') bpp), real files, $folder:"
echo "| codec | can code | bpp | PSNR | MS-SSIM |"
echo "|---|---|---|---|---|"
for codec in $codecs; do
    awk -F '\t' -v codec="$codec" '
        $1 == codec {all++} $1 == codec && NF == 6 {n++; b += $4; p += $5; s += $6}
        END {if (n) printf "| %s | %d of %d | %.4f | %.2f | %.4f |\n", codec, n, all, b / n, p / n, s / n
             else printf "| %s | 0 of %d | - | - | - |\n", codec, all}' "$table"
done
