# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The built-in model: an autoencoder of a picture and its latent at 1/8 resolution.

Each half is a linear 8x8 block transform beside a small residual network. The transforms start as PCA of
photographic blocks and the networks start at zero, so that training begins at a working codec. There is no
normalisation and no attention, so the reach of each half is finite (`reach_px`) and tiling can be exact.
Convolutions pad with zeros. The encoder does not know the quantisation step; the decoder is told its log2. A texture, trained by itself, may be
added to the decoder's picture.
"""
from __future__ import annotations

import dataclasses
import re
from typing import Dict, Iterable, Mapping, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from config import ModelConfig
from rate import RateModel

DOWNSCALE = 8              # picture pixels per latent position, in each direction
PATCH_PX = 4               # the networks work on 4x4 patches ("high"), then on 8x8 ("low")
BLOCK_VALUES = 3 * DOWNSCALE ** 2
PIXEL_CENTRE = 0.5         # subtracted from pictures in [0,1]
TEXTURE_NOISE = 24         # planes of noise at 1/4 resolution that a texture is made from
TEXTURE_PREFIX = "real."   # of a texture's tensors beside a model's
LATENT_SCALE = 2.3         # of the PCA transform: puts the useful steps around 1


class ResidualBlock(nn.Module):
    """x + b(relu(a(relu(x)))), 3x3 convolutions; starts as the identity."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(channels, channels, 3, padding=1)
        self.b = start_at_zero(nn.Conv2d(channels, channels, 3, padding=1))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.b(F.relu(self.a(F.relu(x))))


def start_at_zero(layer: nn.Conv2d) -> nn.Conv2d:
    """Clear a layer's weights and bias, and hand it back."""
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    return layer


def without_autocast(x: Tensor) -> torch.autocast:
    """Keep the type of `x`: bfloat16 has too few bits for the linear part, the bulk of each result."""
    return torch.autocast(device_type=x.device.type, enabled=False)


def residual_blocks(count: int, channels: int) -> list:
    """`count` residual blocks of the same width."""
    return [ResidualBlock(channels) for _ in range(count)]


def up_layers(low: int, high: int) -> nn.Sequential:
    """Features at 1/8 resolution -> at 1/4."""
    return nn.Sequential(nn.Conv2d(low, high * 4, 3, padding=1), nn.PixelShuffle(2))


def pixel_layers(high: int) -> nn.Sequential:
    """Features at 1/4 resolution -> RGB; starts as nothing."""
    return nn.Sequential(start_at_zero(nn.Conv2d(high, 3 * PATCH_PX ** 2, 3, padding=1)), nn.PixelShuffle(PATCH_PX))


class Encoder(nn.Module):
    """Picture [N,3,H,W] in [0,1], H and W multiples of 8 -> latent [N,C,H/8,W/8], unbounded."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        high, low = config.width_h, config.width_w
        self.lin = nn.Conv2d(BLOCK_VALUES, config.latent_channels, 1)
        self.net = nn.Sequential(
            nn.PixelUnshuffle(PATCH_PX),
            nn.Conv2d(3 * PATCH_PX ** 2, high, 3, padding=1),
            *residual_blocks(config.n_enc_high, high),
            nn.Conv2d(high, low, 3, stride=2, padding=1),
            *residual_blocks(config.n_enc_low, low),
            start_at_zero(nn.Conv2d(low, config.latent_channels, 3, padding=1)))

    def forward(self, picture: Tensor) -> Tensor:
        centred = picture - PIXEL_CENTRE
        with without_autocast(picture):
            linear = self.lin(F.pixel_unshuffle(centred, DOWNSCALE))
        return self.net(centred) + linear

    def reach_px(self) -> int:
        """A latent value depends on no pixel farther than this from its own 8x8 block."""
        return reach_px(self.net, cell_px=1)


class Decoder(nn.Module):
    """Latent [N,C,H,W] (not divided by the step), log2 of the step [N] -> picture [N,3,8H,8W], raw."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        high, low = config.width_h, config.width_w
        self.lin = nn.Conv2d(config.latent_channels, BLOCK_VALUES, 1)
        self.head = nn.Conv2d(config.latent_channels + 1, low, 3, padding=1)
        self.low = nn.Sequential(*residual_blocks(config.n_dec_low, low))
        self.up = up_layers(low, high)
        self.high = nn.Sequential(*residual_blocks(config.n_dec_high, high))
        self.tail = pixel_layers(high)

    def features(self, latent: Tensor, log2_step: Tensor) -> Tensor:
        """What the end of the decoder is given, at 1/8 resolution."""
        step_plane = log2_step.view(-1, 1, 1, 1).expand(-1, 1, *latent.shape[2:])
        return self.low(self.head(torch.cat([latent, step_plane.to(latent.dtype)], 1)))

    def finish(self, latent: Tensor, features: Tensor) -> Tensor:
        """The picture of a latent and its features."""
        detail = self.tail(self.high(self.up(features)))
        with without_autocast(latent):
            linear = F.pixel_shuffle(self.lin(latent), DOWNSCALE)
        return detail + linear + PIXEL_CENTRE

    def forward(self, latent: Tensor, log2_step: Tensor) -> Tensor:
        return self.finish(latent, self.features(latent, log2_step))

    def reach_px(self) -> int:
        """A pixel depends on no latent position whose 8x8 block is farther than this from it."""
        layers = nn.Sequential(self.head, self.low, self.up, self.high, self.tail)
        return reach_px(layers, cell_px=DOWNSCALE)


