# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash source=tests/fresh/common.bash
# make install, as the first command; then man pith, and a program that uses the library.
. tests/fresh/common.bash
refuses make install
type_line
make install DESTDIR=/tmp/stage PREFIX=/usr
[ -x /tmp/stage/usr/bin/pith ] || fail "DESTDIR was not heeded"
make install
without_tests
round_trip pith
rm -f /etc/dpkg/dpkg.cfg.d/* && apt-get install -y -q --no-install-recommends man-db
man pith | grep "quantised latent"
man pith-encode | grep -- "--quality"
ldconfig
read -ra flags < <(pkg-config --cflags --libs pith)
cc examples/roundtrip.c -o /tmp/roundtrip "${flags[@]}"
