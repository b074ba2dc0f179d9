#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes the coded bytes of a slice, written from doc/latent-coder.md alone.

  latent_slice.py C H W FILE [CHECKSUM [PRIOR_ID]]   prints the checksum of the symbols; exit 1 when it is not CHECKSUM

Slow and plain on purpose. Tables and priors are read from the documents that define them.
"""
import collections
import os
import re
import struct
import sys
import zlib

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')


class Refused(Exception):
    pass


def read_tables():
    text = open(os.path.join(ROOT, 'doc/latent-coder.md')).read()
    tables = {}
    for name, body in re.findall(r'\*\*(T\d)\*\*:.*?\n\n((?:    .*\n?)+)', text):
        tables[name] = [int(v) for v in re.findall(r'-?\d+', body)]
    return tables


def read_prior(prior_id):
    text = open(os.path.join(ROOT, 'src/codec/prior_%s.c' % ('generic', 'mini')[prior_id])).read()
    lists = re.findall(r'(\w+)\[\d+\] = \{(.*?)\}', text, re.S)
    return {name: [int(v) for v in re.findall(r'-?\d+', body)] for name, body in lists}


T = read_tables()
T1, T2, T3, T4, T5, T6 = (T['T%d' % i] for i in range(1, 7))
SIZES = [96, 48, 144, 64, 72, 216, 36, 100]
OF_CHANNEL = (1, 6)
NEIGHBOURS = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, 2), (-1, -2)]
VALUE_START = [7372, 7372, -2457, 1638, 0, 0, 0, 0]
ERROR_START = [3604, 3604, 1966, 1966, 1310, 1310, 0, 0]
DECISIONS = [None, 2, 3, 4, 5, 6, 6, 7, 7, 7, 8, 8, 8, 8, 8]


ZEROS = collections.defaultdict(int)


def div(a, b):
    return -(-a // b) if a < 0 else a // b


def clamp(v, a, b):
    return a if v < a else b if v > b else v


def floor_log2(v):
    return v.bit_length() - 1


def eighths(v):
    n = floor_log2(v)
    return 8 * n + sum(t <= v << (15 - n) for t in T1)


def octaves(v, top):
    return min(top, floor_log2(v + 1))


def between(table, u):
    return (table[u >> 6] * (64 - (u & 63)) + table[(u >> 6) + 1] * (u & 63)) >> 6


def squash(x):
    p = between(T2, min(abs(x), 11263))
    return p if x >= 0 else 65536 - p


def ln(v):
    e = floor_log2(v)
    m = v << (15 - e)
    i, f = (m >> 7) & 255, m & 127
    return e * 45426 + ((T4[i] * (128 - f) + T4[i + 1] * f) >> 7)


def stretch(p):
    t = ln(p) - ln(65536 - p)
    return (32 + t) >> 6 if t >= 0 else -((32 - t) >> 6)


def softplus(x):
    g = between(T3, abs(x)) if abs(x) < 8192 else 0
    return x + g if x >= 0 else g


class RangeDecoder:  # section 1
    def __init__(self, data):
        self.data, self.position, self.range, self.code = data, 0, 0xFFFFFFFF, 0
        for _ in range(4):
            self.code = self.code << 8 | self.next()

    def next(self):
        a, self.position = self.position, self.position + 1
        return self.data[a] if a < len(self.data) else 0

    def decode(self, p):
        part = self.range * p >> 16
        bit = self.code < part
        if bit:
            self.range = part
        else:
            self.code, self.range = self.code - part, self.range - part
        while self.range < 1 << 24:
            self.range, self.code = self.range << 8, (self.code << 8 | self.next()) & 0xFFFFFFFF
        return int(bit)

    def check_end(self):
        if self.position < len(self.data) or self.data and self.data[-1] == 0:
            raise Refused('the bytes do not end where the symbols do')


class Predictor:  # section 4
    def __init__(self, start, ridge):
        n = len(start)
        self.w = list(start)
        self.b = [div(ridge * w, 16384) for w in start]
        self.a = [[ridge if i == j else 0 for j in range(n)] for i in range(n)]

    def predict(self, inputs):
        return sum(w * v for w, v in zip(self.w, inputs))

    def learn(self, inputs, target, phase):
        for i, v in enumerate(inputs):
            if v:
                self.b[i] += v * target
                self.a[i] = [a + v * u for a, u in zip(self.a[i], inputs)]
        for i in range(phase, len(self.w), 2):
            row = self.a[i]
            r = self.b[i] * 16384 - sum(a * w for a, w in zip(row, self.w))
            s = max(0, floor_log2(row[i]) - 14)
            step = div(clamp(r >> s, -2 ** 31 + 1, 2 ** 31 - 1), row[i] >> s)
            self.w[i] = clamp(self.w[i] + step, -65535, 65535)


class Slice:
    def __init__(self, data, channels, height, width, prior_id=0):
        self.rc, self.shape, self.prior = RangeDecoder(data), (channels, height, width), read_prior(prior_id)
        self.coded, self.planes, self.sums = [], {}, {}
        self.counters = [None] * (9 * sum(SIZES))
        self.start_counters(False)
        self.weights = [[16 * w for w in self.prior['weights'][10 * n:10 * n + 10]] for n in range(396)]

    def start_counters(self, of_channel):
        slot = 0
        for i, size in enumerate(SIZES):
            for slot in range(slot, slot + 9 * size):
                if (i in OF_CHANNEL) == of_channel:
                    self.counters[slot] = [squash(64 * self.prior['odds'][slot]), 10 if of_channel else 20]
            slot += 1

    def decode(self):  # section 2
        channels, height, width = self.shape
        symbols, zeros = [], 0
        for c in range(channels):
            if self.rc.decode((zeros + 1) * 65536 // (c + 2)):
                zeros += 1
                symbols.append([[0] * width for _ in range(height)])
            else:
                symbols.append(self.decode_channel(c))
        self.rc.check_end()
        return symbols

    def decode_channel(self, c):
        _, height, width = self.shape
        self.start_counters(True)
        self.start_predictors(c)
        self.mean = 1024
        v, e = {(0, -1): 0, (0, -2): 0}, {(0, -1): 0, (0, -2): 0}
        for y in range(height):
            for p in (v, e):
                if y > 0:
                    p[y, -1] = p[y, -2] = p[y - 1, 0]
            for x in range(width):
                self.decode_symbol(y, x, v, e)
            for p in (v, e):
                p[y, width] = p[y, width + 1] = p[y, width - 1]
        energy = sum(e[y, x] for y in range(height) for x in range(width))
        for p in (v, e):
            inside = dict(p)
            for y in range(-1, height + 1):
                for x in range(-1, width + 1):
                    p[y, x] = inside[clamp(y, 0, height - 1), clamp(x, 0, width - 1)]
        for y in range(-1, height + 1):
            for x in range(-1, width + 1):
                self.sums[y, x] = self.sums.get((y, x), 0) + e[y, x]
        self.coded.append(c)
        self.planes[c] = (v, e, energy)
        return [[v[y, x] for x in range(width)] for y in range(height)]

    def start_predictors(self, c):  # sections 3, 4, 7
        if 'sources' not in self.prior:
            self.sources = sorted(self.coded, key=lambda k: (-self.planes[k][2], k))[:5]
            self.values = Predictor(VALUE_START + [0] * (1 + 5 * len(self.sources)), 30)
            self.errors = Predictor(ERROR_START + [600] + [0] * (3 * len(self.sources)), 4000)
            return
        n = min(c, 5)
        self.sources = self.prior['sources'][5 * c:5 * c + n]
        self.values = Predictor(self.prior['value_weights'][34 * c:34 * c + 9 + 5 * n], 200)
        self.errors = Predictor(self.prior['error_weights'][24 * c:24 * c + 9 + 3 * n], 20000)

    def decode_symbol(self, y, x, v, e):
        vi, ei = [], []
        for dy, dx in NEIGHBOURS:
            if y + dy < 0:
                dy, dx = NEIGHBOURS[y]
            vi.append(v[y + dy, x + dx])
            ei.append(e[y + dy, x + dx])
        vi.append(4)
        ei.append(16)
        for k in self.sources:
            sv, se, _ = self.planes.get(k, (ZEROS, ZEROS, 0))  # a channel that was not coded
            vi += [sv[y + dy, x + dx] for dy, dx in ((0, 0), (0, -1), (-1, 0), (0, 1), (1, 0))]
            ei.append(se[y, x])
            ei.append((se[y, x - 1] + se[y, x + 1] + se[y - 1, x] + se[y + 1, x]) // 2)
            ei.append((se[y - 1, x - 1] + se[y - 1, x + 1] + se[y + 1, x - 1] + se[y + 1, x + 1]) // 2)
        vi = [clamp(u, -1023, 1023) for u in vi]
        expected = clamp(self.values.predict(vi) >> 6, -261888, 261888)
        self.predicted = (expected + 128) >> 8
        fraction = expected - 256 * self.predicted
        self.side, self.lean = -1 if fraction < 0 else 1, abs(fraction)
        self.level = min(83, eighths(clamp(self.errors.predict(ei) >> 10, 24, 65535)) - 36)
        self.make_contexts(y, x, vi, ei)
        value = self.predicted + self.side * self.decode_difference()
        if abs(value) > 32767:
            raise Refused('a symbol is out of range')
        v[y, x], e[y, x] = value, min(4095, abs(256 * value - expected) >> 4)
        self.mean += div(1024 * e[y, x] - self.mean, 64)
        self.values.learn(vi, clamp(value, -1023, 1023), x % 2)
        self.errors.learn(ei, e[y, x], x % 2)

    def side_of(self, value):
        return 0 if value == 0 else 2 if (value > 0) == (self.side > 0) else 1

    def make_contexts(self, y, x, vi, e):  # section 6.3
        level, lean = min(23, self.level // 2), self.lean
        lq = 0 if lean < 16 else 1 if lean < 43 else 2 if lean < 85 else 3
        kind = 0 if self.predicted == 0 else 3 if abs(self.predicted) > 1 else self.side_of(self.predicted)
        busy = 0
        if self.coded:
            p = self.planes[self.coded[-1]][1]
            t = 2 * p[y, x] + p[y, x + 1] + p[y, x - 1] + p[y + 1, x] + p[y - 1, x]
            busy = 0 if t < 20 else 1 if t < 60 else 2

        def whole(error, top):
            return min(top, (error + 8) // 16)
        west, north = whole(e[0], 3), whole(e[1], 3)
        corners = min(2, whole(e[2], 2) + whole(e[3], 2))
        near = 2 * (e[0] + e[1]) + e[2] + e[3] + e[4] + e[5]
        s = self.sums
        here = s.get((y, x), 0)
        around = sum(s.get(at, 0) for at in ((y, x - 1), (y, x + 1), (y - 1, x), (y + 1, x)))
        m = octaves(self.mean // 16, 7)
        close = min(9, eighths((e[0] + e[1]) // 8 + 1) // 4)
        self.contexts = [
            level * 4 + lq, level // 2 * 4 + kind, ((west * 4 + north) * 3 + corners) * 3 + min(kind, 2),
            octaves(here // 4, 7) * 8 + octaves(near // 8, 7), (m * 3 + busy) * 3 + min(2, west + north),
            level * 9 + self.side_of(vi[0]) * 3 + self.side_of(vi[1]), level // 2 * 3 + busy,
            close * 10 + octaves((here + around // 4) // 8, 9)]
        self.sets = (level // 2 * 9, (12 + kind * 8 + m) * 9)

    def decode_difference(self):  # section 5
        def g(t):
            return t * T5[self.level] >> 8
        lean, t6 = self.lean, T6[self.level]
        near, far = softplus(g(128 - lean)), softplus(g(128 + lean))
        if self.decision(0, t6 - far - softplus(near - far)):
            return 0
        away = self.decision(1, near - far)
        m = 1
        while m <= 14:
            odds = softplus(-g((2 * m - 1) * 128 + (lean if away else -lean))) - t6
            if not self.decision(DECISIONS[m], odds):
                break
            m += 1
        if m > 14:
            m = 15 + self.escape()
        return -m if away else m

    def escape(self):
        n, u = 0, 1
        while n < 16 and self.rc.decode(32768):
            n += 1
        for _ in range(n):
            u = 2 * u + self.rc.decode(32768)
        return u - 1

    def decision(self, k, odds):  # sections 6.4, 6.5
        slots, base = [], 0
        for size, context in zip(SIZES, self.contexts):
            slots.append((base + context) * 9 + k)
            base += size
        inputs = [stretch(self.counters[s][0]) for s in slots] + [clamp(odds, -9216, 9216), 256]
        sets = [self.weights[n + k] for n in self.sets]
        xs = [clamp(sum(w * v for w, v in zip(ws, inputs)) >> 16, -11264, 11264) for ws in sets]
        bit = self.rc.decode(squash((xs[0] + xs[1]) >> 1))
        for i, s in enumerate(slots):
            p, c = self.counters[s]
            p = clamp(p + div(((65535 if bit else 0) - p) * 2, 2 * c + 3), 16, 65520)
            self.counters[s] = [p, c + (c < (120 if i in OF_CHANNEL else 250))]
        for ws, x, rate in zip(sets, xs, (6, 5)):
            error = (65536 if bit else 0) - squash(x)
            for j, v in enumerate(inputs):
                ws[j] = clamp(ws[j] + ((error * rate * v + 2 ** 19) >> 20), -2 ** 20, 2 ** 20)
        return bit


def checksum(symbols):
    flat = [v for plane in symbols for row in plane for v in row]
    return zlib.crc32(struct.pack('<%dh' % len(flat), *flat)) & 0xFFFF


def main():
    if not 5 <= len(sys.argv) <= 7:
        sys.exit(__doc__)
    shape = [int(v) for v in sys.argv[1:4]]
    with open(sys.argv[4], 'rb') as file:
        found = checksum(Slice(file.read(), *shape, int(*sys.argv[6:])).decode())
    print('0x%04x' % found)
    sys.exit(len(sys.argv) >= 6 and found != int(sys.argv[5], 0))


if __name__ == '__main__':
    main()
