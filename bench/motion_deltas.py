#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""What a simple coder of animation needs: the channels of a BVH file in whole steps, as differences from frame to frame,
one channel after the other, through xz -9e.

  motion_deltas.py PITH CLIP UNIT_CM ERROR_CM    prints the bytes at the largest step that keeps to the error

A step is as many degrees for rotations as it is centimetres at 1 m for positions. The error is measured by `pith motion
compare`.
"""
import lzma
import math
import os
import struct
import subprocess
import sys
import tempfile


def main(pith, clip, unit, error):
    text = open(clip).read()
    hierarchy, motion = text.split('MOTION', 1)
    lines = motion.strip().split('\n')
    frames = [[float(v) for v in line.split()] for line in lines[2:]]
    channels, words = [], hierarchy.split()
    for i, word in enumerate(words):
        if word == 'CHANNELS':
            channels += words[i + 2:i + 2 + int(words[i + 1])]
    per_degree = math.pi / 180 * 100 / float(unit)  # lengths of the file

    def steps(step):
        return [step * per_degree if 'osition' in c else step for c in channels]

    def whole(step):
        return [[round(v / s) for v, s in zip(frame, steps(step))] for frame in frames]

    with tempfile.TemporaryDirectory() as work:
        path = os.path.join(work, 'coarse.bvh')

        def keeps(step):
            with open(path, 'w') as out:
                out.write(hierarchy + 'MOTION\n' + '\n'.join(lines[:2]) + '\n')
                for row in whole(step):
                    out.write(' '.join('%.7g' % (n * s) for n, s in zip(row, steps(step))) + '\n')
            return subprocess.run([pith, 'motion', 'compare', '--quiet', '--bound', '--unit', unit + 'cm', '--error', error + 'cm', clip, path],
                                  stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0

        low, high = -16.0, 6.0  # powers of two of degrees
        for _ in range(8):
            middle = (low + high) / 2
            low, high = (middle, high) if keeps(2.0**middle) else (low, middle)
    rows = whole(2.0**low)
    data = b''
    for c in range(len(channels)):
        column = [row[c] for row in rows]
        differences = [column[0]] + [b - a for a, b in zip(column, column[1:])]
        data += struct.pack('<%d%s' % (len(rows), 'h' if all(abs(v) < 32768 for v in differences) else 'i'), *differences)
    print(len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME)))


if __name__ == '__main__':
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    main(*sys.argv[1:])
