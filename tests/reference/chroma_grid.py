# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Reads a CHRM chunk and mends colours by it, written from doc/format.md, section 24, alone."""
from latent_slice import RangeDecoder, Refused, clamp

SIDE, MAX_STEP, TOP, FIXED_BYTES = 32, 32, 31, 9


def toward_0(a: int, b: int) -> int:
    return a // b if a >= 0 else -(-a // b)


class Counter:
    def __init__(self, chance: int) -> None:
        self.chance, self.n = chance, 0

    def decide(self, rc) -> int:
        bit = rc.decode(clamp(self.chance, 64, 65472))
        self.chance += toward_0((65535 if bit else 0) - self.chance, self.n + 2)
        self.n += self.n < 30
        return bit


class Plane:
    """The counters and values of Cb, or of Cr."""

    def __init__(self) -> None:
        self.equal = [Counter(49152) for _ in range(4)]
        self.negative = [Counter(32768) for _ in range(3)]
        self.more = [Counter(16384) for _ in range(8)]
        self.rows = []

    def decode_row(self, rc, across: int) -> None:
        row = []
        above_row = self.rows[-1] if self.rows else None
        for x in range(across):
            above = above_row[x] if above_row else None
            left = row[-1] if row else above
            left = 0 if left is None else left
            row.append(self.decode(rc, left, left if above is None else above))
        self.rows.append(row)

    def decode(self, rc, left: int, above: int) -> int:
        p = toward_0(left + above, 2)
        if self.equal[min(abs(left) + abs(above), 3)].decide(rc):
            return p
        total = left + above
        sign = -1 if self.negative[1 + (total > 0) - (total < 0)].decide(rc) else 1
        m = 1
        while m < 62 and self.more[min(m, 8) - 1].decide(rc):
            m += 1
        if abs(p + sign * m) > TOP:
            raise Refused("a value of CHRM is out of range")
        return p + sign * m


class ChromaGrid:
    def __init__(self, payload: bytes, width: int, height: int, rc=None) -> None:
        """`rc`: where bits come from, when they are not the payload's."""
        if len(payload) < FIXED_BYTES:
            raise Refused("CHRM is too short")
        signed = [byte - 256 if byte > 127 else byte for byte in payload[:8]]
        self.fixed, self.factors, self.step = payload[:FIXED_BYTES], (signed[:4], signed[4:]), payload[8]
        if self.step > MAX_STEP:
            raise Refused("the step of CHRM is out of range")
        self.across, self.down = -(-width // SIDE), -(-height // SIDE)
        if self.step == 0:
            if len(payload) > FIXED_BYTES:
                raise Refused("bytes after a CHRM without a grid")
            self.values = [[[0] * self.across] * self.down] * 2
            return
        rc = rc or RangeDecoder(payload[FIXED_BYTES:])
        planes = Plane(), Plane()
        for _ in range(self.down):
            for plane in planes:
                plane.decode_row(rc, self.across)
        rc.check_end()
        self.values = [plane.rows for plane in planes]

    def packed(self) -> bytes:
        return self.fixed + bytes(v & 255 for plane in self.values for row in plane for v in row)

    @staticmethod
    def place(h: int, n_blocks: int) -> list:
        """(block, weight) along an axis."""
        i, w = divmod(h - SIDE, 2 * SIDE)
        if h <= SIDE:
            return [(0, 64)]
        return [(n_blocks - 1, 64)] if i + 1 >= n_blocks else [(i, 64 - w), (i + 1, w)]

    def added(self, plane: int, rows: list, columns: list, yuv: tuple) -> int:
        """Cb or Cr, in 1/4096 levels."""
        k, grid = self.factors[plane], self.values[plane]
        f = toward_0(16 * (k[0] * yuv[1] + k[1] * yuv[2] + k[2] * yuv[0]), 128) + toward_0(4096 * k[3], 2)
        return f + self.step * sum(grid[j][i] * u * w for j, u in rows for i, w in columns)

    def mended(self, rgb: tuple, x: int, y: int, depth: int = 8, spacing: int = 1) -> list:
        s, top = (1, 255) if depth == 8 else (257, 65535)
        r, g, b = rgb if depth == 8 else ((v + 128) // 257 for v in rgb)
        luma = 77 * r + 150 * g + 29 * b
        yuv = (luma, toward_0(144 * (256 * b - luma), 256), toward_0(183 * (256 * r - luma), 256))
        rows, columns = self.place(spacing * (2 * y + 1), self.down), self.place(spacing * (2 * x + 1), self.across)
        cb, cr = (self.added(plane, rows, columns, yuv) for plane in (0, 1))
        more = (359 * cr * s, (-88 * cb - 183 * cr) * s, 454 * cb * s)
        return [clamp(v + ((m + (1 << 19)) >> 20), 0, top) for v, m in zip(rgb, more)]
