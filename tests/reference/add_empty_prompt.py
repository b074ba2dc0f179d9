#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""A checkpoint without a text encoder, with random values in the place of what it would make of the
empty prompt: a file in Pith's own format, but without the fingerprints of its source.

    add_empty_prompt.py IN.safetensors OUT.safetensors
"""
import json
import sys

import numpy as np

NAMES = {"first_stage_model.": "vae.", "model.diffusion_model.": "unet."}


def main() -> None:
    with open(sys.argv[1], "rb") as file:
        content = file.read()
    n = int.from_bytes(content[:8], "little")
    header, data = json.loads(content[8:8 + n]), content[8 + n:]
    out = {"__metadata__": {"format": "pith-sd1", "format_version": "1", "name": "sd1"}}
    blocks, end = [], 0

    def add(name: str, dtype: str, shape, values: bytes) -> None:
        nonlocal end
        out[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + len(values)]}
        blocks.append(values)
        end += len(values)

    for key, entry in header.items():
        for old, new in NAMES.items():
            if key.startswith(old):
                add(new + key[len(old):], entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
    prompt = np.random.default_rng(1).standard_normal((77, 768)).astype("<f2").astype("<f4")
    add("text.empty_prompt", "F32", [77, 768], prompt.tobytes())
    text = json.dumps(out).encode()
    text += b" " * (-len(text) % 8)
    with open(sys.argv[2], "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text + b"".join(blocks))


if __name__ == "__main__":
    main()
