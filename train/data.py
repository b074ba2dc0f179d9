#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Photos for training: loading, the held-out split, random crops; and packing a folder of them small.

    data.py pack IN OUT --mib 40     a copy of a folder of photos that takes at most so many MiB
"""
from __future__ import annotations

import argparse
import io
import itertools
import os
import random
import shutil
import sys
from typing import Iterator, List, Sequence, Tuple

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image, ImageFile, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from config import AugmentConfig, TrainingConfig
from synthetic import draw_crop

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")
HELD_OUT_EVERY = 46  # the first and then every 46th file, by name, is never trained on
MANIFEST = "MANIFEST.tsv"


def list_pictures(folder: str) -> List[str]:
    """Paths of the folder's pictures, sorted by name."""
    names = sorted(name for name in os.listdir(folder) if name.lower().endswith(SUFFIXES))
    if not names:
        raise FileNotFoundError(f"{folder}: no pictures ({', '.join(SUFFIXES)})")
    return [os.path.join(folder, name) for name in names]


def split(paths: Sequence[str]) -> Tuple[List[str], List[str]]:
    """(training, held-out) of a sorted list; the held-out ones depend on the list alone."""
    held_out = list(paths[::HELD_OUT_EVERY])
    return [path for path in paths if path not in held_out], held_out


def open_rgb(path: str) -> Image.Image:
    """A picture as 8-bit RGB, upright."""
    with Image.open(path) as picture:
        return ImageOps.exif_transpose(picture).convert("RGB")


def load_picture(path: str) -> Tensor:
    """A picture as uint8 [3,H,W]."""
    return torch.from_numpy(np.asarray(open_rgb(path)).copy()).permute(2, 0, 1)


def load_photos(paths: Sequence[str]) -> List[Tensor]:
    """Photos as uint8 [3,H,W] (a whole folder fits in memory)."""
    return [load_picture(path) for path in paths]


def as_float(picture: Tensor) -> Tensor:
    """uint8 [3,H,W] -> float [1,3,H,W] in [0,1]."""
    return picture[None].float() / 255


