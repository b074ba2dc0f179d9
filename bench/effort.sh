#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What efforts 2 and 3 gain over effort 1: bench/quality.sh of each, and the bytes that they need at equal quality.
#   bench/effort.sh [NAME=FOLDER...]
# Budgets 2500, 5000 and 10000 for 512x512, or those in BUDGETS; sets as in bench/quality.sh. On two cores 24
# pictures of 768x512 take three quarters of an hour. PITH is the command, as there.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/build/bench/effort
rm -rf -- "$out"-[1-3]
for effort in 1 2 3; do
    "$root/bench/quality.sh" -b "${BUDGETS:-2500 5000 10000}" -c pith -e "--effort $effort" -o "$out-$effort" "$@"
done
for rows in "$out"-[23]/rows-*.tsv; do
    set=$(basename "$rows" .tsv | cut -c 6-) effort=$(dirname "$rows")
    echo "$set: effort ${effort##*-} against effort 1"
    "${PYTHON:-/usr/bin/python3}" "$root/bench/bd_rate.py" "$out-1/rows-$set.tsv" "$rows"
done
