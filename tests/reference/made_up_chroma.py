#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Gives a file a CHRM of made-up factors and a made-up grid, such as no encoder would choose.

    made_up_chroma.py IN.pith OUT.pith SEED STEP

The reader of chroma_grid.py decides by itself what each bit is, and a range coder on its other side writes it down: so
the file follows the document and nothing else.
"""
import random
import sys

import pith_reader
from chroma_grid import ChromaGrid
from latent_slice import Refused
from made_up_residual import RangeWriter, chunk


class ByChance(RangeWriter):
    def choose(self, p: int) -> int:
        if self.chance.random() < 0.03:
            self.streak = self.chance.randrange(6, 20)  # of ones: large values
        self.streak -= self.streak > 0
        return 1 if self.streak else int(self.chance.random() < 0.45)


def make_payload(width: int, height: int, seed: int, step: int) -> bytes:
    """A grid with values out of range is drawn again."""
    while True:
        chance = random.Random(seed)
        fixed = bytes([128, 127] + [chance.randrange(256) for _ in range(6)] + [step])
        rc = ByChance([], chance)
        try:
            ChromaGrid(fixed, width, height, rc)
        except Refused:
            seed += 1000
            continue
        return fixed + (rc.written() if step else b"")


def main() -> None:
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    with open(sys.argv[1], "rb") as file:
        data = file.read()
    found = pith_reader.read_file(data)
    payload = make_payload(found["width"], found["height"], int(sys.argv[3]), int(sys.argv[4]))
    with open(sys.argv[2], "wb") as file:
        file.write(data + chunk(pith_reader.CHRM, payload))


if __name__ == "__main__":
    main()
