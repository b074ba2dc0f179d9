#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What info and compare print: stable names, numbers with a point, valid JSON.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

grainy 200 180 >in.ppm
ok "$pith" encode -q 40 in.ppm a.pith
ok "$pith" decode a.pith a.png
n=$(wc -c <a.pith)

# info: chunks follow each other to the end of the file; no model is needed.
mv models hidden
"$pith" info -v a.pith >text
awk -v n="$n" '$1 == "chunk" {sub(",", "", $6); if ($6 != end && end) exit 1; end = $6 + $7} END {exit end != n}' text ||
    fail "chunks do not fill the file: $(cat text)"
grep -q "200x180, 3 channels" text || fail "$(cat text)"
mv hidden models
"$pith" info a.pith | grep -qE "quality   (39\.[5-9]|40\.[0-4])" || fail "the quality is not 40"
if "$pith" info a.pith | grep -qE "chunk|step|prior"; then fail "info shows how it is coded, unasked"; fi
# Where a residual mends what the latents lack, their quality is not the picture's.
ok "$pith" encode -q 90 in.ppm mended.pith
"$pith" info mended.pith >text.mended
grep -q "^  residual  [1-9]" text.mended || fail "no residual: $(cat text.mended)"
if grep -q "quality" text.mended; then fail "a quality beside a residual: $(cat text.mended)"; fi
# What is exact in fewer levels is not lossless.
{ printf 'P5\n150 140\n65535\n'; awk 'BEGIN {for (i = 0; i < 21000; i++) printf "%c%c", i % 150 / 3 + 1, i * i % 90 + 33}'; } >deep.pgm
ok "$pith" encode -q 95 deep.pgm deep.pith
"$pith" info deep.pith >text.deep
grep -qx "  quality   exact, in fewer colours or levels than the original" text.deep || fail "$(cat text.deep)"
"$pith" info --json deep.pith | tr -d ' \n' | grep -q '"method":"exact","lossless":false' || fail "$("$pith" info --json deep.pith)"
# A name cannot move a terminal's cursor, nor can one of a model.
evil=$(printf 'e\033[31mv\302\233i\342\200\256l\rname\n.pith')
cp a.pith "$evil"
"$pith" info "$evil" >text.evil
[ "$(head -n 1 text.evil)" = "e?[31mv??i???l?name?.pith" ] || fail "a name is shown as it is: $(head -n 1 text.evil)"
mkdir "$work/$(printf 'm\033c')"
cp models/mini.safetensors "$work/$(printf 'm\033c')/"
for shown in "info a.pith" "model list" "model info $(printf 'm\033c')/mini.safetensors"; do
    # shellcheck disable=SC2086 # words are wanted
    PITH_MODELS=$work/$(printf 'm\033c') "$pith" $shown >text.evil
    grep -q "m?c/mini" text.evil || fail "$shown: $(cat text.evil)"
done
"$pith" info --json a.pith a.pith >json
awk -F '[:,]' '/"bpp"/ {exit !($2 > 0)}' json || fail "no bpp"
"$pith" model list --json >models.json

# compare
"$pith" compare in.ppm a.png >text
[ "$(cut -d ' ' -f 1 text | tr '\n' ' ')" = "psnr_db ms_ssim ssimulacra2 bytes bits_per_pixel width height " ] || fail "$(cat text)"
grep -q "^bytes $(wc -c <a.png)$" text || fail "$(cat text)"
"$pith" compare in.ppm a.pith >of_pith
grep -q "^bytes $n$" of_pith || fail "$(cat of_pith)"
cmp <(head -n 3 text) <(head -n 3 of_pith) || fail "a .pith file compares otherwise than its picture"
"$pith" compare in.ppm in.ppm | grep -q "^psnr_db inf$" || fail "equal pictures"
"$pith" compare in.ppm - <a.png | head -n 3 | cmp - <(head -n 3 text) || fail "standard input"
"$pith" compare --json in.ppm in.ppm >equal.json
ppm 7 300 >narrow.ppm
"$pith" compare narrow.ppm narrow.ppm | grep -q "^ssimulacra2 nan$" || fail "a score of a picture too small for it"
LC_ALL=de_DE.UTF-8 "$pith" compare --json in.ppm a.png >compare.json

# side by side: widths add up, with gaps of 8 pixels.
ok "$pith" compare --side-by-side sheet.png in.ppm a.png a.pith
ok "$pith" encode sheet.png sheet.pith
[ "$(size_of sheet.pith)" = "616x180" ] || fail "the sheet has $(size_of sheet.pith)"
ok "$pith" compare --side-by-side one.png in.ppm
"$pith" compare one.png in.ppm | grep -q "^psnr_db inf$" || fail "a sheet of one differs"

command -v python3 >/dev/null || { echo "NOT CHECKED: the JSON (no python3)"; exit 0; }
python3 - "$n" <<'P'
import json, sys
n = int(sys.argv[1])
a, b = json.load(open("json"))
assert a == b and a["file"] == "a.pith" and (a["width"], a["height"], a["channels"]) == (200, 180, 3), a
assert a["bytes"] == n and abs(a["bpp"] - 8 * n / 36000) < 1e-6, a
assert a["chunks"][0]["name"] == "HEAD" and a["chunks"][-1]["offset"] + a["chunks"][-1]["bytes"] == n, a
assert a["model"]["installed"] and a["model"]["name"] == "tiny-1" and abs(a["quality"] - 40) < 1, a
m = json.load(open("models.json"))[0]
assert m["name"] == "tiny-1" and m["latent_id"] == a["model"]["latent_id"] and m["latent_channels"] == 4, m
e, c = json.load(open("equal.json")), json.load(open("compare.json"))
assert e["psnr_db"] is None and abs(e["ms_ssim"] - 1) < 1e-9 and abs(e["ssimulacra2"] - 100) < 1e-9, e
text = dict(line.split() for line in open("text"))
assert set(c) == set(text) and all(abs(float(text[k]) - c[k]) < 1e-5 for k in c), (c, text)
P
