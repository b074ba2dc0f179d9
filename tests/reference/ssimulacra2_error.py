#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The table that tests/test_ssimulacra2_error.c expects: SSIMULACRA 2's error sum and its gradient by
train/ssimulacra2.py, in double precision, for pictures that both make. Wants PyTorch.

    /usr/bin/python3 tests/reference/ssimulacra2_error.py
"""
import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "train"))
from ssimulacra2 import error_sum  # noqa: E402

SIZES = ((96, 80), (61, 45), (16, 9), (257, 231), (40, 7))  # width, height
N_SAMPLES = 4


def picture(width, height, amplitude):
    """The same as make_picture() of the test: a waving picture with squares, and noise of `amplitude` levels."""
    c, y, x = torch.meshgrid(torch.arange(3), torch.arange(height), torch.arange(width), indexing="ij")
    wave = (x * (3 + c) + y * (5 - c)) % 256
    levels = (wave - 128).abs() + (x // 16 + y // 16) % 2 * 90
    noise = (x * 7919 + y * 104729 + c * 1299709) % 65536 * 40503 % 65536
    return (levels + noise * amplitude // 65536 - amplitude // 2).double()[None] / 255


for width, height in SIZES:
    decoded = picture(width, height, 60).requires_grad_()
    error = error_sum(picture(width, height, 0), decoded)
    gradient = torch.zeros(3 * width * height, dtype=torch.double)
    if error.requires_grad:
        gradient = torch.autograd.grad(error.sum(), decoded)[0].flatten()
    index = torch.arange(len(gradient))
    length = gradient.square().sum().sqrt().item()
    projected = (gradient * (index * 7919 % 13 - 6)).sum().item()
    samples = ", ".join("%.9g" % gradient[len(gradient) * (2 * i + 1) // (2 * N_SAMPLES)] for i in range(N_SAMPLES))
    print("{%d, %d, %.10g, %.9g, %.9g, {%s}}," % (width, height, error.item(), length, projected, samples))
same = picture(257, 231, 0)
print("equal pictures: %.9g" % error_sum(same, same).item())
