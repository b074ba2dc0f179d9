#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Output that cannot be written: one line, status 4, nothing left, and a file
# that was there before stays as it was.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

grainy 300 200 >in.ppm
ok "$pith" encode -q 90 in.ppm a.pith
ok "$pith" encode --lossless in.ppm exact.pith
mkdir folder
old_pith file

for out in nowhere/out file/out folder /proc/out ""; do
    refuses 4 "$out: cannot write: " "$pith" encode in.ppm "$out"
    refuses 4 "$out: cannot write: " "$pith" decode --format ppm a.pith "$out"
    refuses 4 "$out: cannot write: " "$pith" compare --side-by-side "$out" in.ppm
done
if [ "$(id -u)" -ne 0 ]; then
    chmod a-w folder
    refuses 4 "cannot write: Permission denied" "$pith" encode in.ppm folder/out
    chmod u+w folder file
fi
refuses 4 "cannot be made as small as 10 bytes" "$pith" encode -s 10 in.ppm file
refuses 4 "less than one byte" "$pith" encode -s 0.00001bpp in.ppm file
is_old file || fail "the file was touched"
ppm 1 17000 >long.ppm
ok "$pith" encode --effort 0 long.ppm long.pith
refuses 4 "out.webp: WebP holds at most 16383" "$pith" decode long.pith out.webp
[ ! -e out.webp ] || fail "a half file"

# An existing file is replaced by the complete one; links and devices stay.
ln -s file link
ok "$pith" encode in.ppm link
{ [ -L link ] && cmp -s file <("$pith" encode in.ppm -); } || fail "a link was replaced"
ok "$pith" encode in.ppm /dev/null
[ -c /dev/null ] || fail "/dev/null was replaced"
umask 027
ok "$pith" encode in.ppm masked.pith
[ "$(stat -c %a masked.pith)" = 640 ] || fail "the mode is $(stat -c %a masked.pith)"

# Standard output: full, closed, or a pipe whose reader went away.
for command in "encode in.ppm -" "decode a.pith -" "decode --format jpg a.pith -" "decode --format webp a.pith -" \
    "decode --format ppm a.pith -" "decode exact.pith -" "info a.pith" "info --json a.pith" "compare in.ppm in.ppm" "--help" "encode --help"; do
    for how in full closed; do
        [ $how = closed ] || [ -c /dev/full ] || continue
        code=0
        # shellcheck disable=SC2086 # words are wanted
        if [ $how = full ]; then "$pith" $command >/dev/full 2>said || code=$?; else "$pith" $command >&- 2>said || code=$?; fi
        { [ $code -eq 4 ] && [ "$(wc -l <said)" -eq 1 ]; } || fail "$how, $command: status $code, $(cat said)"
        grep -qE '^pith: -: cannot write: (No space left|Bad file)' said || fail "$how, $command: $(cat said)"
    done
done
# shellcheck disable=SC2094
code=$( ("$pith" decode --format ppm a.pith - 2>said; echo $? >code) | true; for _ in $(seq 100); do [ -s code ] && break; sleep 0.1; done; cat code)
{ [ "$code" = 4 ] && grep -q '^pith: -: cannot write: Broken pipe' said; } || fail "broken pipe: status $code, $(cat said)"

# A disk that fills up half-way.
mkdir disk
if mount -t tmpfs -o size=8k tmpfs disk 2>/dev/null; then
    trap 'umount "$work/disk"; rm -rf -- "$work"' EXIT
    for out in out.ppm out.png out.jpg; do
        refuses 4 "disk/$out: cannot write: No space left" "$pith" decode a.pith "disk/$out"
        refuses 4 "disk/$out: cannot write: No space left" "$pith" decode exact.pith "disk/$out"
        [ -z "$(ls -A disk)" ] || fail "left on the full disk: $(ls -A disk)"
    done
    ppm 1500 1500 >big.ppm
    refuses 4 "disk/out.pith: cannot write: No space left" "$pith" encode --effort 0 -q 100 big.ppm disk/out.pith
    [ -z "$(ls -A disk)" ] || fail "left on the full disk: $(ls -A disk)"
else
    echo "NOT CHECKED: a full disk (mounting a tmpfs is not allowed here)"
fi
nothing_left
