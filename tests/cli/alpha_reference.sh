#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The decoder of alpha that was written from doc/alpha-coder.md alone finds the
# levels whose checksums the slices carry.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second decoder with" >&2
    exit 77
fi

ok "$PITH_BUILD_DIR/tests/test_alpha_coder" write .
n_slices=0
for slice in *.alpha; do
    ok python3 "$source_dir/tests/reference/alpha_slice.py" 151 151 "$slice"
    n_slices=$((n_slices + 1))
done
[ "$n_slices" -eq 5 ] || fail "$n_slices slices"
