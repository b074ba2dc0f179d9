#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Is small text still readable? Mean share of characters that tesseract gets
# wrong, and how many letters and digits it takes for others (bench/text_errors.py),
# over pictures with their true text beside them (NAME.png, NAME.txt), decoded from
# at most 5000 and 10000 bytes per 512x512. Differences under 0.04
# are noise. Never tune to these pictures.
#   bench/text.sh [-b "BYTES_PER_512x512..."] [-c "original pith avif webp jpeg"] [FOLDER]
set -euo pipefail
export LC_ALL=C OMP_THREAD_LIMIT=1
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
budgets="5000 10000"
codecs="original pith avif webp jpeg"
while getopts b:c: option; do
    case $option in
        b) budgets=$OPTARG ;;
        c) codecs=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
folder=${1:-$root/../shared/images/text}
export PITH=${PITH:-$root/build/release/bin/pith} root

for tool in tesseract pamscale; do
    command -v "$tool" >/dev/null || not_here "$tool" "tesseract-ocr, tesseract-ocr-eng, netpbm"
done
ls "$folder"/*.txt >/dev/null 2>&1 || no_pictures "$folder" 'FOLDER (NAME.png with what is written on it in NAME.txt)'

# measure CODEC BUDGET PICTURE: a line of codec, budget, picture, bytes, error
# rate, misread; nothing after the picture's name when the codec cannot make it so small.
measure() {
    local codec=$1 budget=$2 picture=$3 work pixels bytes
    work=$(mktemp -d)
    # shellcheck source=bench/codecs.sh
    . "$root/bench/codecs.sh"
    plain_copies "$picture" "$work/plain"
    pixels=$(pamfile -size "$work/plain.ppm" | awk '{print $1 * $2}')
    bytes=$((budget * pixels / 262144))
    case $codec in
        original) cp "$work/plain.png" "$work/coded" && cp "$work/plain.ppm" "$work/decoded" ;;
        pith)
            "$PITH" encode -s "$bytes" "$work/plain.png" "$work/coded" &&
                "$PITH" decode --format ppm "$work/coded" "$work/decoded"
            ;;
        *) best_under "$codec" "$work/plain.png" "$bytes" "$work/coded" && "decode_$codec" "$work/coded" "$work/decoded" ;;
    esac && {
        # Twice as large, as it is and as a negative (light text on dark): the better reading of each line.
        as_netpbm "$work/decoded" | pamscale -linear 2 >"$work/large" 2>/dev/null
        pnminvert "$work/large" >"$work/negative"
        tesseract "$work/large" "$work/read1" --dpi 200 2>/dev/null
        tesseract "$work/negative" "$work/read2" --dpi 200 2>/dev/null
        printf '%s\t%s\t%s\t%s\t%s\n' "$codec" "$budget" "$(basename "$picture")" "$(stat -c %s "$work/coded")" \
            "$(python3 "$root/bench/text_errors.py" "${picture%.png}.txt" "$work/read1.txt" "$work/read2.txt" |
                awk '{print $1 "\t" $4}')"
    } || printf '%s\t%s\t%s\n' "$codec" "$budget" "$(basename "$picture")"
    rm -rf -- "$work"
}
export -f measure

table=$root/build/bench/text.tsv
mkdir -p "$(dirname "$table")"
for codec in $codecs; do
    for budget in $budgets; do
        if [ "$codec" = original ] && [ "$budget" != "${budgets%% *}" ]; then continue; fi
        for text in "$folder"/*.txt; do printf '%s\0%s\0%s\0' "$codec" "$budget" "${text%.txt}.png"; done
    done
done | xargs -0 -n 3 -P "${JOBS:-$(nproc)}" bash -c 'measure "$@"' measure | sort >"$table.tmp"
mv -- "$table.tmp" "$table"

echo "Share of characters read wrong, mean over $folder:"
echo "| codec | bytes per 512x512 | can code | error rate | worst | misread |"
echo "|---|---|---|---|---|---|"
for codec in $codecs; do
    for budget in $budgets; do
        awk -F '\t' -v codec="$codec" -v budget="$budget" '
            $1 == codec && $2 == budget {all++}
            $1 == codec && $2 == budget && NF == 6 {n++; s += $5; misread += $6; if ($5 > worst) worst = $5}
            END {if (n) printf "| %s | %s | %d of %d | %.3f | %.3f | %d |\n", codec, codec == "original" ? "-" : budget, n, all, s / n, worst, misread
                 else if (all) printf "| %s | %s | 0 of %d | - | - | - |\n", codec, budget, all}' "$table"
    done
done
