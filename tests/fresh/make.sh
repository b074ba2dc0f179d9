# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash source=tests/fresh/common.bash
# make, as the first command; then the README's commands, and make test after it.
. tests/fresh/common.bash
refuses make
type_line
make -j4
without_tests
round_trip build/release/bin/pith
build/release/bin/pith encode examples/photo.png /tmp/photo/q.pith
build/release/bin/pith info /tmp/photo/q.pith
build/release/bin/pith model list
scripts/deps test
packages | grep cmocka
