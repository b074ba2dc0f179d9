#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Gives a file a residual of made-up elements: kinds, modes, levels and ids that no encoder would choose.

    made_up_residual.py IN.pith OUT.pith RECIPE.pith SEED HEADER...

RECIPE.pith is a file with a residual, whose recipe it gets; the header's seven numbers are in the order of
doc/residual-coder.md, section 3. The reader of residual_slice.py decides by itself what each bit is, and a range coder on
its other side writes it down: so the file follows the document and nothing else.
"""
import random
import sys
import zlib

import pith_reader
from golden_symbols import payloads
from latent_slice import Refused
from residual_slice import ResidualSlice

HEADER_BITS = [6, 4, 4, 3, 3, 3, 6]
SIDE = pith_reader.RESIDUAL_SIDE


class RangeWriter:
    """Where a decoder reads bits: they are `first`, then drawn by chance; latent-coder.md, section 1."""

    def __init__(self, first, chance):
        self.first, self.chance, self.streak = list(first), chance, 0
        self.low, self.range, self.n_shifts = 0, 0xFFFFFFFF, 0

    def choose(self, p):
        if self.first:
            return self.first.pop(0)
        if self.chance.random() < 0.002:
            self.streak = 20  # of ones: levels that escape
        if self.streak:
            self.streak -= 1
            return 1
        return int(self.chance.random() * 65536 < (p + 32768) / 2)

    def decode(self, p):
        part, bit = self.range * p >> 16, self.choose(p)
        if bit:
            self.range = part
        else:
            self.low, self.range = self.low + part, self.range - part
        while self.range < 1 << 24:
            self.low, self.range, self.n_shifts = self.low << 8, self.range << 8, self.n_shifts + 1
        return bit

    def check_end(self):
        """Nothing was read; what a reader needs is `written`."""

    def written(self):
        for zeros in range(32, -1, -1):
            value = -(-self.low >> zeros) << zeros
            if value < self.low + self.range:
                return value.to_bytes(4 + self.n_shifts, "big").rstrip(b"\0")
        raise AssertionError


def header_bits(header):
    return [value >> i & 1 for value, n in zip(header, HEADER_BITS) for i in range(n - 1, -1, -1)]


def make_slice(n_planes, height, width, header, seed):
    """Coded bytes with their checksum; elements that are out of range are drawn again."""
    while True:
        chance = random.Random(seed)
        made = ResidualSlice(b"\0\0", n_planes, height, width, [[[0] * n_planes] * width] * height)
        made.rc = RangeWriter(header_bits(header), chance)
        made.find_checksum = lambda: 0
        try:
            made.decode()
        except Refused:
            seed += 1000
            continue
        return ResidualSlice.find_checksum(made).to_bytes(2, "little") + made.rc.written()


def chunk(kind, payload):
    n, length = len(payload), bytearray()
    while n >= 0x80:
        length.append(n & 0x7F | 0x80)
        n >>= 7
    covered = bytes([kind]) + length + bytes([n]) + payload
    return covered + zlib.crc32(covered).to_bytes(4, "little")


def main():
    if len(sys.argv) != 12:
        sys.exit(__doc__)
    data, with_recipe = (open(path, "rb").read() for path in (sys.argv[1], sys.argv[3]))
    recipe = payloads(with_recipe, pith_reader.read_file(with_recipe), "RESD")[0][: pith_reader.RECIPE_BYTES]
    seed, *header = map(int, sys.argv[4:])
    found = pith_reader.read_file(data)
    first = found["chunks"][0]
    head = bytearray(data[first["offset"] + 2 : first["offset"] + first["bytes"] - 4])
    at = sum(1 + (side >= 0x80) + (side >= 0x4000) for side in (found["width"], found["height"]))
    assert head[at] & 8 == 0 and len(head) < 0x80
    head[at] |= 8  # the flag `residual`
    planes, residual = 1 if found["channels"] < 3 else 3, b""
    for y in range(0, found["height"], SIDE):
        for x in range(0, found["width"], SIDE):
            height, width = min(SIDE, found["height"] - y), min(SIDE, found["width"] - x)
            coded = make_slice(planes, height, width, header, seed + x + y)
            residual += chunk(pith_reader.RESD, (recipe if x == y == 0 else b"") + coded)
    with open(sys.argv[2], "wb") as file:
        file.write(data[:5] + chunk(pith_reader.HEAD, bytes(head)) + data[5 + first["bytes"] :] + residual)


if __name__ == "__main__":
    main()
