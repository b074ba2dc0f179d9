#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes the payload of a RESD chunk without its recipe, written from doc/residual-coder.md alone (sections in
brackets).

  residual_slice.py P H W FILE [X Y]   prints the checksum of what is decoded, and the CRC-32 of the samples it makes of
                                       the slice at (X, Y) of `made_up` samples; exit 1 when the checksum is not the file's
"""
import math
import os
import struct
import sys
import zlib

from latent_slice import ROOT, RangeDecoder, Refused, clamp, div, floor_log2, squash, stretch

NETWORK, PREDICTED, COLOURS = 1, 2, 3
TRUST = [0, 6, 9, 11, 13, 14, 15, 16]
MAGNITUDES = [None, 1, 2, 3, 3, 4, 4, 4] + [5] * 9
BANDS = [0, 1, 2, 3, 3, 4, 4, 4, 4, 5]
CLASSES = [1, 2, 3, 3, 4, 4, 4, 4, 4, 5]
AROUND = [(-1, 0), (0, -1), (-1, -1), (1, -1), (-2, 0), (0, -2), (-2, -1), (2, -1), (-1, -2), (1, -2)]
DIRECTIONS = {2: ('above', 0), 3: ('left', 0), 4: ('above', -32), 5: ('above', -21), 6: ('above', -13),
              7: ('above', -5), 8: ('above', 5), 9: ('above', 13), 10: ('above', 26), 11: ('left', -21),
              12: ('left', -13), 13: ('left', -5), 14: ('left', 5), 15: ('left', 13)}
NO_ID = 255


def nearest(v):
    return math.floor(v + 0.5)


STEPS = [nearest(16 * 2 ** (i / 6)) for i in range(64)]  # section 9
MATRICES = {n: [[nearest(4096 * math.sqrt((1 if u == 0 else 2) / n) * math.cos(math.pi * u * (2 * x + 1) / (2 * n)))
                 for x in range(n)] for u in range(n)] for n in (4, 8, 16, 32)}


def check_tables():
    """Against the checksums of section 9."""
    with open(os.path.join(ROOT, 'doc/residual-coder.md')) as file:
        text = file.read()
    numbers = [v for n in sorted(MATRICES) for row in MATRICES[n] for v in row]
    for name, packed in (('S', struct.pack('<64H', *STEPS)), ('matrices', struct.pack('<1360h', *numbers))):
        if '`0x%08x`' % zlib.crc32(packed) not in text:
            raise AssertionError('%s is not that of doc/residual-coder.md' % name)


def made_up(x, y, plane):
    """A sample of a picture that stands for the network's where there is no network."""
    return (x * 3 + y * 2 + plane * 40 + x * y // 16) % 256


class Counter:  # section 11
    def __init__(self, hashed):
        self.p, self.c, self.limit = 32768, 0 if hashed else 12, 120 if hashed else 250

    def learn(self, bit):
        self.p = clamp(self.p + div(((65535 if bit else 0) - self.p) * 2, 2 * self.c + 3), 16, 65520)
        self.c = min(self.limit, self.c + 1)


class Block:  # section 4
    def __init__(self, x=0, y=0, side=0):
        self.x, self.y, self.side = x, y, side
        self.kind = self.skipped = self.mode = self.coded = self.fine = self.energy = 0


NOTHING = Block()


def three(block, field):
    return 1 + field if block.kind else 0


def size_of(block):
    return floor_log2(block.side) - 1 if block.kind else 0


def mode_of(block):
    return block.mode if block.kind == PREDICTED else 16


def ids_of(block):
    return 1 + block.mode if block.kind == COLOURS else 0


def mix(a, b):
    return ((a ^ (b + 0x9e3779b9 + (a << 6) + (a >> 2))) & 0xFFFFFFFF) * 0x85ebca6b & 0xFFFFFFFF


def hashed(h):
    h = h * 2654435761 & 0xFFFFFFFF
    h ^= h >> 15
    return 'hashed', (h * 2246822519 & 0xFFFFFFFF) >> 16


def scan_of(side):  # section 6
    return sorted(((v, u) for v in range(side) for u in range(side)), key=lambda at: (at[0] + at[1], -at[0]))


SCANS = {side: scan_of(side) for side in MATRICES}


def to_planes(samples):  # section 2
    if len(samples) == 1:
        return list(samples)
    r, g, b = samples
    co = r - b
    t = b + (co >> 1)
    cg = g - t
    return [t + (cg >> 1), co, cg]


def to_samples(planes):
    if len(planes) == 1:
        return [clamp(planes[0], 0, 255)]
    y, co, cg = planes
    t = y - (cg >> 1)
    b = t - (co >> 1)
    return [clamp(v, 0, 255) for v in (b + co, cg + t, b)]


class ResidualSlice:
    def __init__(self, payload, n_planes, height, width, samples):
        """`samples` are those before: rows of pixels of n_planes numbers."""
        self.n_planes, self.height, self.width, self.samples = n_planes, height, width, samples
        self.h32, self.w32 = (height + 31) // 32 * 32, (width + 31) // 32 * 32
        if len(payload) == 1:
            raise Refused('a residual slice of one byte')
        self.empty, self.checksum = not payload, int.from_bytes(payload[:2], 'little')
        self.rc = RangeDecoder(payload[2:])
        planes = [[to_planes(samples[min(y, height - 1)][min(x, width - 1)]) for x in range(self.w32)]
                  for y in range(self.h32)]
        self.network = [[[pixel[p] for pixel in row] for row in planes] for p in range(n_planes)]
        self.rebuilt = [[list(row) for row in plane] for plane in self.network]
        self.levels = [[[0] * self.w32 for _ in range(self.h32)] for _ in range(n_planes)]
        self.ids, self.units, self.counters, self.weights = {}, {}, {}, {}

    def decode(self):
        """The samples after, as those before."""
        if self.empty:
            return self.samples
        self.header()
        for y in range(0, self.height, 32):  # section 4
            for x in range(0, self.width, 32):
                left, above = self.unit(x - 4, y), self.unit(x, y - 4)
                if self.decision(['SKIP'], [('skip', three(left, left.skipped), three(above, above.skipped))]):
                    block = Block(x, y, 32)
                    block.kind, block.skipped = NETWORK, 1
                    self.mark(block)
                else:
                    self.node(x, y, 32)
        self.rc.check_end()
        if self.find_checksum() != self.checksum:
            raise Refused('a residual slice does not match its checksum')
        self.smooth()
        return [[self.pixel(x, y) for x in range(self.width)] for y in range(self.height)]

    def pixel(self, x, y):  # section 10
        after = [plane[y][x] for plane in self.rebuilt]
        return list(self.samples[y][x]) if after == [plane[y][x] for plane in self.network] else to_samples(after)

    def bits(self, n):
        value = 0
        for _ in range(n):
            value = 2 * value + self.rc.decode(32768)
        return value

    def header(self):  # section 3
        self.step_index, self.chroma_delta, self.fine_delta = self.bits(6), self.bits(4), self.bits(4)
        self.slope = [self.bits(3), self.bits(3)]
        self.smoothing, self.n_colours = self.bits(3), self.bits(6)
        self.plain_colours = [[self.bits(8) for _ in range(self.n_planes)] for _ in range(self.n_colours)]
        self.colours = [None] + [to_planes(colour) for colour in self.plain_colours]

    # ---- section 11

    def decision(self, sets, names):
        used = []
        for name in names:
            if name not in self.counters:
                self.counters[name] = Counter(name[0] == 'hashed')
            used.append(self.counters[name])
        inputs = [stretch((k.p & ~15) + 8) * TRUST[min(k.c, 7)] >> 4 for k in used] + [256]
        weights = [self.weights.setdefault(name, [22400] * len(inputs)) for name in sets]
        xs = [clamp(sum(w * v for w, v in zip(ws, inputs)) >> 16, -11264, 11264) for ws in weights]
        bit = self.rc.decode(squash(xs[0] if len(xs) == 1 else (xs[0] + xs[1]) >> 1))
        for k in used:
            k.learn(bit)
        for ws, x in zip(weights, xs):
            error = (65536 if bit else 0) - squash(x)
            for j, v in enumerate(inputs):
                ws[j] = clamp(ws[j] + ((error * 6 * v + 2 ** 19) >> 20), -2 ** 20, 2 ** 20)
        return bit

    # ---- sections 4 and 5

    def unit(self, x, y):
        return self.units.get((x // 4, y // 4), NOTHING)

    def mark(self, block):
        for y in range(block.y, block.y + block.side, 4):
            for x in range(block.x, block.x + block.side, 4):
                self.units[x // 4, y // 4] = block

    def node(self, x, y, side):
        if x >= self.width or y >= self.height:
            return
        z, left, above = floor_log2(side) - 2, self.unit(x - 4, y), self.unit(x, y - 4)
        if side > 4 and self.decision([('SPLIT', z - 1)], [('split', z, size_of(left), size_of(above)),
                                                           ('split2', z, left.kind, above.kind)]):
            half = side // 2
            for dy in (0, half):
                for dx in (0, half):
                    self.node(x + dx, y + dy, half)
        else:
            self.leaf(Block(x, y, side))

    def leaf(self, block):
        x, y, side = block.x, block.y, block.side
        z, left, above = floor_log2(side) - 2, self.unit(x - 4, y), self.unit(x, y - 4)
        corners = self.unit(x - 4, y - 4).kind, self.unit(x + side, y - 4).kind
        if self.decision(['NET'], [('net', z, left.kind, above.kind), ('net2', *corners)]):
            block.kind = NETWORK
        elif self.n_colours > 0 and self.decision(['COLOURS'], [('colours', z, left.kind, above.kind),
                                                                ('colours2', *corners)]):
            block.kind = COLOURS
        else:
            block.kind, node = PREDICTED, 1
            for depth in range(4):
                node = 2 * node + self.decision([('MODE', depth)], [('mode', node, mode_of(left), mode_of(above)),
                                                                    ('mode2', node, z)])
            block.mode = node - 16
        if block.kind == COLOURS:
            self.decode_ids(block, z, left, above)
        else:
            self.decode_planes(block, z, left, above)
        self.mark(block)
        for p in range(self.n_planes):
            self.rebuild(block, p)

    def decode_planes(self, block, z, left, above):
        k = int(block.kind == PREDICTED)
        for p in range(self.n_planes):
            energy = min(3, (left.energy + above.energy + 1) // 2)
            beside = three(left, left.coded >> p & 1), three(above, above.coded >> p & 1)
            block.coded |= self.decision([('CODED', p)], [('coded', p, z, k, *beside),
                                                          ('coded2', p, k, block.coded, energy)]) << p
        if block.coded and self.fine_delta > 0:
            block.fine = self.decision(['FINE'], [('fine', three(left, left.fine), three(above, above.fine))])
        for p in range(self.n_planes):
            if block.coded >> p & 1:
                total = self.decode_levels(block, p, z, k, left, above)
                if p == 0:
                    block.energy = CLASSES[min(9, 16 * total // block.side ** 2)]

    # ---- section 6

    def decode_levels(self, block, p, z, k, left, above):
        """The sum of their magnitudes."""
        c, n, last, scan = int(p > 0), 0, 2 * floor_log2(block.side), SCANS[block.side]
        while n < last and self.decision([('END', c, n)], [('end', z, c, n), ('end2', c, k, n, above.energy)]):
            n += 1
        count = 1
        if n == last:
            count = block.side ** 2
        elif n > 0:
            count = 2 + self.decision(['END_BIT'], [('end3', c, n)])
            for _ in range(n - 1):
                count = 2 * count + self.rc.decode(32768)
        found = {}
        for place in range(count - 1, -1, -1):
            v, u = scan[place]
            m = [found.get((v + dv, u + du), 0) for dv, du in ((0, 1), (1, 0), (1, 1), (0, 2), (2, 0))]
            r, b, total = m[0] + m[3], m[1] + m[4], sum(min(3, each) for each in m)
            near = total if total < 6 else 6 if total < 8 else 7 if total < 11 else 8
            near5 = near if near < 3 else 3 if near < 6 else 4
            band = BANDS[min(9, v + u)]
            if c:
                hint = min(3, abs(self.levels[0][block.y + v][block.x + u])) if block.coded & 1 else 0
            else:
                hint = 3 if block.kind == NETWORK else 2 if v > u else 1 if v < u else 0
            counters = [('levels_a', z, c, near, band), ('levels_b', z, c, k, min(place, 31)),
                        ('levels_c', c, min(r, 4), min(b, 4), min(m[2], 2)),
                        ('levels_d', c, left.energy, above.energy, band),
                        ('levels_e', c, n, floor_log2(place + 1)), ('levels_f', p, hint, near5, band)]

            def level_decision(d):
                return self.decision([('LEVEL', d, z), ('LEVEL2', d, c, near)], [(*name, d) for name in counters])
            magnitude = self.magnitude(level_decision, place == count - 1)
            found[v, u] = magnitude
            if magnitude > 0 and self.rc.decode(32768):
                magnitude = -magnitude
            self.levels[p][block.y + v][block.x + u] = magnitude
        return sum(found.values())

    def magnitude(self, level_decision, is_last):
        if not is_last and not level_decision(0):
            return 0
        m = 1
        while m <= 16 and level_decision(MAGNITUDES[m]):
            m += 1
        if m > 16:
            n = 0
            while n < 15 and self.rc.decode(32768):
                n += 1
            w = 1
            for _ in range(n):
                w = 2 * w + self.rc.decode(32768)
            m = 17 + w - 1
        if m > 32767:
            raise Refused('a level is out of range')
        return m

    # ---- section 7

    def decode_ids(self, block, z, left, above):
        block.mode = self.decision(['UNIFORM'], [('uniform', z, ids_of(left), ids_of(above))])
        for y in range(block.y, block.y + block.side):
            for x in range(block.x, block.x + block.side):
                first = x == block.x and y == block.y
                self.ids[x, y] = self.ids[block.x, block.y] if block.mode and not first else self.decode_id(x, y)

    def decode_id(self, x, y):
        a = [self.ids.get((x + dx, y + dy), NO_ID) for dx, dy in AROUND]
        h0 = mix(1, 256 * a[0] + a[1])
        h1 = mix(h0 + 1 & 0xFFFFFFFF, 256 * a[2] + a[3])
        h2 = mix(h1 + 1 & 0xFFFFFFFF, 256 * a[4] + a[5])
        for each in a[6:]:
            h2 = mix(h2, each)
        hashes = h0, h1, h2
        n = self.n_colours
        alphabet, tried = 0 if n < 3 else 1 if n < 7 else 2 if n < 20 else 3, []
        for t in a[:6]:
            if t == NO_ID or t in tried or len(tried) == 3:
                continue
            q, same = len(tried), sum((each == t) << j for j, each in enumerate(a))
            counters = [('equal', q, same), ('equal2', q, same % 64, alphabet)] + [hashed(h + q + 1) for h in hashes]
            if self.decision([('EQUAL', q, a[:6].count(t))], counters):
                return t
            tried.append(t)
        node, n_bits = 1, floor_log2(n) + 1
        for depth in range(n_bits):
            counters = [hashed(mix(7, node))] + [hashed(mix(h + 8 & 0xFFFFFFFF, node)) for h in hashes]
            node = 2 * node + self.decision([('TREE', min(depth, 5))], counters)
        if node - 2 ** n_bits > n:
            raise Refused('an id is out of range')
        return node - 2 ** n_bits

    # ---- sections 8 and 9

    def edge(self, block, plane, places):
        """The samples at `places`, of which the first is beside the block; None when it is missing."""
        found = []
        for dx, dy in places:
            x, y = block.x + dx, block.y + dy
            if x < 0 or y < 0 or not self.unit(x, y).kind:
                break
            found.append(plane[y][x])
        return found + found[-1:] * (len(places) - len(found)) if found else None

    def edges(self, block, p):
        plane, n = self.rebuilt[p], 2 * block.side
        above = self.edge(block, plane, [(i, -1) for i in range(n)])
        left = self.edge(block, plane, [(-1, i) for i in range(n)])
        other = above[0] if above else left[0] if left else 0 if p else 128
        corner = self.edge(block, plane, [(-1, -1)]) or [other]
        return {'above': corner + (above or [other] * n), 'left': corner + (left or [other] * n)}

    def predict(self, block, p):
        """Rows of the block."""
        n, x0, y0 = block.side, block.x, block.y
        if block.kind == PREDICTED:
            return predict_from(self.edges(block, p), block.mode, n)
        rows = [self.network[p][y][x0:x0 + n] for y in range(y0, y0 + n)]
        if block.kind == COLOURS:
            for y in range(n):
                for x in range(n):
                    if self.ids[x0 + x, y0 + y]:
                        rows[y][x] = self.colours[self.ids[x0 + x, y0 + y]][p]
        return rows

    def step_index_of(self, block, p):
        return clamp(self.step_index + (self.chroma_delta if p else 0) - (self.fine_delta if block.fine else 0), 0, 63)

    def rebuild(self, block, p):
        n, x0, y0, rows = block.side, block.x, block.y, self.predict(block, p)
        if block.coded >> p & 1:
            step, slope = STEPS[self.step_index_of(block, p)], self.slope[int(p > 0)]
            levels = [row[x0:x0 + n] for row in self.levels[p][y0:y0 + n]]
            coefficients = [(v, u, clamp((abs(level) * step * (32 + ((slope * (u + v) * 32 // n) >> 2)) + 64) >> 7,
                                         0, 65535) * (1 if level > 0 else -1))
                            for v, row in enumerate(levels) for u, level in enumerate(row) if level]
            difference = inverse(coefficients, n)
            rows = [[clamp(t + d, -255 if p else 0, 255) for t, d in zip(*both)] for both in zip(rows, difference)]
        for y in range(n):
            self.rebuilt[p][y0 + y][x0:x0 + n] = rows[y]

    # ---- section 10

    def smooth(self):
        if self.smoothing == 0:
            return
        for dx, dy in ((1, 0), (0, 1)):
            for y in range(0, self.height, 4):
                for x in range(0, self.width, 4):
                    q = self.unit(x, y)
                    p = self.unit(x - 4 * dx, y - 4 * dy)
                    if q.kind and p.kind and (x if dx else y) % q.side == 0:
                        self.smooth_border(x, y, dx, dy, p, q)

    def most(self, block, plane):
        if block.kind == COLOURS or block.kind == NETWORK and not block.coded:
            return 0
        return STEPS[self.step_index_of(block, plane)] * self.smoothing // 256

    def smooth_border(self, x0, y0, dx, dy, p, q):
        for plane, samples in enumerate(self.rebuilt):
            most = max(self.most(p, plane), self.most(q, plane))
            for i in range(4):
                x, y = x0 + i * dy, y0 + i * dx
                p1, p0, q0, q1 = (samples[y + k * dy][x + k * dx] for k in (-2, -1, 0, 1))
                meant = abs(q0 - p0) - 3 * most
                limit = most - meant // 2 if meant > 0 else most
                if limit <= 0:
                    continue
                a = clamp((4 * (q0 - p0) + p1 - q1 + 4) >> 3, -limit, limit)
                if p.kind != COLOURS:
                    samples[y - dy][x - dx] += a
                    samples[y - 2 * dy][x - 2 * dx] += div(a, 2)
                if q.kind != COLOURS:
                    samples[y][x] -= a
                    samples[y + dy][x + dx] -= div(a, 2)

    def find_checksum(self):  # section 12
        out = bytearray([self.step_index, self.chroma_delta, self.fine_delta, *self.slope, self.smoothing,
                         self.n_colours])
        for colour in self.plain_colours:
            out += bytes(colour)
        for y in range(0, self.h32, 4):
            for x in range(0, self.w32, 4):
                block = self.unit(x, y)
                out += bytes([block.kind, block.mode if block.kind == PREDICTED else block.fine])
        for y in range(self.h32):
            out += bytes(self.ids.get((x, y), NO_ID) for x in range(self.w32))
            for plane in self.levels:
                for level in plane[y]:
                    out += (level & 0xFFFF).to_bytes(2, 'little')
        return zlib.crc32(out) & 0xFFFF


def predict_from(edges, mode, n):  # section 8
    above, left, shift = edges['above'], edges['left'], floor_log2(n) + 1
    if mode == 0:
        mean = (sum(above[1:n + 1]) + sum(left[1:n + 1]) + n) >> shift
        return [[mean] * n for _ in range(n)]
    if mode == 1:
        return [[((n - 1 - x) * left[y + 1] + (x + 1) * above[n + 1] + (n - 1 - y) * above[x + 1]
                  + (y + 1) * left[n + 1] + n) >> shift for x in range(n)] for y in range(n)]
    side, moved = DIRECTIONS[mode]
    other = left if side == 'above' else above
    line = dict(enumerate(edges[side]))
    for i in range(1, (n * -moved >> 5) + 1 if moved < 0 else 0):
        line[-i] = other[min(n, (i * (8192 // -moved) + 128) >> 8)]
    rows = []
    for y in range(n):
        w, f = (y + 1) * moved >> 5, (y + 1) * moved & 31
        rows.append([((32 - f) * line[x + w + 1] + f * line[x + w + 2] + 16) >> 5 if f else line[x + w + 1]
                     for x in range(n)])
    return rows if side == 'above' else [list(column) for column in zip(*rows)]


def inverse(coefficients, n):  # section 9
    matrix = MATRICES[n]
    columns = [[2 ** 9] * n for _ in range(n)]  # [y][u]
    for v, u, coefficient in coefficients:
        for y in range(n):
            columns[y][u] += matrix[v][y] * coefficient
    half = [[clamp(s >> 10, -65535, 65535) for s in row] for row in columns]
    used = sorted({u for _, u, _ in coefficients})
    return [[(2 ** 15 + sum(matrix[u][x] * row[u] for u in used)) >> 16 for x in range(n)] for row in half]


check_tables()


def main():
    if len(sys.argv) not in (5, 7):
        sys.exit(__doc__)
    n_planes, height, width = (int(v) for v in sys.argv[1:4])
    x0, y0 = (int(v) for v in sys.argv[5:] or (0, 0))
    samples = [[[made_up(x0 + x, y0 + y, p) for p in range(n_planes)] for x in range(width)] for y in range(height)]
    with open(sys.argv[4], 'rb') as file:
        found = ResidualSlice(file.read(), n_planes, height, width, samples)
    try:
        after = found.decode()
    except Refused as fault:
        sys.exit('residual_slice: %s' % fault)
    print('0x%04x %08x' % (found.checksum, zlib.crc32(bytes(v for row in after for pixel in row for v in pixel))))


if __name__ == '__main__':
    main()
