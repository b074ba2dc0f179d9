# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash source=tests/fresh/common.bash
# make demo, as the first command.
. tests/fresh/common.bash
make demo
[ -s build/demo/side-by-side.png ] || fail "no picture to look at"
without_tests
round_trip build/release/bin/pith
