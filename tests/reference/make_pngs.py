# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Makes PNG files of every kind, with nothing but zlib, and beside each good
one (NAME.png) the picture that a reader should see, on white, as PPM or PGM
(NAME.ppm). The broken ones are in a folder of their own, and so is one with
colour profile, Exif and XMP.
    make_pngs.py FOLDER
"""
import os
import struct
import sys
import zlib

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
CHANNELS = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
DEPTHS = {GREY: (1, 2, 4, 8, 16), RGB: (8, 16), PALETTE: (1, 2, 4, 8), GREY_ALPHA: (8, 16), RGBA: (8, 16)}
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
SIGNATURE = b"\x89PNG\r\n\x1a\n"


def chunk(name, data=b"", crc=None):
    checksum = zlib.crc32(name + data) if crc is None else crc
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", checksum)


def header(width, height, depth, kind, interlaced=0, compression=0, filtering=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, compression, filtering, interlaced))


def sample(kind, depth, x, y, c):
    """Of `depth` bits; alpha covers its whole range, both ends included."""
    top = (1 << depth) - 1
    if kind in (GREY_ALPHA, RGBA) and c == CHANNELS[kind] - 1:
        return min(top, (x * top // 20 + y * 5) if (x + y) % 7 else 0)
    return (x * 1201 + y * 733 + c * 12345 + x * y % 7 * 300) % 65536 >> (16 - depth)


def pixels(kind, depth, width, height):
    return [[[sample(kind, depth, x, y, c) for c in range(CHANNELS[kind])] for x in range(width)]
            for y in range(height)]


def pack(row, depth):
    values = [v for pixel in row for v in pixel]
    if depth == 16:
        return b"".join(struct.pack(">H", v) for v in values)
    out, bits, n_bits = bytearray(), 0, 0
    for v in values:
        bits, n_bits = bits << depth | v, n_bits + depth
        if n_bits == 8:
            out.append(bits)
            bits, n_bits = 0, 0
    if n_bits:
        out.append(bits << (8 - n_bits))
    return bytes(out)


def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return a if pa <= pb and pa <= pc else b if pb <= pc else c


def filtered(rows, n_pixel, choose):
    """Rows of bytes with the filter that `choose` gives for each."""
    out, before = bytearray(), bytes(len(rows[0])) if rows else b""
    for y, row in enumerate(rows):
        kind = choose(y)
        out.append(kind)
        for i, v in enumerate(row):
            a = row[i - n_pixel] if i >= n_pixel else 0
            b = before[i]
            c = before[i - n_pixel] if i >= n_pixel else 0
            out.append((v - (0, a, b, (a + b) // 2, paeth(a, b, c))[kind]) & 255)
        before = row
    return bytes(out)


def image_data(grid, depth, interlaced=0, choose=lambda y: y % 5):
    n_pixel = max(1, len(grid[0][0]) * depth // 8)
    if not interlaced:
        return filtered([pack(row, depth) for row in grid], n_pixel, choose)
    data = b""
    for x0, y0, dx, dy in ADAM7:
        rows = [pack(row[x0::dx], depth) for row in grid[y0::dy] if row[x0::dx]]
        if rows:
            data += filtered(rows, n_pixel, choose)
    return data


def idat(data, level=6, piece=None):
    data = zlib.compress(data, level)
    piece = piece or len(data)
    return b"".join(chunk(b"IDAT", data[i:i + piece]) for i in range(0, len(data), piece))


def palette(depth):
    return [((i * 37) % 256, (i * 91 + 50) % 256, (i * 53 + 128) % 256) for i in range(1 << depth)]


def palette_chunk(depth):
    return chunk(b"PLTE", b"".join(bytes(c) for c in palette(depth)))


def seen(grid, kind, depth, clear=None):
    """Rows of pixels as they look on white, and their maximum; `clear` is what tRNS says."""
    top = 65535 if depth == 16 else 255
    scale = 1 if depth == 16 or kind == PALETTE else 255 // ((1 << depth) - 1)
    out = []
    for row in grid:
        line = []
        for pixel in row:
            alpha = top
            if kind == PALETTE:
                colour = palette(depth)[pixel[0]]
                if clear is not None and pixel[0] < len(clear):
                    alpha = clear[pixel[0]]
            else:
                colour = [v * scale for v in pixel]
                if kind in (GREY_ALPHA, RGBA):
                    alpha = colour.pop()
                elif clear is not None and list(pixel) == list(clear):
                    alpha = 0
            line.append([(v * alpha + top * (top - alpha) + top // 2) // top for v in colour])
        out.append(line)
    return out, top


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def write_good(folder, name, png, grid, kind, depth, clear=None):
    rows, top = seen(grid, kind, depth, clear)
    n_colour = len(rows[0][0])
    data = b"P%d\n%d %d\n%d\n" % (6 if n_colour == 3 else 5, len(rows[0]), len(rows), top)
    data += b"".join(struct.pack(">H" if top > 255 else "B", v) for row in rows for pixel in row for v in pixel)
    write(os.path.join(folder, name + ".png"), png)
    write(os.path.join(folder, name + ".ppm"), data)


def make_good(folder):
    for kind, depths in DEPTHS.items():
        for depth in depths:
            for interlaced in (0, 1):
                plte = palette_chunk(depth) if kind == PALETTE else b""
                for width, height in ((32, 32),) + (((1, 1), (3, 7), (9, 2)) if interlaced else ((5, 1),)):
                    grid = pixels(kind, depth, width, height)
                    start = SIGNATURE + header(width, height, depth, kind, interlaced) + plte
                    end = idat(image_data(grid, depth, interlaced)) + chunk(b"IEND")
                    name = "basic-%d-%d-%d-%dx%d" % (kind, depth, interlaced, width, height)
                    write_good(folder, name, start + end, grid, kind, depth)
                if kind in (GREY_ALPHA, RGBA):
                    continue
                grid = pixels(kind, depth, 32, 32)
                if kind == PALETTE:
                    clear = [(i * 71) % 256 for i in range((1 << depth) // 2 + 1)]
                    trns = chunk(b"tRNS", bytes(clear))
                else:
                    clear = grid[4][5]
                    trns = chunk(b"tRNS", b"".join(struct.pack(">H", v) for v in clear))
                png = (SIGNATURE + header(32, 32, depth, kind, interlaced) + plte + trns +
                       idat(image_data(grid, depth, interlaced)) + chunk(b"IEND"))
                write_good(folder, "clear-%d-%d-%d" % (kind, depth, interlaced), png, grid, kind, depth, clear)
    grid = pixels(RGB, 8, 32, 32)
    for kind in range(5):
        png = SIGNATURE + header(32, 32, 8, RGB) + idat(image_data(grid, 8, 0, lambda y: kind)) + chunk(b"IEND")
        write_good(folder, "filter-%d" % kind, png, grid, RGB, 8)
    for level in range(10):
        png = SIGNATURE + header(32, 32, 8, RGB) + idat(image_data(grid, 8), level) + chunk(b"IEND")
        write_good(folder, "level-%d" % level, png, grid, RGB, 8)
    data = image_data(grid, 8)
    for piece in (1, 7, 1000):
        png = SIGNATURE + header(32, 32, 8, RGB) + idat(data, 6, piece) + chunk(b"IEND")
        write_good(folder, "pieces-%d" % piece, png, grid, RGB, 8)
    make_ancillary(folder, grid, data)


def make_ancillary(folder, grid, data):
    text = b"Comment\0" + b"a text " * 20
    before = {
        "gama": chunk(b"gAMA", struct.pack(">I", 45455)),
        "chrm": chunk(b"cHRM", struct.pack(">8I", 31270, 32900, 64000, 33000, 30000, 60000, 15000, 6000)),
        "srgb": chunk(b"sRGB", b"\0"),
        "sbit": chunk(b"sBIT", b"\5\6\5"),
        "bkgd": chunk(b"bKGD", struct.pack(">3H", 9, 200, 77)),
        "phys": chunk(b"pHYs", struct.pack(">IIB", 3000, 1000, 1)),
        "time": chunk(b"tIME", struct.pack(">HBBBBB", 2026, 2, 28, 23, 59, 60)),
        "text": chunk(b"tEXt", text),
        "ztxt": chunk(b"zTXt", b"Comment\0\0" + zlib.compress(text * 30)),
        "itxt": chunk(b"iTXt", b"Comment\0\0\0en\0Kommentar\0" + "grün".encode()),
        "splt": chunk(b"sPLT", b"name\0\x08" + bytes(range(60))),
        "palette": chunk(b"PLTE", bytes(range(30))) + chunk(b"hIST", bytes(20)),
        "unknown": chunk(b"piTh", b"whatever"),
        "bad-gama": chunk(b"gAMA", b"\0\0\0\0"),
        "bad-text-crc": chunk(b"tEXt", text, 1234),
    }
    for name, extra in before.items():
        png = SIGNATURE + header(32, 32, 8, RGB) + extra + idat(data) + chunk(b"IEND")
        write_good(folder, "before-" + name, png, grid, RGB, 8)
    for name in ("text", "ztxt", "itxt", "time", "unknown"):
        png = SIGNATURE + header(32, 32, 8, RGB) + idat(data) + before[name] + chunk(b"IEND")
        write_good(folder, "after-" + name, png, grid, RGB, 8)
    png = SIGNATURE + header(32, 32, 8, RGB) + idat(data) + chunk(b"IEND") + b"what follows the end"
    write_good(folder, "trailing", png, grid, RGB, 8)


def make_broken(folder):
    grid = pixels(RGB, 8, 32, 32)
    data, ihdr, end = image_data(grid, 8), header(32, 32, 8, RGB), chunk(b"IEND")
    whole = SIGNATURE + ihdr + idat(data) + end
    packed = zlib.compress(data)
    broken = {
        "signature-bit": b"\x88" + whole[1:],
        "signature-text": whole.replace(b"\r\n", b"\n", 1),
        "signature-cr": whole.replace(b"\r\n", b"\r", 1),
        "header-crc": SIGNATURE + chunk(b"IHDR", ihdr[8:21], 1) + idat(data) + end,
        "header-short": SIGNATURE + chunk(b"IHDR", ihdr[8:20]) + idat(data) + end,
        "header-twice": SIGNATURE + ihdr + ihdr + idat(data) + end,
        "header-missing": SIGNATURE + idat(data) + end,
        "width-0": SIGNATURE + header(0, 32, 8, RGB) + idat(data) + end,
        "height-0": SIGNATURE + header(32, 0, 8, RGB) + idat(data) + end,
        "width-2^31": SIGNATURE + header(1 << 31, 32, 8, RGB) + idat(data) + end,
        "size-huge": SIGNATURE + header(0x7fffffff, 0x7fffffff, 16, RGBA) + idat(data) + end,
        "compression-1": SIGNATURE + header(32, 32, 8, RGB, 0, 1) + idat(data) + end,
        "filtering-1": SIGNATURE + header(32, 32, 8, RGB, 0, 0, 1) + idat(data) + end,
        "interlace-2": SIGNATURE + header(32, 32, 8, RGB, 2) + idat(data) + end,
        "data-missing": SIGNATURE + ihdr + end,
        "data-empty": SIGNATURE + ihdr + chunk(b"IDAT") + end,
        "data-crc": SIGNATURE + ihdr + chunk(b"IDAT", packed, 99) + end,
        "data-short": SIGNATURE + ihdr + idat(data[:-40]) + end,
        "data-cut": SIGNATURE + ihdr + chunk(b"IDAT", packed[:len(packed) // 2]) + end,
        "data-not-zlib": SIGNATURE + ihdr + chunk(b"IDAT", b"\xff" + packed[1:]) + end,
        "data-damaged": SIGNATURE + ihdr + chunk(b"IDAT", packed[:60] + bytes(40) + packed[100:]) + end,
        "data-adler": SIGNATURE + ihdr + chunk(b"IDAT", packed[:-4] + b"\0\1\2\3") + end,
        "filter-5": SIGNATURE + ihdr + idat(b"\5" + data[1:]) + end,
        "end-missing": SIGNATURE + ihdr + idat(data),
        "palette-missing": SIGNATURE + header(32, 32, 8, PALETTE) + idat(data) + end,
        "palette-odd": SIGNATURE + header(32, 32, 8, PALETTE) + chunk(b"PLTE", bytes(31)) + idat(data) + end,
        "palette-long": SIGNATURE + header(32, 32, 8, PALETTE) + chunk(b"PLTE", bytes(771)) + idat(data) + end,
        "critical-unknown": SIGNATURE + ihdr + chunk(b"PiTH", b"whatever") + idat(data) + end,
        "chunk-too-long": SIGNATURE + ihdr + struct.pack(">I", 0xfffffff0) + b"IDAT" + packed,
        "chunk-name": SIGNATURE + ihdr + chunk(b"ID\0T", packed) + end,
        "signature-alone": SIGNATURE,
    }
    for kind, depth in ((GREY, 0), (GREY, 3), (GREY, 99), (RGB, 4), (PALETTE, 16), (RGBA, 1), (1, 8), (5, 8), (9, 8)):
        broken["type-%d-depth-%d" % (kind, depth)] = SIGNATURE + header(32, 32, depth, kind) + idat(data) + end
    for name, png in broken.items():
        write(os.path.join(folder, name + ".png"), png)


# ---- metadata --------------------------------------------------------------------------


def s15f16(*values):
    return b"".join(struct.pack(">i", round(v * 65536)) for v in values)


def display_p3():
    """A profile of version 2: three primaries, adapted to D50, and a curve of gamma 2.2."""
    xyz = {b"rXYZ": (0.51512, 0.24120, -0.00105), b"gXYZ": (0.29198, 0.69225, 0.04189),
           b"bXYZ": (0.15710, 0.06657, 0.78407), b"wtpt": (0.9505, 1.0, 1.0891)}
    tags = {name: b"XYZ \0\0\0\0" + s15f16(*values) for name, values in xyz.items()}
    for name in (b"rTRC", b"gTRC", b"bTRC"):
        tags[name] = b"curv\0\0\0\0" + struct.pack(">IHH", 1, round(2.2 * 256), 0)
    tags[b"desc"] = b"desc\0\0\0\0" + struct.pack(">I", 5) + b"P3 g\0" + bytes(12 + 67 + 2 + 4)
    tags[b"cprt"] = b"text\0\0\0\0none\0\0\0\0"
    table, body, at = struct.pack(">I", len(tags)), b"", 128 + 4 + 12 * len(tags)
    for name, data in tags.items():
        data += bytes(-len(data) % 4)
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    head = (bytes(8) + b"\x02\x10\0\0mntrRGB XYZ " + struct.pack(">6H", 2026, 1, 1, 0, 0, 0) + b"acsp" + bytes(28) +
            s15f16(0.9642, 1.0, 0.8249) + bytes(48))
    profile = head + table + body
    return struct.pack(">I", len(profile)) + profile[4:]


def exif(orientation):
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0) + struct.pack(">HHII", 0x0131, 2, 4, 0x50495448)
    return b"MM\0*" + struct.pack(">IH", 8, 2) + entries + bytes(4)


def make_metadata(folder):
    """A smooth picture of 64x48, lying on its side in the file, in Display P3."""
    width, height = 64, 48
    upright = [[(200 - 2 * x, 40 + 3 * y, 60 + x + y) for x in range(width)] for y in range(height)]
    # Exif's 6: the first row is the right side, the first column the top.
    turned = [[upright[y][width - 1 - x] for y in range(height)] for x in range(width)]
    xmp = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF/></x:xmpmeta>'
    extra = (chunk(b"iCCP", b"P3\0\0" + zlib.compress(display_p3())) + chunk(b"eXIf", exif(6)) +
             chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + xmp))
    png = SIGNATURE + header(height, width, 8, RGB) + extra + idat(image_data(turned, 8)) + chunk(b"IEND")
    write(os.path.join(folder, "turned.png"), png)
    extra = chunk(b"iCCP", b"P3\0\0" + zlib.compress(display_p3()))
    png = SIGNATURE + header(width, height, 8, RGB) + extra + idat(image_data(upright, 8)) + chunk(b"IEND")
    write(os.path.join(folder, "upright.png"), png)
    write(os.path.join(folder, "p3.icc"), display_p3())
    write(os.path.join(folder, "upright.exif"), exif(1))
    write(os.path.join(folder, "packet.xmp"), xmp)


def main():
    folder = sys.argv[1]
    for name, make in (("good", make_good), ("broken", make_broken), ("metadata", make_metadata)):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
        make(os.path.join(folder, name))


if __name__ == "__main__":
    main()