def random_crop(photos: Sequence[Tensor], augment: AugmentConfig, rng: random.Random) -> Tensor:
    """One augmented crop, float [3,crop,crop] in [0,1]; every choice is `rng`'s."""
    crop_px = augment.crop_px
    photo = rng.choice(photos)
    height, width = photo.shape[1:]
    reduction = min(rng.choice(augment.reductions), height // crop_px, width // crop_px)
    side_px = crop_px * reduction
    if rng.random() < augment.rescale_chance:
        side_px = min(int(crop_px * rng.uniform(1, 2)), height, width)
    top, left = rng.randint(0, height - side_px), rng.randint(0, width - side_px)
    crop = photo[:, top:top + side_px, left:left + side_px]
    if rng.random() < augment.synthetic_chance:
        crop = draw_crop(rng, crop)
    crop = crop.float() / 255
    if side_px % crop_px == 0:
        crop = F.avg_pool2d(crop[None], side_px // crop_px)[0]
    else:
        crop = F.interpolate(crop[None], (crop_px, crop_px), mode="bilinear", antialias=True)[0]
    if rng.random() < augment.flip_chance:
        crop = crop.flip(2)
    if rng.random() < augment.transpose_chance:
        crop = crop.transpose(1, 2)
    if rng.random() < augment.grey_chance:
        crop = crop.mean(0, keepdim=True).expand(3, -1, -1)
    if rng.random() < augment.permute_chance:
        crop = crop[rng.sample(range(3), 3)]
    if rng.random() < augment.gamma_chance:
        crop = crop.clamp(0, 1) ** rng.uniform(*augment.gamma)
    if rng.random() < augment.tint_chance:
        crop = crop * torch.tensor([rng.uniform(*augment.tint_gain) for _ in range(3)])[:, None, None]
    if rng.random() < augment.exposure_chance:
        crop = crop * rng.uniform(*augment.exposure_gain) + rng.uniform(*augment.exposure_lift)
    return crop.clamp(0, 1)


def draw_seed(training: TrainingConfig, step: int) -> int:
    """Every draw of a step follows from this, so that a resumed run sees what an unbroken one would have seen."""
    return training.seed * 1_000_003 + step


class Batches(Dataset):
    """The crops of each step: float [N,3,crop,crop] in [0,1]."""

    def __init__(self, photos: Sequence[Tensor], training: TrainingConfig) -> None:
        self.photos, self.training = photos, training

    def __getitem__(self, step: int) -> Tensor:
        rng = random.Random(draw_seed(self.training, step))
        crops = [random_crop(self.photos, self.training.augment, rng) for _ in range(self.training.batch)]
        return torch.stack(crops).contiguous(memory_format=torch.channels_last)


def stream_batches(photos: Sequence[Tensor], training: TrainingConfig, first_step: int, n_workers: int,
                   pin_memory: bool) -> Iterator[Tensor]:
    """The batches of `first_step` and all after it, made ahead by `n_workers` processes (0: when asked for)."""
    return iter(DataLoader(Batches(photos, training), batch_size=None, sampler=itertools.count(first_step),
                           num_workers=n_workers, pin_memory=pin_memory))


def sample_blocks(photos: Sequence[Tensor], side_px: int, rng: random.Random, n_photos: int = 300,
                  n_blocks: int = 150) -> Tensor:
    """`n_blocks` squares from each of `n_photos` photos: float [M, 3 * side^2] in [0,1], C,H,W order."""
    blocks = []
    for photo in rng.sample(list(photos), min(n_photos, len(photos))):
        for _ in range(n_blocks):
            top = rng.randint(0, photo.shape[1] - side_px)
            left = rng.randint(0, photo.shape[2] - side_px)
            blocks.append(photo[:, top:top + side_px, left:left + side_px].reshape(-1))
    return torch.stack(blocks).float() / 255


def centre_square(picture: Image.Image, side_px: int) -> Image.Image:
    """The central square, reduced (never enlarged) to `side_px`."""
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    return square.resize((side_px, side_px), Image.LANCZOS) if side > side_px else square


def encode_jpeg(picture: Image.Image, quality: int) -> bytes:
    """JPEG with full chroma: 4:2:0 would cost decibels on colourful pictures."""
    ImageFile.MAXBLOCK = max(ImageFile.MAXBLOCK, 4 * picture.width * picture.height)  # noise needs the room
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling=0, optimize=True)
    return buffer.getvalue()


def pack(source: str, target: str, limit_bytes: int, side_px: int = 512) -> Tuple[int, int, int]:
    """Copy a folder of photos into at most `limit_bytes`; returns (photos, bytes, JPEG quality).

    Files are copied unchanged (quality 0) if they all fit. Otherwise each becomes its central square as
    JPEG, at the best common quality from 93 to 70; if even 70 is too much, the last ones by name are left
    out. The manifest with sources and licences goes along.
    """
    paths = list_pictures(source)
    manifest = os.path.join(source, MANIFEST)
    extra = os.path.getsize(manifest) if os.path.exists(manifest) else 0
    os.makedirs(target, exist_ok=True)
    if extra:
        shutil.copyfile(manifest, os.path.join(target, MANIFEST))
    total = extra + sum(os.path.getsize(path) for path in paths)
    if total <= limit_bytes:
        for path in paths:
            shutil.copyfile(path, os.path.join(target, os.path.basename(path)))
        return len(paths), total, 0

    squares = [centre_square(open_rgb(path), side_px) for path in paths]
    lowest, highest = 70, 93
    while lowest < highest:
        quality = (lowest + highest + 1) // 2
        if extra + sum(len(encode_jpeg(square, quality)) for square in squares) <= limit_bytes:
            lowest = quality
        else:
            highest = quality - 1
    total, count = extra, 0
    for path, square in zip(paths, squares):
        content = encode_jpeg(square, lowest)
        if total + len(content) > limit_bytes:
            break
        name = os.path.splitext(os.path.basename(path))[0] + ".jpg"
        with open(os.path.join(target, name), "wb") as file:
            file.write(content)
        total, count = total + len(content), count + 1
    return count, total, lowest


def main() -> int:
    parser = argparse.ArgumentParser(description="Training photos.")
    commands = parser.add_subparsers(dest="command", required=True)
    packing = commands.add_parser("pack", help="copy a folder of photos into a given size")
    packing.add_argument("source", metavar="IN")
    packing.add_argument("target", metavar="OUT")
    packing.add_argument("--mib", type=float, default=40.0, help="size limit in MiB (40)")
    packing.add_argument("--side", type=int, default=512, help="side of the squares in pixels (512)")
    options = parser.parse_args()
    try:
        count, total, quality = pack(options.source, options.target, int(options.mib * 2 ** 20), options.side)
    except OSError as error:
        print(f"data.py: {error}", file=sys.stderr)
        return 1
    how = f"JPEG quality {quality}" if quality else "copied as they are"
    print(f"{options.target}: {count} photos, {total / 2 ** 20:.1f} MiB, {how}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
