#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What a million pictures cost: processor seconds a picture, core-hours a million, and the memory of a process, for
# squares of 512x512 at the upper left of photos, one process with one thread at a time.
#   bench/farms.sh PICTURE...     such as ../shared/images/kodak/*.png; needs scripts/build release, and time
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
[ $# -gt 0 ] || no_pictures "the arguments" "PICTURE..."
[ -x /usr/bin/time ] || not_here "/usr/bin/time" time
pith=$root/build/release/bin/pith
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/squares"
"$pith" encode --quiet --lossless "$@" -o "$work/whole"
"$pith" decode --quiet --region 512x512+0+0 "$work"/whole/*.pith -o "$work/squares"
n=$(find "$work/squares" -name '*.png' | wc -l)

row() { # NAME COMMAND...
    /usr/bin/time -f '%U %S %M' -o "$work/time" "${@:2}"
    awk -v n="$n" -v name="$1" '{s = ($1 + $2) / n
        printf "%-20s %7.2f s %7.0f core-hours %5.0f MB\n", name, s, s * 1e6 / 3600, $3 / 1000}' "$work/time"
}
one=(--quiet --force --jobs 1 --threads 1)
for options in "-e 0 -q 50" "-q 50" "-s 5000" "-e 2 -q 50"; do
    read -ra words <<<"$options"
    row "encode $options" "$pith" encode "${one[@]}" "${words[@]}" "$work"/squares/*.png -o "$work/coded"
done
row "decode to PPM" "$pith" decode "${one[@]}" --format ppm "$work"/coded/*.pith -o "$work/decoded"
