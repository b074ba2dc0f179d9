# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Separable filters over pictures, shared by the two perceptual metrics."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor


def gaussian_taps(sigma: float, radius: int) -> Tensor:
    """A sampled Gaussian of 2 * radius + 1 taps whose sum is 1."""
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    taps = torch.exp(-offsets ** 2 / (2 * sigma ** 2))
    return (taps / taps.sum()).float()


def filter_planes(planes: Tensor, taps: Tensor, padding: int) -> Tensor:
    """Filter every plane of [N,C,H,W] by `taps` in both directions; beyond the edge lie `padding` zeros."""
    channels = planes.shape[1]
    taps = taps.to(planes)
    across = taps.view(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = taps.view(1, 1, -1, 1).expand(channels, 1, -1, 1)
    planes = F.conv2d(planes, across, padding=(0, padding), groups=channels)
    return F.conv2d(planes, down, padding=(padding, 0), groups=channels)
