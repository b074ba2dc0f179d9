# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Settings of a training run: plain dataclasses, read from and written to JSON.

The defaults are those of a training from nothing. `config/NAME.json` holds the settings of a released
model; a key that no dataclass knows is an error, so that a misspelt setting is never ignored.
"""
from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, Dict, Tuple, Type, TypeVar

Settings = TypeVar("Settings")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the network; the tensor names follow from them (model.py)."""
    latent_channels: int = 24
    width_h: int = 64   # feature channels at 1/4 resolution ("high")
    width_w: int = 128  # feature channels at 1/8 resolution ("low")
    n_enc_high: int = 2  # residual blocks of the encoder at 1/4, then at 1/8
    n_enc_low: int = 3
    n_dec_low: int = 6  # residual blocks of the decoder at 1/8, then at 1/4
    n_dec_high: int = 4


@dataclass(frozen=True)
class DistortionWeights:
    """Weights of the terms of the distortion, for pictures in [0,1] (losses.py)."""
    ms_ssim: float      # of 1 - MS-SSIM over as many of its five scales as the crop has room for
    l1: float           # of the mean absolute error
    l2: float           # of the mean squared error
    ssimulacra2: float  # of SSIMULACRA 2's weighted sum of error norms, 0 = not computed
    chroma: float = 0.0  # of the mean squared error of smoothed colour differences, 0 = not computed


@dataclass(frozen=True)
class AugmentConfig:
    """How a training crop is drawn from a photo (data.py)."""
    crop_px: int = 128
    reductions: Tuple[int, ...] = (1, 1, 1, 2)  # one is drawn: the crop is reduced by that factor
    flip_chance: float = 0.5
    grey_chance: float = 0.04
    exposure_chance: float = 0.5
    exposure_gain: Tuple[float, float] = (0.75, 1.0)
    exposure_lift: Tuple[float, float] = (0.0, 0.1)
    rescale_chance: float = 0.0  # to reduce by any factor up to 2 instead
    tint_chance: float = 0.0     # to multiply each channel by a factor of its own
    tint_gain: Tuple[float, float] = (0.88, 1.0)
    synthetic_chance: float = 0.0  # rendered text and line art in place of a photo (synthetic.py)
    transpose_chance: float = 0.0  # to swap height and width
    gamma_chance: float = 0.0      # to raise values to a power
    gamma: Tuple[float, float] = (0.7, 1.4)
    permute_chance: float = 0.0    # to put the three channels in another order


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides the weights, apart from the photos and the machine's speed."""
    minutes: float = 120.0            # length of the schedule, training time only
    seed: int = 0
    batch: int = 4
    learning_rate: float = 7e-4
    adam_betas: Tuple[float, float] = (0.9, 0.99)
    muon: bool = False                # Muon for the 3x3 convolutions (optimiser.py)
    warmup_steps: int = 200
    hold_fraction: float = 0.5        # of the schedule at the full rate; then linear to ...
    last_rate_fraction: float = 0.02  # ... this part of it
    gradient_clip: float = 1.0
    ema_decay: float = 0.998
    log2_step_min: float = -1.75      # quantisation steps are drawn log-uniformly from this range
    log2_step_max: float = 2.5
    rate_weight: float = 0.10         # loss = distortion + weight * step ** exponent * bits per pixel
    rate_exponent: float = 1.5
    square_exponent: float = 0.0      # the squared error's weight is multiplied by step ** -exponent
    rate_only_steps: int = 0          # at first, only the rate proxy learns: for weights stored without one
    ssimulacra2_share: float = 1.0    # of a batch, to which that term applies (with its weight divided by it)
    straight_through_chance: float = 0.8  # the decoder sees rounded latents, else uniform noise
    second_phase_from: float = 0.5    # part of the schedule after which `second_phase` applies
    first_phase: DistortionWeights = DistortionWeights(ms_ssim=0.5, l1=0.5, l2=2.0, ssimulacra2=0.0)
    second_phase: DistortionWeights = DistortionWeights(ms_ssim=0.3, l1=0.4, l2=1.5, ssimulacra2=0.0011)
    augment: AugmentConfig = AugmentConfig()


@dataclass(frozen=True)
class QualityConfig:
    """The log2 steps that `pith encode -q 0` and `-q 100` stand for with this model."""
    log2_step_q0: float = 2.6
    log2_step_q100: float = -2.0


@dataclass(frozen=True)
class Config:
    """All settings of one model."""
    name: str = "unnamed"
    model: ModelConfig = field(default_factory=ModelConfig)
    training: TrainingConfig = field(default_factory=TrainingConfig)
    quality: QualityConfig = field(default_factory=QualityConfig)


def from_dict(kind: Type[Settings], values: Dict[str, Any], where: str = "config") -> Settings:
    """Build a settings dataclass from parsed JSON; keys left out keep their defaults."""
    fields = {f.name: f for f in dataclasses.fields(kind)}
    unknown = sorted(set(values) - set(fields))
    if unknown:
        raise ValueError(f"{where}: unknown setting {', '.join(unknown)}")
    defaults = kind() if kind is not DistortionWeights else None
    converted = {}
    for name, value in values.items():
        default = getattr(defaults, name, 0.0)
        if dataclasses.is_dataclass(default):
            converted[name] = from_dict(type(default), value, f"{where}.{name}")
        elif isinstance(default, tuple):
            converted[name] = tuple(value)
        elif any(isinstance(default, kept) != isinstance(value, kept) for kept in (str, bool)):
            raise ValueError(f"{where}.{name}: {value!r} is of the wrong type")
        else:
            converted[name] = float(value) if isinstance(default, float) else value
    return kind(**converted)


def read_config(path: str) -> Config:
    """Read a JSON file of settings."""
    with open(path, encoding="utf-8") as file:
        return from_dict(Config, json.load(file), path)


def to_json(config: Config) -> str:
    """The settings as JSON, all of them, in the order of the dataclasses."""
    return json.dumps(dataclasses.asdict(config), indent=2) + "\n"
