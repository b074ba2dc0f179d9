#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What goes wrong around a file while it is read or written: a pipe that ends
# early, a model that shrinks under the command, a process that is killed, two
# that write one file; and surroundings: names with spaces, a closed standard
# input, another locale, a folder that may not be written.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 60 40 >in.ppm
ok "$pith" encode in.ppm a.pith
ok "$pith" decode a.pith a.png

# A read that ends in the middle.
mkfifo pipe
for part in 20 3000; do
    head -c "$part" in.ppm >pipe &
    refuses 2 "pipe: (the PPM file ends too early|is not a)" "$pith" encode pipe out.pith
    wait
done
head -c 60 a.pith >pipe &
refuses 2 "pipe: " "$pith" decode pipe out.png
wait
{ [ ! -e out.pith ] && [ ! -e out.png ]; } || fail "a half file"

# A model that becomes shorter while it is mapped: the command waits for the
# reader of its output when it has opened the model and not yet bound it.
mkdir shrinking
cp models/mini.safetensors shrinking/
"$pith" decode -m shrinking/mini.safetensors --format ppm a.pith pipe 2>said &
process=$!
waits_for_a_reader() {
    grep -q shrinking/mini.safetensors "/proc/$process/maps" 2>/dev/null &&
        grep -q '^State:.*sleeping' "/proc/$process/status" 2>/dev/null
}
wait_for $process waits_for_a_reader || fail "ended by itself: $(cat said)"
sleep 0.2
: >shrinking/mini.safetensors
cat pipe >half.ppm
code=0
wait $process || code=$?
[ $code -eq 3 ] || fail "a model that shrank: status $code, $(cat said)"
grep -q '^pith: .*became shorter' said || fail "a model that shrank: $(cat said)"
[ "$(wc -l <said)" -eq 1 ] || fail "a model that shrank: $(cat said)"

# Killed for good while it writes: the old file stays, the new name is never half.
ppm 1000 800 | cat >part.ppm
{ printf 'P6\n1000 4000\n255\n'; for _ in 1 2 3 4 5; do tail -c 2400000 part.ppm; done; } >large.ppm
mkdir out
old_pith out/a.pith
"$pith" encode --threads 1 --backend ref large.ppm out/a.pith 2>/dev/null &
process=$!
wait_until_written $process out 1
kill -KILL $process
wait $process 2>/dev/null || true
is_old out/a.pith || fail "killed: the old file was touched"
[ "$(ls -A out)" = a.pith ] || fail "killed: left $(ls -A out)"

# Two that write one file: it is one of the two, whole.
ppm 64 64 >other.ppm
ok "$pith" encode other.ppm b.pith
for _ in 1 2 3 4 5; do
    "$pith" encode in.ppm same.pith &
    first=$!
    "$pith" encode other.ppm same.pith
    wait $first
    cmp -s same.pith a.pith || cmp -s same.pith b.pith || fail "two writers made a third file"
done
nothing_left

# Surroundings.
mkdir "a folder"
ok "$pith" encode in.ppm "a folder/it's one.pith"
ok "$pith" decode "a folder/it's one.pith" "a folder/it's one.png"
cmp a.png "a folder/it's one.png"
ok "$pith" encode in.ppm closed.pith <&-
cmp a.pith closed.pith
ok env LC_ALL=de_DE.UTF-8 LC_NUMERIC=de_DE.UTF-8 "$pith" encode -s 0.5bpp in.ppm german.pith
ok "$pith" encode -s 0.5bpp in.ppm c.pith
cmp c.pith german.pith
LC_ALL=de_DE.UTF-8 "$pith" info --json a.pith >german.json
"$pith" info --json a.pith | cmp - german.json

# A folder that may not be written, which root may: as nobody then.
if [ "$(id -u)" -eq 0 ] && command -v setpriv >/dev/null; then
    chmod 755 "$work"
    mkdir -m 755 locked
    as_nobody=(setpriv --reuid=65534 --regid=65534 --clear-groups)
    if "${as_nobody[@]}" test -x "$pith" && "${as_nobody[@]}" test -r "$work/in.ppm"; then
        refuses 4 "locked/out.pith: cannot write: Permission denied" "${as_nobody[@]}" "$pith" encode in.ppm locked/out.pith
        [ -z "$(ls -A locked)" ] || fail "left in a locked folder"
    else
        echo "NOT CHECKED: a folder that may not be written (nobody cannot reach $pith)"
    fi
fi
