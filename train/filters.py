# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Separable filters over pictures, shared by the two perceptual metrics."""
from __future__ import annotations

import functools
from typing import Tuple

import torch
from torch import Tensor


def gaussian_taps(sigma: float, radius: int) -> Tensor:
    """A sampled Gaussian of 2 * radius + 1 taps whose sum is 1."""
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    taps = torch.exp(-offsets ** 2 / (2 * sigma ** 2))
    return (taps / taps.sum()).float()


@functools.lru_cache(maxsize=64)
def band_matrix(taps: Tuple[float, ...], size: int, padding: int, dtype: torch.dtype,
                device: torch.device) -> Tensor:
    """[size, size + 2 * padding - n_taps + 1]: a row times it is the row filtered by `taps`.

    Kept, since a CUDA graph (trainer.py) cannot record a copy from the host.
    """
    n_taps = len(taps)
    offsets = torch.arange(size)[:, None] - torch.arange(size + 2 * padding - n_taps + 1) + padding
    values = torch.tensor(taps)[offsets.clamp(0, n_taps - 1)]
    return torch.where((offsets >= 0) & (offsets < n_taps), values, torch.zeros(())).to(device, dtype)


def filter_planes(planes: Tensor, taps: Tensor, padding: int) -> Tensor:
    """Filter every plane of [N,C,H,W] by `taps` in both directions; beyond the edge lie `padding` zeros.

    Matrix products: on a CPU they take a third of a depthwise convolution's time up to a thousand pixels.
    """
    height, width = planes.shape[2:]
    kept = tuple(taps.tolist())
    planes = planes @ band_matrix(kept, width, padding, planes.dtype, planes.device)
    return band_matrix(kept, height, padding, planes.dtype, planes.device).t() @ planes
