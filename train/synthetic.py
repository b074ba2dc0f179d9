# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Rendered text and line art for training: photos hold little of either."""
from __future__ import annotations

import glob
import random
import string

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import Tensor

FONT_PATTERN = "/usr/share/fonts/truetype/*/*.ttf"
CHARACTERS = string.ascii_letters + string.digits + " .,:;-()!?" + " " * 10


def draw_crop(rng: random.Random, photo: Tensor) -> Tensor:
    """Text or strokes on a plain ground or on `photo`, uint8 [3,H,W] as it is; all choices are `rng`'s."""
    height, width = photo.shape[1:]
    side_px = max(height, width)
    ground = tuple(rng.choice((255, rng.randrange(256))) for _ in range(3))
    ink = tuple(rng.choice((0, rng.randrange(256))) for _ in range(3))
    if rng.random() < 0.5:
        picture = Image.new("RGB", (width, height), ground)
    else:
        picture = Image.fromarray(photo.permute(1, 2, 0).numpy())
    draw = ImageDraw.Draw(picture)
    if rng.random() < 0.7:
        draw_text(draw, rng, side_px, ink)
    else:
        draw_strokes(draw, rng, side_px, ink)
    return torch.from_numpy(np.asarray(picture).copy()).permute(2, 0, 1)


def draw_text(draw: ImageDraw.ImageDraw, rng: random.Random, side_px: int, ink: tuple) -> None:
    """Fill the square with lines of random characters in one font of the system, at 9 to 40 pixels."""
    fonts = sorted(glob.glob(FONT_PATTERN))
    size_px = rng.randint(9, 40)
    font = ImageFont.truetype(rng.choice(fonts), size_px) if fonts else ImageFont.load_default()
    top = rng.randint(-size_px, 0)
    while top < side_px:
        line = "".join(rng.choice(CHARACTERS) for _ in range(side_px // 4))
        draw.text((rng.randint(-size_px, size_px), top), line, fill=ink, font=font)
        top += int(size_px * 1.3)


def draw_strokes(draw: ImageDraw.ImageDraw, rng: random.Random, side_px: int, ink: tuple) -> None:
    """A few lines, boxes and ellipses of 1 to 4 pixels' width."""
    for _ in range(rng.randint(4, 16)):
        left, right = sorted(rng.randrange(side_px) for _ in range(2))
        top, bottom = sorted(rng.randrange(side_px) for _ in range(2))
        width_px = rng.randint(1, 4)
        shape = rng.choice(("line", "rising line", "box", "ellipse"))
        if shape == "line":
            draw.line((left, top, right, bottom), fill=ink, width=width_px)
        elif shape == "rising line":
            draw.line((left, bottom, right, top), fill=ink, width=width_px)
        elif shape == "box":
            draw.rectangle((left, top, right, bottom), outline=ink, width=width_px)
        else:
            draw.ellipse((left, top, right, bottom), outline=ink, width=width_px)
