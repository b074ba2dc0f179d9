# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash source=tests/fresh/common.bash
# make by a user, then sudo make install; and sudo make install at once. Nothing in the tree becomes root's.
. tests/fresh/common.bash
apt-get update -q && apt-get install -y -q --no-install-recommends sudo
echo "a ALL=(ALL) NOPASSWD: ALL" >/etc/sudoers.d/a
none_of_root() {
    local found
    found=$(find . ! -user a)
    [ -z "$found" ] || fail "not the user's: $found"
}
refuses as_user make
grep -q "sudo apt-get" /tmp/line || fail "sudo is there"
type_line
as_user make
su a -c "sudo make install"
none_of_root
round_trip as_user pith
touch src/base/mem.c
su a -c make
rm -rf build
su a -c "sudo make install PREFIX=/opt/pith"
none_of_root
round_trip as_user /opt/pith/bin/pith
