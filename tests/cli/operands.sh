#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What is IN, what is OUT, what outputs are called; folders with -r; --quiet.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 40 30 >x.ppm
ok "$pith" encode x.ppm
ok "$pith" decode x.pith
ok "$pith" decode x.pith x.jpg
[ "$(ls -d x.*)" = "$(printf 'x.%s\n' jpg pith png ppm)" ] || fail "made $(ls)"
cmp x.png <("$pith" decode x.pith -)
cmp x.pith <("$pith" encode - <x.ppm)
ok "$pith" encode x.ppm -o y.pith
cmp x.pith y.pith
ok "$pith" decode y.pith -o y.PPM
[ "$(head -c 2 y.PPM)" = P6 ] || fail "-o does not see the ending"
cmp x.pith <("$pith" encode x.ppm -o -)
ok "$pith" encode x.ppm noending
cmp x.pith noending
ok "$pith" encode x.ppm noending
refuses 2 "gone.jpg: cannot open" "$pith" encode gone.jpg
[ ! -e gone.pith ] || fail "a file of nothing"
refuses 2 "x.pith: is a .pith file already" "$pith" encode x.pith
refuses 2 "x.jpg: is a JPEG, not a .pith file" "$pith" decode x.jpg
refuses 4 "models: cannot write: is a folder" "$pith" encode x.ppm models
refuses 2 "models: is a folder; -r" "$pith" encode models
refuses 1 "goes with one IN" "$pith" encode x.ppm - x.jpg
refuses 1 "is the input" "$pith" encode x.ppm ./x.ppm

