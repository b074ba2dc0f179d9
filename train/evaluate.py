#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Measure weights on pictures: bits per pixel by the rate proxy, PSNR, MS-SSIM, SSIMULACRA 2.

    evaluate.py WEIGHTS --val DIR     every picture of a folder
    evaluate.py WEIGHTS --data DIR    the held-out pictures of a training folder

The bits are the proxy's, not the coder's. Decoded pictures are rounded to 8 bits before they are measured.
"""
from __future__ import annotations

import argparse
import math
import sys
from dataclasses import astuple, dataclass
from typing import List, Sequence

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

import ssimulacra2
from compute import select_device
from data import as_float, list_pictures, load_picture, split
from losses import ms_ssim
from model import DOWNSCALE, MiniModel, config_from_tensors, texture_tensors
from rate import with_proxy
from weights import read_safetensors

LOG2_STEPS = (-1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0, 2.5)
REPORTED_BYTES = (2500, 5000, 10000, 20000)  # of a picture of 512x512
REPORTED_PX = 512 * 512


@dataclass(frozen=True)
class Row:
    """Means over the pictures at one quantisation step."""
    log2_step: float
    bpp: float
    psnr: float
    ms_ssim: float
    ssimulacra2: float


def pad_to_blocks(picture: Tensor) -> Tensor:
    """Repeat the last row and column [1,3,H,W] until both sides are multiples of the latent's 8 pixels."""
    height, width = picture.shape[2:]
    return F.pad(picture, (0, -width % DOWNSCALE, 0, -height % DOWNSCALE), mode="replicate")


@torch.no_grad()
def measure(model: MiniModel, pictures: Sequence[Tensor],
            log2_steps: Sequence[float] = LOG2_STEPS) -> List[Row]:
    """A row for each step; `pictures` are uint8 [3,H,W] with sides of at least 176 pixels."""
    device = next(model.parameters()).device
    per_step: List[List[tuple]] = [[] for _ in log2_steps]
    for picture in pictures:
        original = as_float(picture.to(device))
        height, width = original.shape[2:]
        latent = model.enc(pad_to_blocks(original))
        for log2_step, values in zip(log2_steps, per_step):
            told = torch.tensor([log2_step], dtype=torch.float32, device=device)
            symbols = (latent / 2 ** log2_step).round()
            bpp = model.ctx(symbols, told).sum().item() / (height * width)
            decoded = model.dec(symbols * 2 ** log2_step, told)[:, :, :height, :width]
            decoded = (decoded.clamp(0, 1) * 255).round() / 255
            psnr = -10 * math.log10(max(F.mse_loss(decoded, original).item(), 1e-10))
            values.append((bpp, psnr, ms_ssim(original, decoded).item(),
                           ssimulacra2.score(original, decoded).item()))
    return [Row(step, *np.mean(values, 0)) for step, values in zip(log2_steps, per_step)]


def format_table(rows: Sequence[Row]) -> str:
    """The rows, then what lies at the reported sizes, interpolated over the logarithm of the rate."""
    lines = ["  log2 step     bpp    PSNR  MS-SSIM  SSIMULACRA2"]
    for row in rows:
        lines.append(f"  {row.log2_step:9.2f} {row.bpp:7.4f} {row.psnr:7.2f} {row.ms_ssim:8.4f} "
                     f"{row.ssimulacra2:12.2f}")
    by_rate = np.array(sorted(astuple(row)[1:] for row in rows))
    for size in REPORTED_BYTES:
        bpp = size * 8 / REPORTED_PX
        if not by_rate[0, 0] <= bpp <= by_rate[-1, 0]:
            continue
        psnr, similarity, score = (np.interp(math.log(bpp), np.log(by_rate[:, 0]), by_rate[:, column])
                                   for column in (1, 2, 3))
        lines.append(f"  at {size:5d} bytes per 512x512: {psnr:.2f} dB, MS-SSIM {similarity:.4f}, "
                     f"SSIMULACRA2 {score:.1f}")
    return "\n".join(lines)


def load_model(path: str) -> MiniModel:
    """A model from a checkpoint's weights, or from an exported file."""
    tensors = with_proxy(read_safetensors(path)[0])
    if not any(name.startswith("ctx.") for name in tensors):
        raise ValueError(f"{path}: holds no rate proxy")
    model = MiniModel(config_from_tensors(tensors))
    textures = texture_tensors(tensors)  # of no concern here
    model.load_state_dict({name: value for name, value in tensors.items() if name not in textures})
    return model.eval()


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure weights on pictures.")
    parser.add_argument("weights", metavar="WEIGHTS")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--val", metavar="DIR", help="measure on every picture of this folder")
    source.add_argument("--data", metavar="DIR", help="measure on the held-out pictures of this folder")
    parser.add_argument("--limit", type=int, default=0, help="at most so many pictures (0: all)")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    device = select_device("auto", options.threads)
    try:
        model = load_model(options.weights).to(device)
        paths = list_pictures(options.val) if options.val else split(list_pictures(options.data))[1]
        pictures = [load_picture(path) for path in paths[:options.limit or None]]
    except (OSError, ValueError) as error:
        print(f"evaluate.py: {error}", file=sys.stderr)
        return 1
    print(f"{options.weights}: {len(pictures)} pictures")
    print(format_table(measure(model, pictures)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
