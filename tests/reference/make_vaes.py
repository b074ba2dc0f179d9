#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Autoencoders beside a checkpoint, as the world has them, for tests/cli/vae.sh.

  make_vaes.py SD_FOLDER VAE.safetensors OUT_FOLDER

SD_FOLDER has make_checkpoint.py and taesd_keys.json; VAE.safetensors is a narrow
autoencoder. Into OUT_FOLDER go one with the same encoder and another decoder,
and one whose encoder differs in a single value, both under diffusers' prefixless names
of the original; TAESD as one file, as two, and for a latent of 16 channels."""

import json
import os
import struct
import sys

import numpy as np

sd, source, out = sys.argv[1:]
sys.path.insert(0, sd)
import make_checkpoint as mc  # noqa: E402


def read(path: str) -> dict:
    data = open(path, "rb").read()
    n = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + n])
    header.pop("__metadata__", None)
    body = data[8 + n :]
    return {
        k: np.frombuffer(body[slice(*t["data_offsets"])], "<f4").reshape(t["shape"]) for k, t in header.items()
    }


def write(name: str, tensors: dict) -> None:
    header, blocks, at = {}, [], 0
    for key, value in tensors.items():
        data = np.ascontiguousarray(value, "<f4").tobytes()
        header[key] = {"dtype": "F32", "shape": list(value.shape), "data_offsets": [at, at + len(data)]}
        blocks.append(data)
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(out, name), "wb") as f:
        f.write(struct.pack("<Q", len(text)) + text + b"".join(blocks))


def taesd_weight(key: str, shape: list) -> np.ndarray:
    return mc.values(1, key, shape, 0, 0.1 if len(shape) == 1 else 1 / np.sqrt(np.prod(shape[1:])))


vae = {k.removeprefix("first_stage_model."): v for k, v in read(source).items()}
decoder = dict(vae)
decoder["decoder.conv_out.bias"] = vae["decoder.conv_out.bias"] + np.float32(0.25)
write("decoder.safetensors", decoder)
encoder = dict(vae)
encoder["encoder.conv_in.bias"] = vae["encoder.conv_in.bias"].copy()
encoder["encoder.conv_in.bias"][0] += 1
write("encoder.safetensors", encoder)

with open(os.path.join(sd, "taesd_keys.json")) as f:
    tiny = {key: taesd_weight(key, shape) for key, shape in json.load(f).items()}
write("tiny.safetensors", tiny)
for half in "encoder", "decoder":
    part = {k.removeprefix(f"taesd_{half}."): v for k, v in tiny.items() if k.startswith(f"taesd_{half}.")}
    write(f"taesd_{half}.safetensors", part)
    write(f"lonely_{half[0]}_{half}.safetensors", part)  # no name has the other for a sibling
for key, shape in {
    "taesd_encoder.14.weight": [16, 64, 3, 3],
    "taesd_encoder.14.bias": [16],
    "taesd_decoder.1.weight": [64, 16, 3, 3],
}.items():
    tiny[key] = taesd_weight(key, shape)
write("tiny16.safetensors", tiny)
