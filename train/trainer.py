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
from typing import Deque, Dict, List, NamedTuple, Optional, Sequence, Tuple

import torch
from torch import Tensor, nn

from config import Config, DistortionWeights, TrainingConfig, from_dict, to_json
from data import draw_seed, sample_blocks
from losses import distortion
from model import DOWNSCALE, MiniModel, config_from_tensors, can_deepen, deepen, grow_latent, start_as_pca
from optimiser import Optimiser
from rate import with_proxy
from weights import read_safetensors, write_safetensors

STATE_FILE = "state.pt"              # everything that resuming needs
WEIGHTS_FILE = "weights.safetensors"  # the averaged weights, float32, for evaluate.py, export.py and --start
MOST_SKIPPED = 100                   # steps in a row with a gradient that is not finite
History = Deque[Tuple[Tensor, Tensor]]  # (distortion, bits per pixel) of recent steps
PLAIN_STEPS = 3                      # before a step is recorded as a CUDA graph


class Draws(NamedTuple):
    """The random numbers of one step, on the device."""
    log2_step: Tensor  # [N]
    noise: Tensor      # [N,C,H/8,W/8], uniform from -0.5 to 0.5
    rounds: Tensor     # [], bool: the decoder sees rounded latents, else noisy ones


class RecordedUpdate:
    """One `Trainer.update` as a CUDA graph: its thousand small kernels are launched as one."""

    def __init__(self, trainer: Trainer, pictures: Tensor, draws: Draws,
                 phase: Optional[DistortionWeights]) -> None:
        self.inputs = [pictures.clone()] + [value.clone() for value in draws]
        self.graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(self.graph, capture_error_mode="relaxed"):  # another thread pins memory
            self.results = trainer.update(self.inputs[0], Draws(*self.inputs[1:]), phase)

    def replay(self, pictures: Tensor, draws: Draws) -> Tuple[Tensor, Tensor]:
        """Run it on other inputs of the same shapes."""
        for kept, given in zip(self.inputs, [pictures, *draws]):
            kept.copy_(given)
        self.graph.replay()
        error, bpp = self.results
        return error.clone(), bpp.clone()


def learning_rate(training: TrainingConfig, step: int, progress: float) -> float:
    """Warm-up by steps; then, by the part of the schedule done, constant and linearly down."""
    warm = min(1.0, (step + 1) / training.warmup_steps)
    falling = (1 - progress) / (1 - training.hold_fraction) if training.hold_fraction < 1 else 1.0
    return training.learning_rate * (warm * max(training.last_rate_fraction, min(1.0, falling)))


def save_state(state: Dict[str, object], folder: str) -> None:
    """Write a checkpoint's STATE_FILE, whole or not at all."""
    temporary = os.path.join(folder, f"{STATE_FILE}.{os.getpid()}.tmp")
    torch.save(state, temporary)
    os.replace(temporary, os.path.join(folder, STATE_FILE))


