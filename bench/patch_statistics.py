#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""How natural does a set of decoded pictures look beside its originals? A Frechet distance between the statistics of
the two sets' patches, whichever patch was made from which. It asks whether detail of the right kind is there, not
whether it is in its place: blur, blocks and flat areas raise it, invented texture of the right sort does not. The
features are those of a fixed network of random filters, not of a trained one, so the figure is not the FID of the
literature; it compares codecs on one set of pictures and means nothing across sets.

The network: at each of four levels, 24 filters of 3x3 with random weights, each with zero sum, then the absolute value;
the mean of 2x2 values goes to the next level. A patch's features are the means over it of every level's channels and of
R, G and B. Random filters respond to detail of their scale and direction, those of the later levels to how detail is
arranged.

    bench/patch_statistics.py PICTURE.ppm STATISTICS
"""
import sys

import numpy as np

import ppm

LEVELS = 4
CHANNELS = 24
FEATURES = 3 + LEVELS * CHANNELS
CELL = 1 << (LEVELS - 1)  # pixels of a side; patches are made of whole cells
PATCH = 64 // CELL  # in cells; a smaller picture is one patch
STRIDE = 16 // CELL


def random_normals():
    """Marsaglia's xorshift64; the sum of twelve uniform numbers is near enough to normal."""
    state, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    while True:
        total = -6.0
        for _ in range(12):
            state ^= state << 13 & mask
            state ^= state >> 7
            state ^= state << 17 & mask
            total += (state >> 11) / (1 << 53)
        yield total


def make_filters(n_in, normals):
    """[3][3][filter][n_in]: zero sum, unit norm."""
    weights = np.fromiter(normals, float, CHANNELS * n_in * 9).reshape(CHANNELS, -1)
    weights -= weights.mean(1, keepdims=True)
    weights /= np.sqrt((weights**2).sum(1, keepdims=True))
    return weights.reshape(CHANNELS, n_in, 3, 3).transpose(2, 3, 0, 1).astype(np.float32, order="C")


def filtered(planes, weights):
    """Absolute values; beyond the edges the edge's values go on."""
    n, height, width = planes.shape
    padded = np.pad(planes, ((0, 0), (1, 1), (1, 1)), mode="edge")
    out = np.zeros((CHANNELS, height * width), np.float32)
    for y in range(3):
        for x in range(3):
            out += weights[y, x] @ padded[:, y : y + height, x : x + width].reshape(n, -1)
    return np.abs(out).reshape(CHANNELS, height, width)


def pooled(planes, side):
    """Means over squares of `side` values."""
    n, height, width = planes.shape
    return planes.reshape(n, height // side, side, width // side, side).mean((2, 4))


def features_of(picture):
    """[feature][patch]."""
    height, width = (n // CELL * CELL for n in picture.shape[:2])
    if height == 0 or width == 0:
        raise ValueError(f"a picture under {CELL} pixels a side has no patches")
    planes = picture[:height, :width].transpose(2, 0, 1).astype(np.float32) / 255
    cells, normals = [pooled(planes, CELL)], random_normals()
    for level in range(LEVELS):
        planes = filtered(planes, make_filters(len(planes), normals))
        cells.append(pooled(planes, CELL >> level))
        if level + 1 < LEVELS:
            planes = pooled(planes, 2)
    cells = np.concatenate(cells).astype(float)
    sides = [min(PATCH, n) for n in cells.shape[1:]]
    patches = np.lib.stride_tricks.sliding_window_view(cells, sides, (1, 2))[:, ::STRIDE, ::STRIDE]
    return patches.mean((3, 4)).reshape(FEATURES, -1)


def statistics_of(picture):
    """Of a picture ([height][width][RGB] bytes): how many patches, the sums of their features, the sums of products,
    one after the other. Statistics of several pictures add up."""
    features = features_of(picture)
    return np.concatenate([[features.shape[1]], features.sum(1), (features @ features.T).ravel()])


def load(path):
    statistics = np.fromfile(path)
    if len(statistics) != 1 + FEATURES + FEATURES**2:
        sys.exit(f"{path}: not the statistics of patches")
    return statistics


def root(matrix):
    """Of a covariance."""
    values, vectors = np.linalg.eigh(matrix)
    return vectors * np.sqrt(np.maximum(values, 0)) @ vectors.T


def distance(reference, other):
    """Between the statistics of two sets; not a number where one has no patch. 0 is equal."""
    if min(reference[0], other[0]) < 1:
        return np.nan

    def moments(statistics, scale):
        mean = statistics[1 : 1 + FEATURES] / statistics[0]
        products = statistics[1 + FEATURES :].reshape(FEATURES, FEATURES) / statistics[0]
        return mean / scale, (products - np.outer(mean, mean)) / np.outer(scale, scale)

    variances = np.diag(moments(reference, np.ones(FEATURES))[1])
    scale = np.maximum(np.sqrt(np.maximum(variances, 0)), 1e-6)  # in units of the reference's deviations
    (mean_a, a), (mean_b, b) = moments(reference, scale), moments(other, scale)
    half = root(a)
    product = np.sqrt(np.maximum(np.linalg.eigvalsh(half @ b @ half), 0)).sum()
    return max(((mean_a - mean_b) ** 2).sum() + np.trace(a) + np.trace(b) - 2 * product, 0.0)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    statistics_of(ppm.load(sys.argv[1])).tofile(sys.argv[2])