class Texture(nn.Module):
    """Detail that the decoder's picture may lack, drawn by noise: a second end beside the decoder's own.

    `features` [N,W,H,W] of the decoder at 1/8 resolution and standard normal `noise` [N,TEXTURE_NOISE,2H,2W] -> what
    to add to the picture [N,3,8H,8W]. Features say how strong each channel of noise is, in the middle of a chain
    that has the layers, and so the reach, of the decoder's end. It starts as nothing.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        high, low = config.width_h, config.width_w
        self.up = up_layers(low, high)
        self.high = nn.Sequential(*residual_blocks(config.n_dec_high, high))
        self.gain = nn.Conv2d(high, TEXTURE_NOISE, 1)
        self.mix = nn.Conv2d(TEXTURE_NOISE, high, 1)
        self.tail = pixel_layers(high)

    def forward(self, features: Tensor, noise: Tensor) -> Tensor:
        half = len(self.high) // 2
        x = self.high[:half](self.up(features))
        x = x + self.mix(self.gain(x) * noise)
        return self.tail(self.high[half:](x))


class MiniModel(nn.Module):
    """Encoder, decoder and rate proxy; their tensors are named `enc.*`, `dec.*` and `ctx.*`."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.enc = Encoder(config)
        self.dec = Decoder(config)
        self.ctx = RateModel(config.latent_channels)


