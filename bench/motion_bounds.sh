#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every clip at three bounds: coded, and its bound checked by a process of its own. Prints a line for each that fails, and
# how many there were.
#   bench/motion_bounds.sh [FOLDER]     (default: ../shared/motion); needs scripts/build release
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
data=${1:-$root/../shared/motion}
pith=$root/build/release/bin/pith
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
n=0 failed=0
for file in "$data"/*/*/*.bvh "$data"/*/*/*.bvh.xz "$data"/*/*/*.glb; do
    [ -e "$file" ] || continue
    clip=$file unit=()
    case $file in *.xz) xz -dc "$file" >"$work/clip.bvh" && clip=$work/clip.bvh ;; esac
    case $file in *cgspeed* | *expmap*) unit=(--unit 5.644cm) ;; *.bvh*) unit=(--unit 1cm) ;; esac
    for error in 0.01 0.1 1; do
        n=$((n + 1))
        if ! "$pith" motion encode --quiet --force --effort 0 "${unit[@]}" --error "${error}cm" "$clip" "$work/out.pithm" ||
            ! "$pith" motion compare --quiet --bound "${unit[@]}" "$clip" "$work/out.pithm" >/dev/null; then
            echo "$file at $error cm"
            failed=$((failed + 1))
        fi
    done
done
echo "$n files at a bound, $failed over it"
[ "$n" -gt 0 ] && [ "$failed" -eq 0 ]
