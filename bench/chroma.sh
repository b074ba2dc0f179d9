#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Do colours stay what they were? Mean chroma error, in levels, of 32x32 block means, and of 8x8 block means in the
# darkest fifth of each picture (bench/chroma.py), at no more than a number of bytes per 512x512. Means over the
# pictures that every codec can make so small.
#   bench/chroma.sh [-b "BYTES_PER_512x512..."] [-c "pith avif"] [FOLDER]       (default ../shared/images/kodak)
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
budgets="2500"
codecs="pith avif"
while getopts b:c: option; do
    case $option in
        b) budgets=$OPTARG ;;
        c) codecs=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
folder=${1:-$root/../shared/images/kodak}
export PITH=${PITH:-$root/build/release/bin/pith} PYTHON=${PYTHON:-/usr/bin/python3} root
if ! ls "$folder"/*.png >/dev/null 2>&1; then
    echo "bench/chroma.sh: no PNG pictures in $folder; name a folder of them" >&2
    exit 1
fi

# measure CODEC BUDGET PICTURE: a line of codec, budget, picture, bytes and the two errors.
measure() {
    local codec=$1 budget=$2 picture=$3 work pixels bytes
    work=$(mktemp -d)
    # shellcheck source=bench/codecs.sh
    . "$root/bench/codecs.sh"
    plain_copies "$picture" "$work/plain"
    pixels=$(pamfile -size "$work/plain.ppm" | awk '{print $1 * $2}')
    bytes=$((budget * pixels / 262144))
    case $codec in
        pith)
            "$PITH" encode -s "$bytes" "$work/plain.png" "$work/coded" &&
            "$PITH" decode --format ppm "$work/coded" "$work/decoded"
            ;;
        *) best_under "$codec" "$work/plain.png" "$bytes" "$work/coded" && "decode_$codec" "$work/coded" "$work/decoded" ;;
    esac && {
        as_netpbm "$work/decoded" >"$work/decoded.ppm"
        printf '%s\t%s\t%s\t%s\t%s\n' "$codec" "$budget" "$(basename "$picture")" "$(stat -c %s "$work/coded")" \
            "$("$PYTHON" "$root/bench/chroma.py" "$work/plain.ppm" "$work/decoded.ppm")"
    }
    rm -rf -- "$work"
}
export -f measure

for codec in $codecs; do
    for budget in $budgets; do
        for picture in "$folder"/*.png; do printf '%s\0%s\0%s\0' "$codec" "$budget" "$picture"; done
    done
done | xargs -0 -n 3 -P "${JOBS:-$(nproc)}" bash -c 'measure "$@"' measure | awk -F '\t' '
    { line[NR] = $0; count[$2, $3]++; codecs[$1] }
    END {
        for (c in codecs) n_codecs++
        for (i = 1; i <= NR; i++) {
            split(line[i], f, "\t")
            if (count[f[2], f[3]] < n_codecs) continue
            key = f[1] "\t" f[2]
            n[key]++; bytes[key] += f[4]; blocks[key] += f[5]; dark[key] += f[6]
        }
        print "codec\tbudget\tpictures\tbytes\tblocks of 32x32\tdarkest fifth, 8x8"
        for (key in n)
            printf "%s\t%d\t%.0f\t%.3f\t%.3f\n", key, n[key], bytes[key] / n[key], blocks[key] / n[key], dark[key] / n[key] | "sort"
    }'
