#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes the payload of an ALPH chunk, written from doc/alpha-coder.md alone.

  alpha_slice.py H W FILE   prints the checksum of the levels; exit 1 when it is not the file's
"""
import sys
import zlib

from latent_slice import RangeDecoder, Refused, clamp, div, floor_log2, squash, stretch

NEIGHBOURS = [(0, -1), (0, -2), (-1, 0), (-1, -1), (-1, 1), (-1, -2), (-1, 2), (-2, 0), (-2, -1), (-2, 1)]


def slope(d):
    size = 0 if d == 0 else 1 if abs(d) == 1 else 2 if abs(d) <= 4 else 3
    return 3 + size if d > 0 else 3 - size


class Counter:  # section 4
    def __init__(self):
        self.p, self.c = 1 << 25, 0

    def predict(self):
        return clamp(self.p >> 10, 1, 65535)

    def learn(self, bit):
        self.p += div(((1 << 26 if bit else 0) - self.p) * 2, 2 * self.c + 3)
        self.c = min(255, self.c + 1)


class AlphaSlice:
    def __init__(self, payload, height, width):  # section 1
        self.height, self.width = height, width
        self.checksum = int.from_bytes(payload[:2], 'little')
        self.n_levels, at = payload[2] + 1, 3
        n = self.n_levels
        self.opacity = [(2 * v * 65535 + n - 1) // (2 * (n - 1)) for v in range(n)] if n > 16 else []
        if n <= 16:
            self.opacity = [int.from_bytes(payload[at + 2 * i:at + 2 * i + 2], 'little') for i in range(n)]
            at += 2 * n
            if sorted(set(self.opacity)) != self.opacity:
                raise Refused('opacities do not rise')
        self.coded = payload[at:]

    def decode(self):
        """Rows of levels."""
        if self.n_levels == 1:
            if self.coded:
                raise Refused('bytes are left over')
            return [[0] * self.width for _ in range(self.height)]
        self.rc = RangeDecoder(self.coded)
        self.rows, self.flat = [Counter(), Counter()], [Counter() for _ in range(3)]
        self.counters, self.weights, rows, same = {}, {}, [], 0
        self.x = {(y, x): 0 for y in (-2, -1) for x in range(-2, self.width + 2)}
        self.e = dict(self.x)
        for y in range(self.height):  # section 2
            same = self.bit(self.rows[same])
            for plane in (self.x, self.e):
                plane[y, -1] = plane[y, -2] = plane[y - 1, 0]
            for x in range(self.width):
                if same:
                    self.x[y, x], self.e[y, x] = self.x[y - 1, x], 0
                else:
                    self.x[y, x] = self.level(y, x)
                    self.e[y, x] = abs(self.x[y, x] - self.predicted)
            for plane in (self.x, self.e):
                plane[y, -1] = plane[y, -2] = plane[y, 0]
                plane[y, self.width] = plane[y, self.width + 1] = plane[y, self.width - 1]
            rows.append([self.x[y, x] for x in range(self.width)])
        self.rc.check_end()
        return rows

    def bit(self, counter):
        bit = self.rc.decode(counter.predict())
        counter.learn(bit)
        return bit

    def edge(self, v):
        return 0 if v == 0 else 2 if v == self.n_levels - 1 else 1

    def level(self, y, x):  # section 3
        n = [self.x[y + dy, x + dx] for dy, dx in NEIGHBOURS]
        w, north, nw, ne = n[0], n[2], n[3], n[4]
        top, different = self.n_levels - 1, False
        if len(set(n)) == 1:
            self.predicted = w
            if self.bit(self.flat[self.edge(w)]):
                return w
            different = True
        elif nw >= max(w, north):
            self.predicted = min(w, north)
        elif nw <= min(w, north):
            self.predicted = max(w, north)
        else:
            self.predicted = w + north - nw
        p, e = self.predicted, self.e
        self.activity = min(7, floor_log2(e[y, x - 1] + e[y - 1, x] + e[y - 1, x - 1] + e[y - 1, x + 1] + 1))
        self.contexts = [
            sum((v == p) << (9 - i) for i, v in enumerate(n)),
            (slope(w - nw) * 7 + slope(north - nw)) * 7 + slope(ne - north),
            self.activity * 3 + self.edge(p),
            p * 16 // self.n_levels * 4 + 2 * (w == north) + (north == ne)]
        if not different and self.decision(0):
            return p
        if top == 1:
            return 1 - p
        if self.decision(1):
            return top if p == 0 else 0 if p == top else top if self.decision(2) else 0
        greater = p == 0 or (p < top and self.decision(3))
        m = 1
        while m <= 8 and self.decision(3 + m):
            m += 1
        if m > 8:
            m = 9 + self.escape()
        value = p + m if greater else p - m
        if not 0 <= value <= top:
            raise Refused('a level is out of range')
        return value

    def escape(self):
        n, u = 0, 1
        while n < 8 and self.rc.decode(32768):
            n += 1
        for _ in range(n):
            u = 2 * u + self.rc.decode(32768)
        return u - 1

    def decision(self, k):  # section 4
        used = [self.counters.setdefault((i, c, k), Counter()) for i, c in enumerate(self.contexts)]
        inputs = [stretch(c.predict()) for c in used] + [256]
        w = self.weights.setdefault((self.activity, k), [19660] * 4 + [0])
        q = squash(clamp(sum(a * b for a, b in zip(w, inputs)) >> 16, -11264, 11264))
        bit = self.rc.decode(q)
        for j, v in enumerate(inputs):
            w[j] = clamp(w[j] + ((((65536 if bit else 0) - q) * 8 * v + 2 ** 19) >> 20), -2 ** 20, 2 ** 20)
        for c in used:
            c.learn(bit)
        return bit


def checksum(rows):
    return zlib.crc32(bytes(v for row in rows for v in row)) & 0xFFFF


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    with open(sys.argv[3], 'rb') as file:
        found = AlphaSlice(file.read(), int(sys.argv[1]), int(sys.argv[2]))
    got = checksum(found.decode())
    print('0x%04x' % got)
    sys.exit(got != found.checksum)


if __name__ == '__main__':
    main()
