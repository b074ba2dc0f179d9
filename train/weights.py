# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Reading and writing safetensors files, the few lines of it that training needs.

Format: https://github.com/huggingface/safetensors: a little-endian 64-bit length, a JSON header of that
many bytes, then the tensors' data. Tensors are written sorted by name, without gaps, and the header is
padded with spaces to a multiple of 8 bytes, so that equal contents give equal files.
"""
from __future__ import annotations

import json
import math
import os
import struct
from typing import Dict, Mapping, Tuple

import numpy as np
import torch
from torch import Tensor

NUMPY_TYPE = {"F16": "<f2", "F32": "<f4"}


def encode_safetensors(tensors: Mapping[str, Tensor], metadata: Mapping[str, str], kind: str) -> bytes:
    """The bytes of a file that holds `tensors` as `kind` ("F16" or "F32")."""
    header: Dict[str, object] = {"__metadata__": dict(sorted(metadata.items()))}
    parts, end = [], 0
    for name in sorted(tensors):
        values = tensors[name].detach().cpu().double().contiguous().numpy()
        with np.errstate(over="ignore"):  # an overflow becomes an infinity, which is refused below
            values = values.astype(NUMPY_TYPE[kind])
        if not np.isfinite(values).all():
            raise ValueError(f"{name}: a value is not finite, or does not fit {kind}")
        parts.append(values.tobytes())
        begin, end = end, end + values.nbytes
        header[name] = {"dtype": kind, "shape": list(values.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(parts)


def replace_file(path: str, content: bytes) -> None:
    """Write a file under a temporary name, then rename it: a reader sees the old or the new one whole."""
    folder = os.path.dirname(path)
    if folder:
        os.makedirs(folder, exist_ok=True)
    temporary = f"{path}.{os.getpid()}.tmp"
    with open(temporary, "wb") as file:
        file.write(content)
    os.replace(temporary, path)


def write_safetensors(path: str, tensors: Mapping[str, Tensor], metadata: Mapping[str, str],
                      kind: str) -> None:
    """Write a file that holds `tensors` as `kind`, whole or not at all."""
    replace_file(path, encode_safetensors(tensors, metadata, kind))


def read_safetensors(path: str) -> Tuple[Dict[str, Tensor], Dict[str, str]]:
    """Tensors as float32, and the metadata. F16 and F32 files only."""
    with open(path, "rb") as file:
        content = file.read()
    if len(content) < 8:
        raise ValueError(f"{path}: too short for a safetensors file")
    header_bytes = struct.unpack("<Q", content[:8])[0]
    data_start = 8 + header_bytes
    if data_start > len(content):
        raise ValueError(f"{path}: the header is longer than the file")
    header = json.loads(content[8:data_start])
    metadata = header.pop("__metadata__", {})
    tensors = {}
    for name, entry in header.items():
        if entry["dtype"] not in NUMPY_TYPE:
            raise ValueError(f"{path}: {name} is {entry['dtype']}, not F16 or F32")
        begin, end = (data_start + offset for offset in entry["data_offsets"])
        kind = np.dtype(NUMPY_TYPE[entry["dtype"]])
        if end > len(content) or end - begin != math.prod(entry["shape"]) * kind.itemsize:
            raise ValueError(f"{path}: {name}: offsets do not fit the shape or the file")
        values = np.frombuffer(content[begin:end], kind).astype(np.float32)
        tensors[name] = torch.from_numpy(values.reshape(entry["shape"]))
    return tensors, metadata
