#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""What the distance of patches (bench/patch_statistics.py) says of pictures whose order is known."""
import math
import os
import subprocess
import sys
import tempfile
import unittest

try:
    import numpy as np
except ImportError:
    print("SKIPPED: needs NumPy (Debian: python3-numpy)", file=sys.stderr)
    sys.exit(77)  # what ctest counts as skipped

sys.dont_write_bytecode = True
BENCH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench")
sys.path.insert(0, BENCH)

import patch_statistics  # noqa: E402

WIDTH, HEIGHT = 200, 150


def picture_of(shift, blur=0):
    """Waves and noise, moved to the left by `shift`, averaged over 2 * blur + 1 columns and rows."""
    y, x = np.mgrid[50 - blur : 50 + HEIGHT + blur, 50 - blur : 50 + WIDTH + blur].astype(np.uint32)
    x += np.uint32(shift)
    noise = (x * np.uint32(7919) + y * np.uint32(104729)) * np.uint32(2654435761)
    noise = (noise ^ noise >> 15) * np.uint32(2246822519) >> 26
    values = 110 + 60 * np.sin(x / 9) * np.cos(y / 13) + noise
    side = 2 * blur + 1
    values = np.lib.stride_tricks.sliding_window_view(values, (side, side)).mean((2, 3))
    return np.repeat(values.astype(np.uint8)[..., None], 3, 2)


def statistics_of(shift, blur=0):
    return patch_statistics.statistics_of(picture_of(shift, blur))


class Distances(unittest.TestCase):
    def test_equal_sets_are_at_no_distance(self):
        a = statistics_of(0)
        self.assertEqual(a[0], 9 * 6)
        self.assertLess(patch_statistics.distance(a, a), 1e-4)

    def test_blur_is_farther_than_other_detail_of_the_same_kind(self):
        moved, soft, softer = (patch_statistics.distance(statistics_of(0), statistics_of(*of))
                               for of in ((1, 0), (0, 1), (0, 3)))
        self.assertGreater(soft, 20 * moved)
        self.assertGreater(softer, 1.2 * soft)

    def test_adding_puts_sets_together(self):
        a, b = statistics_of(0), statistics_of(0, 2)
        self.assertTrue(math.isnan(patch_statistics.distance(a, np.zeros_like(a))))
        half, whole = patch_statistics.distance(a, a + b), patch_statistics.distance(a, b)
        self.assertTrue(0 < half < whole)

    def test_refuses_pictures_without_a_patch(self):
        with self.assertRaises(ValueError):
            patch_statistics.statistics_of(np.zeros((7, 8, 3), np.uint8))
        self.assertEqual(patch_statistics.statistics_of(np.zeros((8, 8, 3), np.uint8))[0], 1)

    def test_writes_what_it_reads_and_refuses_alpha(self):
        with tempfile.TemporaryDirectory() as folder:
            ppm, out = os.path.join(folder, "a.ppm"), os.path.join(folder, "a.stats")
            command = [sys.executable, "-B", os.path.join(BENCH, "patch_statistics.py"), ppm, out]
            with open(ppm, "wb") as file:
                file.write(b"P6\n%d %d\n255\n" % (WIDTH, HEIGHT) + picture_of(0).tobytes())
            subprocess.run(command, check=True)
            self.assertTrue(np.array_equal(patch_statistics.load(out), statistics_of(0)))
            with open(ppm, "wb") as file:
                file.write(b"P7\nWIDTH 8\nHEIGHT 8\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n" + bytes(256))
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
            self.assertEqual(done.returncode, 1)
            self.assertIn("not a PPM of 8 bits", done.stderr)


if __name__ == "__main__":
    unittest.main()
