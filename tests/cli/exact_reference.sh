#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The decoder of exact slices that was written from doc/exact-coder.md alone finds
# the samples whose checksums they carry.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second decoder with" >&2
    exit 77
fi

ok "$PITH_BUILD_DIR/tests/test_exact_coder" write .
n_slices=$(find . -name '*.exact' | wc -l)
[ "$n_slices" -eq 19 ] || fail "$n_slices slices"
ok python3 "$source_dir/tests/reference/exact_slice.py" ./*.exact
