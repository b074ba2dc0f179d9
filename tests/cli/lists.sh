#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Lists of files, parts of them for the tasks of a job array, a line of JSON for each file, and an end that is asked for.
# shellcheck disable=SC2015 # fail ends the test
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
mkdir -p in/a in/b
for name in in/a/1 in/a/2 in/b/1 "in/b/two words" in/b/$'new\nline' in/3; do ppm 20 16 >"$name.ppm"; done
names=(in/3.ppm in/a/1.ppm in/a/2.ppm in/b/1.ppm "in/b/two words.ppm")

# Lines with and without an OUT, from a file and from standard input, of DOS, with an empty one.
printf '%s\r\n' "${names[@]:0:2}" "" $'in/a/2.ppm\tnamed.pith' >list
"$pith" encode --quiet --files-from list -o out
[ "$(ls out)" = $'1.ppm.pith\n3.ppm.pith' ] && [ -s named.pith ] || fail "list: $(ls out)"
rm -r out named.pith
printf '%s\n' "${names[@]}" | "$pith" encode --quiet --files-from - --keep-tree in/ -o out
[ "$(cd out && find . -type f | sort)" = $'./3.ppm.pith\n./a/1.ppm.pith\n./a/2.ppm.pith\n./b/1.ppm.pith\n./b/two words.ppm.pith' ] ||
    fail "--keep-tree: $(find out)"
rm -r out
find in -name '*.ppm' -print0 | "$pith" encode --quiet --files-from - -0 --keep-tree in -o out
[ -s out/b/$'new\nline.ppm.pith' ] || fail "-0: $(find out)"
find out -name '*.pith' -print0 | "$pith" decode --quiet --files-from - --null --keep-tree out -o back
[ "$(find back -name '*.png' -printf x)" = xxxxxx ] || fail "decode: $(find back)"
rm -r out back

# A list that is wrong is refused before anything is done.
printf '%s\n' in/3.ppm missing.ppm ../outside.ppm $'in/a/1.ppm\tsame.pith' $'in/a/2.ppm\tsame.pith' - in/../x.ppm >list
code=0
"$pith" encode --files-from list --keep-tree in -o out --errors-to failed 2>said || code=$?
[ "$code" -eq 1 ] || fail "status $code: $(cat said)"
for what in "missing.ppm: is not below" "outside.ppm: is not below" "in/a/2.ppm: and in/a/1.ppm would become one file" \
    "no names for standard" "in/../x.ppm: is not below" "list: nothing was done"; do
    grep -qF "$what" said || fail "\"$what\" not said: $(cat said)"
done
[ ! -e out ] && [ ! -e same.pith ] && [ ! -e failed ] || fail "something was done"

# No name depends on what else is listed, or on the order: two pictures never become one file, whatever was listed when.
mkdir twins
ppm 20 16 >twins/x.ppm && ppm 24 16 >twins/x.pnm
echo twins/x.ppm >half
printf '%s\n' twins/x.pnm twins/x.ppm twins/x.pnm >whole
"$pith" encode --quiet --files-from half -o out
"$pith" encode --files-from whole -o out --resume 2>said || fail "twins: $(cat said)"
grep -q "1 done, 0 failed, 1 already finished" said && grep -q "listed again" said || fail "twins: $(cat said)"
"$pith" info out/x.ppm.pith | grep -q 20x16 && "$pith" info out/x.pnm.pith | grep -q 24x16 || fail "twins: $(ls out)"
rm -r out
printf '%s\n' in/a/1.ppm in/b/1.ppm >list
for part in 0/2 1/2; do
    code=0
    "$pith" encode --files-from list --slice $part -o out 2>said || code=$?
    [ $code -eq 1 ] && grep -q "would become one file: --keep-tree" said && [ ! -e out ] || fail "part $part: $(cat said)"
done
for i in $(seq 30); do echo -; done >list
"$pith" encode --files-from list -o out 2>said && fail "a list of nothing"
[ "$(wc -l <said)" -eq 21 ] || fail "$(wc -l <said) lines"

# What fails is told, and the others are done.
printf '%s\n' in/3.ppm missing.ppm $'gone.ppm\tx.pith' >list
code=0
"$pith" encode --quiet --files-from list -o out --errors-to failed 2>said || code=$?
[ "$code" -eq 2 ] && [ "$(cat failed)" = $'missing.ppm\ngone.ppm\tx.pith' ] || fail "status $code, --errors-to: $(cat failed)"
ppm 8 8 >missing.ppm && ppm 8 8 >gone.ppm
ok "$pith" encode --quiet --files-from failed -o out --errors-to failed # a list may be read and replaced
[ -s out/missing.ppm.pith ] && [ -s x.pith ] && [ ! -s failed ] || fail "the second time"
refuses 4 "x.pith: is a Pith picture, which --errors-to does not replace|x.pith: is .*--errors-to does not replace" \
    "$pith" encode in/3.ppm in/a/1.ppm -o out2 --errors-to x.pith
