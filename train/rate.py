# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The rate proxy: a causal context model that estimates how many bits a quantised latent costs.

It stands in for the integer coder during training and is not part of the codec. Positions are coded in
raster order; within a position, channels in order. Like PixelCNN (van den Oord and others, 2016), a masked
5x5 convolution sees the positions already coded; a masked 1x1 layer then adds, for each channel, the
channels before it at the same position. The distribution is a logistic, integrated over each bin.

The attribute names (m, h2, f1, f2) are tensor names of existing weights files, hence kept.
"""
from __future__ import annotations

from typing import Dict, Mapping, Tuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

CONTEXT_PX = 5
LEAST_SCALE = 0.05
LEAST_PROBABILITY = 1e-6


def stored_tensors(model: RateModel) -> Dict[str, Tensor]:
    """What the model file holds of it, as plain convolutions: masked, and the last one not grouped."""
    groups = model.f2.groups
    rows, columns = model.f2.out_channels // groups, model.f2.in_channels // groups
    whole = model.f2.weight.new_zeros(model.f2.out_channels, model.f2.in_channels, 1, 1)
    for group in range(groups):
        inner = model.f2.weight[group * rows:(group + 1) * rows]
        whole[group * rows:(group + 1) * rows, group * columns:(group + 1) * columns] = inner
    weights = {"m": model.m.weight * model.position_mask, "h2": model.h2.weight,
               "f1": model.f1.weight * model.channel_mask, "f2": whole}
    stored = {f"rate.{name}.weight": value.detach() for name, value in weights.items()}
    return {**stored, **{f"rate.{name}.bias": getattr(model, name).bias.detach() for name in weights}}


def with_proxy(tensors: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """Tensors of a model file with `ctx.*`, as the modules name them, in the place of `rate.*`."""
    found = {name: value for name, value in tensors.items() if not name.startswith("rate.")}
    if "rate.f2.weight" not in tensors:
        return found
    groups = tensors["rate.f2.weight"].shape[0] // 2
    found.update({"ctx." + name[5:]: value for name, value in tensors.items() if name.startswith("rate.")})
    blocks = [block.chunk(groups, 1)[group] for group, block in
              enumerate(tensors["rate.f2.weight"].chunk(groups, 0))]
    found["ctx.f2.weight"] = torch.cat(blocks)
    return found


class RateModel(nn.Module):
    """Bits of a latent in units of the step, given log2 of the step."""

    def __init__(self, latent_channels: int, hidden: int = 64, per_channel: int = 32) -> None:
        super().__init__()
        self.latent_channels = latent_channels
        self.m = nn.Conv2d(latent_channels + 1, hidden, CONTEXT_PX, padding=CONTEXT_PX // 2)
        self.h2 = nn.Conv2d(hidden, hidden, 1)
        self.f1 = nn.Conv2d(hidden + latent_channels, latent_channels * per_channel, 1)
        self.f2 = nn.Conv2d(latent_channels * per_channel, 2 * latent_channels, 1, groups=latent_channels)

        centre = CONTEXT_PX // 2
        position_mask = torch.zeros(1, latent_channels + 1, CONTEXT_PX, CONTEXT_PX)
        position_mask[..., :centre, :] = 1
        position_mask[..., centre, :centre] = 1
        position_mask[:, latent_channels] = 1  # the plane of the step is known everywhere
        self.register_buffer("position_mask", position_mask, persistent=False)

        channel_mask = torch.ones(latent_channels * per_channel, hidden + latent_channels, 1, 1)
        for channel in range(latent_channels):
            channel_mask[channel * per_channel:(channel + 1) * per_channel, hidden + channel:] = 0
        self.register_buffer("channel_mask", channel_mask, persistent=False)

    def distribution(self, scaled: Tensor, log2_step: Tensor) -> Tuple[Tensor, Tensor]:
        """Mean and scale [N,C,H,W] of each value's logistic, from the values before it.

        `scaled` = latent / step [N,C,H,W], `log2_step` [N].
        """
        n_images, _, height, width = scaled.shape
        step_plane = log2_step.view(-1, 1, 1, 1).expand(-1, 1, height, width)
        context = F.conv2d(torch.cat([scaled, step_plane], 1), self.m.weight * self.position_mask,
                           self.m.bias, padding=CONTEXT_PX // 2)
        context = F.relu(self.h2(F.relu(context)))
        mixed = F.conv2d(torch.cat([context, scaled], 1), self.f1.weight * self.channel_mask, self.f1.bias)
        mean, raw_scale = self.f2(F.relu(mixed)).view(n_images, -1, 2, height, width).unbind(2)
        return mean, F.softplus(raw_scale) + LEAST_SCALE

    def symbol_bits(self, scaled: Tensor, log2_step: Tensor) -> Tensor:
        """Bits of each value [N,C,H,W]; arguments as in `distribution`."""
        mean, scale = self.distribution(scaled, log2_step)
        above = torch.sigmoid((scaled - mean + 0.5) / scale)
        below = torch.sigmoid((scaled - mean - 0.5) / scale)
        return -torch.log2((above - below).clamp_min(LEAST_PROBABILITY))

    def forward(self, scaled: Tensor, log2_step: Tensor) -> Tensor:
        """Bits of each position, all channels: [N,H,W]."""
        return self.symbol_bits(scaled, log2_step).sum(1)
