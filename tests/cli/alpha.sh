#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Transparency from file to file: PNG and WebP keep it, the others get it on
# white and say so; a part of a picture has its part of it.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to make pictures with" >&2
    exit 77
fi

cat >png.py <<'PYTHON'
import struct, sys, zlib

def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

WIDTH, HEIGHT = 160, 140  # and noise: what is small or drawn is stored exactly

def noise(x, y):
    return (x * 7919 + y * 104729 + x * y * 31) * 2654435761 % 2**32 >> 26

def opacity(x, y):
    return 255 if x > 20 and y > 10 else 0 if x < 10 else 128

def write(path):
    rows = b"".join(b"\0" + bytes(v for x in range(WIDTH) for v in (160 + noise(x, y), x, y + noise(y, x), opacity(x, y)))
                    for y in range(HEIGHT))
    head = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 6, 0, 0, 0)
    with open(path, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

def read(path):  # 8-bit RGBA without interlacing
    data = open(path, "rb").read()
    at, coded = 8, b""
    while at < len(data):
        n, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + n]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", body[:10])
        coded += body if kind == b"IDAT" else b""
        at += 12 + n
    assert (depth, colour) == (8, 6), (depth, colour)
    raw, stride, above, rows = zlib.decompress(coded), 4 * width, bytes(4 * width), []
    for y in range(height):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            a, b, c = line[i - 4] if i >= 4 else 0, above[i], above[i - 4] if i >= 4 else 0
            p = min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]
            line[i] = (line[i] + (0, a, b, (a + b) // 2, p)[kind]) & 255
        above = bytes(line)
        rows.append(above)
    return width, height, rows

if sys.argv[1] == "write":
    write(sys.argv[2])
else:
    x0, y0, width, height = map(int, sys.argv[3:])
    w, h, rows = read(sys.argv[2])
    assert (w, h) == (width, height), (w, h)
    for y in range(h):
        for x in range(w):
            assert rows[y][4 * x + 3] == opacity(x0 + x, y0 + y), (x, y, rows[y][4 * x + 3])
PYTHON

python3 png.py write in.png
ok "$pith" encode in.png a.pith
"$pith" info a.pith | grep -q "4 channels" || fail "info shows no alpha"
"$pith" info -v a.pith | grep -q "ALPH" || fail "info shows no chunk of alpha"
ok "$pith" decode a.pith out.png
python3 png.py check out.png 0 0 160 140 || fail "alpha of the PNG"
ok "$pith" decode --region 25x17+8+5 a.pith part.png
python3 png.py check part.png 8 5 25 17 || fail "alpha of a part"
ok "$pith" encode --lossless part.png part.pith
ok "$pith" decode part.pith again.png
python3 png.py check again.png 8 5 25 17 || fail "alpha of a lossless file"

ok "$pith" decode -q 100 a.pith out.webp
ok "$pith" encode out.webp again.pith
ok "$pith" decode again.pith again.png
python3 png.py check again.png 0 0 160 140 || fail "alpha of the WebP"

for out in out.jpg out.ppm; do
    "$pith" decode a.pith $out 2>warning || fail "decode to $out"
    grep -q "$out: .*put on white" warning || fail "no warning of lost alpha: $(cat warning)"
done
head -c 18 out.ppm | tail -c 3 | cmp - <(printf '\377\377\377') || fail "what is transparent is not white"
"$pith" compare in.png a.pith >/dev/null || fail "compare"
