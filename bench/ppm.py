# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Pictures in, as PPM."""
import re
import sys

import numpy as np


def load(path):
    """Bytes as [height][width][RGB]."""
    with open(path, "rb") as file:
        data = file.read()
    head = re.match(rb"P6\s+(\d+)\s+(\d+)\s+255\s", data)
    if not head:
        sys.exit(f"{path}: not a PPM of 8 bits")
    width, height = int(head[1]), int(head[2])
    return np.frombuffer(data, np.uint8, width * height * 3, head.end()).reshape(height, width, 3)
