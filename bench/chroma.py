#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""How far off are colours? Of two PPM files prints the mean chroma error (the distance in Cb and Cr, in levels) of
means over blocks of 32x32, and over the blocks of 8x8 of the darkest fifth of the original.

    bench/chroma.py ORIGINAL.ppm DECODED.ppm
"""
import sys

import numpy as np

import ppm


def means(plane, side):
    height, width = plane.shape[0] // side * side, plane.shape[1] // side * side
    return plane[:height, :width].reshape(height // side, side, width // side, side).mean((1, 3))


def ycc(picture):
    r, g, b = picture[..., 0], picture[..., 1], picture[..., 2]
    y = 0.299 * r + 0.587 * g + 0.114 * b
    return y, 0.564 * (b - y), 0.713 * (r - y)


def error(a, b, side):
    return np.hypot(*(means(a[c], side) - means(b[c], side) for c in (1, 2)))


original, decoded = (ycc(ppm.load(path).astype(np.float64)) for path in sys.argv[1:3])
dark = means(original[0], 8)
dark = dark <= np.quantile(dark, 0.2)
print(f"{error(original, decoded, 32).mean():.3f}\t{error(original, decoded, 8)[dark].mean():.3f}")
