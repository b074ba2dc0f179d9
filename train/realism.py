#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Train the texture that `pith decode --realism` adds to a finished model's pictures.

    realism.py WEIGHTS --out DIR --data PHOTOS --config FILE [--minutes M]

Encoder and decoder stay as they are in WEIGHTS; a second end of the decoder (model.Texture), which is given noise,
learns to draw from what the decoder's picture may lack of the original. DIR receives `state.pt`, from which an equal
command goes on, and `weights.safetensors`, the model of WEIGHTS with the texture's tensors, for export.py.

No critic: two textures of different noise are compared with the original and with each other, in the generalised
energy distance of the pixels of small windows (A. Gritsenko and others, "A spectral energy distance for parallel speech
synthesis", 2020), whose least value is reached where the textures have the original's distribution. The strength of
detail, whatever its phase, is only compared with the original's: it should be what is to be expected, and not vary
from window to window as if drawn.
"""
from __future__ import annotations

import argparse
import dataclasses
import math
import os
import sys
import time
from typing import Dict, List, NamedTuple, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor

from compute import select_device
from config import Config, read_config, to_json
from data import draw_seed, list_pictures, load_photos, split, stream_batches
from evaluate import load_model
from losses import LUMA
from model import PATCH_PX, TEXTURE_NOISE, TEXTURE_PREFIX, MiniModel, Texture
from train import StopRequest
from trainer import STATE_FILE, WEIGHTS_FILE, learning_rate, save_state
from weights import read_safetensors, write_safetensors

DCT_PX = 4          # detail is taken apart by the cosines of squares of this side, at every position
WINDOW_PX = 8       # in which the strengths of detail are compared
N_SCALES = 3        # the picture, and twice reduced by two
LEAST_STRENGTH = 1e-6   # square of a strength of detail, below which differences do not matter
LEAST_SQUARE = 1e-8     # of a window's difference: keeps the root's gradient finite
STRENGTHS_WEIGHT = 0.5  # beside the pixels
LOG_EVERY_STEPS = 100


def detail_filters() -> Tensor:
    """The cosines of 4x4 pixels but for the mean: [15,1,4,4], of unit norm."""
    places = (torch.arange(DCT_PX) + 0.5) / DCT_PX
    waves = torch.stack([torch.cos(math.pi * k * places) for k in range(DCT_PX)])
    waves = waves / waves.norm(dim=1, keepdim=True)
    return (waves[:, None, :, None] * waves[None, :, None, :]).reshape(-1, 1, DCT_PX, DCT_PX)[1:]


def opponent_planes(pictures: Tensor) -> Tensor:
    """RGB [N,3,H,W] -> luma and the two colour differences."""
    luma = sum(weight * pictures[:, channel] for channel, weight in enumerate(LUMA))
    return torch.stack([luma, (pictures[:, 2] - luma) / 2, (pictures[:, 0] - luma) / 2], 1)


def window_norms(differences: Tensor) -> Tensor:
    """Root of the mean square over windows and channels of [N,C,H,W]; its mean over the windows [N]."""
    squares = F.avg_pool2d(differences ** 2, WINDOW_PX, WINDOW_PX // 2).mean(1)
    return (squares + LEAST_SQUARE).sqrt().mean((1, 2))


def strengths(planes: Tensor, filters: Tensor) -> Tensor:
    """The fourth root of the power of detail, of each cosine and plane, in windows: [N,3*15,h,w]."""
    n, channels, height, width = planes.shape
    responses = F.conv2d(planes.reshape(n * channels, 1, height, width), filters)
    powers = F.avg_pool2d(responses ** 2, WINDOW_PX, WINDOW_PX // 2)
    return ((powers + LEAST_STRENGTH) ** 0.25).reshape(n, -1, *powers.shape[2:])


class Views(NamedTuple):
    """What pictures are compared by, from fine to coarse."""
    planes: List[Tensor]
    strengths: List[Tensor]


def views_of(pictures: Tensor, filters: Tensor) -> Views:
    planes = [opponent_planes(pictures)]
    while len(planes) < N_SCALES:
        planes.append(F.avg_pool2d(planes[-1], 2))
    return Views(planes, [strengths(plane, filters) for plane in planes])


def pixel_distance(a: Views, b: Views) -> Tensor:
    """[N]: how far the pixels of pictures are from each other."""
    return sum(window_norms(x - y) for x, y in zip(a.planes, b.planes)) / N_SCALES


def strength_distance(a: Views, b: Views) -> Tensor:
    """[N]: the same of the strengths of detail."""
    return sum((((x - y) ** 2).mean(1) + LEAST_SQUARE).sqrt().mean((1, 2))
               for x, y in zip(a.strengths, b.strengths)) / N_SCALES


def texture_loss(wanted: Views, first: Views, second: Views) -> Tensor:
    """[N], of originals and two pictures each with textures of different noise."""
    error = (pixel_distance(wanted, first) + pixel_distance(wanted, second)) / 2
    strength = (strength_distance(wanted, first) + strength_distance(wanted, second)) / 2
    return error - pixel_distance(first, second) / 2 + STRENGTHS_WEIGHT * strength


class RealismTrainer:
    """The texture and its optimiser."""

    def __init__(self, config: Config, model: MiniModel, device: torch.device) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.device = config, device
        self.model = model.to(device, memory_format=torch.channels_last).requires_grad_(False)
        self.texture = Texture(config.model)
        self.texture.up.load_state_dict(model.dec.up.state_dict())
        self.texture.high.load_state_dict(model.dec.high.state_dict())
        self.texture.to(device, memory_format=torch.channels_last)
        training = config.training
        self.optimiser = torch.optim.Adam(self.texture.parameters(), training.learning_rate, training.adam_betas)
        self.averaged = {name: value.clone() for name, value in self.texture.state_dict().items()}
        self.filters = detail_filters().to(device)
        self.step, self.minutes = 0, 0.0

    @torch.no_grad()
    def decode(self, originals: Tensor, generator: torch.Generator) -> Tuple[Tensor, Tensor]:
        """(pictures, the decoder's features) of a batch, coded at random steps, the coarse likelier than the fine."""
        training = self.config.training
        draws = torch.rand((2, len(originals)), device=self.device, generator=generator).amax(0)
        log2_step = training.log2_step_min + draws * (training.log2_step_max - training.log2_step_min)
        step = (2 ** log2_step).view(-1, 1, 1, 1)
        latent = (self.model.enc(originals) / step).round() * step
        features = self.model.dec.features(latent, log2_step)
        return self.model.dec.finish(latent, features), features

    def train_step(self, originals: Tensor, progress: float) -> Dict[str, float]:
        """One step on a batch [N,3,H,W]; returns figures to print."""
        self.optimiser.param_groups[0]["lr"] = learning_rate(self.config.training, self.step, progress)
        generator = torch.Generator(device=self.device).manual_seed(draw_seed(self.config.training, self.step))
        originals = originals.to(self.device)
        count, _, height, width = originals.shape
        pictures, features = self.decode(originals, generator)
        noise = torch.randn((2 * count, TEXTURE_NOISE, height // PATCH_PX, width // PATCH_PX), device=self.device,
                            generator=generator)
        textures = self.texture(torch.cat([features, features]), noise)
        wanted = views_of(originals, self.filters)
        first, second = (views_of(pictures + half, self.filters) for half in textures.chunk(2))
        loss = texture_loss(wanted, first, second).mean()
        self.optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.texture.parameters(), self.config.training.gradient_clip)
        self.optimiser.step()
        self.update_average()
        self.step += 1
        return {"loss": loss.item(), "strength": (textures.detach().std() / (originals - pictures).std()).item()}

    @torch.no_grad()
    def update_average(self) -> None:
        """Exponential moving average of the weights, quicker at the start of a run."""
        weight = max(1 - self.config.training.ema_decay, 10 / (self.step + 10))
        for name, value in self.texture.state_dict().items():
            self.averaged[name].lerp_(value, weight)

    def save(self, folder: str, stored: Dict[str, Tensor], metadata: Dict[str, str]) -> None:
        """Write both files, each whole or not at all."""
        os.makedirs(folder, exist_ok=True)
        state = {"texture": self.texture.state_dict(), "averaged": self.averaged,
                 "optimiser": self.optimiser.state_dict(),
                 "clock": torch.tensor([self.step, self.minutes], dtype=torch.float64)}
        save_state(state, folder)
        texture = {TEXTURE_PREFIX + name: value for name, value in self.averaged.items()}
        write_safetensors(os.path.join(folder, WEIGHTS_FILE), {**stored, **texture}, metadata, "F32")

    def resume(self, folder: str) -> None:
        """Go on from a folder's checkpoint."""
        state = torch.load(os.path.join(folder, STATE_FILE), map_location=self.device)
        self.texture.load_state_dict(state["texture"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.averaged = state["averaged"]
        step, self.minutes = state["clock"].tolist()
        self.step = int(step)


def run(trainer: RealismTrainer, photos: List[Tensor], options: argparse.Namespace, stored: Dict[str, Tensor],
        metadata: Dict[str, str]) -> None:
    """Train until the schedule is over or a signal says stop."""
    training = trainer.config.training
    stop, recent = StopRequest(), []
    last_checkpoint = trainer.minutes
    batches = stream_batches(photos, training, trainer.step, options.workers, trainer.device.type == "cuda")
    while trainer.minutes < training.minutes and not stop.received:
        before = time.monotonic()
        recent.append(trainer.train_step(next(batches), trainer.minutes / training.minutes))
        trainer.minutes += (time.monotonic() - before) / 60
        if trainer.step % LOG_EVERY_STEPS == 0:
            means = {name: sum(figures[name] for figures in recent) / len(recent) for name in recent[0]}
            print(f"{trainer.step} steps, {trainer.minutes:.1f} min: "
                  + ", ".join(f"{name} {value:.4f}" for name, value in means.items()), flush=True)
            recent = []
        if trainer.minutes - last_checkpoint >= options.checkpoint_every:
            last_checkpoint = trainer.minutes
            trainer.save(options.out, stored, metadata)
    trainer.save(options.out, stored, metadata)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    option = parser.add_argument
    option("weights", metavar="WEIGHTS", help="a finished model")
    option("--out", metavar="DIR", required=True, help="folder for the checkpoint")
    option("--data", metavar="PHOTOS", required=True, help="folder of training photos")
    option("--config", metavar="FILE", required=True, help="settings (JSON)")
    option("--minutes", type=float, help="length of the schedule, in place of the configuration's")
    option("--checkpoint-every", type=float, default=10.0, metavar="M", help="minutes (10)")
    option("--workers", type=int, default=0, metavar="N", help="processes that cut crops ahead (0)")
    option("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    device = select_device("auto", options.threads)
    try:
        config = read_config(options.config)
        if options.minutes is not None:
            config = dataclasses.replace(config, training=dataclasses.replace(config.training, minutes=options.minutes))
        stored, metadata = read_safetensors(options.weights)
        photos = load_photos(split(list_pictures(options.data))[0])
        trainer = RealismTrainer(config, load_model(options.weights), device)
        if os.path.exists(os.path.join(options.out, STATE_FILE)):
            trainer.resume(options.out)
    except (OSError, ValueError) as error:
        print(f"realism.py: {error}", file=sys.stderr)
        return 1
    print(to_json(config), end="", flush=True)
    run(trainer, photos, options, stored, metadata)
    return 0


if __name__ == "__main__":
    sys.exit(main())
