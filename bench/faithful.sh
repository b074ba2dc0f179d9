#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Does --faithful keep its promise? Every file is encoded once, then decoded by
# separate processes: with the reference engine, with the portable one, and, where it is
# built in, with oneDNN limited to SSE4.1, to AVX2 and unlimited, with one thread and two.
# Each result is checked against the bound. Then: how much larger the files of photos are than with plain -q 50.
#   bench/faithful.sh [-l LEVEL] [-n PHOTOS] [FOLDER...]
# default: normal, all of ../shared/images/*, and 100 of ../shared/photos.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
level=normal
n_photos=100
while getopts l:n: option; do
    case $option in
        l) level=$OPTARG ;;
        n) n_photos=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
export PITH=${PITH:-$root/build/release/bin/pith} level
ways="ref::2 exact::1 exact::2"
onednn="onednn:SSE41:1 onednn:SSE41:2 onednn:AVX2:1 onednn:AVX2:2 onednn:ALL:1 onednn:ALL:2"
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
if "$PITH" encode --backend onednn "$root/examples/photo.png" "$work/try.pith" 2>&1 | grep -q "not built in"; then
    echo "oneDNN is left out: it is not built in (scripts/build onednn; PITH=build/onednn/bin/pith)"
else
    ways+=" $onednn"
fi
export ways
shared=$root/../shared
pictures=()
if [ $# -gt 0 ]; then
    mapfile -t pictures < <(find "$@" -name '*.png' -o -name '*.jpg' | sort)
else
    mapfile -t pictures < <(find "$shared"/images -name '*.png' 2>/dev/null | sort)
    mapfile -t photos < <(find "$shared"/photos/ -name '*.jpg' 2>/dev/null | sort)
    for ((i = 0; i < n_photos && i < ${#photos[@]}; i++)); do
        pictures+=("${photos[i * ${#photos[@]} / n_photos]}")
    done
fi
[ ${#pictures[@]} -gt 0 ] || no_pictures "${*:-$shared/images and $shared/photos}" '[-l LEVEL] FOLDER...'

# check PICTURE: a line of picture, bytes, bytes of plain -q 50, then for each
# way of decoding its name and the tiles over the bound.
check() {
    local picture=$1 work way backend isa threads
    work=$(mktemp -d)
    printf '%s' "$picture"
    if "$PITH" encode --faithful="$level" "$picture" "$work/f.pith" && "$PITH" encode -q 50 "$picture" "$work/q.pith"; then
        printf '\t%s\t%s' "$(stat -c %s "$work/f.pith")" "$(stat -c %s "$work/q.pith")"
        for way in $ways; do
            IFS=: read -r backend isa threads <<<"$way"
            if ONEDNN_MAX_CPU_ISA=$isa "$PITH" decode --backend "$backend" --threads "$threads" "$work/f.pith" "$work/d.png"; then
                printf '\t%s=%s' "$way" "$("$PITH" compare --bound "$level" "$picture" "$work/d.png" 2>/dev/null |
                    awk '$1 == "tiles_over" {print $2}')"
            else
                printf '\t%s=failed' "$way"
            fi
        done
    fi
    printf '\n'
    rm -rf -- "$work"
}
export -f check

table=$root/build/bench/faithful-$level.tsv
mkdir -p "$(dirname "$table")"
printf '%s\0' "${pictures[@]}" | xargs -0 -n 1 -P "${JOBS:-1}" bash -c 'check "$@"' check | sort >"$table.tmp"
mv -- "$table.tmp" "$table"

echo "--faithful=$level, ${#pictures[@]} pictures, rows in $table:"
read -ra all_ways <<<"$ways"
columns=$((3 + ${#all_ways[@]}))
awk -F '\t' -v columns=$columns '
    NF != columns {print "FAILED: " $1; bad++; next}
    {for (i = 4; i <= columns; i++) {n++; split($i, part, "="); if (part[2] != "0") {print "OVER: " $1 ", " $i; over++}}}
    END {printf "decoded %d times: %d with a tile over the bound, %d pictures failed\n", n, over, bad; exit over + bad > 0}' "$table" ||
    code=1
awk -F '\t' -v columns=$columns 'NF == columns && $1 ~ /\.jpg$|kodak|faces/ {printf "%.4f\n", $2 / $3 - 1}' "$table" | sort -n |
    awk '{v[NR] = $1} END {if (NR) printf "growth over -q 50 on %d photos: median %.1f %%, 90th %.1f %%\n", NR, 100 * v[int((NR + 1) / 2)], 100 * v[int(NR * 0.9 + 0.999)]}'
[ "${code:-0}" -eq 0 ]
