#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Writes made-up pictures of every kind that the encoder tells apart into a folder; in integers alone, so that they
are the same everywhere.

  made_pictures.py FOLDER
"""
import sys

STATE = 1


def chance(n):
    """0 .. n-1, the same everywhere."""
    global STATE
    STATE = (STATE * 1664525 + 1013904223) % 2**32
    return (STATE >> 4) * n >> 28


def blobs(width, height, cell, low, high):
    """Random values on a grid of cells, and between them what a straight line gives."""
    grid = [[low + chance(high - low) for _ in range(width // cell + 2)] for _ in range(height // cell + 2)]

    def value(x, y):
        i, j, u, v = x // cell, y // cell, x % cell, y % cell
        top = grid[j][i] * (cell - u) + grid[j][i + 1] * u
        bottom = grid[j + 1][i] * (cell - u) + grid[j + 1][i + 1] * u
        return (top * (cell - v) + bottom * v) // cell**2
    return value


def photo(width, height):
    """Light, hues, leaves, a smooth sky above, and an edge."""
    light, warm = blobs(width, height, 24, 30, 220), blobs(width, height, 40, -40, 40)
    leaves = blobs(width, height, 5, -50, 50)

    def pixel(x, y):
        if y * 3 < height + x // 8:
            return [150 + y, 175 + y // 2, 215 + x // 16]
        v = light(x, y) + leaves(x, y) + chance(9) + (30 if x * 2 > width + y else 0)
        return [v + warm(x, y), v, v - warm(x, y) // 2]
    return pixel


def page(x, y):
    """Letters, or what looks like some."""
    line, inside, letter = y // 14, y % 14, x // 7
    shape = (letter * 7919 + line * 104729) % 251
    ink = 2 < inside < 12 and x % 7 < 5 and letter % 6 != 5 and (shape >> (x % 7 % 3 * 2 + inside // 4 % 4)) & 1
    return [20, 22, 30] if ink and line % 8 != 7 else [250, 248, 240]


def chart(x, y):
    """A few flat colours."""
    if y > 90 - (x // 12 * 37 % 70) and x % 12 < 9:
        return [[200, 30, 40], [30, 120, 60], [40, 60, 190]][x // 12 % 3]
    return [0, 0, 0] if x == 3 or y == 92 else [255, 255, 255]


def write(name, width, height, pixel, kind="ppm", top=255):
    """kind: pgm, ppm or pam, this one with alpha."""
    out = bytearray()
    for y in range(height):
        for x in range(width):
            for v in pixel(x, y):
                v = max(0, min(top, int(v)))
                out += bytes([v]) if top == 255 else bytes([v >> 8, v & 255])
    depth = len(pixel(0, 0))
    head = "P%d %d %d %d\n" % (5 if kind == "pgm" else 6, width, height, top)
    if kind == "pam":
        head = "P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL %d\nTUPLTYPE %s\nENDHDR\n" % (
            width, height, depth, top, "RGB_ALPHA" if depth == 4 else "GRAYSCALE_ALPHA")
    with open("%s/%s.%s" % (sys.argv[1], name, kind), "wb") as file:
        file.write(head.encode() + out)


scene = photo(182, 112)
write("photo", 168, 112, scene)
write("page", 182, 98, page)
write("sign", 182, 112, lambda x, y: page(x, y - 40) if y > 40 and page(x, y - 40)[0] < 99 else scene(x, y))
write("chart", 150, 112, chart)
small = photo(64, 48)
write("small", 61, 45, small)
write("sepia", 168, 104, lambda x, y: [30 + scene(x, y)[1] * k // 256 for k in (220, 190, 150)])
write("grey", 64, 48, lambda x, y: small(x, y)[1:2], "pgm")
write("grey16", 64, 48, lambda x, y: [small(x, y)[1] * 256 + x * 3], "pgm", 65535)
write("deep", 168, 104, lambda x, y: [v * 250 + x + y for v in scene(x, y)], "ppm", 65535)
write("soft", 60, 44, lambda x, y: small(x, y) + [((x - 30) ** 2 + (y - 20) ** 2) // 3], "pam")
write("hard", 60, 44, lambda x, y: [small(x, y)[1], 255 if (x + y) // 9 % 2 else 0], "pam")
write("one", 1, 1, lambda x, y: [200, 100, 50])
