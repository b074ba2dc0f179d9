#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""PSNR and MS-SSIM of the test pictures of tests/test_compare.c, in
double precision, written from the paper (Wang, Simoncelli, Bovik 2003) apart
from src/fidelity/ms_ssim.c. Prints the numbers that the test expects."""
import numpy as np

WEIGHTS = [0.0448, 0.2856, 0.3001, 0.2363, 0.1333]
C1, C2 = 0.01**2, 0.03**2


def picture(width, height, seed):
    """The same integers as make_picture() of the test."""
    x, y, c = np.meshgrid(np.arange(width), np.arange(height), np.arange(3), indexing="xy")
    wave = (x * (3 + c) + y * (5 - c)) % 256
    squares = ((x // 16 + y // 16) % 2) * 90
    noise = ((x * 7919 + y * 104729 + c * 1299709 + seed * 15485863) % 65536) * 40503 % 65536 // 2048 * seed
    return (wave // 2 + squares + noise) % 256


def filtered(a):
    g = np.exp(-((np.arange(11) - 5.0) ** 2) / (2 * 1.5**2))
    g /= g.sum()
    h, w = a.shape[0] - 10, a.shape[1] - 10
    a = sum(g[t] * a[t : t + h] for t in range(11))
    return sum(g[t] * a[:, t : t + w] for t in range(11))


def halved(a):
    h, w = a.shape[0] // 2 * 2, a.shape[1] // 2 * 2
    return (a[0:h:2, 0:w:2] + a[1:h:2, 0:w:2] + a[0:h:2, 1:w:2] + a[1:h:2, 1:w:2]) / 4


def ms_ssim(x, y):
    result = 1.0
    for scale, weight in enumerate(WEIGHTS):
        mx, my = filtered(x), filtered(y)
        vx, vy, cov = filtered(x * x) - mx * mx, filtered(y * y) - my * my, filtered(x * y) - mx * my
        term = (2 * cov + C2) / (vx + vy + C2)
        if scale == len(WEIGHTS) - 1:
            term = term * (2 * mx * my + C1) / (mx * mx + my * my + C1)
        result *= max(term.mean(), 1e-4) ** (weight / sum(WEIGHTS))
        x, y = halved(x), halved(y)
    return result


for width, height, seed in [(256, 193, 1), (176, 176, 2), (301, 240, 0)]:
    a, b = picture(width, height, seed) / 255, picture(width, height, seed + 1) / 255
    print(width, height, seed, "psnr %.6f" % (-10 * np.log10(((a - b) ** 2).mean())), "ms_ssim %.8f" % ms_ssim(a, b))
