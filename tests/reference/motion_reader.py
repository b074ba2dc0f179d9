#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes .pithm files, written from doc/motion-format.md alone.

  motion_reader.py FILE...   prints for each clip: file, clip's number, samples, CRC-32 of all floats that are given out

The floats of a clip: for each joint rotation, translation and scale, where they are not at rest, then the scalars; each
from the first sample to the last, little-endian. Slow and plain on purpose. Exit status 1 if a file is refused.
"""
import math
import os
import re
import struct
import sys
import zlib

from latent_slice import RangeDecoder, Refused, squash, stretch

ROOT = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
ONE = 1 << 30


def read_prior():
    text = open(os.path.join(ROOT, 'src/motion/motion_prior.c')).read()
    numbers = [[int(v) for v in re.findall(r'-?\d+', body)] for body in re.findall(r'= \{(.*?)\n\};', text, re.S)]
    prior = [[numbers[0][(k * 24 + c) * 13:][:13] for c in range(24)] for k in range(5)]
    return prior, [numbers[1][d * 7:][:7] for d in range(13)]


PRIOR, WEIGHTS = read_prior()


class Counter:
    def __init__(self, p, count):
        self.p, self.count = p, count

    def learn(self, bit, limit):
        step = ((65535 if bit else 0) - self.p) * 2
        n = 2 * self.count + 3
        self.p += step // n if step >= 0 else -(-step // n)
        self.p = min(max(self.p, 16), 65520)
        self.count = min(self.count + 1, limit) if self.count < limit else self.count


def mixed(weights, inputs):
    return max(-11264, min(11264, sum(w * v for w, v in zip(weights, inputs)) >> 16))


def learn_weights(weights, inputs, error, rate):
    for i, v in enumerate(inputs):
        weights[i] = max(-16 * 65536, min(16 * 65536, weights[i] + ((error * rate * v + (1 << 19)) >> 20)))


def coded_bytes(data):  # section 3
    n, data = leb128(data)
    decoder, tables, weights, last, out = RangeDecoder(data), [{} for _ in range(4)], {}, 0, bytearray()
    for _ in range(n):
        node = 1
        for _ in range(8):
            counters, inputs = [], []
            for k in range(4):
                before = last & (0, 0xff, 0xffff, 0xffffff)[k]
                slot = before * 256 + node if k < 2 else ((before * 0x9e3779b1) ^ (node * 0x85ebca6b)) % 2**32 >> 16
                counters.append(tables[k].setdefault(slot, Counter(32768, 0)))
                x = stretch(counters[k].p)
                inputs.append(x if counters[k].count >= 2 else (x // 2 if x >= 0 else -(-x // 2)))
            inputs.append(256)
            w = weights.setdefault(node, [26214] * 4 + [0])
            p = max(64, min(65472, squash(mixed(w, inputs))))
            bit = decoder.decode(p)
            learn_weights(w, inputs, (65535 if bit else 0) - p, 24)
            for c in counters:
                c.learn(bit, 127)
            node = 2 * node + bit
        last = (last << 8 | node & 0xff) & 0xffffff
        out.append(node & 0xff)
    decoder.check_end()
    return bytes(out)


def leb128(data):
    value = shift = 0
    for i, byte in enumerate(data):
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, data[i + 1:]
    raise Refused('a number does not end')


class Head:  # sections 4, 5
    def __init__(self, data):
        self.data, self.at = data, 0
        self.unit = self.number()
        n_joints, n_clips = self.leb(), self.leb()
        backs = [self.leb() for _ in range(n_joints)]
        self.parents = [j - b if b else -1 for j, b in enumerate(backs)]
        flags = [self.byte() for _ in range(n_joints)]
        self.names = [self.text() for _ in range(n_joints)]
        self.rests = []  # rotation, translation, scale
        for f in flags:
            translation = [self.number() for _ in range(3)] if f & 1 else [0.0] * 3
            rotation = [self.number() for _ in range(4)] if f & 2 else [0.0, 0.0, 0.0, 1.0]
            scale = [self.number() for _ in range(3)] if f & 4 else [1.0] * 3
            self.rests.append([rotation, translation, scale])
            for _ in range((f >> 3 & 1) + (f >> 4 & 1)):
                self.number()
        self.clips = [self.clip(n_joints) for _ in range(n_clips)]
        if self.at != len(data):
            raise Refused('bytes after the last clip')

    def take(self, n):
        self.at += n
        if self.at > len(self.data):
            raise Refused('HEAD ends too soon')
        return self.data[self.at - n:self.at]

    def byte(self):
        return self.take(1)[0]

    def leb(self):
        value, rest = leb128(self.data[self.at:])
        self.at = len(self.data) - len(rest)
        return value

    def text(self):
        end = self.data.index(0, self.at)
        return self.take(end + 1 - self.at)[:-1]

    def float(self):
        return struct.unpack('<f', self.take(4))[0]

    def number(self):
        tag = self.byte()
        if tag == 32:
            return struct.unpack('<d', self.take(8))[0]
        n = self.leb()
        v = (n >> 1) / 10.0 ** (tag & 15)
        if tag & 16:
            v = struct.unpack('<f', struct.pack('<f', v))[0]
        return -v if n & 1 else v

    def clip(self, n_joints):
        c = {'name': self.text(), 'n': self.leb()}
        for field in ('frame', 'bound', 'finest', 'shell', 'worst'):
            c[field] = self.number()
        c['k'] = self.byte()
        c['outer'] = list(self.take(9))
        motions = [self.byte() for _ in range(n_joints)]
        motion = [[m >> 2 * k & 3 for k in range(3)] for m in motions]
        self.take(n_joints)  # stepped
        steps = [[0] * 4 for _ in range(n_joints)]
        for i, kind in enumerate((0, 0, 1, 2)):
            for j in range(n_joints):
                if motion[j][kind] == 2:
                    steps[j][i] = self.byte()
        shifts = [self.byte() - 40 if m[1] == 2 else 0 for m in motion]
        bones = [self.leb() if m[0] == 2 else 0 for m in motion]
        constants = [[None] * 3 for _ in range(n_joints)]
        for kind in range(3):
            for j in range(n_joints):
                if motion[j][kind] == 3:
                    constants[j][kind] = self.rests[j][kind]
                if motion[j][kind] == 1:
                    constants[j][kind] = [self.float() for _ in range(4 if kind == 0 else 3)]
        scalars = []
        for _ in range(self.leb()):
            self.text(), self.byte()
            scalars.append(self.number())
        if self.byte():
            self.take(4 * c['n'])
        c['motion'], c['constants'], c['channels'] = motion, constants, []
        length, track, above = c['finest'] / 64 / self.unit, 0, [None] * n_joints
        for j in range(n_joints):
            above[j] = above[self.parents[j]] if self.parents[j] >= 0 else None
            for kind in (1, 2, 0):
                if motion[j][kind] != 2:
                    continue
                s = steps[j]
                step = [step_of(s[0]), step_of(s[1]), step_of(s[1])] if kind == 0 else [step_of(s[1 + kind])] * 3
                channel = {'kind': kind, 'joint': j, 'step': step, 'track': track, 'above': above[j], 'parts': 3,
                           'unit': length * 2.0 ** -shifts[j] if kind == 1 else 2.0 ** -20}
                if kind == 0:
                    channel['frame'] = self.frame(j, bones[j])
                    above[j] = len(c['channels'])
                c['channels'].append(channel)
                track += 3
        for i, unit in enumerate(scalars):
            c['channels'].append({'kind': 3, 'joint': i, 'step': [1], 'track': track, 'above': None, 'parts': 1, 'unit': unit})
            track += 1
        return c

    def frame(self, joint, bone):  # section 7
        children = [j for j, p in enumerate(self.parents) if p == joint]
        axis = self.rests[children[bone - 1]][1] if 0 < bone <= len(children) else [0.0] * 3
        largest = max(abs(v) for v in axis)
        q = (0, 0, 0, ONE)
        if largest > 0:
            a = [math.floor(v / largest * ONE + 0.5) for v in axis]
            length = math.isqrt(sum(v * v for v in a))
            a = [truncated(v * ONE, length) for v in a]
            w = ONE + a[0]
            q = (0, 0, ONE, 0)
            if w >= 16:
                length = math.isqrt(w * w + a[1] * a[1] + a[2] * a[2])
                q = tuple(truncated(v * ONE, length) for v in (0, -a[2], a[1], w))
        x, y, z, w = q
        return [[ONE - ((y * y + z * z) >> 29), (x * y - w * z) >> 29, (x * z + w * y) >> 29],
                [(x * y + w * z) >> 29, ONE - ((x * x + z * z) >> 29), (y * z - w * x) >> 29],
                [(x * z - w * y) >> 29, (y * z + w * x) >> 29, ONE - ((x * x + y * y) >> 29)]]


def truncated(a, b):
    return a // b if a >= 0 else -(-a // b)


def step_of(i):
    t = (16777216, 18295683, 19951585, 21757357, 23726566, 25874004, 28215802, 30769551)
    return ((t[i % 8] << i // 8) + (1 << 23)) >> 24


# ---- rotations, section 7


def normal(q):
    f = (3 * ONE - (sum(v * v for v in q) >> 30)) >> 1
    return tuple((v * f + (1 << 29)) >> 30 for v in q)


def product(a, b):
    (ax, ay, az, aw), (bx, by, bz, bw) = a, b
    sums = (aw * bx + ax * bw + ay * bz - az * by, aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw, aw * bw - ax * bx - ay * by - az * bz)
    return normal([(s + (1 << 29)) >> 30 for s in sums])


def conjugate(q):
    return -q[0], -q[1], -q[2], q[3]


def middle(a, b):
    dot = sum(x * y for x, y in zip(a, b))
    total = [x + (-y if dot < 0 else y) for x, y in zip(a, b)]
    h = (1 << 29) + (abs(dot) >> 31)
    i = 1962934272 - (889192448 * h >> 30)
    for _ in range(3):
        i = i * ((3 * ONE - ((i * i >> 30) * h >> 30)) >> 1) >> 30
    return normal([v * (i >> 1) >> 30 for v in total])


def quat(v):
    v = [max(-(1 << 28), min(1 << 28, x)) for x in v]
    n = sum(x * x for x in v) >> 26
    r = 2**61 // (ONE + n)
    return tuple(8 * x * r >> 31 for x in v) + ((ONE - n) * r >> 31,)


def turn(q):
    if q[3] < 0:
        q = [-v for v in q]
    r = 2**61 // (ONE + q[3])
    return [v * r >> 33 for v in q[:3]]


def out_of_frame(m, v):
    return [sum(m[i][k] * v[k] for k in range(3)) >> 30 for i in range(3)]


def into_frame(m, v):
    return [sum(m[k][i] * v[k] for k in range(3)) >> 30 for i in range(3)]


# ---- numbers, section 9


def cls(m):
    if m < 4:
        return m
    n = m.bit_length() - 1
    return min(23, 2 * n + (m >> n - 1 & 1))


class Model:
    def __init__(self, data):
        self.decoder = RangeDecoder(data)
        self.counters, self.weights, self.means, self.others = {}, {}, {}, {}

    def counter(self, key, p, count):
        bit = self.decoder.decode(self.others.setdefault(key, Counter(p, count)).p)
        self.others[key].learn(bit, 255)
        return bit

    def escape(self, level):
        n = 0
        while n < 14 and self.counter(('escape', level, n), *((20000, 2) if n else (300, 20))):
            n += 1
        return n

    def mean(self, track, level):
        for up in range(level, 8):
            if (track, up) in self.means:
                return self.means[track, up] // (1 if up == level else 2)
        return self.means.get((track, level), 512)

    def number(self, track, level, part, before, after, last, beside, pose, signs):
        mean, place, around = self.mean(track, level), min(part, 3), before + after
        classes = (cls(mean >> 3), cls(beside), cls(around), cls(around + 2 * last + beside), cls(pose))
        keys = ((0, level, classes[0], place), (1, classes[1], min(cls(mean >> 5), 15), place),
                (2, classes[2], cls(2 * last), place), (3, cls(mean >> 4), classes[3]), (4, level, classes[4], place),
                (5, track, level))
        kind = 0 if place == 0 else 2 if place == 3 else 1

        def decide(d):
            counters = []
            for i, key in enumerate(keys):
                start = (PRIOR[i][classes[i]][d], 8) if i < 5 else (PRIOR[0][3][d], 0)
                counters.append(self.counters.setdefault(key + (d,), None) or self.counters.__setitem__(key + (d,), Counter(*start)) or
                                self.counters[key + (d,)])
            inputs = [stretch(c.p) for c in counters] + [256]
            w = self.weights.setdefault((level, kind, d), list(WEIGHTS[d]))
            p = max(32, min(65504, squash(mixed(w, inputs))))
            bit = self.decoder.decode(p)
            learn_weights(w, inputs, (65535 if bit else 0) - p, 16)
            for c in counters:
                c.learn(bit, 255)
            return bit

        m = 0
        if decide(0):
            n = 0
            while n < 23 and decide(min(n + 1, 12)):
                n += 1
            m = 1
            for i in range(n):
                row = min(n, 25)
                key = ('first', row) if i == 0 else ('second', row, m & 1)
                m = 2 * m + (self.counter(key, 30000, 4) if i < 2 else self.decoder.decode(32768))
        negative = m and self.counter(('sign',) + signs, 32768, 8)
        if 256 * m > mean:
            self.means[track, level] = mean + ((256 * m - mean) >> 2)
        else:
            self.means[track, level] = mean - ((mean - 256 * m) >> 2)
        return -m if negative else m


# ---- slices, sections 6 and 8


class Slice:
    def __init__(self, clip, size):
        self.clip, self.size = clip, size
        self.values, self.numbers = {}, {}

    def decode_place(self, model, at, level, before, after, outer_before, outer_after, last):
        pose = 0

        def kept(channel, place, part):
            return self.numbers.get((channel, place), [0, 0, 0])[part] if place is not None else 0

        def sign(v):
            return (v > 0) + (v >= 0)

        for i, c in enumerate(self.clip['channels']):
            def value(place):
                return self.values[i, place]

            escape, numbers = model.escape(level) if c['kind'] == 0 else 0, []
            for part in range(c['parts']):
                near = [kept(i, place, part) for place in (before, after, last)]
                beside = 2 * sum(abs(v) for v in numbers)
                if c['kind'] == 0 and c['above'] is not None:
                    beside += sum(abs(kept(c['above'], at, k)) for k in range(3))
                numbers.append(model.number(c['track'] + part, level, part if c['kind'] == 0 else 3, *map(abs, near), beside, pose,
                                            tuple(map(sign, near))))
            self.numbers[i, at] = [truncated(v, 1 << escape) for v in numbers] + [0] * (3 - c['parts'])
            pose += sum(abs(v) for v in self.numbers[i, at])
            has_outer = outer_before is not None and outer_after is not None
            if c['kind'] == 0:
                base, start, weight = (0, 0, 0, ONE), None, 0
                if before is not None and after is not None:
                    base = middle(value(before), value(after))
                    if has_outer:
                        start, weight = middle(value(outer_before), value(outer_after)), self.clip['outer'][level]
                elif before is not None:
                    base = value(before)
                    if outer_before is not None:
                        start, weight = value(outer_before), 128
                p = [0, 0, 0]
                if start is not None:
                    p = [v * weight >> 8 for v in into_frame(c['frame'], turn(product(conjugate(start), base)))]
                t = [max(-(1 << 28), min(1 << 28, v + n * max(s >> escape, 1))) for v, n, s in zip(p, numbers, c['step'])]
                self.values[i, at] = product(base, quat(out_of_frame(c['frame'], t)))
                continue
            out = []
            for k in range(c['parts']):
                p = 0
                if before is not None and after is not None:
                    inner = value(before)[k] + value(after)[k]
                    p = inner >> 1
                    if has_outer:
                        p += (inner - value(outer_before)[k] - value(outer_after)[k]) * self.clip['outer'][level] >> 9
                elif before is not None:
                    p = value(before)[k]
                    if outer_before is not None:
                        p += (p - value(outer_before)[k]) >> 1
                out.append(max(-(1 << 40), min(1 << 40, p + numbers[k] * c['step'][k])))
            self.values[i, at] = out


def decode_clip(clip, groups, slices):
    size, n, keys, samples = 1 << clip['k'], clip['n'], [], {}
    n_channels = len(clip['channels'])
    for g, data in enumerate(groups):
        model, group = Model(data), Slice(clip, 8)
        count = min(8, (n - 1) // size + 1 - 8 * g)
        for k in range(count):
            group.decode_place(model, k, 8, k - 1 if k else None, None, None, None, None)
        model.decoder.check_end()
        keys += [[group.values[i, k] for i in range(n_channels)] for k in range(count)]
    for k, pose in enumerate(keys):
        samples[k * size] = pose
    for s, data in enumerate(slices):
        model, part = Model(data), Slice(clip, size)
        for place in (0, size):
            for i in range(n_channels):
                if s * size + place in samples:
                    part.values[i, place] = samples[s * size + place][i]

        def there(place):
            return place if 0 <= place <= size and s * size + place < n else None

        d = size // 2
        while d:
            for at in range(d, size, 2 * d):
                if s * size + at < n:
                    part.decode_place(model, at, min(d.bit_length() - 1, 7), at - d, there(at + d), there(at - 3 * d), there(at + 3 * d),
                                      there(at - 2 * d))
                    samples[s * size + at] = [part.values[i, at] for i in range(n_channels)]
            d //= 2
        model.decoder.check_end()
    return samples


def floats_of(clip, samples):  # section 10
    out = []
    by_place = {(c['joint'], c['kind']): i for i, c in enumerate(clip['channels'])}
    for j, motion in enumerate(clip['motion']):
        for kind in range(3):
            if motion[kind] in (1, 3):
                out += clip['constants'][j][kind] * clip['n']
            elif motion[kind] == 2:
                i = by_place[j, kind]
                unit = clip['channels'][i]['unit']
                for t in range(clip['n']):
                    out += [v / ONE if kind == 0 else v * unit for v in samples[t][i]]
    for i, c in enumerate(clip['channels']):
        if c['kind'] == 3:
            out += [samples[t][i][0] * c['unit'] for t in range(clip['n'])]
    return out


def read_file(path):
    data = open(path, 'rb').read()
    if data[:5] != b'\xf0PIM\x01':
        raise Refused('not a .pithm file of version 0.1')
    rest, chunks = data[5:], []
    while rest:
        kind, (length, payload) = rest[0], leb128(rest[1:])
        size = len(rest) - len(payload) + length
        if size + 4 > len(rest) or zlib.crc32(rest[:size]) != struct.unpack('<I', rest[size:size + 4])[0]:
            raise Refused('a chunk is damaged')
        if kind < 128:
            chunks.append((kind, payload[:length]))
        rest = rest[size + 4:]
    if not chunks or chunks[0][0] != 1:
        raise Refused('no HEAD')
    head, at = Head(coded_bytes(chunks[0][1])), 1
    for number, clip in enumerate(head.clips):
        size, n = 1 << clip['k'], clip['n']
        n_groups, n_slices = -(-((n - 1) // size + 1) // 8), -(-(n - 1) // size)
        part = chunks[at:at + n_groups + n_slices]
        if [kind for kind, _ in part] != [2] * n_groups + [3] * n_slices:
            raise Refused('other chunks than the clips have')
        at += len(part)
        samples = decode_clip(clip, [p for _, p in part[:n_groups]], [p for _, p in part[n_groups:]])
        floats = floats_of(clip, samples)
        print('%s %d %d %08x' % (os.path.basename(path), number, n, zlib.crc32(struct.pack('<%df' % len(floats), *floats))))
    if at != len(chunks):
        raise Refused('chunks after the last clip')


def main(paths):
    status = 0
    for path in paths:
        try:
            read_file(path)
        except (Refused, ValueError, IndexError, struct.error) as why:
            print('%s: %s' % (path, why), file=sys.stderr)
            status = 1
    return status


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
