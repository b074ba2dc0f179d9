# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash
# What the cases of scripts/check-fresh share. They run as root in a bare root,
# in the tree, with bash -eu -o pipefail and nothing on standard input.

fail() {
    echo "$*"
    exit 1
}
# as_user COMMAND...: as user a, whose tree it is from then on.
as_user() {
    chown -R a:a . /home/a
    su a -s /bin/bash -c "cd $(printf %q "$PWD") && $(printf '%q ' "$@")"
}
packages() { dpkg-query -W; }

# The command fails, installs nothing and tells one line to type, which stays in /tmp/line.
refuses() { # COMMAND...
    local before
    before=$(packages)
    if "$@" >/tmp/said 2>&1; then fail "$* did not fail"; fi
    cat /tmp/said
    [ "$before" = "$(packages)" ] || fail "$* installed something"
    grep -E "^ +(sudo |su -c ')?apt-get " /tmp/said >/tmp/line
    [ "$(wc -l </tmp/line)" -eq 1 ] || fail "$* tells no line to type, or several"
}
# What /tmp/line says, typed: apt-get asks, and is answered.
type_line() {
    cat /tmp/line
    (set +o pipefail && yes | DEBIAN_FRONTEND=noninteractive bash -eu /tmp/line)
}

# A photo there and back.
round_trip() { # COMMAND... of pith
    rm -rf /tmp/photo && mkdir -m 777 /tmp/photo
    "$@" encode -s 5000 examples/photo.png /tmp/photo/p.pith
    "$@" decode /tmp/photo/p.pith /tmp/photo/p.png
    [ "$(stat -c %s /tmp/photo/p.pith)" -le 5000 ] || fail "the file is too large"
    "$@" compare examples/photo.png /tmp/photo/p.png | awk '/^psnr_db/ {print; ok = $2 > 25} END {exit !ok}'
}
# Nothing was built or installed that only tests need.
without_tests() {
    local found
    found=$(find build/release -type f \( -name 'test_*' -o -name 'bench_*' -o -name 'fuzz_*' \))
    [ -z "$found" ] || fail "built: $found"
    if packages | grep cmocka; then fail "cmocka was installed"; fi
    without_onednn
}
# oneDNN is for those who ask for it.
without_onednn() {
    if packages | grep dnnl; then fail "oneDNN was installed"; fi
    if readelf -d build/release/bin/pith | grep -E "dnnl|gomp"; then fail "pith is linked with oneDNN"; fi
}