# A name with a tab needs -0, there and back.
cp in/3.ppm $'in/t\tb.ppm'
printf 'in/t\tb.ppm\0none\tat all\0' >tabs.txt
code=0
"$pith" encode --quiet --files-from tabs.txt -0 -o tabbed --errors-to failed 2>said || code=$?
[ $code -eq 2 ] && [ -s $'tabbed/t\tb.ppm.pith' ] && cmp failed <(printf 'none\tat all\0') || fail "tabs: $(cat said)"
"$pith" encode $'none\tat all' $'nor\tthis' -o tabbed --errors-to failed 2>said && fail "no such files"
grep -q "only with -0" said && [ ! -s failed ] || fail "tabs: $(cat said)"
rm $'in/t\tb.ppm'
cp models/mini.safetensors kept.safetensors
refuses 4 "kept.safetensors: is .*--errors-to does not replace" "$pith" encode in/3.ppm in/a/1.ppm -o out2 --errors-to kept.safetensors
cmp models/mini.safetensors kept.safetensors || fail "--errors-to replaced a model"
printf 'a\0b\n' >zero
refuses 2 "zero: has a zero byte" "$pith" encode --quiet --files-from zero -o out3
refuses 2 "nolist: cannot open" "$pith" encode --quiet --files-from nolist -o out3
refuses 1 "none are typed beside it" "$pith" encode --files-from list in/3.ppm -o out
refuses 1 "0 goes with --files-from" "$pith" encode -0 in/3.ppm in/a/1.ppm
refuses 1 "keep-tree goes with -o" "$pith" encode --keep-tree in in/3.ppm in/a/1.ppm
refuses 1 "an IN is needed" "$pith" encode -o out

# Parts: every file in exactly one, whatever the order of the list.
find in -name '*.ppm' ! -name '*line*' >list
sort -r list >tsil
for part in 0 1 2; do
    "$pith" encode --quiet --force --files-from list --slice $part/3 --json --keep-tree in -o out4 >part-$part
    "$pith" encode --quiet --force --files-from tsil --slice $part/3 --json --keep-tree in -o out4 >trap-$part
    diff <(grep -o '"input":"[^"]*"' part-$part | sort) <(grep -o '"input":"[^"]*"' trap-$part | sort) ||
        fail "part $part depends on the order"
done
[ "$(cat part-* | grep -o '"input":"[^"]*"' | sort -u | wc -l)" -eq 5 ] && [ "$(cat part-* | wc -l)" -eq 5 ] ||
    fail "parts: $(cat part-*)"
SLURM_ARRAY_TASK_ID=7 SLURM_ARRAY_TASK_MIN=5 SLURM_ARRAY_TASK_COUNT=3 \
    "$pith" encode --quiet --force --files-from list --slice auto --json --keep-tree in -o out4 >slurm
JOB_COMPLETION_INDEX=2 "$pith" encode --quiet --force --files-from list --slice auto/3 --json --keep-tree in -o out4 >index
for array in slurm index; do
    diff <(grep -o '"input":"[^"]*"' part-2 | sort) <(grep -o '"input":"[^"]*"' $array | sort) || fail "$array"
done
for wrong in 3/3 1 1/0 -1/3 a/3 1/3x auto auto/x "" 1/; do
    refuses 1 "slice takes" env -u SLURM_ARRAY_TASK_ID -u JOB_COMPLETION_INDEX "$pith" encode --slice "$wrong" in/3.ppm in/a/1.ppm
done
refuses 1 "slice is for many" "$pith" encode --slice 0/2 in/3.ppm x2.pith

# A line of JSON for each file.
printf '%s\n' in/3.ppm none.ppm >list
"$pith" encode --quiet --json --force --files-from list -o out5 >lines 2>said && fail "a missing file is no failure"
python3 - lines <<'END' 2>said || fail "JSON: $(cat said lines)"
import json, sys
rows = {r["input"]: r for r in map(json.loads, open(sys.argv[1]))}
good, bad = rows["in/3.ppm"], rows["none.ppm"]
assert (good["width"], good["height"], good["status"], good["output"]) == (20, 16, 0, "out5/3.ppm.pith"), good
assert good["bytes"] > 20 and good["input_bytes"] > 900 and good["seconds"] > 0 and not good["skipped"]
assert bad["status"] == 2 and "bytes" not in bad
END
"$pith" encode --quiet --json --force in/3.ppm one.pith | grep -q '"output":"one.pith"' || fail "JSON of one file"
"$pith" decode --quiet --json --force one.pith one.png | grep -q '"width":20' || fail "JSON of decode"
refuses 1 "cannot both go to standard output" "$pith" encode --quiet --json in/3.ppm -

# Asked to end, it finishes what it has begun; what is left is done by --resume.
ppm 200 200 >large.ppm
for i in $(seq 16); do cp large.ppm "many-$i.ppm"; done
printf 'many-%d.ppm\n' $(seq 16) >list
"$pith" encode --jobs 2 --files-from list -o out6 2>said &
process=$!
wait_for $process ls out6/many-2.ppm.pith >/dev/null 2>&1 || true
kill -TERM $process 2>/dev/null || true
code=0
wait $process || code=$?
n=$(find out6 -name '*.pith' | wc -l)
if [ "$n" -lt 16 ]; then
    [ "$code" -eq 143 ] || fail "status $code, $n done"
    grep -q "asked to end: $((16 - n)) not begun" said || fail "$n done: $(cat said)"
fi
for file in out6/*; do "$pith" info "$file" >/dev/null || fail "$file is not whole"; done
"$pith" encode --resume --files-from list -o out6 2>said || fail "resume: $(cat said)"
grep -q "$n already finished" said || fail "resume: $(cat said), $n were done"
[ "$(find out6 -name '*.pith' | wc -l)" -eq 16 ] || fail "resume"
nothing_left
