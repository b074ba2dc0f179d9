# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash source=tests/fresh/common.bash
# make install PREFIX=~/x by a user who is not root and cannot become it: someone
# else types the line. In a shell that does not open ~, too, and into relative folders.
. tests/fresh/common.bash
refuses as_user make install PREFIX=/home/a/x
grep -q "su -c" /tmp/line || fail "there is no sudo here"
type_line
as_user make install PREFIX=/home/a/x
without_tests
round_trip as_user /home/a/x/bin/pith
[ -s /home/a/x/share/man/man1/pith.1 ] || fail "no manual page"
as_user sh -c 'make install PREFIX="~/y z"'
round_trip as_user "/home/a/y z/bin/pith"
as_user make install PREFIX=there
round_trip as_user there/bin/pith
as_user make demo # without what root would have to install
[ -s build/demo/side-by-side.png ] || fail "no picture to look at"
if as_user make install >/tmp/said 2>&1; then fail "installed into /usr/local"; fi
grep -q "cannot write into /usr/local: PREFIX=~/x" /tmp/said || fail "it does not say where to: $(cat /tmp/said)"
# A tree that was moved is built where it is now.
mv "$PWD" /home/a/moved
cd /home/a/moved || exit
as_user make
round_trip as_user build/release/bin/pith
