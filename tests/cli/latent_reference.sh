#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The slice decoder that was written from doc/latent-coder.md alone finds
# the symbols whose checksums the files carry.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second decoder with" >&2
    exit 77
fi

python3 - <<'PYTHON'
import random
random.seed(1)
def write(name, width, height, pixel):
    with open(name, "wb") as file:
        file.write(b"P6 %d %d 255\n" % (width, height))
        file.write(bytes(max(0, min(255, int(pixel(x, y, c)))) for y in range(height) for x in range(width) for c in range(3)))
write("smooth.ppm", 120, 72, lambda x, y, c: x + y + 30 * c)
write("noise.ppm", 64, 80, lambda x, y, c: random.random() * 256)
write("edges.ppm", 96, 96, lambda x, y, c: 255 * ((x // 13 + y // 9) % 2) - 20 * c)
PYTHON

for name in smooth noise edges; do
    for quality in 0 50 100; do
        ok "$pith" encode --effort 0 -q "$quality" "$name.ppm" "$name-$quality.pith" # by the network, whatever is smaller
    done
done
grainy 136 140 >grainy.ppm
for quality in 0 50 100; do ok "$pith" encode -q "$quality" grainy.ppm "grainy-$quality.pith"; done

PYTHONPATH=$source_dir/tests/reference python3 - ./*.pith <<'PYTHON' || fail "symbols differ"
import sys
import pith_reader
from latent_slice import Slice, checksum
for path in sys.argv[1:]:
    data = open(path, "rb").read()
    found = pith_reader.read_file(data)
    latent = [c for c in found["chunks"] if c["name"] == "LATN"]
    assert len(latent) == 1
    chunk = data[latent[0]["offset"]:latent[0]["offset"] + latent[0]["bytes"]]
    n, at = 0, 1
    while True:  # the length, LEB128
        n |= (chunk[at] & 127) << 7 * (at - 1)
        at += 1
        if chunk[at - 1] < 128:
            break
    payload = chunk[at:at + n]
    shape = [found["latent"][k] for k in ("channels", "height", "width")]
    symbols = Slice(payload[2:], *shape, found["prior_id"]).decode()
    assert checksum(symbols) == int.from_bytes(payload[:2], "little"), path
PYTHON

python3 "$source_dir/scripts/prior-crc" || fail "the specification has other checksums of the priors"