def texture_tensors(tensors: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The tensors of the texture among a stored model's, names unchanged; none where it has none."""
    return {name: value for name, value in tensors.items() if name.startswith(TEXTURE_PREFIX)}


def flat_layers(module: nn.Module) -> Iterable[nn.Module]:
    """The layers without children in the order they run (a residual block is a chain as to reach)."""
    children = list(module.children())
    if not children:
        yield module
    for child in children:
        yield from flat_layers(child)


def reach_px(module: nn.Module, cell_px: int) -> int:
    """How far a chain of layers sees beyond its own block, in picture pixels; `cell_px` is an input cell."""
    before = after = 0
    cell = float(cell_px)
    for layer in flat_layers(module):
        if isinstance(layer, nn.PixelUnshuffle):
            cell *= layer.downscale_factor
        elif isinstance(layer, nn.PixelShuffle):
            cell /= layer.upscale_factor
        elif isinstance(layer, nn.Conv2d):
            size, stride, padding = layer.kernel_size[0], layer.stride[0], layer.padding[0]
            before += padding * cell
            after += max(0, size - padding - stride) * cell  # an output cell stands for `stride` input cells
            cell *= stride
        else:
            raise TypeError(f"reach of {type(layer).__name__} is not known")
    return int(max(before, after))


def config_from_tensors(tensors: Mapping[str, Tensor]) -> ModelConfig:
    """The sizes of a stored model, from its tensors' names and shapes alone."""
    def count_blocks(prefix: str, width: int) -> int:
        pattern = re.compile(re.escape(prefix) + r"\d+\.a\.weight")
        return sum(1 for name, t in tensors.items() if pattern.fullmatch(name) and t.shape[0] == width)

    high, low = tensors["enc.net.1.weight"].shape[0], tensors["dec.head.weight"].shape[0]
    if high == low:
        raise ValueError("the widths at 1/4 and 1/8 are equal: the encoder's blocks cannot be told apart")
    return ModelConfig(
        latent_channels=tensors["enc.lin.weight"].shape[0], width_h=high, width_w=low,
        n_enc_high=count_blocks("enc.net.", high), n_enc_low=count_blocks("enc.net.", low),
        n_dec_low=count_blocks("dec.low.", low), n_dec_high=count_blocks("dec.high.", high))


def principal_directions(blocks: Tensor, count: int) -> Tensor:
    """The `count` strongest orthonormal directions of rows [M,D], as columns [D,count]."""
    rows = blocks.double()
    _, vectors = torch.linalg.eigh(rows.t() @ rows)  # ascending
    return vectors.flip(1)[:, :count].float()


@torch.no_grad()
def start_as_pca(model: MiniModel, blocks: Tensor) -> None:
    """Set the linear transforms to PCA; `blocks` [M,192] are 8x8 RGB blocks (C,H,W order) in [0,1]."""
    directions = principal_directions(blocks - PIXEL_CENTRE, model.config.latent_channels)
    model.enc.lin.weight.copy_((directions.t() * LATENT_SCALE)[..., None, None])
    model.dec.lin.weight.copy_((directions / LATENT_SCALE)[..., None, None])
    nn.init.zeros_(model.enc.lin.bias)
    nn.init.zeros_(model.dec.lin.bias)


def last_encoder_layer(config: ModelConfig) -> int:
    """The place of the encoder's last convolution in its chain of layers."""
    return 3 + config.n_enc_high + config.n_enc_low


def can_deepen(old: ModelConfig, new: ModelConfig) -> bool:
    """Whether `deepen` leads from one to the other: more blocks, but for the encoder's at 1/4, and no other change."""
    deeper = dataclasses.replace(old, n_enc_low=new.n_enc_low, n_dec_low=new.n_dec_low, n_dec_high=new.n_dec_high)
    return deeper == new and (old.n_enc_low <= new.n_enc_low and old.n_dec_low <= new.n_dec_low
                              and old.n_dec_high <= new.n_dec_high)


@torch.no_grad()
def deepen(stored: Mapping[str, Tensor], model: MiniModel) -> Dict[str, Tensor]:
    """Weights of a model with fewer blocks at the ends of its chains, extended to `model`'s.

    A new block is the identity until it is trained, so the deeper model computes what the stored one did.
    """
    old = config_from_tensors(stored)
    old_last, new_last = (f"enc.net.{last_encoder_layer(config)}." for config in (old, model.config))
    moved = {name.replace(old_last, new_last) if name.startswith(old_last) else name: value
             for name, value in stored.items()}
    return {name: moved.get(name, fresh.detach().float().cpu()) for name, fresh in model.state_dict().items()}


@torch.no_grad()
def grow_latent(stored: Mapping[str, Tensor], model: MiniModel, blocks: Tensor) -> Dict[str, Tensor]:
    """Weights of a model with fewer latent channels, extended to `model`'s; `blocks` as in `start_as_pca`.

    The new channels carry, linearly, the principal directions of what the stored decoder's linear
    transform cannot express. The networks do not see them at first, and the rate of the old ones
    does not depend on them, so the old channels keep both their meaning and their cost.
    """
    old_count, new_count = stored["enc.lin.weight"].shape[0], model.config.latent_channels
    spanned, _ = torch.linalg.qr(stored["dec.lin.weight"].double().flatten(1))
    rows = blocks.double() - PIXEL_CENTRE
    left_over = rows - (rows @ spanned) @ spanned.t()
    directions = principal_directions(left_over - left_over.mean(0), new_count - old_count)

    grown = {}
    for name, fresh in model.state_dict().items():
        old = stored[name]
        if old.shape == fresh.shape:
            grown[name] = old.clone()
            continue
        new = fresh.detach().float().cpu().clone()
        if name not in ("ctx.f1.weight", "ctx.f1.bias", "ctx.f2.weight", "ctx.f2.bias"):
            new.zero_()  # only the rate model's own part for the new channels keeps its fresh values
        if name in ("dec.head.weight", "ctx.m.weight"):  # the plane of the step comes last
            new[:, :old_count], new[:, new_count] = old[:, :old_count], old[:, old_count]
        else:
            overlap: Tuple[slice, ...] = tuple(slice(size) for size in old.shape)
            new[overlap] = old
        if name == "enc.lin.weight":
            new[old_count:] = (directions.t() * LATENT_SCALE)[..., None, None]
        elif name == "dec.lin.weight":
            new[:, old_count:] = (directions / LATENT_SCALE)[..., None, None]
        grown[name] = new
    return grown
