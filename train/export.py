#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""The only door from training to the codec: a checkpoint becomes the model file that C reads.

    export.py WEIGHTS OUT --config config/mini-1.json [--trained-minutes M]

OUT is a safetensors file in fp16 with the tensors `enc.*`, `dec.*`, `real.*` (the texture, where realism.py has
trained one) and `rate.*` (the rate proxy as plain convolutions) and the metadata that the engine needs. Equal inputs
give equal bytes.
"""
from __future__ import annotations

import argparse
import sys
from typing import Dict, Mapping

from torch import Tensor

from config import Config, read_config
from model import DOWNSCALE, TEXTURE_PREFIX, MiniModel, Texture, config_from_tensors, texture_tensors
from rate import RateModel, stored_tensors, with_proxy
from weights import encode_safetensors, read_safetensors, replace_file

FORMAT_NAME, FORMAT_VERSION = "pith-mini", "1"
SIZE_LIMIT_BYTES = 16_000_000
LICENCE_NOTE = "photos: see train/README.md"


def codec_tensors(tensors: Mapping[str, Tensor]) -> Dict[str, Tensor]:
    """The tensors of encoder and decoder, names unchanged."""
    return {name: value for name, value in tensors.items() if name.startswith(("enc.", "dec."))}


def rate_tensors(tensors: Mapping[str, Tensor], config: Config) -> Dict[str, Tensor]:
    """The rate proxy as the codec runs it; the weights of one that is not of this shape are refused."""
    proxy = RateModel(config.model.latent_channels)
    proxy.load_state_dict({name[4:]: value for name, value in tensors.items() if name.startswith("ctx.")})
    return stored_tensors(proxy)


def model_metadata(config: Config, trained_minutes: str) -> Dict[str, str]:
    """What the model file says about itself; all values are strings, as safetensors demands."""
    sizes, training, quality = config.model, config.training, config.quality
    model = MiniModel(sizes)
    return {
        "format": FORMAT_NAME,
        "format_version": FORMAT_VERSION,
        "name": config.name,
        "latent_channels": str(sizes.latent_channels),
        "width_h": str(sizes.width_h),
        "width_w": str(sizes.width_w),
        "n_enc_high": str(sizes.n_enc_high),
        "n_enc_low": str(sizes.n_enc_low),
        "n_dec_low": str(sizes.n_dec_low),
        "n_dec_high": str(sizes.n_dec_high),
        "downscale": str(DOWNSCALE),
        "log2_step_min": str(training.log2_step_min),
        "log2_step_max": str(training.log2_step_max),
        "log2_step_q0": str(quality.log2_step_q0),
        "log2_step_q100": str(quality.log2_step_q100),
        "enc_reach_px": str(model.enc.reach_px()),
        "dec_reach_px": str(model.dec.reach_px()),
        "trained_minutes": trained_minutes,
        "licence": LICENCE_NOTE,
    }


def model_file(tensors: Mapping[str, Tensor], config: Config, trained_minutes: str) -> bytes:
    """The bytes of the model file; refuses weights that do not match, are not finite or do not fit fp16."""
    found = config_from_tensors(tensors)
    if found != config.model:
        raise ValueError(f"the weights are {found}, the configuration says {config.model}")
    textures = texture_tensors(tensors)
    chosen = {**codec_tensors(tensors), **textures}
    wanted = codec_tensors(MiniModel(config.model).state_dict())
    if textures:
        wanted.update({TEXTURE_PREFIX + name: value for name, value in Texture(config.model).state_dict().items()})
    for name in sorted(set(chosen) | set(wanted)):
        if name not in chosen or name not in wanted:
            raise ValueError(f"tensor {name} is {'missing' if name in wanted else 'not of this network'}")
        if chosen[name].shape != wanted[name].shape:
            raise ValueError(f"tensor {name} is {list(chosen[name].shape)}, not {list(wanted[name].shape)}")
    chosen.update(rate_tensors(tensors, config))
    content = encode_safetensors(chosen, model_metadata(config, trained_minutes), "F16")
    if len(content) > SIZE_LIMIT_BYTES:
        raise ValueError(f"{len(content)} bytes: more than {SIZE_LIMIT_BYTES}")
    return content


def main() -> int:
    parser = argparse.ArgumentParser(description="Write the model file that the codec reads.")
    parser.add_argument("weights", metavar="WEIGHTS", help="weights.safetensors of a training folder")
    parser.add_argument("target", metavar="OUT", help="such as models/mini-5.safetensors")
    parser.add_argument("--config", metavar="FILE", required=True, help="the settings of the training")
    parser.add_argument("--trained-minutes", metavar="M", help="in place of what WEIGHTS says of itself")
    options = parser.parse_args()
    try:
        tensors, metadata = read_safetensors(options.weights)
        tensors = with_proxy(tensors)
        minutes = options.trained_minutes or metadata.get("trained_minutes")
        if minutes is None:
            raise ValueError(f"{options.weights} does not say --trained-minutes: give it")
        content = model_file(tensors, read_config(options.config), minutes)
        replace_file(options.target, content)
    except (OSError, ValueError) as error:
        print(f"export.py: {error}", file=sys.stderr)
        return 1
    print(f"{options.target}: {len(content)} bytes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
