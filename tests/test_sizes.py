#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Which of two files bench/sizes.py calls worse."""
import os
import sys
import unittest

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench"))

import sizes  # noqa: E402


def file(kind, value, score, n_lost=0, lost=0.0, psnr=30.0, n_text=200):
    return sizes.Row(kind, value, value, score, psnr, n_text, n_lost, lost)


def faults(*rows):
    return sizes.faults_of(rows, slack=0.3)


class TestFaults(unittest.TestCase):
    def test_more_is_worse(self):
        self.assertEqual(faults(file("-s", 500, 40), file("-s", 700, 39.8)), [])
        self.assertEqual(faults(file("-s", 500, 40), file("-q", 700, 39.5)),
                         ["-q 700 (700 bytes): 39.5, -s 500 (500 bytes): 40.0"])

    def test_readable_text_is_weighed_as_the_encoder_does(self):
        self.assertEqual(faults(file("-s", 500, 43, lost=0.1), file("-s", 700, 40)), [])
        self.assertEqual(len(faults(file("-s", 500, 40), file("-s", 700, 43, lost=0.1))), 1)

    def test_blurred_text_is_compared_by_what_can_be_read(self):
        before, after = file("-s", 500, 45, n_lost=80, lost=0.4), file("-s", 700, -30, n_lost=40, lost=0.2)
        self.assertEqual(faults(before, after), [])
        self.assertEqual(faults(before, file("-s", 700, 50, n_lost=100, lost=0.5)),
                         ["-s 700 (700 bytes): 0.50 of the text lost, -s 500 (500 bytes): 0.40"])
        self.assertEqual(len(faults(file("-s", 500, 45), file("-q", 700, 50, n_lost=100, lost=0.5))), 1)

    def test_qualities_are_compared_by_score_alone(self):
        self.assertEqual(faults(file("-q", 40, 45), file("-q", 50, 46, n_lost=80, lost=0.4)), [])
        self.assertEqual(len(faults(file("-q", 40, 45, n_lost=80, lost=0.4), file("-q", 50, 44))), 1)

    def test_what_fits_exactly(self):
        exact = file("-q", 600, 100, psnr=None)
        self.assertEqual(faults(exact, file("-s", 599, 90)), [])
        self.assertEqual(len(faults(exact, file("-s", 600, 100))), 1)


if __name__ == "__main__":
    unittest.main()
