#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Make the tiny model of the tests, and what PyTorch computes with it.

    /usr/bin/python3 tests/reference/mini_tap.py        writes into tests/data

mini_tiny.safetensors: a model of the built-in model's architecture, fp16, every weight non-zero. Its linear
transforms carry the mean colour and a luminance slope of each 8x8 block, so that a decoded picture is a
crude copy of the original; its networks are random, strong enough that a wrong layer shows.

mini_tap.safetensors: fp32 values rounded from a computation in float64, with the model's fp16 weights:
    encoder.image      [1,3,40,24]  a picture of 8-bit pixels, / 255
    encoder.latent     [1,4,5,3]    what the encoder makes of it
    decoder.latent     [1,4,5,3]    the same in multiples of the step
    decoder.log2_step  [1]          log2 of the step
    decoder.image      [1,3,40,24]  what the decoder makes of that, not clamped
    texture.features   [1,16,5,3]   the decoder's
    texture.noise      [1,24,10,6]  random
    texture.image      [1,3,40,24]  the texture of both
    gradient.latent    [1,4,5,3]    of the sum of encoder.image * decoder.image with respect to decoder.latent
"""
from __future__ import annotations

import math
import os
import sys
from typing import Dict

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..")
sys.path.insert(0, os.path.join(ROOT, "train"))

from config import Config, ModelConfig, QualityConfig  # noqa: E402
from export import codec_tensors, model_metadata  # noqa: E402
from model import (DOWNSCALE, LATENT_SCALE, PATCH_PX, PIXEL_CENTRE, TEXTURE_NOISE, TEXTURE_PREFIX,  # noqa: E402
                   MiniModel, Texture, texture_tensors)  # noqa: E402
from weights import encode_safetensors, read_safetensors, replace_file, write_safetensors  # noqa: E402

SEED = 20261
SIZES = ModelConfig(latent_channels=4, width_h=8, width_w=16,
                    n_enc_high=1, n_enc_low=1, n_dec_low=1, n_dec_high=1)
HEIGHT, WIDTH = 40, 24
LOG2_STEP = 0.40625  # 26 steps of the quality scale, 1/64 octave each; exact in binary
NETWORK_GAIN = 0.9   # of the random layers
LAST_GAIN = {  # of the layers that end a network
    "enc.net.5.weight": 0.45, "enc.net.5.bias": 0.45,
    "dec.tail.0.weight": 0.006, "dec.tail.0.bias": 0.006,
}
TEXTURE_LAST_GAIN = 0.004
MODEL_FILE = os.path.join(ROOT, "tests", "data", "mini_tiny.safetensors")
TAP_FILE = os.path.join(ROOT, "tests", "data", "mini_tap.safetensors")


def random_values(rng: np.random.RandomState, shape: torch.Size, largest: float) -> Tensor:
    """Values whose size lies between a quarter of `largest` and `largest`, of either sign: never zero."""
    sizes = rng.uniform(0.25, 1.0, tuple(shape)) * largest
    return torch.from_numpy(np.where(rng.uniform(size=tuple(shape)) < 0.5, -sizes, sizes))


def block_directions() -> Tensor:
    """Four orthonormal directions of an 8x8 RGB block, rows [4,192] in C,H,W order."""
    colours = torch.tensor([[1, 1, 1], [1, 0, -1], [1, -2, 1], [1, 1, 1]], dtype=torch.float64)
    slope = torch.arange(DOWNSCALE, dtype=torch.float64) - (DOWNSCALE - 1) / 2
    planes = torch.ones(4, DOWNSCALE, DOWNSCALE, dtype=torch.float64)
    planes[3] = slope[:, None] + slope[None, :]
    rows = (colours[:, :, None, None] * planes[:, None]).flatten(1)
    return rows / rows.norm(dim=1, keepdim=True)


def tiny_tensors() -> Dict[str, Tensor]:
    """Weights of the tiny model, float64."""
    rng = np.random.RandomState(SEED)  # its stream is frozen, unlike torch's
    tensors = {}
    for name, value in sorted(codec_tensors(MiniModel(SIZES).state_dict()).items()):
        inputs = value[0].numel()
        largest = NETWORK_GAIN * math.sqrt(2 * 3 / inputs) if value.dim() == 4 else 0.05
        if name.endswith("lin.weight"):
            largest = 0.002  # beside the directions that are added below
        tensors[name] = random_values(rng, value.shape, largest * LAST_GAIN.get(name, 1.0))
    rng = np.random.RandomState(SEED + 2)
    for name, value in sorted(Texture(SIZES).state_dict().items()):
        inputs = value[0].numel()
        largest = NETWORK_GAIN * math.sqrt(2 * 3 / inputs) if value.dim() == 4 else 0.05
        gain = TEXTURE_LAST_GAIN if name.startswith("tail.") else 1.0
        tensors[TEXTURE_PREFIX + name] = random_values(rng, value.shape, largest * gain)
    directions = block_directions()
    tensors["enc.lin.weight"] += (directions * LATENT_SCALE)[..., None, None]
    tensors["dec.lin.weight"] += (directions.t() / LATENT_SCALE)[..., None, None]
    return tensors


def test_picture() -> Tensor:
    """A slope, a coloured disc with a hard edge and some noise: [1,3,H,W], 8-bit pixels / 255."""
    rng = np.random.RandomState(SEED + 1)
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(np.float64)
    planes = np.stack([40 + 4 * y, 60 + 5 * x, 200 - 2 * x - 2 * y])
    disc = (y - 18) ** 2 + (x - 13) ** 2 < 64
    planes = np.where(disc, np.array([220.0, 70.0, 40.0])[:, None, None], planes)
    pixels = np.clip(np.round(planes + rng.uniform(-12, 12, planes.shape)), 0, 255)
    return torch.from_numpy(pixels / 255)[None]


def model_content() -> bytes:
    """The bytes of the tiny model's file."""
    metadata = model_metadata(Config(name="tiny-1", model=SIZES, quality=QualityConfig(log2_step_q0=3.0)), "0.0")
    metadata["licence"] = "random values: see tests/reference/mini_tap.py"
    return encode_safetensors(tiny_tensors(), metadata, "F16")