# Two of one name: the second keeps its extension, a third gets a number; and what is given twice is done once.
mkdir other
cp x.jpg other/x.jpg
cp x.jpg X.JPG
"$pith" encode x.jpg x.png other/x.jpg X.JPG ./x.jpg x.ppm -o out 2>said || fail "$(cat said)"
[ "$(ls out)" = "$(printf '%s\n' X-2.pith x.jpg.pith x.pith x.png.pith x.ppm.pith)" ] || fail "made $(ls out): $(cat said)"
grep -q "^pith: x.png: becomes out/x.png.pith, since x.jpg becomes out/x.pith$" said || fail "$(cat said)"
grep -q "^pith: ./x.jpg: is x.jpg again: left out$" said || fail "$(cat said)"
grep -q "^pith: encode: 5 done, 0 failed" said || fail "$(cat said)"
cmp out/x.png.pith <("$pith" encode x.png -)
cmp out/x.jpg.pith <("$pith" encode other/x.jpg -)
"$pith" encode --keep-extension x.jpg x.png other/x.jpg -o kept 2>said || fail "$(cat said)"
[ "$(ls kept)" = "$(printf '%s\n' x.jpg-2.pith x.jpg.pith x.png.pith)" ] || fail "made $(ls kept)"
"$pith" decode kept/*.pith -o back 2>said || fail "$(cat said)"
[ "$(ls back)" = "$(printf '%s\n' x.jpg-2.png x.jpg.png x.png)" ] || fail "made $(ls back)"
# Beside their INs as well, in folders of their own.
mkdir a b
cp x.jpg a/
cp x.png x.ppm b/
"$pith" encode a/x.jpg b/x.png b/x.ppm 2>said || fail "$(cat said)"
[ "$(echo a/* b/*)" = "a/x.jpg a/x.pith b/x.pith b/x.png b/x.ppm b/x.ppm.pith" ] || fail "made $(ls a b)"

# What cannot be an IN takes no name from one that can, and does not stop it.
mkdir all
cp x.jpg x.pith all/
code=0
(cd all && "$pith" decode -o ../all-out ./*) 2>said || code=$?
[ $code -eq 2 ] || fail "status $code: $(cat said)"
[ "$(ls all-out)" = x.png ] || fail "made $(ls all-out): $(cat said)"
{ grep -q "x.jpg: is a JPEG, not a .pith file" said && grep -q "1 done, 1 failed" said; } || fail "$(cat said)"
code=0
(cd all && "$pith" encode ./x.pith ./x.jpg -o ../all-out --resume) 2>said || code=$?
[ $code -eq 2 ] || fail "status $code: $(cat said)"
cmp all-out/x.pith <("$pith" encode x.jpg -)

# Folders: the same tree, no links to folders, nothing hidden, what is no picture left out, a bad picture told.
mkdir -p tree/deep/deeper tree/.hidden tree/empty
cp x.jpg tree/1.jpg
cp x.jpg tree/deep/2.jpg
cp x.png tree/deep/deeper/without-ending
cp x.jpg tree/.hidden/3.jpg
cp x.jpg tree/.4.jpg
cp x.pith tree/deep/old.pith
echo letters >tree/notes.txt
echo letters >tree/deep/bad.png
ln -s .. tree/deep/loop
ln -s ../1.jpg tree/deep/link.jpg
ln -s gone tree/deep/dangling.jpg
mkfifo tree/pipe.jpg
code=0
"$pith" encode -r tree -o coded 2>said || code=$?
[ $code -eq 2 ] || fail "status $code: $(cat said)"
[ "$(cd coded && find . -type f | sort | tr '\n' ' ')" = "./1.pith ./deep/2.pith ./deep/deeper/without-ending.pith ./deep/link.pith " ] ||
    fail "made $(find coded): $(cat said)"
[ ! -e coded/empty ] || fail "an empty folder was made"
grep -q "^pith: tree/deep/bad.png: is text, not a picture$" said || fail "$(cat said)"
grep -q "^pith: encode: 4 done, 1 failed, 0 already finished, 2 left out: no picture$" said || fail "$(cat said)"
[ "$(wc -l <said)" -eq 2 ] || fail "$(cat said)"
rm tree/deep/bad.png tree/pipe.jpg
"$pith" encode -r -v --resume tree -o coded 2>said || fail "$(cat said)"
grep -q "^pith: tree/notes.txt: is not a picture: left out$" said || fail "$(cat said)"
grep -q "0 done, 0 failed, 4 already finished" said || fail "$(cat said)"
# A folder of outputs in the folder itself is not read again; beside; and back.
(cd tree && "$pith" encode -r . -o coded && "$pith" encode -r . -o coded) 2>said || fail "$(cat said)"
[ "$(find tree/coded -type f | wc -l)" -eq 4 ] || fail "made $(find tree/coded)"
"$pith" decode -r coded -o pictures 2>said || fail "$(cat said)"
[ "$(cd pictures && find . -type f | sort | tr '\n' ' ')" = "./1.png ./deep/2.png ./deep/deeper/without-ending.png ./deep/link.png " ] ||
    fail "made $(find pictures)"
"$pith" encode -r a b -o both 2>said || fail "$(cat said)"
[ "$(ls both)" = "$(printf 'a\nb\n')" ] || fail "made $(ls both)"
rm -r tree/coded
"$pith" encode -r tree x.ppm 2>said || fail "$(cat said)"
{ [ -s tree/1.pith ] && [ -s tree/deep/deeper/without-ending.pith ]; } || fail "made $(find tree)"

# What is below /dev is not a device for that.
if shm=$(mktemp -d /dev/shm/pith-XXXXXX 2>/dev/null); then
    "$pith" encode x.ppm -o "$shm/new" 2>said || fail "$(cat said)"
    cmp x.pith "$shm/new/x.pith" || fail "/dev/shm is taken for a device"
    rm -r "$shm"
fi

# Quiet: failures and nothing else. A size that is not used up says why.
"$pith" encode --quiet x.jpg x.png -o quiet 2>said || fail "$(cat said)"
[ ! -s said ] || fail "--quiet says $(cat said)"
refuses 2 "gone.jpg: cannot open" "$pith" encode --quiet x.jpg gone.jpg -o quiet
"$pith" encode -s 5M x.ppm big.pith 2>said || fail "$(cat said)"
grep -qE "^pith: big.pith: $(wc -c <big.pith) bytes are the best there is at effort 1, of 5000000 that were allowed$" said || fail "$(cat said)"
ok "$pith" encode --quiet -s 5M x.ppm big.pith
nothing_left
