# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The distortion that training minimises: MS-SSIM, absolute and squared error, colour, SSIMULACRA 2."""
from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

import ssimulacra2
from config import DistortionWeights
from filters import filter_planes, gaussian_taps

# Z. Wang, E. Simoncelli, A. Bovik, "Multiscale structural similarity for image quality assessment", 2003:
# the exponents of its five scales, and a Gaussian window of 11 taps; K1 = 0.01, K2 = 0.03, range 1.
MS_SSIM_EXPONENTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
MS_SSIM_TAPS = gaussian_taps(sigma=1.5, radius=5)
MS_SSIM_C1, MS_SSIM_C2 = 0.01 ** 2, 0.03 ** 2

# Colour's differences from luma (ITU-R BT.601), smoothed over squares of 4 pixels: an error of colour in a plain area
# is what the eye sees and no measure of structure does.
LUMA = (0.299, 0.587, 0.114)
CHROMA_SQUARE_PX = 4


def ms_ssim(original: Tensor, distorted: Tensor, n_scales: int = 5) -> Tensor:
    """MS-SSIM [N] of RGB pictures [N,3,H,W] in [0,1], mean over channels; sides >= 11 * 2^(n_scales - 1)."""
    exponents = MS_SSIM_EXPONENTS[:n_scales]
    result = original.new_ones(original.shape[0])
    for scale, exponent in enumerate(exponents):
        mean_o, square_o = filter_planes(torch.cat([original, original ** 2], 1), MS_SSIM_TAPS, 0).chunk(2, 1)
        products = torch.cat([distorted, distorted ** 2, original * distorted], 1)
        mean_d, square_d, cross = filter_planes(products, MS_SSIM_TAPS, 0).chunk(3, 1)
        spread = (square_o - mean_o ** 2) + (square_d - mean_d ** 2) + MS_SSIM_C2
        similarity = (2 * (cross - mean_o * mean_d) + MS_SSIM_C2) / spread
        if scale == n_scales - 1:
            luminance = (2 * mean_o * mean_d + MS_SSIM_C1) / (mean_o ** 2 + mean_d ** 2 + MS_SSIM_C1)
            similarity = similarity * luminance
        mean = similarity.mean((1, 2, 3)).clamp_min(1e-4)
        result = result * mean ** (exponent / sum(exponents))
        original, distorted = F.avg_pool2d(original, 2), F.avg_pool2d(distorted, 2)
    return result


def scales_for(side_px: int) -> int:
    """How many of MS-SSIM's five scales a picture of this least side has room for."""
    return max(1, min(len(MS_SSIM_EXPONENTS), (side_px // len(MS_SSIM_TAPS)).bit_length()))


def chroma_error(error: Tensor) -> Tensor:
    """Mean squared error [N] of B - Y and R - Y, smoothed, from the error of RGB [N,3,H,W]."""
    smooth = F.avg_pool2d(error, CHROMA_SQUARE_PX)
    luma = sum(weight * smooth[:, channel] for channel, weight in enumerate(LUMA))
    return ((smooth[:, 2] - luma) ** 2 + (smooth[:, 0] - luma) ** 2).mean((1, 2)) / 2


def distortion(original: Tensor, decoded: Tensor, weights: DistortionWeights, square_factor: Tensor,
               ssimulacra2_count: int) -> Tensor:
    """The weighted distortion [N] of pictures [N,3,H,W]; `decoded` need not be clamped to [0,1].

    `square_factor` [N] multiplies the weight of the squared error. SSIMULACRA 2, half the cost of all, is taken
    of the first `ssimulacra2_count` pictures only and stands for the others.
    """
    error = decoded - original
    total = weights.ms_ssim * (1 - ms_ssim(original, decoded, scales_for(min(original.shape[2:]))))
    total = total + weights.l1 * error.abs().mean((1, 2, 3))
    total = total + weights.l2 * square_factor * (error ** 2).mean((1, 2, 3))
    if weights.chroma:
        total = total + weights.chroma * chroma_error(error)
    if weights.ssimulacra2:
        count = ssimulacra2_count
        measured = weights.ssimulacra2 * ssimulacra2.error_sum(original[:count], decoded[:count])
        total = total + F.pad(measured * (len(original) / count), (0, len(original) - count))
    return total