def gradient(model: MiniModel, image: Tensor, received: Tensor, log2_step: Tensor) -> Tensor:
    """The tap of the gradient."""
    latent = received.clone().requires_grad_(True)
    with torch.enable_grad():
        (model.dec(latent, log2_step) * image).sum().backward()
    return latent.grad


@torch.no_grad()
def compute_taps(model: MiniModel) -> Dict[str, Tensor]:
    """What a model in float64 makes of the test picture; inputs hold exactly what the file will hold."""
    image = test_picture().float().double()
    latent = model.enc(image)
    step = 2 ** LOG2_STEP
    received = ((latent / step).round() * step).float().double()
    log2_step = torch.tensor([LOG2_STEP], dtype=torch.float64)
    features = model.dec.features(received, log2_step).float().double()
    noise_shape = (1, TEXTURE_NOISE, HEIGHT // PATCH_PX, WIDTH // PATCH_PX)
    noise = torch.from_numpy(np.random.RandomState(SEED + 3).normal(size=noise_shape)).float().double()
    return {"encoder.image": image, "encoder.latent": latent, "decoder.latent": received,
            "decoder.log2_step": log2_step, "decoder.image": model.dec(received, log2_step),
            "texture.features": features, "texture.noise": noise, "texture.image": load_texture()(features, noise),
            "gradient.latent": gradient(model, image, received, log2_step)}


def load_tiny() -> MiniModel:
    """The tiny model of MODEL_FILE in float64; its rate proxy stays at its fresh values."""
    model = MiniModel(SIZES).double()
    model.load_state_dict(read_safetensors(MODEL_FILE)[0], strict=False)
    return model


def load_texture() -> Texture:
    """The tiny model's, in float64."""
    texture = Texture(SIZES).double()
    tensors = texture_tensors(read_safetensors(MODEL_FILE)[0])
    texture.load_state_dict({name[len(TEXTURE_PREFIX):]: value for name, value in tensors.items()})
    return texture


@torch.no_grad()
def describe(model: MiniModel, taps: Dict[str, Tensor]) -> str:
    """How much the random networks contribute, so that a reader can see that the values test something."""
    image, latent, received = taps["encoder.image"], taps["encoder.latent"], taps["decoder.latent"]
    decoded, log2_step = taps["decoder.image"], taps["decoder.log2_step"]
    linear_latent = model.enc.lin(F.pixel_unshuffle(image - PIXEL_CENTRE, DOWNSCALE))
    linear_image = F.pixel_shuffle(model.dec.lin(received), DOWNSCALE) + PIXEL_CENTRE
    other_step = model.dec(received, log2_step + 0.5)
    return (f"latent {latent.min():.2f} to {latent.max():.2f}, "
            f"network's part {(latent - linear_latent).std():.3f}\n"
            f"image {decoded.min():.2f} to {decoded.max():.2f}, RMS error {(decoded - image).std():.3f}, "
            f"network's part {(decoded - linear_image).std():.3f}, "
            f"changed by half an octave of step: {(decoded - other_step).std():.4f}\n"
            f"texture {taps['texture.image'].std():.3f}")


def main() -> int:
    replace_file(MODEL_FILE, model_content())
    model = load_tiny()
    taps = compute_taps(model)
    write_safetensors(TAP_FILE, taps, {"made_by": "tests/reference/mini_tap.py", "model": "tiny-1"}, "F32")
    print(f"{os.path.getsize(MODEL_FILE)} and {os.path.getsize(TAP_FILE)} bytes\n{describe(model, taps)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
