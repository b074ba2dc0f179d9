#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What `pith decode --realism` does to the figures: bench/quality.sh of the same files decoded with more and more of it.
# The patch distance should fall; everything that compares pixels gets worse.
#   bench/realism.sh [NAME=FOLDER...]
# Budgets 1200, 2500 and 5000 for 512x512, or those in BUDGETS; realism 0 to 1, or those in REALISM; OPTIONS of encode
# and decode both, such as "-m MODEL"; sets as in bench/quality.sh.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
for realism in ${REALISM:-0 0.25 0.5 0.75 1}; do
    echo "realism $realism"
    "$root/bench/quality.sh" -b "${BUDGETS:-1200 2500 5000}" -c pith -e "${OPTIONS:-}" \
        -d "${OPTIONS:-} --realism $realism" -o "$root/build/bench/realism-$realism" "$@"
done
