#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Bytes at equal quality of what the second of two rows-NAME.tsv (bench/quality.sh) has, against the first: the mean
over the qualities that both reach of the logarithm of bytes (G. Bjoentegaard, VCEG-M33, 2001), with straight lines
between the budgets' means over the pictures; MS-SSIM in decibels.

    bench/bd_rate.py BEFORE.tsv AFTER.tsv
"""
import sys

import numpy as np

import quality_rows

MEASURES = {
    "PSNR": lambda r: r.psnr_db,
    "MS-SSIM": lambda r: -10 * np.log10(1 - r.ms_ssim),
    "SSIMULACRA2": lambda r: r.ssimulacra2,
}


def points(rows, measure):
    """Qualities, rising, and logarithms of bytes a pixel."""
    groups = [[r for r in rows if r.budget == budget] for budget in {r.budget for r in rows}]
    means = [np.mean([(measure(r), np.log(r.n_bytes / r.n_pixels)) for r in group], 0) for group in groups]
    return np.array(sorted(means, key=tuple)).reshape(-1, 2).T


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    sides = [[r for r in quality_rows.load(path) if r.can] for path in sys.argv[1:]]
    for name, measure in MEASURES.items():
        (xa, ya), (xb, yb) = (points(rows, measure) for rows in sides)
        if min(len(xa), len(xb)) < 2 or max(xa[0], xb[0]) >= min(xa[-1], xb[-1]):
            print(f"{name}: no qualities that both reach")
            continue
        low, high = max(xa[0], xb[0]), min(xa[-1], xb[-1])
        at = low + (high - low) * (np.arange(1000) + 0.5) / 1000
        print(f"{name}: {100 * np.expm1(np.mean(np.interp(at, xb, yb) - np.interp(at, xa, ya))):+.1f} % of bytes")


if __name__ == "__main__":
    main()
