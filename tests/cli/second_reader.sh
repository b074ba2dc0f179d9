#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The reader that was written from doc/format.md alone finds in files what the
# library finds, and refuses the spoiled ones that the library refuses.
set -euo pipefail

pith=$PITH_BUILD_DIR/bin/pith
reference=$PITH_SOURCE_DIR/tests/reference
model=$PITH_SOURCE_DIR/tests/data/mini_tiny.safetensors

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second reader with" >&2
    exit 77
fi

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# A colour picture of odd size, a grey one, and one of six slices.
python3 - "$folder" <<'PYTHON'
import sys
def write(name, kind, width, height, channels):
    rows = bytes((x * 7 + y * 13 + c * 50) & 255 for y in range(height) for x in range(width) for c in range(channels))
    with open(f"{sys.argv[1]}/{name}", "wb") as file:
        file.write(b"%s %d %d 255\n" % (kind, width, height) + rows)
write("odd.ppm", b"P6", 75, 51, 3)
write("grey.pgm", b"P5", 16, 9, 1)
write("wide.ppm", b"P6", 2100, 1030, 3)
PYTHON
"$pith" encode -m "$model" -e 0 --with-hash "$folder/odd.ppm" "$folder/odd.pith"
"$pith" encode -m "$model" -q 5 -e 0 "$folder/grey.pgm" "$folder/grey.pith"
"$pith" encode -m "$model" -q 0 -e 0 "$folder/wide.ppm" "$folder/wide.pith"
"$pith" encode -m "$model" --method palette "$folder/odd.ppm" "$folder/palette.pith"
"$pith" encode --lossless "$folder/grey.pgm" "$folder/exact.pith"

# The worked example of the specification.
python3 - "$PITH_SOURCE_DIR/doc/format.md" "$folder/example.pith" <<'PYTHON'
import re, sys
page = open(sys.argv[1], encoding="utf-8").read()
dump = page[page.index("The file:\n"):]
lines = re.findall(r"^    [0-9a-f]{4}  ((?:[0-9a-f]{2} )*[0-9a-f]{2})(?:  |$)", dump, re.MULTILINE)
open(sys.argv[2], "wb").write(bytes.fromhex("".join(lines)))
PYTHON

good=("$folder"/{odd,grey,wide,example,palette,exact}.pith)
"$pith" info --json "${good[@]}" >"$folder/library.json"
python3 "$reference/pith_reader.py" "${good[@]}" >"$folder/second.json"
python3 - "$folder" <<'PYTHON'
import json, sys
def load(name):
    found = json.load(open(f"{sys.argv[1]}/{name}"))
    return found if isinstance(found, list) else [found]
def compare(path, a, b):
    """Every key that both have."""
    if isinstance(a, dict):
        for key in a.keys() & b.keys():
            compare(f"{path}.{key}", a[key], b[key])
    elif isinstance(a, list):
        assert len(a) == len(b), f"{path}: {len(a)} and {len(b)}"
        for i, pair in enumerate(zip(a, b)):
            compare(f"{path}[{i}]", *pair)
    elif isinstance(a, float):
        assert abs(a - b) <= 1e-7 * abs(b), f"{path}: {a} and {b}"
    else:
        assert a == b, f"{path}: {a} and {b}"
library, second = load("library.json"), load("second.json")
assert len(library) == len(second) == 6
assert len(library[0].keys() & second[0].keys()) >= 12, "the two have hardly a key in common"
assert second[2]["latent"]["slices"] == 6 and second[1]["channels"] == 1
assert second[4]["method"] == "palette" and len(second[4]["palette"]["indices"]) == 10 * 7
assert [view["method"] for view in second] == ["latent"] * 4 + ["palette", "exact"]
compare("", library, second)
PYTHON

# Spoiled files: the same verdict, and never a signal.
for name in grey exact; do
    spoiled=$folder/spoiled-$name
    mkdir "$spoiled"
    python3 "$reference/pith_damage.py" "$folder/$name.pith" "$spoiled"
    status=0
    "$pith" info "$spoiled"/*.pith >/dev/null 2>"$folder/library.txt" || status=$?
    [ "$status" -eq 2 ] || [ "$status" -eq 4 ] # some are bad, or pass a limit
    status=0
    python3 "$reference/pith_reader.py" "$spoiled"/*.pith >/dev/null 2>"$folder/second.txt" || status=$?
    [ "$status" -eq 1 ]
    grep -o '[0-9]*\.pith' "$folder/library.txt" >"$folder/library.refused"
    grep -o '[0-9]*\.pith' "$folder/second.txt" >"$folder/second.refused"
    if ! diff "$folder/library.refused" "$folder/second.refused"; then
        echo "the readers disagree; the library says:" >&2
        cat "$folder/library.txt" >&2
        exit 1
    fi
    n_spoiled=$(find "$spoiled" -type f | wc -l)
    n_refused=$(wc -l <"$folder/second.refused")
    echo "6 good files agree; of $n_spoiled spoiled $name ones both refuse the same $n_refused"
    [ "$n_refused" -gt 100 ] && [ $((n_spoiled - n_refused)) -gt 20 ]
done
