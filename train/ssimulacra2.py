# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""SSIMULACRA 2.1 in PyTorch, differentiable, for pictures in sRGB.

After its published description and constants: J. Sneyers (Cloudinary), "SSIMULACRA 2", 2023,
https://github.com/cloudinary/ssimulacra2 (BSD-3-Clause). Both pictures go to XYB at six scales; at each,
three maps per channel (structural error, ringing, blur) are reduced to their 1-norm and 4-norm; a weighted
sum of the 108 norms goes through a polynomial and a power. 100 = identical, below 0 = very poor.

The smoothing filter is the reference's: the approximation of a Gaussian of sigma 1.5 by three truncated
cosines (D. Charalampidis, "Recursive implementation of the Gaussian filter using truncated cosine
functions", 2016), written out as taps instead of a recursion.
"""
from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from compute import constant
from filters import filter_planes

N_SCALES = 6
LEAST_SIDE_PX = 8  # no smaller scale is measured
SIGMA = 1.5
SSIM_C2 = 0.0009
OPSIN = ((0.30, 0.622, 0.078), (0.23, 0.692, 0.078),
         (0.24342268924547819, 0.20476744424496821, 0.5518098665095536))
OPSIN_BIAS = 0.0037930732552754493

# A row for each channel (X, Y, B) and each scale: the weights of the 1-norms of structural error, ringing
# and blur, then those of their 4-norms.
NORM_WEIGHTS = (
    # X
    ((0.0, 0.0007376606707406586, 0.0),
     (0.0, 0.0007793481682867309, 0.0)),
    ((0.0, 0.0004371155730107379, 0.0),
     (1.1041726426657346, 0.00066284834129271, 0.00015231632783718752)),
    ((0.0, 0.0016406437456599754, 0.0),
     (1.8422455520539298, 11.441172603757666, 0.0)),
    ((0.0007989109436015163, 0.000176816438078653, 0.0),
     (1.8787594979546387, 10.94906990605142, 0.0)),
    ((0.0007289346991508072, 0.9677937080626833, 0.0),
     (0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053)),
    ((0.0004550992113792063, 0.0, 0.0),
     (0.0013648766163243398, 0.0, 0.0)),
    # Y
    ((0.0, 0.0, 0.0),
     (7.466890328078848, 0.0, 17.445833984131262)),
    ((0.0006235601634041466, 0.0, 0.0),
     (6.683678146179332, 0.00037724407979611296, 1.027889937768264)),
    ((225.20515300849274, 0.0, 0.0),
     (19.213238186143016, 0.0011401524586618361, 0.001237755635509985)),
    ((176.39317598450694, 0.0, 0.0),
     (24.43300999870476, 0.28520802612117757, 0.0004485436923833408)),
    ((0.0, 0.0, 0.0),
     (34.77906344483772, 44.835625328877896, 0.0)),
    ((0.0, 0.0, 0.0),
     (0.0, 0.0, 0.0)),
    # B
    ((0.0, 0.0008680556573291698, 0.0),
     (0.0, 0.0, 0.0)),
    ((0.0, 0.0005313191874358747, 0.0),
     (0.00016533814161379112, 0.0, 0.0)),
    ((0.0, 0.0, 0.0),
     (0.0004179171803251336, 0.0017290828234722833, 0.0)),
    ((0.0020827005846636437, 0.0, 0.0),
     (8.826982764996862, 23.19243343998926, 0.0)),
    ((95.1080498811086, 0.9863978034400682, 0.9834382792465353),
     (0.0012286405048278493, 171.2667255897307, 0.9807858872435379)),
    ((0.0, 0.0, 0.0),
     (0.0005130064588990679, 0.0, 0.00010854057858411537)),
)


def smoothing_taps() -> Tensor:
    """The truncated-cosine approximation of a Gaussian: sum over k = 1, 3, 5 of b_k cos(k pi n / 2 R)."""
    radius = round(3.2795 * SIGMA + 0.2546)
    offsets = torch.arange(-radius, radius + 1, dtype=torch.float64)
    omega = torch.tensor([1.0, 3.0, 5.0], dtype=torch.float64) * math.pi / (2 * radius)
    cosines = torch.cos(omega[:, None] * offsets)
    target = torch.exp(-0.5 * SIGMA ** 2 * omega ** 2) / radius  # Fourier coefficients of the Gaussian
    # Least change of the coefficients under which the taps sum to 1 and have the Gaussian's variance.
    sums, moments = cosines.sum(1), (cosines * offsets ** 2).sum(1)
    constraints = torch.stack([sums, moments])
    missing = torch.tensor([1.0, SIGMA ** 2], dtype=torch.float64) - constraints @ target
    weights = target + constraints.t() @ torch.linalg.solve(constraints @ constraints.t(), missing)
    return (weights @ cosines).float()


TAPS = smoothing_taps()


def linear_light(picture: Tensor) -> Tensor:
    """sRGB in [0,1] -> linear light in [0,1]."""
    bright = ((picture.clamp_min(0.04045) + 0.055) / 1.055) ** 2.4
    return torch.where(picture <= 0.04045, picture / 12.92, bright)


def positive_xyb(linear: Tensor) -> Tensor:
    """Linear light [N,3,H,W] -> XYB, shifted and scaled so that all three are positive."""
    matrix = constant(OPSIN, linear.dtype, linear.device)
    opsin = torch.einsum("ij,njhw->nihw", matrix, linear) + OPSIN_BIAS
    cone_l, cone_m, cone_s = (opsin.clamp_min(1e-6) ** (1 / 3) - OPSIN_BIAS ** (1 / 3)).unbind(1)
    x, y = (cone_l - cone_m) / 2, (cone_l + cone_m) / 2
    return torch.stack([x * 14 + 0.42, y + 0.01, cone_s - y + 0.55], 1)


def halve(picture: Tensor) -> Tensor:
    """Mean of 2x2 pixels; an odd last row or column is repeated."""
    odd_rows, odd_columns = picture.shape[2] % 2, picture.shape[3] % 2
    if odd_rows or odd_columns:
        picture = F.pad(picture, (0, odd_columns, 0, odd_rows), mode="replicate")
    return F.avg_pool2d(picture, 2)


def error_maps(original: Tensor, distorted: Tensor) -> Tensor:
    """XYB pictures [N,3,H,W] -> maps of structural error, ringing and blur [N,3,3,H,W] (map, channel)."""
    radius = len(TAPS) // 2
    mean_o, square_o = filter_planes(torch.cat([original, original ** 2], 1), TAPS, radius).chunk(2, 1)
    products = torch.cat([distorted, distorted ** 2, original * distorted], 1)
    mean_d, square_d, cross = filter_planes(products, TAPS, radius).chunk(3, 1)
    structure = 2 * (cross - mean_o * mean_d) + SSIM_C2
    spread = (square_o - mean_o ** 2) + (square_d - mean_d ** 2) + SSIM_C2
    structural = (1 - (1 - (mean_o - mean_d) ** 2) * structure / spread).clamp_min(0)
    edges = (1 + (distorted - mean_d).abs()) / (1 + (original - mean_o).abs()) - 1
    return torch.stack([structural, edges.clamp_min(0), (-edges).clamp_min(0)], 1)


def error_sum(original: Tensor, distorted: Tensor, epsilon: float = 1e-12) -> Tensor:
    """The weighted sum of norms [N] of two pictures [N,3,H,W] in [0,1]; 0 = identical.

    `epsilon` keeps the gradient of the 4-norm finite where a map vanishes; measuring wants 0.
    """
    weights = constant(NORM_WEIGHTS, original.dtype, original.device)
    weights = weights.view(3, N_SCALES, 2, 3)  # channel, scale, norm, map
    original, distorted = linear_light(original), linear_light(distorted.clamp(0, 1))
    total = original.new_zeros(original.shape[0])
    for scale in range(N_SCALES):
        if min(original.shape[2:]) < LEAST_SIDE_PX:
            break
        maps = error_maps(positive_xyb(original), positive_xyb(distorted))
        norm1 = maps.mean((3, 4))
        norm4 = (((maps ** 2) ** 2).mean((3, 4)) + epsilon) ** 0.25
        for norm, values in enumerate((norm1, norm4)):
            total = total + (values * weights[:, scale, norm].t()).sum((1, 2))
        original, distorted = halve(original), halve(distorted)
    return total


def score(original: Tensor, distorted: Tensor) -> Tensor:
    """The SSIMULACRA 2.1 score [N] of pictures [N,3,H,W] in [0,1]; in double precision."""
    error = error_sum(original.double(), distorted.double(), epsilon=0) * 0.9562382616834844
    error = 2.326765642916932 * error - 0.020884521182843837 * error ** 2 + 6.248496625763138e-05 * error ** 3
    return 100 - 10 * error.clamp_min(0) ** 0.6276336467831387
