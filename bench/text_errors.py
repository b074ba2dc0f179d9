#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""text_errors.py TRUTH OCR...: prints the share of wrong characters, how many are wrong, how many there are, and how
many letters and digits are read as others ("misread": worse than what is not read at all).

Each line of TRUTH is held against the place in an OCR's text where it fits best (edit distance with free ends), so that
the order of lines does not count, and the best of the OCRs is taken. In a line of which less than half is found nothing
counts as misread: what stands there is no reading of it.
"""
import sys


def squeezed(text):
    return " ".join(text.split())


def compare(line, text):
    """(wrong, misread) of a line at its best place."""
    n, m = len(line), len(text)
    above = [(0, 0)] * (m + 1)
    for i in range(1, n + 1):
        row = [(i, 0)]
        c = line[i - 1]
        for j in range(1, m + 1):
            d = text[j - 1]
            wrong, misread = above[j - 1]
            if c == d:
                best = (wrong, misread)
            else:
                best = (wrong + 1, misread + (c.isalnum() and d.isalnum()))
            skipped = (above[j][0] + 1, above[j][1])
            added = (row[j - 1][0] + 1, row[j - 1][1])
            row.append(min(best, skipped, added))
        above = row
    wrong, misread = min(above)
    return (wrong, misread if 2 * wrong <= n else 0)


def main(truth, *readings):
    texts = [squeezed(open(path, encoding="utf-8", errors="replace").read()) for path in readings]
    n = n_wrong = n_misread = 0
    for line in open(truth, encoding="utf-8"):
        line = squeezed(line)
        if not line:
            continue
        wrong, misread = min([compare(line, text) for text in texts] + [(len(line), 0)])
        n += len(line)
        n_wrong += wrong
        n_misread += misread
    print(f"{n_wrong / n if n else 0:.4f} {n_wrong} {n} {n_misread}")


main(*sys.argv[1:])
