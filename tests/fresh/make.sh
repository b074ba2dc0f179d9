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

# AVIF is optional: it is refused by name, and read once its library is there.
printf '\0\0\0\x18ftypavif\0\0\0\0avifmif1' >/tmp/a.avif
reads_avif() { ! (build/release/bin/pith encode /tmp/a.avif /tmp/photo/a.pith 2>&1 || true) | grep "built without libavif"; }
if reads_avif; then fail "the line to type had libavif-dev, though lists of packages were missing"; fi
make 2>&1 | grep -o "apt-get install .*" >/tmp/line
type_line
make
reads_avif

scripts/deps test
packages | grep cmocka
