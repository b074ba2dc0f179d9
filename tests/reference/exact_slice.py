#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes the coded bytes of an EXCT chunk, written from doc/exact-coder.md alone (sections in brackets).

  exact_slice.py FILE...   of slices with a head of width, height, channels, bits (a byte each) and the checksum (u16);
                           exit 1 when one does not come out right

Slow and plain on purpose.
"""
import collections
import sys
import zlib

from latent_slice import RangeDecoder, Refused, clamp, div, floor_log2, squash, stretch

MASK = (1 << 64) - 1
GOLDEN = 0x9E3779B97F4A7C15
NEAR = [(0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-2, 0), (-1, 2), (-1, -2), (-2, -1), (-2, 1), (-3, 0), (0, -3)]
FLAT = NEAR[:10] + [(0, -3)]
ORDER = {1: (0,), 2: (1, 0), 3: (1, 0, 2), 4: (3, 1, 0, 2)}  # of coding, among the picture's channels
STEPS = [1, 2, 3, 4, 5] + [v for j in range(2, 17) for v in (2**j + 1, 3 * 2 ** (j - 1) + 1) if v > 5] + [131073]


def find_hash(h, v):
    h = (h ^ (v & MASK)) * 0xD6E8FEB86659FD93 & MASK
    return h ^ h >> 32


def salt(k):
    return k << 56


def ceil_log2(n):
    return (n - 1).bit_length()


class Counter:  # [2]
    def __init__(self, p=1 << 21, c=0):
        self.p, self.c = p, c

    def probability(self):
        return max(1, self.p >> 6)

    def learn(self, bit, limit):
        target = (1 << 22) - 1 if bit else 0
        self.p += (target - self.p) * min(131072 // (2 * self.c + 3), 65535) >> 16
        if self.c < limit:
            self.c += 1

    def known(self):
        return 0 if self.c == 0 else 1 if self.c < 3 else 2 if self.c < 12 else 3


def counters():
    return collections.defaultdict(Counter)




def level(e):
    if e < 4:
        return e
    log = floor_log2(e)
    return min(15, 2 * log + (e >> (log - 1) & 1))


def slevel(d, most):
    size = level(abs(d))
    size = min(most, 4 + (size - 4) // 2 if size > 4 else size)
    return most - size if d < 0 else most + size


class Channel:  # [6]
    def __init__(self, width):
        self.v = collections.defaultdict(int)
        self.e = collections.defaultdict(int)
        self.g = [collections.defaultdict(int) for _ in range(5)]
        self.taps = [49152, -32768, 16384] + [0] * 10
        self.bias_sum, self.bias_count = [0] * 512, [0] * 512
        self.counters, self.detail = counters(), counters()
        self.width = width

    def begin_row(self, y):
        for x in range(-8, 0):
            self.v[y, x] = self.v[y - 1, 0]
            self.e[y, x] = 0
            for g in self.g:
                g[y, x] = g[y - 1, 0]

    def end_row(self, y):
        for x in range(self.width, self.width + 8):
            for plane in (self.v, self.e, *self.g):
                plane[y, x] = plane[y, self.width - 1]


class ExactSlice:
    def __init__(self, coded, width, height, n_channels, bits):
        self.width, self.height, self.n, self.bits = width, height, n_channels, bits
        self.read_plan(coded)

    # ---- [1]
    def read_plan(self, data):
        if not data:
            raise Refused("the plan is not there")
        plan, at = data[0], 1
        self.mode, self.transform = plan & 3, plan >> 2 & 3
        self.no_hidden, self.repeat, reduced = plan & 16, plan & 32, plan & 64
        self.n_bits, self.shift = self.bits, 0
        if reduced:
            if len(data) < 2:
                raise Refused("the bits are not there")
            self.n_bits, self.shift, at = (data[1] & 15) + 1, data[1] >> 4, 2
        if (plan & 128 or self.mode > 1 or self.transform > 2 or self.transform and (self.n < 3 or self.mode == 0)
                or self.no_hidden and self.n % 2 or self.repeat and (self.shift or not reduced)
                or self.n_bits + self.shift > self.bits or reduced and self.n_bits == self.bits):
            raise Refused("a plan that there is not")
        self.rc = RangeDecoder(data[at:])

    def sample(self, v):
        if not self.repeat:
            return v << self.shift
        s, m = v << (self.bits - self.n_bits), self.n_bits
        while m < self.bits:
            s |= s >> m
            m *= 2
        return s

    # ---- [2]
    def counted(self, counter):
        bit = self.rc.decode(counter.probability())
        counter.learn(bit, 255)
        return bit

    def raw(self, k):
        value = 0
        for _ in range(k):
            value = 2 * value + self.rc.decode(32768)
        return value

    def find(self, h):
        h = h * GOLDEN & MASK
        index, check = h >> (64 - self.t), h >> 8 & 65535
        entry = self.table.setdefault(index, [0, Counter()])
        if entry[0] != check:  # the counter stays itself: others may have found it already
            entry[0] = check
            entry[1].p, entry[1].c = 1 << 21, 0
        self.found.append(entry[1])
        self.inputs.append(stretch(16 * (entry[1].p >> 10) + 8))
        return entry[1]

    def begin(self):
        self.found, self.inputs = [], []

    def direct_counter(self, counter):
        self.found.append(counter)
        self.inputs.append(stretch(16 * (counter.p >> 10) + 8))

    def weights(self, name, start):
        if name not in self.sets:
            self.sets[name] = [start] * len(self.found) + [0]
        return self.sets[name]

    def refining(self, name):
        if name not in self.refined:
            self.refined[name] = [Counter(64 * squash(1024 * i - 11264), 6) for i in range(24)]
        return self.refined[name]

    def mixed(self, first, second, refine, start, rate):
        inputs = self.inputs + [256]
        sets = [self.weights(name, start) for name in (first, second)]
        odds = [clamp(sum(w * x for w, x in zip(s, inputs)) >> 16, -11264, 11264) for s in sets]
        both = (odds[0] + odds[1]) >> 1
        q, used = squash(both), None
        if refine is not None:
            place = both + 11264
            low, part = place // 1024, place % 1024
            r = self.refining(refine)
            between = ((r[low].p >> 6) * (1024 - part) + (r[low + 1].p >> 6) * part) // 1024
            q = clamp((q + between) // 2, 1, 65535)
            used = r[low + (part >= 512)]
        bit = self.rc.decode(q)
        for s, o in zip(sets, odds):
            error = (65536 if bit else 0) - squash(o)
            for i, x in enumerate(inputs):
                s[i] = clamp(s[i] + (error * rate * x + (1 << 19) >> 20), -(1 << 20), 1 << 20)
        for counter in self.found:
            counter.learn(bit, 250)
        if used:
            used.learn(bit, 250)
        return bit

    # ---- [3]
    def decode(self):
        """Rows of samples, channels in the picture's order."""
        n = self.width * self.height
        self.t = clamp(ceil_log2(n) + 4, 12, 20)
        self.u = clamp(ceil_log2(n), 8, 18)
        self.table, self.sets, self.refined = {}, {}, {}
        self.last, self.places = collections.defaultdict(int), {}
        self.x = collections.defaultdict(int)
        self.escaped = collections.defaultdict(int)
        self.flats, self.escapes, self.blocks, self.rows = counters(), counters(), counters(), counters()
        self.channels = [Channel(self.width) for _ in range(self.n)]
        if self.mode == 0:
            self.read_palette()
        if self.mode == 1 or len(self.palette) > 1:
            self.decode_rows()
        if not (self.rc.position >= len(self.rc.data) and (not self.rc.data or self.rc.data[-1] != 0)):
            raise Refused("bytes are left over")
        rows = []
        for y in range(self.height):
            row = []
            for x in range(self.width):
                colour = self.palette[self.x[y, x]] if self.mode == 0 else self.x[y, x]
                pixel = [0] * self.n
                for k, c in enumerate(ORDER[self.n]):
                    pixel[c] = self.sample(colour >> 16 * (self.n - 1 - k) & 0xFFFF)
                row += pixel
            rows.append(row)
        return rows

    def decode_rows(self):
        was_same, above = 0, collections.defaultdict(int)
        for y in range(self.height):
            for x in range(-8, 0):
                self.x[y, x] = self.x[y - 1, 0]
            if self.mode == 1:
                for channel in self.channels:
                    channel.begin_row(y)
                if y % 32 == 0:
                    left = 0
                    for i in range((self.width + 31) // 32):
                        above[i] = left = self.counted(self.blocks[left + 2 * above[i]])
                    self.direct = above
            self.match, self.length = None, 0
            was_same = self.counted(self.rows[was_same])
            for x in range(self.width):
                if was_same:
                    self.x[y, x] = self.x[y - 1, x]
                    if self.mode == 1:
                        self.take_flat(y, x, self.x[y, x])
                else:
                    self.x[y, x] = self.pixel(y, x)
                    self.learn_match(y, x)
            for x in range(self.width, self.width + 8):
                self.x[y, x] = self.x[y, self.width - 1]
            if self.mode == 1:
                for channel in self.channels:
                    channel.end_row(y)

    def place(self, y, x):
        return (y + 3) * (self.width + 16) + x + 8

    def at(self, place):
        return self.x[place // (self.width + 16) - 3, place % (self.width + 16) - 8]

    # ---- [4]
    def bucket(self):
        if self.match is None:
            return 0
        return 1 + sum(self.length >= least for least in (8, 16, 24, 32, 63))

    def learn_match(self, y, x):
        if self.match is None:
            return
        if self.at(self.match) == self.x[y, x]:
            self.length = min(63, self.length + 1)
        else:
            self.match, self.length = None, 0

    def pixel(self, y, x):
        if self.match is not None:
            self.match += 1
        if self.mode == 1 and self.direct[x // 32]:
            return self.escape(y, x)
        w = self.x[y, x - 1]
        self.tried = []
        if all(self.x[y + dy, x + dx] == w for dy, dx in FLAT):
            if self.match is None or self.at(self.match) == w:
                if self.counted(self.flats[self.bucket()]):
                    if self.mode == 1:
                        self.take_flat(y, x, w)
                    return w
                self.tried = [w]
        return self.surrounded(y, x)

    def escape(self, y, x):
        self.escaped[y, x] = 1
        return self.index(y, x) if self.mode == 0 else self.samples(y, x)

    def surrounded(self, y, x):  # [4.1]
        near = [self.x[y + dy, x + dx] for dy, dx in NEAR]
        self.distinct, self.mask, h, hashes, shape, shapes = [], [], 0, [], 0, []
        for i, z in enumerate(near):
            if z not in self.distinct:
                self.distinct.append(z)
                self.mask.append(0)
            label = self.distinct.index(z)
            self.mask[label] |= 1 << i
            h = find_hash(h, z)
            shape = (13 * shape + label + 1) & MASK
            hashes.append(h)
            shapes.append(shape)
        self.two, self.four, self.six, self.twelve = hashes[1], hashes[3], hashes[5], hashes[11]
        self.shapes = shapes
        seen_at = ((self.six ^ salt(10)) * GOLDEN & MASK) >> (64 - self.u)
        seen = self.last[seen_at]
        self.look_for_match(y, x)
        found = self.candidates(y, x, seen)
        if found is None:
            found = self.escape(y, x)
        elif self.mode == 1:
            self.take(y, x, found)
        self.last[seen_at] = found
        return found

    def look_for_match(self, y, x):
        g = self.twelve
        for dy, dx in ((0, -4), (0, -5), (0, -6), (-1, 3), (-1, 4), (-1, -3)):
            g = find_hash(g, self.x[y + dy, x + dx])
        slot = (g * GOLDEN & MASK) >> (64 - self.u)
        here = self.place(y, x)
        if self.match is None and self.places.get(slot):
            other, n = self.places[slot], 0
            while n < 16 and self.at(here - 1 - n) == self.at(other - 1 - n):
                n += 1
            if n >= 4:
                self.match, self.length = other, n
        self.places[slot] = here

    def candidates(self, y, x, seen):
        if self.mode == 1:
            self.expected = self.view(self.n % 2 == 0, y, x)
            near = [self.escaped[y + dy, x + dx] for dy, dx in ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2), (-1, 2))]
            if sum(near[:4]) >= 3:
                pattern = sum(bit << i for i, bit in enumerate(near))
                if self.counted(self.escapes[16 * pattern + len(self.distinct)]):
                    return None
        likely = [self.at(self.match)] if self.match is not None else []
        for z in likely + [seen] + self.distinct[:6]:
            if z in self.tried or len(self.tried) == 8 or self.mode == 0 and len(self.tried) + 1 >= len(self.palette):
                continue
            if self.is_candidate(z):
                return z
        return None

    def is_candidate(self, z):
        rank = len(self.tried)
        order = min(rank, 3)
        label = self.distinct.index(z) if z in self.distinct else len(self.distinct)
        mask = self.mask[label] if z in self.distinct else 0
        matched = self.match is not None and self.at(self.match) == z
        expected = 0 if self.match is None else 1 if matched else 2
        zz = z * 0xA0761D6478BD642F & MASK
        self.begin()
        self.find(find_hash(salt(1), mask + (expected << 12) + (order << 14)))
        self.find(find_hash(self.shapes[5] ^ salt(2), label + (order << 8)))
        shape = self.find(find_hash(self.shapes[11] ^ salt(3), label + (order << 8)))
        self.find(find_hash(zz ^ salt(4), order))
        self.find(find_hash(self.two ^ salt(5), zz))
        self.find(find_hash(self.four ^ salt(6), zz))
        six = self.find(find_hash(self.six ^ salt(7), zz))
        twelve = self.find(find_hash(self.twelve ^ salt(8), zz))
        self.find(find_hash(salt(9), self.bucket() + (expected << 4) + ((mask & 3) << 6) + (order << 10)))
        if self.mode == 1:
            v = self.expected
            far = self.to_channels(z)[self.n % 2 == 0] - v["whole"]
            self.find(find_hash(salt(11), slevel(far, 10) + (v["energy"] << 5) + (order << 9)
                                + ((v["contexts"][0] & 7) << 12)))
        else:
            self.find(find_hash(self.shapes[11] ^ salt(12), zz))
        first = 8 * (16 * twelve.known() + 4 * six.known() + shape.known()) + rank
        second = 4 * (mask & 15) + (0, 2 if self.bucket() > 3 else 1, 2)[expected]
        self.tried.append(z)
        return self.mixed(("candidate", first), ("mask", second), ("candidate", 16 * rank + (mask & 15)), 13107, 14)

    # ---- [5]
    def number(self, lengths):
        n = 0
        while n < 16 and self.counted(lengths[n]):
            n += 1
        return (1 << n | self.raw(n)) - 1

    def read_palette(self):
        c = collections.defaultdict(counters)
        n_colours, n_anchors = self.number(c["counts0"]) + 1, 0
        if n_colours <= 8192:
            n_anchors = self.number(c["counts1"])
        if n_colours > 8192 or n_anchors > 16:
            raise Refused("too many colours or anchors")
        anchors = [[self.raw(self.n_bits) for _ in range(self.n)] for _ in range(n_anchors)]
        anchors += [[0] * self.n] * (16 - n_anchors)
        rising = self.n if self.raw(1) else 2 if self.n % 2 == 0 else 1
        self.palette, least = [], [0] * self.n
        for i in range(n_colours):
            v, k = [0] * self.n, 0
            while k < rising:
                more = self.number(c["rise", k])
                v[k] = least[k] + more
                self.check_value(v[k])
                k += 1
                if more:
                    break
            line = None
            if k < self.n and n_anchors > 1 and self.counted(c["on_line"][0]):
                node = 1
                for _ in range(8):
                    node = 2 * node + self.counted(c["lines"][node])
                line = node - 256
            for k in range(k, self.n):
                told = None if line is None else self.told(anchors[line // 16], anchors[line % 16], v, k)
                if told is not None:
                    v[k] = told + self.beyond(c, k)
                elif k > 0 and self.counted(c["as_before"][k]):
                    v[k] = v[k - 1]
                else:
                    v[k] = self.raw(self.n_bits)
                self.check_value(v[k])
            colour = 0
            for value in v:
                colour = colour << 16 | value
            if i and colour <= self.palette[-1]:
                raise Refused("colours that do not rise")
            self.palette.append(colour)
            least = v

    def check_value(self, v):
        if not 0 <= v < 1 << self.n_bits:
            raise Refused("a value is out of range")

    def beyond(self, c, k):
        if self.counted(c["is_zero"][k]):
            return 0
        less = self.counted(c["is_less"][k])
        size = self.number(c["beyond", k]) + 1
        return -size if less else size

    def told(self, a, b, v, k):
        if k == 0:
            return None
        j = max(range(k), key=lambda i: abs(b[i] - a[i]))
        d = b[j] - a[j]
        if d == 0:
            return None
        t = (v[j] - a[j]) * (b[k] - a[k])
        doubled = 2 * t - abs(d) if t < 0 else 2 * t + abs(d)
        return clamp(a[k] + div(-doubled if d < 0 else doubled, 2 * abs(d)), 0, (1 << self.n_bits) - 1)

    def index(self, y, x):
        n, size, start, depth = len(self.palette), 1, 0, 0
        while size < n:
            size *= 2
        while size > 1:
            size //= 2
            middle = start + size
            end = min(middle + size, n)
            lower_tried = sum(start <= z < middle for z in self.tried)
            upper_tried = sum(middle <= z < end for z in self.tried)
            if lower_tried == size:
                upper = 1
            elif middle >= n or upper_tried == end - middle:
                upper = 0
            else:
                upper = self.half(y, x, start + (size << 16), depth)
            if upper:
                start = middle
                if middle >= n:
                    raise Refused("all colours were tried")
            depth += 1
        return start

    def half(self, y, x, value, depth):
        w, n, nw, ne = (self.x[y + dy, x + dx] for dy, dx in ((0, -1), (-1, 0), (-1, -1), (-1, 1)))
        node = find_hash(salt(16), value)
        self.begin()
        self.find(node)
        self.find(find_hash(node ^ salt(17), w))
        self.find(find_hash(node ^ salt(18), n))
        self.find(find_hash(node ^ salt(19), w << 16 | n))
        self.find(find_hash(node ^ salt(20), (w + n) >> 1))
        self.find(find_hash(node ^ salt(21), (w + ne) >> 1 << 16 | (n + nw) >> 1))
        return self.mixed(("depth", depth), ("level", 13 if w == n else depth), None, 26214, 10)

    # ---- [6]
    def to_channels(self, colour):
        v = [colour >> 16 * (self.n - 1 - k) & 0xFFFF for k in range(self.n)]
        if self.transform:
            green, red, blue = v[-3:]
            if self.transform == 1:
                v[-3:] = green, red - green, blue - green
            else:
                o = red - blue
                m = blue + (o >> 1)
                g = green - m
                v[-3:] = m + (g >> 1), g, o
        return v

    def from_channels(self, values):
        v = list(values)
        if self.transform == 1:
            v[-3:] = v[-3], v[-2] + v[-3], v[-1] + v[-3]
        elif self.transform == 2:
            m = v[-3] - (v[-2] >> 1)
            green, blue = v[-2] + m, m - (v[-1] >> 1)
            v[-3:] = green, blue + v[-1], blue
        colour = 0
        for value in v:
            colour = colour << 16 | clamp(value, 0, (1 << self.n_bits) - 1)
        return colour

    def view(self, k, y, x):
        k = int(k)
        ch, opacity = self.channels[k], int(self.n % 2 == 0)
        V = lambda dy, dx, c=ch: c.v[y + dy, x + dx]  # noqa: E731
        w, n, nw, ne, ww, nn = V(0, -1), V(-1, 0), V(-1, -1), V(-1, 1), V(0, -2), V(-2, 0)
        taps_in = [n - w, nw - w, ne - w, ww - w, nn - w, V(-1, 2) - w]
        before = [self.channels[q] for q in range(k - 1, (opacity if k else 0) - 1, -1)]
        for i, p in enumerate(before):
            left = V(0, -1, p)
            taps_in += [V(0, 0, p) - left, V(-1, 0, p) - left, V(-1, -1, p) - left]
            if i == 0:
                taps_in.append(V(-1, 1, p) - left)
        reach = 8 << self.n_bits
        low, high = min(w, n), max(w, n)
        median = low if nw >= high else high if nw <= low else w + n - nw
        guess = [clamp(8 * w + (sum(a * b for a, b in zip(ch.taps, taps_in)) >> 13), -reach, reach), 8 * median,
                 4 * (w + ne - n) + 4 * (2 * n - nn), div(8 * (3 * w + 3 * n + ne - nw), 6), 4 * (w + n)]
        if before:
            p = before[0]
            guess[4] += 4 * (2 * V(0, 0, p) - V(0, -1, p) - V(-1, 0, p))
        total = weights = 0
        for value, g in zip(guess, ch.g):
            s = 2 * g[y, x - 1] + 2 * g[y - 1, x] + g[y - 1, x - 1] + g[y - 1, x + 1] + g[y, x - 2] + 4
            weight = (1 << 40) // (s * s) + 1
            total += weight * value
            weights += weight
        predicted = div(total, weights)
        e = lambda dy, dx: ch.e[y + dy, x + dx]  # noqa: E731
        ew, en, enw, ene, eww = (abs(e(*at)) for at in ((0, -1), (-1, 0), (-1, -1), (-1, 1), (0, -2)))
        energy = level((2 * ew + 2 * en + enw + ene + eww) * 2 // 3)
        p8 = predicted >> 3
        texture = sum((value > p8) << i for i, value in enumerate((w, n, nw, ne, ww, nn)))
        last = self.channels[k - 1].e[y, x] if k > 0 else 0
        first = self.channels[k - 2].e[y, x] if k > 1 else 0
        slot = 8 * texture + energy // 2
        bias = div(ch.bias_sum[slot], ch.bias_count[slot]) if ch.bias_count[slot] else 0
        most = (1 << self.n_bits) - 1
        lowest = -most if self.transform and k > opacity else 0
        rounded = clamp(predicted + bias + 4, 8 * lowest + 4, 8 * most + 4)
        whole = rounded >> 3
        contexts = [
            8 * energy + rounded % 8,
            12 * min(11, level(ew)) + min(11, level(en)),
            16 * slevel(last, 8) + energy,
            slot,
            88 * slevel(div(guess[1] - predicted, 8), 5) + 8 * slevel(div(guess[4] - predicted, 8), 5) + energy // 2,
            64 * slevel(last, 6) + 4 * slevel(first, 6) + energy // 4 if k > 1
            else 2 * (16 * level(ene) + level(enw)) + (energy > 7),
            60 * slevel(e(0, -1), 7) + 4 * slevel(e(-1, 0), 7) + energy // 4,
            16 * level(abs(w - nw) + abs(n - nn)) + level(abs(w - ww) + abs(n - nw) + abs(n - ne)),
        ]
        half = (1 << 32) - 1
        h0 = salt(32 + k) | (whole & 0x1FFFF) << 8
        h1 = salt(40 + k)
        for q in range(opacity, k):
            h1 = find_hash(h1, self.channels[q].v[y, x] & half)
        h2 = find_hash(find_hash(salt(48 + k), w & half), n & half)
        return {"k": k, "guess": guess, "taps_in": taps_in, "predicted": predicted, "whole": whole, "energy": energy,
                "other": level(2 * abs(last)) if k else level(abs(w - nw) + abs(n - ne)), "slot": slot,
                "contexts": contexts, "hashes": [h0, find_hash(h1, h0), find_hash(h2, h0)], "range": (lowest, most)}

    def decision(self, v, d):
        k = v["k"]
        ch = self.channels[k]
        self.begin()
        for i, context in enumerate(v["contexts"]):
            self.direct_counter(ch.counters[i, context, d])
        for h in v["hashes"]:
            self.find(find_hash(h, d))
        return self.mixed(("energy", k, v["energy"], d), ("other", k, v["other"], d), ("sample", k, d), 10922, 10)

    def difference(self, v):
        if self.decision(v, 0):
            return 0
        negative = self.decision(v, 1)
        i = 0
        while i + 1 < len(STEPS) and self.decision(v, 2 + i):
            i += 1
        if i + 1 == len(STEPS):
            raise Refused("a value is out of range")
        bits, u, node = floor_log2(STEPS[i + 1] - STEPS[i]), 0, 1
        while bits > 0 and node < 4:
            bit = self.counted(self.channels[v["k"]].detail[i, node])
            u, node, bits = 2 * u + bit, 2 * node + bit, bits - 1
        size = STEPS[i] + (u << bits) + self.raw(bits)
        return -size if negative else size

    def learn(self, v, y, x, value):
        ch = self.channels[v["k"]]
        ch.v[y, x], ch.e[y, x] = value, value - v["whole"]
        for g, guess in zip(ch.g, v["guess"]):
            g[y, x] = min(4095, abs(8 * value - guess))
        slot = v["slot"]
        ch.bias_sum[slot] += 8 * value - v["predicted"]
        ch.bias_count[slot] += 1
        if ch.bias_count[slot] == 128:
            ch.bias_count[slot], ch.bias_sum[slot] = 64, div(ch.bias_sum[slot], 2)
        r = div((8 * value - v["guess"][0]) * 8388608, sum(t * t for t in v["taps_in"]) + 64)
        for i, t in enumerate(v["taps_in"]):
            ch.taps[i] = clamp(ch.taps[i] + (r * t >> 16), -(1 << 18), 1 << 18)

    def samples(self, y, x):
        values = []
        for k in range(self.n):
            v = self.view(k, y, x)
            value = v["whole"] + self.difference(v)
            if not v["range"][0] <= value <= v["range"][1]:
                raise Refused("a value is out of range")
            values.append(value)
            self.learn(v, y, x, value)
            if k == 0 and self.no_hidden and value == 0:
                self.take_flat(y, x, 0)
                return 0
        return self.from_channels(values)

    def take(self, y, x, colour):
        for k, value in enumerate(self.to_channels(colour)):
            self.learn(self.view(k, y, x), y, x, value)

    def take_flat(self, y, x, colour):
        for ch, value in zip(self.channels, self.to_channels(colour)):
            ch.v[y, x], ch.e[y, x] = value, 0
            for g in ch.g:
                g[y, x] = 0


def packed(rows, bits):
    return b"".join(v.to_bytes(bits // 8, "little") for row in rows for v in row)


def main(paths):
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        width, height, n, bits = data[:4]
        rows = ExactSlice(data[6:], width, height, n, bits).decode()
        found = zlib.crc32(packed(rows, bits)) & 0xFFFF
        if found != int.from_bytes(data[4:6], "little"):
            print(f"{path}: the samples do not match their checksum", file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
