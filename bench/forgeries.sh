#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What --bound normal has to catch (small forgeries, one of each kind per picture)
# and to let pass (a JPEG of quality 90), for folders of 8-bit pictures.
#   bench/forgeries.sh [FOLDER...]    default: ../shared/photos and ../shared/images/*
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
export PITH_SOURCE_DIR=$root
if [ $# -eq 0 ]; then set -- "$root"/../shared/photos "$root"/../shared/images/*/; fi
code=0
for folder in "$@"; do
    if [ -z "$(find "$folder" -maxdepth 1 \( -name '*.png' -o -name '*.jpg' \) -print -quit 2>/dev/null)" ]; then
        no_pictures "$folder" FOLDER...
    fi
    echo "$folder"
    PITH_FORGERY_PICTURES=$folder "$root/build/release/tests/test_tools_forgeries" 2>&1 |
        { grep -vE '^\[( RUN|==|  PASSED|       OK)' || true; } || code=1
done
exit $code
