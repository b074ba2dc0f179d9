#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""From the figures of single pictures to what they say together. Writes OUT.md (a table a budget; to standard output,
too), OUT.tsv (the same numbers) and OUT.svg (four plots).

    bench/quality_table.py ROWS.tsv STATISTICS-FOLDER TITLE OUT

The folder has statistics of patches (bench/patch_statistics.py) for each line of ROWS.tsv, and for each original.
"""
import math
import os
import sys
from dataclasses import dataclass

import patch_statistics
import quality_rows
import svg_plot

PIXELS_512 = 512 * 512
NAMES = {"pith": "Pith", "jpeg": "JPEG", "webp": "WebP", "avif": "AVIF", "jxl": "JPEG XL"}
COLOURS = {"pith": "#e4502b", "avif": "#2f7ed8", "jxl": "#18a07c", "webp": "#b8860b", "jpeg": "#9467bd"}


@dataclass
class Mean:
    """Of one codec and budget, over the pictures that it can make so small; not a number where there is none."""

    codec: str
    budget: int
    n_can: int
    n_all: int
    bytes_512: float
    psnr_db: float
    ms_ssim: float
    ssimulacra2: float
    distance: float
    n_first_better: int  # pictures where the first codec has more SSIMULACRA2, or this one cannot


def find_mean(rows, codec, budget, folder):
    own = [r for r in rows if (r.codec, r.budget) == (codec, budget)]
    first = {r.picture: r for r in rows if (r.codec, r.budget) == (rows[0].codec, budget)}
    can = [r for r in own if r.can]

    def mean(values):
        return sum(values) / len(can) if can else math.nan

    def statistics(names):
        return sum((patch_statistics.load(os.path.join(folder, f"{name}.stats")) for name in names), start=0)

    distance = math.nan
    if can:
        distance = patch_statistics.distance(statistics(f"original-{r.picture}" for r in can),
                                             statistics(f"{codec}-{budget}-{r.picture}" for r in can))
    n_better = sum(r.picture in first and first[r.picture].can and
                   not (r.can and r.ssimulacra2 >= first[r.picture].ssimulacra2) for r in own)
    return Mean(codec, budget, len(can), len(own), mean([r.n_bytes * PIXELS_512 / r.n_pixels for r in can]),
                mean([r.psnr_db for r in can]), mean([r.ms_ssim for r in can]), mean([r.ssimulacra2 for r in can]),
                distance, n_better)


def shown(codec):
    return NAMES.get(codec, codec)


def markdown(means, codecs, budgets, title):
    first = shown(codecs[0])
    yield f"# {title}\n"
    for budget in budgets:
        yield (f"\nAt most {budget} bytes per 512x512 ({budget * 8 / PIXELS_512:.4f} bits per pixel), real files; means "
               "over the pictures that a codec can code:\n\n"
               f"| codec | can code | bytes per 512x512 | PSNR | MS-SSIM | SSIMULACRA2 | Frechet | {first} better |\n"
               "|---|---|---|---|---|---|---|---|\n")
        for codec in codecs:
            m = means[codec, budget]
            figures = (f"{m.bytes_512:.0f} | {m.psnr_db:.2f} | {m.ms_ssim:.4f} | {m.ssimulacra2:.1f} | {m.distance:.2f}"
                       if m.n_can else "- | - | - | - | -")
            better = f" {m.n_first_better} of {m.n_all}" if codec != codecs[0] else ""
            yield f"| {shown(codec)} | {m.n_can} of {m.n_all} | {figures} |{better} |\n"
    yield ("\nSSIMULACRA2: 100 is identical, below 0 unusable. Frechet: distance between the statistics of originals' and "
           "decoded\npictures' patches, over a fixed network of random filters (bench/patch_statistics.py); 0 is "
           "natural, it\ncompares within this set alone. The last column counts by SSIMULACRA2; who cannot code a "
           "picture loses it.\n")


def tsv(means, codecs, budgets):
    yield "codec\tbudget\tcan\tof\tbytes_512\tpsnr_db\tms_ssim\tssimulacra2\tfrechet\tfirst_better\n"
    for m in (means[codec, budget] for codec in codecs for budget in budgets):
        yield (f"{m.codec}\t{m.budget}\t{m.n_can}\t{m.n_all}\t{m.bytes_512:.2f}\t{m.psnr_db:.4f}\t{m.ms_ssim:.6f}\t"
               f"{m.ssimulacra2:.4f}\t{m.distance:.4f}\t{m.n_first_better}\n")


def plots(means, codecs, budgets, title):
    measures = (("ssimulacra2", "SSIMULACRA2 (100 = identical)", -60), ("ms_ssim", "MS-SSIM (1 = identical)", 0.75),
                ("psnr_db", "PSNR in dB", -math.inf),
                ("distance", "Frechet distance of patches (0 = natural)", -math.inf))
    width, height, head = 440, 320, 34
    parts = [f'<g font-size="17" font-weight="700" fill="currentColor"><text x="44" y="26">{svg_plot.escape(title)}'
             "</text></g>\n"]
    for i, (measure, name, least) in enumerate(measures):
        lines = [svg_plot.Line(shown(codec), COLOURS.get(codec, "#888888"), codec == codecs[0],
                               [(m.bytes_512 / 1000, getattr(m, measure), m.n_can < m.n_all)
                                for m in (means[codec, budget] for budget in budgets)]) for codec in codecs]
        parts.append(svg_plot.plot(name, "kB per 512x512 pixels", least, lines, i, i % 2 * width,
                                   head + i // 2 * height, width, height))
    parts.append(f'<text x="44" y="{head + 2 * height + 14}" font-size="11.5" fill="currentColor" opacity=".75">Hollow: '
                 "the codec cannot make all pictures so small; the mean is over those that it can.</text>\n")
    return svg_plot.document(title, 2 * width, head + 2 * height + 26, "".join(parts))


def main():
    if len(sys.argv) != 5:
        sys.exit(__doc__)
    path, folder, title, out = sys.argv[1:]
    rows = quality_rows.load(path)
    codecs, budgets = list(dict.fromkeys(r.codec for r in rows)), sorted({r.budget for r in rows})
    means = {(c, b): find_mean(rows, c, b, folder) for c in codecs for b in budgets}
    text = "".join(markdown(means, codecs, budgets, title))
    contents = {"md": text, "tsv": "".join(tsv(means, codecs, budgets)), "svg": plots(means, codecs, budgets, title)}
    for ending, content in contents.items():
        with open(f"{out}.{ending}", "w", encoding="utf-8") as file:
            file.write(content)
    print(text, end="")


if __name__ == "__main__":
    main()
