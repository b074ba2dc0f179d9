# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""A plug-in for Pillow: Image.open("photo.pith"), image.save("photo.pith", quality=50)."""
from __future__ import annotations

import io
from typing import Optional, Tuple

import numpy as np
from PIL import Image, ImageFile

from . import _codec

MAGIC = b"\xf0PIT"
EXIF_PREFIX = b"Exif\0\0"  # Pillow's info["exif"] begins so
PREVIEW_SCALE = 8
MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}


class PithImageFile(ImageFile.ImageFile):
    """Opening reads the header; the picture is decoded when its pixels are wanted."""

    format = "PITH"
    format_description = "Pith picture"

    def _open(self) -> None:
        data = self.fp.read()
        try:
            found = _codec.info(data)
        except (_codec.PithError, ValueError) as error:
            raise SyntaxError(str(error)) from error  # another plug-in may know the file
        self._data: Optional[bytes] = data
        self._preview = False
        self._size = (found.width, found.height)
        deep_grey = found.depth == 16 and found.channels == 1
        mode = "I;16" if deep_grey else MODES[found.channels]
        if isinstance(getattr(Image.Image, "mode", None), property):  # from Pillow 10.1 on
            self._mode = mode
        else:
            self.mode = mode
        for key, value in (("icc_profile", found.icc), ("xmp", found.xmp),
                           ("exif", EXIF_PREFIX + found.exif if found.exif else None)):
            if value:
                self.info[key] = value
        self.tile = []

    def draft(self, mode: Optional[str], size: Tuple[int, int]) -> Optional[Tuple[str, Tuple[int, int, int, int]]]:
        """Where an eighth of the size is enough (thumbnails), the preview is decoded instead, which takes no network."""
        small = tuple(-(-side // PREVIEW_SCALE) for side in self.size)
        if self._data is None or self._preview or self.mode == "I;16" or small[0] < size[0] or small[1] < size[1]:
            return None
        self._preview = True
        self._size = small
        return self.mode, (0, 0, self.size[0], self.size[1])

    def load(self) -> object:
        if getattr(self, "_data", None) is not None:
            depth = 16 if self.mode == "I;16" else 8
            try:
                picture = _codec.decode(self._data, preview=self._preview, depth=depth)
            except _codec.PithError as error:
                raise OSError(str(error)) from error
            self._data = None
            if self.fp and self._exclusive_fp:
                self.fp.close()
            if depth == 16:
                picture = picture.astype("<u2")
            self.fp = io.BytesIO(picture.tobytes())
            self.tile = [("raw", (0, 0) + self.size, 0, self.mode)]
        return super().load()


def _pixels(image: Image.Image) -> np.ndarray:
    """As an array that can be encoded; palettes, bits, CMYK and the like are converted."""
    if image.mode in ("I;16", "I;16L", "I;16B", "I;16N"):
        return np.asarray(image).astype(np.uint16)
    if image.mode not in MODES.values():
        has_alpha = image.mode in ("PA", "La", "RGBa") or "transparency" in image.info
        is_grey = image.mode in ("1", "I", "F", "La")
        image = image.convert(("LA" if has_alpha else "L") if is_grey else "RGBA" if has_alpha else "RGB")
    return np.asarray(image)


def _save(image: Image.Image, fp: object, _filename: str) -> None:
    """Options: quality 0..100, or size in bytes, or lossless; effort, faithful, exif, icc_profile, xmp as elsewhere."""
    wanted = dict(image.encoderinfo)
    exif = wanted.get("exif", image.info.get("exif"))
    if isinstance(exif, Image.Exif):
        exif = exif.tobytes()
    if exif and exif.startswith(EXIF_PREFIX):
        exif = exif[len(EXIF_PREFIX):]
    xmp = wanted.get("xmp", image.info.get("xmp"))
    options = {key: wanted[key] for key in ("quality", "size", "lossless", "effort", "faithful", "hash", "threads")
               if wanted.get(key) is not None}
    try:
        data = _codec.encode(_pixels(image), icc=wanted.get("icc_profile", image.info.get("icc_profile")),
                             exif=exif, xmp=xmp if isinstance(xmp, bytes) else None, **options)
    except _codec.PithError as error:
        raise OSError(str(error)) from error
    fp.write(data)


Image.register_open(PithImageFile.format, PithImageFile, lambda prefix: prefix[:4] == MAGIC)
Image.register_save(PithImageFile.format, _save)
Image.register_extension(PithImageFile.format, ".pith")
Image.register_mime(PithImageFile.format, "image/x-pith")