class Trainer:
    """Model, averaged weights, optimiser and clock of one run."""

    def __init__(self, config: Config, device: torch.device) -> None:
        torch.manual_seed(config.training.seed)
        self.config, self.device = config, device
        self.model = MiniModel(config.model).to(device, memory_format=torch.channels_last)
        self.parameters = list(self.model.parameters())
        training = config.training
        self.optimiser = Optimiser(self.model, training.learning_rate, training.adam_betas, training.muon)
        self.step = 0
        self.minutes = 0.0          # of this run
        self.earlier_minutes = 0.0  # of the runs that its starting weights came from
        self.skipped = torch.zeros((), device=device)  # steps in a row without an update
        self.average_weight = torch.zeros((), device=device)
        self.recorded: Dict[Optional[DistortionWeights], RecordedUpdate] = {}
        self.plain_steps: Dict[Optional[DistortionWeights], int] = {}
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
        """Begin with stored weights; those of fewer latent channels, or of fewer blocks, are extended."""
        stored, metadata = read_safetensors(path)
        stored = with_proxy(stored)
        for name, fresh in self.model.ctx.state_dict().items():
            stored.setdefault("ctx." + name, fresh.cpu())  # earlier model files have no rate proxy
        stored_config, config = config_from_tensors(stored), self.config.model
        if stored_config.latent_channels < config.latent_channels:
            stored = grow_latent(stored, self.model, self.pca_blocks(photos))
        elif not can_deepen(stored_config, config):
            raise ValueError(f"{path}: is {stored_config}, the configuration says {config}")
        else:
            stored = deepen(stored, self.model)
        self.model.load_state_dict(stored)
        self.earlier_minutes = float(metadata.get("trained_minutes", 0))
        self.restart_average()

    def pca_blocks(self, photos: Sequence[Tensor]) -> Tensor:
        return sample_blocks(photos, DOWNSCALE, random.Random(self.config.training.seed))

    def set_learning_rate(self, progress: float) -> None:
        """That of the present step at `progress` (0..1) of the schedule."""
        self.optimiser.set_rate(learning_rate(self.config.training, self.step, progress))

    def autocast(self) -> contextlib.AbstractContextManager:
        """bfloat16 for the networks, on CUDA or where asked for; losses and the rate model stay in float32."""
        if self.device.type != "cuda" and not self.bfloat16:
            return contextlib.nullcontext()
        return torch.autocast(device_type=self.device.type, dtype=torch.bfloat16, cache_enabled=False)

    def draw(self, pictures: Tensor) -> Draws:
        """The random numbers of the present step for a batch of pictures [N,3,H,W]."""
        training = self.config.training
        generator = torch.Generator(device=self.device).manual_seed(draw_seed(training, self.step))

        def uniform(*shape: int) -> Tensor:
            return torch.rand(shape, device=self.device, generator=generator)

        n_pictures, _, height, width = pictures.shape
        log2_range = training.log2_step_max - training.log2_step_min
        log2_step = training.log2_step_min + uniform(n_pictures) * log2_range
        noise = uniform(n_pictures, self.config.model.latent_channels, height // DOWNSCALE, width // DOWNSCALE) - 0.5
        return Draws(log2_step, noise, uniform() < training.straight_through_chance)

    def phase(self, progress: float) -> Optional[DistortionWeights]:
        """What the present step minimises at `progress` (0..1) of the schedule; None: the rate alone."""
        training = self.config.training
        if self.step < training.rate_only_steps:
            return None
        return training.first_phase if progress < training.second_phase_from else training.second_phase

    def loss(self, pictures: Tensor, draws: Draws,
             phase: Optional[DistortionWeights]) -> Tuple[Tensor, Tensor, Tensor]:
        """(loss, distortion, bits per pixel), means over a batch of pictures [N,3,H,W] in [0,1]."""
        training, log2_step = self.config.training, draws.log2_step
        step = (2 ** log2_step).view(-1, 1, 1, 1)
        with self.autocast(), torch.set_grad_enabled(phase is not None):
            latent = self.model.enc(pictures)
        scaled = latent.float() / step
        noisy = scaled + draws.noise
        bpp = self.model.ctx(noisy, log2_step).sum((1, 2)) / pictures[0, 0].numel()
        if phase is None:
            return bpp.mean(), bpp.new_zeros(()), bpp.mean()
        rounded = scaled + (scaled.round() - scaled).detach()  # the gradient passes straight through
        received = torch.where(draws.rounds, rounded, noisy)
        with self.autocast():
            decoded = self.model.dec(received * step, log2_step)
        error = distortion(pictures, decoded.float(), phase, 2 ** (-training.square_exponent * log2_step),
                           max(1, round(training.ssimulacra2_share * len(pictures))))
        total = error + training.rate_weight * 2 ** (training.rate_exponent * log2_step) * bpp
        return total.mean(), error.mean(), bpp.mean()

    def update(self, pictures: Tensor, draws: Draws,
               phase: Optional[DistortionWeights]) -> Tuple[Tensor, Tensor]:
        """Change the weights once, unless the gradient is not finite; returns (distortion, bits per pixel)."""
        total, error, bpp = self.loss(pictures, draws, phase)
        self.optimiser.zero_grad()
        total.backward()
        norm = nn.utils.clip_grad_norm_(self.parameters, self.config.training.gradient_clip)
        finite = torch.isfinite(norm) & torch.isfinite(total.detach())
        self.skipped.copy_(torch.where(finite, torch.zeros_like(self.skipped), self.skipped + 1))
        self.optimiser.step(finite)
        self.update_average()
        return error.detach(), bpp.detach()

    def recorded_update(self, pictures: Tensor, draws: Draws,
                        phase: Optional[DistortionWeights]) -> Tuple[Tensor, Tensor]:
        """`update` as a CUDA graph, after a few plain ones in which the libraries choose their kernels."""
        if phase not in self.recorded:
            self.plain_steps[phase] = self.plain_steps.get(phase, 0) + 1
            if self.plain_steps[phase] <= PLAIN_STEPS:
                stream = torch.cuda.Stream()
                stream.wait_stream(torch.cuda.current_stream())
                with torch.cuda.stream(stream):
                    result = self.update(pictures, draws, phase)
                torch.cuda.current_stream().wait_stream(stream)
                return result
            self.recorded[phase] = RecordedUpdate(self, pictures, draws, phase)
        return self.recorded[phase].replay(pictures, draws)

    def train_step(self, pictures: Tensor, progress: float) -> Tuple[Tensor, Tensor]:
        """One update with pictures [N,3,H,W] at `progress` (0..1) of the schedule; (distortion, bits per pixel)."""
        self.model.train()
        self.set_learning_rate(progress)
        self.average_weight.fill_(max(1 - self.config.training.ema_decay, 1 / (1 + 0.1 * (self.step + 1))))
        pictures = pictures.to(self.device, non_blocking=True)
        on_cuda = self.device.type == "cuda"
        update = self.recorded_update if on_cuda else self.update
        result = update(pictures, self.draw(pictures), self.phase(progress))
        self.step += 1
        if not on_cuda or self.step % MOST_SKIPPED == 0:  # asking makes the host wait for the device
            self.report_skipped()
        return result

    def report_skipped(self) -> None:
        """Say that the latest step had no finite gradient; give up after many of them."""
        skipped = int(self.skipped)
        if skipped:
            print(f"step {self.step}: skipped, its gradient is not finite", flush=True)
        if skipped >= MOST_SKIPPED:
            raise FloatingPointError(f"{skipped} steps in a row without a finite gradient")

    @torch.no_grad()
    def update_average(self) -> None:
        """Exponential moving average of the weights, quicker at the start of a run."""
        for name, value in self.model.state_dict().items():
            self.averaged[name].lerp_(value, self.average_weight)

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
                 "averaged": self.averaged, "moments": self.optimiser.moments()}
        save_state(state, folder)
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
        trainer.optimiser.load_moments(state["moments"])
        step, trainer.minutes, trainer.earlier_minutes = state["clock"].tolist()
        trainer.step = int(step)
        return trainer


def mean_of(history: History) -> Tuple[float, float]:
    """Means of recent (distortion, bits per pixel) pairs."""
    errors, rates = zip(*history)
    return torch.stack(errors).mean().item(), torch.stack(rates).mean().item()
