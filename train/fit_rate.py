#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Teach the rate proxy of a trained model alone: a fresh one where its weights have none, else further.

    fit_rate.py WEIGHTS OUT --data PHOTOS [--minutes M]

The encoder runs once over the photos and their mirror images; the proxy then learns from those latents alone, some
ten times as fast as in train.py. OUT holds WEIGHTS with the new proxy, float32.
"""
from __future__ import annotations

import argparse
import os
import sys
import time
from typing import List, Sequence

import torch
from torch import Tensor

from compute import select_device
from data import as_float, list_pictures, load_photos, split
from model import MiniModel, config_from_tensors
from rate import RateModel, with_proxy
from weights import read_safetensors, write_safetensors

SEED = 5
RATE = 3e-3
CROP = 32           # positions of a latent that one sample has in each direction
NOISE_CHANCE = 0.5  # of uniform noise in the place of rounding: the search of the encoder sees both
LOG2_STEPS = (-2.25, 2.75)
REPORT_EVERY = 250


@torch.no_grad()
def encode_all(model: MiniModel, photos: Sequence[Tensor], device: torch.device) -> List[Tensor]:
    """Latents [C,H,W] of the photos and their mirror images."""
    latents = []
    for photo in photos:
        height, width = (size // 8 * 8 for size in photo.shape[1:])
        picture = as_float(photo[:, :height, :width].to(device)).contiguous(memory_format=torch.channels_last)
        latents += [model.enc(picture)[0], model.enc(picture.flip(3))[0]]
    return latents


def crop_of(latents: Sequence[Tensor], side: int, generator: torch.Generator) -> Tensor:
    """A square of one of the latents, [C,side,side]."""
    index, top, left = torch.randint(2 ** 30, (3,), generator=generator).tolist()
    latent = latents[index % len(latents)]
    top, left = top % (latent.shape[1] - side + 1), left % (latent.shape[2] - side + 1)
    return latent[:, top:top + side, left:left + side]


def fit(proxy: RateModel, latents: Sequence[Tensor], minutes: float, batch: int) -> None:
    """Minimise bits by Adam, its rate falling in a straight line over the given time."""
    generator = torch.Generator().manual_seed(SEED)
    optimiser = torch.optim.Adam(proxy.parameters(), RATE, betas=(0.9, 0.99))
    side = min(CROP, min(min(latent.shape[1:]) for latent in latents))
    started, step, recent = time.monotonic(), 0, 0.0
    while (passed := (time.monotonic() - started) / 60 / minutes) < 1:
        for group in optimiser.param_groups:
            group["lr"] = RATE * min(1.0, (step + 1) / 50) * (1 - passed)
        stacked = torch.stack([crop_of(latents, side, generator) for _ in range(batch)])
        low, high = LOG2_STEPS
        log2_step = (low + (high - low) * torch.rand(batch, generator=generator)).to(stacked.device)
        scaled = stacked / (2 ** log2_step).view(-1, 1, 1, 1)
        noisy = torch.rand(batch, generator=generator).lt(NOISE_CHANCE).to(stacked.device).view(-1, 1, 1, 1)
        scaled = torch.where(noisy, scaled + torch.rand_like(scaled) - 0.5, scaled.round())
        bits = proxy(scaled, log2_step).mean()
        optimiser.zero_grad(set_to_none=True)
        bits.backward()
        torch.nn.utils.clip_grad_norm_(proxy.parameters(), 10.0)
        optimiser.step()
        step, recent = step + 1, recent + bits.item() / REPORT_EVERY
        if step % REPORT_EVERY == 0:
            print(f"{step} steps, {passed * minutes:.1f} min: {recent:.3f} bits a position", flush=True)
            recent = 0.0


def main() -> int:
    parser = argparse.ArgumentParser(description="Teach a model's rate proxy anew.")
    parser.add_argument("weights", metavar="WEIGHTS", help="a training's weights, or a model file")
    parser.add_argument("target", metavar="OUT", help="safetensors, float32")
    parser.add_argument("--data", metavar="PHOTOS", required=True)
    parser.add_argument("--minutes", type=float, default=10.0, help="of learning, after the photos are encoded (10)")
    parser.add_argument("--batch", type=int, default=8, help="samples a step (8)")
    parser.add_argument("--device", default="auto", choices=("auto", "cpu", "cuda"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    device = select_device(options.device, options.threads)
    try:
        stored, metadata = read_safetensors(options.weights)
        tensors = with_proxy(stored)
        torch.manual_seed(SEED)
        model = MiniModel(config_from_tensors(tensors))
        fresh = {name: value for name, value in model.state_dict().items() if name.startswith("ctx.")}
        model.load_state_dict({**fresh, **tensors})
        photos = load_photos(split(list_pictures(options.data))[0])
    except (OSError, ValueError) as error:
        print(f"fit_rate.py: {error}", file=sys.stderr)
        return 1
    model = model.to(device, memory_format=torch.channels_last)
    fit(model.ctx, encode_all(model, photos, device), options.minutes, options.batch)
    write_safetensors(options.target, model.state_dict(), metadata, "F32")
    return 0


if __name__ == "__main__":
    sys.exit(main())
