# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""One training run: the state, one step of it, and its checkpoint.

The draws of step number n (crops, quantisation steps, noise) depend on the seed and n alone, so a run that
was interrupted and resumed sees what an uninterrupted one would have seen.
"""
from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import random
from typing import Dict, List, Sequence, Tuple

import torch
from torch import Tensor, nn

from config import Config, from_dict, to_json
from data import random_batch, sample_blocks
from losses import distortion
from model import DOWNSCALE, MiniModel, config_from_tensors, grow_latent, start_as_pca
from weights import read_safetensors, write_safetensors

STATE_FILE = "state.pt"              # everything that resuming needs
WEIGHTS_FILE = "weights.safetensors"  # the averaged weights, float32, for evaluate.py, export.py and --start
MOST_SKIPPED = 100                   # steps in a row with a gradient that is not finite


class Trainer:
    """Model, averaged weights, optimiser and clock of one run."""

    def __init__(self, config: Config, device: torch.device) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.device = config, device
        self.model = MiniModel(config.model).to(device, memory_format=torch.channels_last)
        self.parameters = list(self.model.parameters())
        self.optimiser = torch.optim.Adam(self.parameters, lr=config.training.learning_rate,
                                          betas=config.training.adam_betas)
        self.step = 0
        self.minutes = 0.0          # of this run
        self.earlier_minutes = 0.0  # of the runs that its starting weights came from
        self.skipped = 0            # steps in a row without an update
        self.bfloat16 = False       # on a CPU: pays where it has such instructions (avx512_bf16)
        self.averaged: Dict[str, Tensor] = {}
        self.restart_average()

    def restart_average(self) -> None:
        """Let the averaged weights begin at the current ones."""
        self.averaged = {name: value.detach().clone() for name, value in self.model.state_dict().items()}

    def start_from_photos(self, photos: Sequence[Tensor]) -> None:
        """Begin with the PCA of the photos' blocks."""
        start_as_pca(self.model, self.pca_blocks(photos))
        self.restart_average()

    def start_from_weights(self, path: str, photos: Sequence[Tensor]) -> None:
        """Begin with stored weights; those of fewer latent channels are extended."""
        stored, metadata = read_safetensors(path)
        for name, fresh in self.model.ctx.state_dict().items():
            stored.setdefault("ctx." + name, fresh.cpu())  # a model file has no rate proxy
        stored_config = config_from_tensors(stored)
        if stored_config.latent_channels < self.config.model.latent_channels:
            stored = grow_latent(stored, self.model, self.pca_blocks(photos))
        elif stored_config != self.config.model:
            raise ValueError(f"{path}: is {stored_config}, the configuration says {self.config.model}")
        self.model.load_state_dict(stored)
        self.earlier_minutes = float(metadata.get("trained_minutes", 0))
        self.restart_average()

    def pca_blocks(self, photos: Sequence[Tensor]) -> Tensor:
        return sample_blocks(photos, DOWNSCALE, random.Random(self.config.training.seed))

    def set_learning_rate(self, progress: float) -> None:
        """Warm-up by steps; then, by the part of the schedule done, constant and linearly down."""
        training = self.config.training
        warm = min(1.0, (self.step + 1) / training.warmup_steps)
        falling = (1 - progress) / (1 - training.hold_fraction) if training.hold_fraction < 1 else 1.0
        factor = warm * max(training.last_rate_fraction, min(1.0, falling))
        for group in self.optimiser.param_groups:
            group["lr"] = training.learning_rate * factor

    def autocast(self) -> contextlib.AbstractContextManager:
        """bfloat16 for the networks, on CUDA or where asked for; losses and the rate model stay in float32."""
        if self.device.type != "cuda" and not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(device_type=self.device.type, dtype=torch.bfloat16)

    def loss(self, pictures: Tensor, progress: float, rng: random.Random,
             generator: torch.Generator) -> Tuple[Tensor, Tensor, Tensor]:
        """(loss, distortion, bits per pixel), means over a batch of pictures [N,3,H,W] in [0,1]."""
        training = self.config.training
        draws = torch.rand(len(pictures), device=self.device, generator=generator)
        log2_step = training.log2_step_min + draws * (training.log2_step_max - training.log2_step_min)
        step = (2 ** log2_step).view(-1, 1, 1, 1)
        only_rate = self.step < training.rate_only_steps
        with self.autocast(), torch.set_grad_enabled(not only_rate):
            latent = self.model.enc(pictures)
        scaled = latent.float() / step
        noisy = scaled + torch.rand(scaled.shape, device=self.device, generator=generator) - 0.5
        bpp = self.model.ctx(noisy, log2_step).sum((1, 2)) / pictures[0, 0].numel()
        if only_rate:
            return bpp.mean(), bpp.new_zeros(()), bpp.mean()
        rounded = scaled + (scaled.round() - scaled).detach()  # the gradient passes straight through
        received = rounded if rng.random() < training.straight_through_chance else noisy
        with self.autocast():
            decoded = self.model.dec(received * step, log2_step)
        phase = training.first_phase if progress < training.second_phase_from else training.second_phase
        error = distortion(pictures, decoded.float(), phase, 2 ** (-training.square_exponent * log2_step),
                           max(1, round(training.ssimulacra2_share * len(pictures))))
        total = error + training.rate_weight * 2 ** (training.rate_exponent * log2_step) * bpp
        return total.mean(), error.mean(), bpp.mean()

    def train_step(self, photos: Sequence[Tensor], progress: float) -> Tuple[float, float]:
        """One update at `progress` (0..1) of the schedule; returns (distortion, bits per pixel)."""
        training = self.config.training
        draw_seed = training.seed * 1_000_003 + self.step
        rng = random.Random(draw_seed)
        generator = torch.Generator(device=self.device).manual_seed(draw_seed)
        self.model.train()
        self.set_learning_rate(progress)
        pictures = random_batch(photos, training.batch, training.augment, rng)
        pictures = pictures.contiguous(memory_format=torch.channels_last)
        total, error, bpp = self.loss(pictures, progress, rng, generator)
        self.optimiser.zero_grad(set_to_none=True)
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, training.gradient_clip)
        self.step += 1
        if torch.isfinite(norm) and torch.isfinite(total):
            self.optimiser.step()
            self.skipped = 0
            self.update_average()
        else:
            self.skipped += 1
            print(f"step {self.step}: skipped, its gradient is not finite", flush=True)
            if self.skipped > MOST_SKIPPED:
                raise FloatingPointError(f"{self.skipped} steps in a row without a finite gradient")
        return error.item(), bpp.item()

    @torch.no_grad()
    def update_average(self) -> None:
        """Exponential moving average of the weights, quicker at the start of a run."""
        decay = min(self.config.training.ema_decay, 1 - 1 / (1 + 0.1 * self.step))
        for name, value in self.model.state_dict().items():
            self.averaged[name].lerp_(value, 1 - decay)

    def averaged_model(self) -> MiniModel:
        """A model of its own with the averaged weights, for evaluation."""
        model = MiniModel(self.config.model).to(self.device)
        model.load_state_dict(self.averaged)
        return model.eval()

    def save(self, folder: str) -> None:
        """Write both checkpoint files, each whole or not at all."""
        os.makedirs(folder, exist_ok=True)
        clock = torch.tensor([self.step, self.minutes, self.earlier_minutes], dtype=torch.float64)
        # No plain floats: torch 1.13 cannot load them safely (weights_only), hence also settings as text.
        state = {"config": to_json(self.config), "clock": clock, "model": self.model.state_dict(),
                 "averaged": self.averaged, "moments": self.optimiser.state_dict()["state"]}
        temporary = os.path.join(folder, f"{STATE_FILE}.{os.getpid()}.tmp")
        torch.save(state, temporary)
        os.replace(temporary, os.path.join(folder, STATE_FILE))
        metadata = {"name": self.config.name, "steps": str(self.step),
                    "trained_minutes": f"{self.earlier_minutes + self.minutes:.1f}"}
        write_safetensors(os.path.join(folder, WEIGHTS_FILE), self.averaged, metadata, "F32")

    @classmethod
    def resume(cls, folder: str, device: torch.device, overrides: Dict[str, object]) -> Trainer:
        """Continue from a checkpoint; `overrides` replaces settings of its training configuration."""
        state = torch.load(os.path.join(folder, STATE_FILE), map_location="cpu", weights_only=True)
        config = from_dict(Config, json.loads(state["config"]))
        training = dataclasses.replace(config.training, **overrides)
        trainer = cls(dataclasses.replace(config, training=training), device)
        trainer.model.load_state_dict(state["model"])
        trainer.averaged = {name: value.to(device) for name, value in state["averaged"].items()}
        groups = trainer.optimiser.state_dict()["param_groups"]  # follow from the settings
        trainer.optimiser.load_state_dict({"state": state["moments"], "param_groups": groups})
        step, trainer.minutes, trainer.earlier_minutes = state["clock"].tolist()
        trainer.step = int(step)
        return trainer


def mean_of_last(history: List[Tuple[float, float]], count: int) -> Tuple[float, float]:
    """Means of the last (distortion, bits per pixel) pairs."""
    recent = history[-count:]
    return (sum(pair[0] for pair in recent) / len(recent), sum(pair[1] for pair in recent) / len(recent))
