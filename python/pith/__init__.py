# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Pith for Python: pictures as arrays into .pith files in memory, and back.

    data = pith.encode(array, quality=50)        # or size=5000, or lossless=True
    array = pith.decode(data)

Arrays are uint8 or uint16, [height, width] for grey or [height, width, channels] with 1 to 4 channels: grey, grey and
alpha, RGB, RGBA. Importing the package also teaches Pillow, where there is one, to open and save .pith files.

The interpreter is free while the library works: threads encode and decode side by side.
"""
from ._codec import (Info, Model, PithError, ChecksumError, FormatError, LimitError, MissingModelError, decode, encode,
                     info, version)

__all__ = ["Info", "Model", "PithError", "ChecksumError", "FormatError", "LimitError", "MissingModelError", "decode",
           "encode", "info", "version"]
__version__ = version()

try:
    from . import _pillow  # noqa: F401, registers itself
except ImportError:  # there is no Pillow
    pass
