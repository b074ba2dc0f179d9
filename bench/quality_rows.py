# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Rows of bench/quality.sh: a line a codec, picture and budget."""
import sys
from typing import NamedTuple


class Row(NamedTuple):
    codec: str
    picture: str
    budget: int  # bytes per 512x512 that were allowed
    n_pixels: float
    n_bytes: float  # NaN, as all that follows, where the codec cannot
    psnr_db: float
    ms_ssim: float
    ssimulacra2: float

    @property
    def can(self):
        return self.n_bytes == self.n_bytes


def load(path):
    def row(line):
        codec, picture, budget, n_pixels, *figures = line.rstrip("\n").split("\t")
        figures = ["nan"] * 4 if figures == ["-"] else figures
        return Row(codec, picture, int(budget), float(n_pixels), *map(float, figures))

    with open(path, encoding="utf-8") as file:
        rows = [row(line) for line in file]
    return rows or sys.exit(f"{path}: has no rows")
