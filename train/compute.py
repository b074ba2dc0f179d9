# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Where training and measuring run."""
from __future__ import annotations

import functools

import torch
from torch import Tensor


@functools.lru_cache(maxsize=16)
def constant(values: tuple, dtype: torch.dtype, device: torch.device) -> Tensor:
    """A tensor of fixed values, made once: a CUDA graph (trainer.py) cannot record a copy from the host."""
    return torch.tensor(values, dtype=dtype, device=device)


def select_device(name: str, n_threads: int) -> torch.device:
    """`name` is "cpu", "cuda", or "auto" (CUDA where there is one). CUDA's TF32 is switched off."""
    torch.set_num_threads(n_threads)
    torch.backends.cudnn.allow_tf32 = False  # variances in the metrics are differences of near-equal numbers
    torch.backends.cuda.matmul.allow_tf32 = False
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)
