#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Many files in one run: the same bytes as one by one, a failure that stops
# nobody, what is finished left alone, and nothing half done when it is ended.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

mkdir in
for i in 1 2 3 4 5; do ppm $((40 + i)) 30 >"in/p$i.ppm"; done
echo "not a picture" >in/bad.ppm

# The bad one is told, the others are done; the status is the highest.
code=0
"$pith" encode in/*.ppm -o out/ --jobs 3 >said.out 2>said || code=$?
[ $code -eq 2 ] || fail "status $code: $(cat said)"
[ ! -s said.out ] || fail "wrote to standard output"
[ "$(wc -l <said)" -eq 2 ] || fail "not a line for the failure and one for the end: $(cat said)"
grep -q '^pith: in/bad.ppm: is text, not a picture' said || fail "$(cat said)"
grep -q '^pith: encode: 5 done, 1 failed, 0 already finished$' said || fail "$(cat said)"
[ "$(ls out)" = "$(printf 'p%d.pith\n' 1 2 3 4 5)" ] || fail "made $(ls out)"
nothing_left
for i in 1 2 3 4 5; do
    ok "$pith" encode "in/p$i.ppm" one.pith
    cmp one.pith "out/p$i.pith" || fail "p$i is another file in a batch"
done

# --resume: whole and newer files stay, damaged and older ones are made anew.
rm in/bad.ppm
before=$(stat -c %Y.%i out/p1.pith)
head -c 40 out/p2.pith >damaged && mv damaged out/p2.pith
touch -d '1 hour ago' out/p3.pith
rm out/p4.pith
"$pith" encode --resume -o out in/*.ppm 2>said || fail "$(cat said)"
grep -q '^pith: encode: 3 done, 0 failed, 2 already finished$' said || fail "$(cat said)"
[ "$(stat -c %Y.%i out/p1.pith)" = "$before" ] || fail "a finished file was made again"
for i in 1 2 3 4 5; do ok "$pith" info "out/p$i.pith" >/dev/null; done

# Back again, to a format of one's choice; two models do not mix.
"$pith" decode out/*.pith -o back --format ppm --jobs 2 2>said || fail "$(cat said)"
grep -q '^pith: decode: 5 done' said || fail "$(cat said)"
for i in 1 2 3 4 5; do
    ok "$pith" decode "out/p$i.pith" one.ppm
    cmp one.ppm "back/p$i.ppm" || fail "p$i is decoded to something else in a batch"
done
"$pith" decode out/*.pith -o back --resume 2>said || fail "$(cat said)"
[ -f back/p5.png ] || fail "PNG is not the default"

# Wrong usage, before any work.
mkdir other
cp in/p1.ppm other/
refuses 1 "an IN is needed" "$pith" encode -o new
refuses 1 "standard input has no name" "$pith" encode -o new -
refuses 1 "for many files" "$pith" encode --jobs 2 in/p1.ppm x.pith
refuses 1 "for many files" "$pith" decode --resume out/p1.pith x.png
for n in 0 65 1.5 x; do refuses 1 "1 to 64" "$pith" encode --jobs $n in/p1.ppm -o new; done
refuses 1 "in/p1.ppm: is not a folder" "$pith" encode in/p2.ppm in/p3.ppm -o in/p1.ppm
refuses 4 "in/p1.ppm: is a PNM" "$pith" encode in/p2.ppm -o in/p1.ppm
refuses 4 "no/such/folder: cannot make" "$pith" encode in/p2.ppm -o no/such/folder

# Where one cannot be written the others are.
mkdir -p out2/p2.pith
code=0
"$pith" encode in/*.ppm -o out2 2>said || code=$?
[ $code -eq 4 ] || fail "status $code"
grep -q 'out2/p2.pith: cannot write: is a folder' said || fail "$(cat said)"
grep -q '^pith: encode: 4 done, 1 failed' said || fail "$(cat said)"

# Ended by a signal: no temporary file of any thread is left.
ppm 1000 800 | cat >part.ppm
{ printf 'P6\n1000 4000\n255\n'; for _ in 1 2 3 4 5; do tail -c 2400000 part.ppm; done; } >in/large1.ppm
for i in 2 3; do cp in/large1.ppm in/large$i.ppm; done
"$pith" encode --jobs 3 --threads 1 --effort 0 --backend ref in/large*.ppm -o slow 2>said &
process=$!
wait_until_written $process slow 3
kill -s HUP $process
code=0
wait $process || code=$?
[ $code -eq 129 ] || fail "status $code, $(cat said)"
[ -z "$(ls -A slow)" ] || fail "left $(ls -A slow)"

# Ended between files, and taken up again: what was finished stays, the rest is made.
rm in/large2.ppm in/large3.ppm
"$pith" encode --jobs 1 --threads 1 --effort 0 --backend ref in/p*.ppm in/large1.ppm -o again 2>said &
process=$!
for _ in $(seq 400); do
    { [ -e again/p5.pith ] && [ "$(being_written $process again)" -eq 1 ]; } && break
    sleep 0.05
done
kill -s HUP $process
code=0
wait $process || code=$?
[ $code -eq 129 ] || fail "status $code, $(cat said)"
[ "$(ls -A again)" = "$(printf 'p%d.pith\n' 1 2 3 4 5)" ] || fail "left $(ls -A again)"
before=$(stat -c %Y.%i again/p1.pith)
"$pith" encode --resume --effort 0 in/p*.ppm in/large1.ppm -o again 2>said || fail "$(cat said)"
grep -q '^pith: encode: 1 done, 0 failed, 5 already finished$' said || fail "$(cat said)"
[ "$(stat -c %Y.%i again/p1.pith)" = "$before" ] || fail "a finished file was made again"
"$pith" info again/large1.pith | grep -q "picture   1000x4000" || fail "large1 is not whole"

# On a terminal, too, the name of the file at work is shown harmless.
evil=$(printf 'e\033[31mv\302\233i\342\200\256l\rname')
cp in/p1.ppm "$evil.ppm"
if command -v script >/dev/null; then
    script -qec "'$pith' encode --jobs 1 --effort 0 '$evil.ppm' in/p2.ppm -o seen" shown </dev/null >/dev/null
    grep -qF '[1 of 2] e?[31mv??i???l?name.ppm' shown || fail "a name is shown as it is: $(cat -v shown)"
else
    echo "NOT CHECKED: names on a terminal (there is no script of util-linux)"
fi
nothing_left
