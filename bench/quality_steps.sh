#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# How even are the steps of -q? Means over a folder's pictures of the bytes per
# 512x512, PSNR, MS-SSIM and SSIMULACRA2 at -q 0, 10, ... 100, and how far each
# step of ten is from the mean step in SSIMULACRA2.
#   bench/quality_steps.sh [-e "OPTION..."] [FOLDER]
# -e: more options of pith encode, for instance "--effort 0". FOLDER: default the
# photos that training never sees; Kodak is for reporting.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
options=""
while getopts e: option; do
    case $option in
        e) options=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
export PITH=${PITH:-$root/build/release/bin/pith}
jobs=${JOBS:-$(nproc)} # before the next line, which nproc obeys
export options OMP_NUM_THREADS=1
if [ $# -gt 0 ]; then
    mapfile -t pictures < <(find "$1" -maxdepth 1 -name '*.png' -o -maxdepth 1 -name '*.jpg' | sort)
else
    mapfile -t pictures < <(find "$root/../shared/photos" -maxdepth 1 -name '*.jpg' 2>/dev/null | sort | awk 'NR % 46 == 1')
fi
[ ${#pictures[@]} -gt 0 ] || no_pictures "${1:-$root/../shared/photos}" FOLDER

# steps PICTURE: a line of q, bytes per 512x512 and the measures for each q.
steps() {
    local work q pixels
    work=$(mktemp -d)
    "$PITH" compare --side-by-side "$work/in.png" "$1" # as the codec sees it: upright, sRGB
    pixels=$(pngtopnm -quiet "$work/in.png" | pamfile -size | awk '{print $1 * $2}')
    for q in 0 10 20 30 40 50 60 70 80 90 100; do
        # shellcheck disable=SC2086 # options are words
        "$PITH" encode --threads 1 $options -q $q "$1" "$work/f.pith"
        "$PITH" decode --threads 1 --format ppm "$work/f.pith" "$work/d.ppm"
        printf '%d\t%.1f\t%s\n' $q "$(awk "BEGIN {print $(stat -c %s "$work/f.pith") * 262144 / $pixels}")" \
            "$("$PITH" compare "$work/in.png" "$work/d.ppm" | awk 'NR <= 3 {print $2}' | paste -s)"
    done
    rm -rf -- "$work"
}
export -f steps
printf '%s\0' "${pictures[@]}" | xargs -0 -n 1 -P "$jobs" bash -c 'steps "$@"' steps | sort -n -s -k 1,1 |
    awk -F '\t' -v n=${#pictures[@]} '
    {b[$1] += $2; p[$1] += $3; m[$1] += $4; s[$1] += $5}
    END {
        mean = (s[100] - s[0]) / n / 10
        printf "%d pictures\n%4s %8s %7s %8s %12s %18s\n", n, "-q", "bytes", "PSNR", "MS-SSIM", "SSIMULACRA2", "step less the mean"
        for (q = 0; q <= 100; q += 10) {
            printf "%4d %8.0f %7.2f %8.4f %12.2f", q, b[q] / n, p[q] / n, m[q] / n, s[q] / n
            if (q > 0) {
                step = (s[q] - s[q - 10]) / n
                if (step <= 0) falls = 1
                printf " %+18.2f", step - mean
            }
            print ""
        }
        exit falls
    }'
