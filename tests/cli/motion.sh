#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# pith motion: animation in, animation out, within the bound; files of another kind are left alone.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

# A figure of four joints that waves: FRAMES FILE.
figure() {
    awk -v n="$1" 'BEGIN {
        print "HIERARCHY\nROOT Hips\n{\n\tOFFSET 0 0 0\n\tCHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation"
        print "\tJOINT Chest\n\t{\n\t\tOFFSET 0 45.25 0\n\t\tCHANNELS 3 Zrotation Xrotation Yrotation"
        print "\t\tJOINT LeftArm\n\t\t{\n\t\t\tOFFSET 18 8 0\n\t\t\tCHANNELS 3 Zrotation Xrotation Yrotation"
        print "\t\t\tJOINT LeftHand\n\t\t\t{\n\t\t\t\tOFFSET 52 0 0\n\t\t\t\tCHANNELS 3 Zrotation Xrotation Yrotation"
        print "\t\t\t\tEnd Site\n\t\t\t\t{\n\t\t\t\t\tOFFSET 10 0 0\n\t\t\t\t}\n\t\t\t}\n\t\t}\n\t}\n}"
        printf "MOTION\nFrames: %d\nFrame Time: 0.0333333\n", n
        for (t = 0; t < n; t++) {
            printf "%.4f %.4f %.4f", 3 * t, 90 + sin(t / 5), 0
            for (c = 0; c < 12; c++) printf " %.4f", 25 * sin(t / (7 + c)) + c
            print ""
        }
    }' >"$2"
}

figure 100 walk.bvh
ok "$pith" motion encode --quiet walk.bvh
[ -s walk.pithm ] || fail "no walk.pithm"
[ $(($(wc -c <walk.pithm) * 4)) -lt "$(wc -c <walk.bvh)" ] || fail "not small"
ok "$pith" motion info walk.pithm >text
grep -q "within 0.01 cm at every sample, 3 cm from the joint" text || fail "$(cat text)"
grep -q "100 samples, 3.300 s" text || fail "$(cat text)"
"$pith" motion info --json walk.pithm | tr -d ' \n' | grep -q '"joints":4,' || fail "JSON"

# Back to BVH: the same hierarchy, and within the bound by a process of its own.
ok "$pith" motion decode walk.pithm again.bvh
sed '/^MOTION/,$d' walk.bvh | tr -s '\t ' ' ' >a
sed '/^MOTION/,$d' again.bvh | tr -s '\t ' ' ' >b
diff a b >difference || fail "another hierarchy: $(cat difference)"
for error in 0.01 0.1mm 1cm; do
    ok "$pith" motion encode --quiet --error "$error" --force walk.bvh x.pithm
    ok "$pith" motion compare --quiet --bound walk.bvh x.pithm >text
    grep -qx "over_bound 0" text || fail "$error: $(cat text)"
    ok "$pith" motion decode --force x.pithm x.bvh
    ok "$pith" motion compare --quiet --bound --error "$error" walk.bvh x.bvh >text
done
code=0
"$pith" motion compare --quiet --bound --error 0.001 walk.bvh x.bvh >text 2>said || code=$?
[ "$code" -eq 5 ] || fail "a bound that does not hold: status $code"
grep -q "over the bound" said || fail "$(cat said)"

# Joints of their own error, units, a part of the clip.
ok "$pith" motion encode --quiet --error 1cm --joint 'Left*=0.1mm' walk.bvh -o joint.pithm
ok "$pith" motion compare --quiet --bound walk.bvh joint.pithm >text
grep -qx "over_bound 0" text || fail "$(cat text)"
refuses 1 "no joint has the name Wing" "$pith" motion encode --quiet --joint 'Wing=1mm' walk.bvh -o none.pithm
ok "$pith" motion encode --unit 2.54cm --quiet walk.bvh -o inch.pithm
"$pith" motion info inch.pithm | grep -q "a unit is 2.54 cm" || fail "unit"
ok "$pith" motion decode --range 1:2 walk.pithm part.bvh
grep -qx "Frames: 31" part.bvh || fail "$(grep Frames part.bvh)"
ok "$pith" motion decode --range 1:2 walk.pithm - >part.out
cmp -s part.bvh part.out || fail "standard output is another file"
ok "$pith" motion encode --quiet - - <walk.bvh >piped.pithm
cmp -s walk.pithm piped.pithm || fail "standard input is another file"

# Many at once, and many clips in one file.
figure 70 run.bvh
mkdir out
ok "$pith" motion encode --quiet walk.bvh run.bvh -o out
cmp -s walk.pithm out/walk.pithm || fail "many differ from one"
ok "$pith" motion encode --quiet --together walk.bvh run.bvh -o pack.pithm
[ "$(wc -c <pack.pithm)" -lt $(($(wc -c <out/walk.pithm) + $(wc -c <out/run.pithm))) ] || fail "a pack is no smaller"
ok "$pith" motion decode pack.pithm
ok "$pith" motion compare --quiet --error 0.01 --bound run.bvh pack/run.bvh >text
grep -qx "over_bound 0" text || fail "$(cat text)"
sed 's/45.25/45/' walk.bvh >other.bvh
refuses 2 "another skeleton" "$pith" motion encode --quiet --together walk.bvh other.bvh -o no.pithm

# Nothing is lost: no file of another kind is replaced.
cp walk.bvh keep.bvh
refuses 4 "" "$pith" motion encode --quiet walk.bvh -o keep.bvh
refuses 1 "overwritten" "$pith" motion encode --quiet --force walk.bvh -o walk.bvh
cmp -s walk.bvh keep.bvh || fail "keep.bvh was replaced"
echo "my notes" >notes.pithm
refuses 4 "" "$pith" motion encode --quiet walk.bvh notes.pithm
grep -qx "my notes" notes.pithm || fail "notes.pithm was replaced"

# Bad input: one line, the right status, nothing half-written.
refuses 2 "cannot open" "$pith" motion encode none.bvh
refuses 2 "neither BVH nor GLB" "$pith" motion encode --quiet notes.pithm -o no.pithm
head -c 2000 walk.bvh >cut.bvh
refuses 2 "line" "$pith" motion encode --quiet cut.bvh
printf 'Kaydara FBX Binary  \0\032\0' >a.fbx
refuses 2 "FBX.*GLB" "$pith" motion encode a.fbx
head -c 200 walk.pithm >cut.pithm
refuses 2 "" "$pith" motion decode cut.pithm no.bvh
refuses 2 "not a .pithm file" "$pith" motion decode walk.bvh no.bvh
for wrong in "--error 0" "--error -1cm" "--error 1parsec" "--effort 7" "--range 3:1 " "--joint x" "--shell big"; do
    # shellcheck disable=SC2086 # two words
    refuses 1 "" "$pith" motion $wrong decode walk.pithm no.bvh
done
refuses 1 "encode.*decode" "$pith" motion
refuses 1 "which file" "$pith" motion encode
for file in no.bvh no.pithm cut.pithm.bvh; do [ ! -e "$file" ] || fail "$file was written"; done
