#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every limit that --limit sets: what passes it is refused with one line and
# status 4 (3 of a model), what just keeps to it is done.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 60 40 >in.ppm
ok "$pith" encode --effort 0 in.ppm a.pith
n=$(wc -c <a.pith)

ppm 1000 800 | cat >part.ppm
{ printf 'P6\n1000 4000\n255\n'; for _ in 1 2 3 4 5; do tail -c 2400000 part.ppm; done; } >large.ppm
refuses 4 "60x40, the limit is 2399 pixels" "$pith" decode --limit pixels=2399 a.pith out.png
refuses 4 "at most 2399 in all are allowed" "$pith" encode --limit pixels=2399 in.ppm out.pith
refuses 4 "the limit of a side is 59" "$pith" decode --limit side=59 a.pith out.png
refuses 4 "at most 59 " "$pith" encode --limit side=59 in.ppm out.pith
refuses 4 "is longer than $((n - 1)) bytes" "$pith" decode --limit file=$((n - 1)) a.pith out.png
refuses 4 "the limit is 1 chunks" "$pith" decode --limit chunks=1 a.pith out.png
refuses 4 "a payload of [0-9]+ bytes, the limit is 20" "$pith" decode --limit chunk=20 a.pith out.png
refuses 3 "has [0-9]+ bytes, the limit of a weights file is 1000" "$pith" decode --limit model=1k a.pith out.png -m models/mini.safetensors
refuses 3 "[0-9]+ tensors, the limit is 3" "$pith" decode --limit tensors=3 a.pith out.png -m models/mini.safetensors
refuses 3 "tensor .* has [0-9]+ bytes, the limit is 100" "$pith" encode --limit tensor=100 in.ppm out.pith -m models/mini.safetensors
ok "$pith" encode --effort 0 part.ppm part.pith # in.ppm may be decoded in less
refuses 4 "took longer than the limit of 0.001 seconds" "$pith" encode --limit time=0.001 part.ppm out.pith
refuses 4 "took longer than the limit of 0.001 seconds" "$pith" decode --limit time=0.001 part.pith out.png
refuses 4 "took longer than the limit of 1 second$" "$pith" encode --limit time=1 --threads 1 --backend ref large.ppm out.pith
if command -v cjpeg >/dev/null; then # of a JPEG that is whole in memory, time is told as time and memory as memory
    cjpeg -progressive large.ppm >large.jpg
    refuses 4 "took longer than the limit of 1 second$" "$pith" encode --limit time=1 --threads 1 --backend ref large.jpg out.pith
    refuses 4 "of memory, .* are allowed, since the JPEG file takes" "$pith" encode -m "$source_dir/models/mini-5.safetensors" --memory 64M large.jpg out.pith
    # The least that --memory takes is enough for a small picture of any kind.
    ppm 512 512 >small.ppm
    cjpeg -progressive small.ppm >small.jpg
    ok "$pith" encode -m "$source_dir/models/mini-5.safetensors" --effort 0 --memory 64M small.jpg small.pith
    ok "$pith" decode -m "$source_dir/models/mini-5.safetensors" --memory 64M small.pith small.png
else
    echo "NOT CHECKED: a progressive JPEG (there is no cjpeg)"
fi
{ [ ! -e out.png ] && [ ! -e out.pith ]; } || fail "a file was made"

# What just keeps to them.
ok "$pith" encode --effort 0 --limit pixels=2400 --limit side=60 --limit time=600 --limit tensors=65536 --limit tensor=1GiB in.ppm b.pith
cmp a.pith b.pith
ok "$pith" decode --limit pixels=2400 --limit side=60 --limit file="$n" --limit chunks=2 --limit chunk=1k \
    --limit model=100M --limit time=600 a.pith out.png

# Metadata: an Exif chunk in a PNG, of more bytes than are allowed.
if command -v python3 >/dev/null; then
    python3 - <<'PYTHON'
import struct, zlib
def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
exif = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x0131, 2, 300, 26, 0) + b"a" * 299 + b"\0"
open("exif.png", "wb").write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0))
    + chunk(b"eXIf", exif) + chunk(b"IDAT", zlib.compress(bytes(9 * 8))) + chunk(b"IEND", b""))
PYTHON
    "$pith" encode exif.png exif.pith 2>said || fail "$(cat said)"
    refuses 4 "the limit is 100" "$pith" encode --limit metadata=100 exif.png out.pith
    refuses 4 "bytes of metadata, the limit is 100" "$pith" decode --limit metadata=100 exif.pith out.png
else
    echo "NOT CHECKED: metadata (there is no python3)"
fi

for wrong in pixels pixels= =5 pixels=0 pixels=-1 pixels=1x colours=5 pixel=5 pixelss=5 time=0 time=x chunk=1bpp ""; do
    refuses 1 "--limit takes NAME=N" "$pith" decode --limit "$wrong" a.pith out2.png
done
