#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Is more never worse? Encodes pictures to a ladder of sizes and of qualities, and looks for

- a file that is worse than a smaller one (SSIMULACRA 2, by more than --slack), whichever way both were made;
- a quality that is worse than a lower one;
- a size into which the picture fits losslessly, but is not.

Lines of text (src/fidelity/text_lines.h) are judged as the encoder judges them with --size, by bench/text_lost.c: where
all stretches of text can be read in both files, lost text takes points off SSIMULACRA 2. Where one has stretches that
cannot, SSIMULACRA 2 is not compared: it falls by design where such text is blurred. Then the larger file must have no
more of them. Two qualities are always compared by SSIMULACRA 2 alone, since with --quality the encoder does not look
for text.

Exif and XMP are left out: a size drops them where they leave no room for the picture, a quality does not. Pictures with
alpha are compared on white alone; the encoder looks at black, too. Pictures too small for SSIMULACRA 2 are named and
not judged.

    bench/sizes.py [--pith PITH] [--encode "OPTIONS"] [--slack 0.3] [--sizes "300 .."] [--qualities "0 .."] PICTURE...

Prints a table, one line a file, and the faults after each picture; exits with 1 if there were any. Needs
scripts/build release.
"""
import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
LOST_TEXT = 60  # points, as in src/search/trial_score.c
LOST_SLACK = 0.01  # of the text

# Of a file. psnr: None if it is exact. n_text: blocks of text in the picture; n_lost: of those, in stretches that
# cannot be read; lost: the part of the text that is lost.
Row = collections.namedtuple("Row", "kind value n_bytes score psnr n_text n_lost lost")


def run(command):
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)}: {done.stderr}")
    return done.stdout


def measure(args, picture, kind, value):
    """A Row, or None where no file can be made so small."""
    pith, options = args.pith, [*args.encode.split(), "--strip=exif,xmp", kind, str(value)]
    with tempfile.TemporaryDirectory() as folder:
        coded = os.path.join(folder, "coded.pith")
        made = subprocess.run([pith, "encode", *options, picture, coded], capture_output=True, text=True)
        if made.returncode == 4:
            return None
        if made.returncode:
            sys.exit(f"{picture} {options}: {made.stderr}")
        values = json.loads(run([pith, "compare", "--json", picture, coded]))
        decoded = os.path.join(folder, "decoded.png")
        run([pith, "decode", coded, decoded])
        n_text, n_lost, lost = run([args.text_lost, picture, decoded]).split()
        return Row(kind, value, os.path.getsize(coded), values["ssimulacra2"], values["psnr_db"],
                   int(n_text), int(n_lost), float(lost))


def name_of(row):
    return f"{row.kind} {row.value} ({row.n_bytes} bytes)"


def fault_of(larger, smaller, slack):
    """(by how many points, what is wrong) if the larger file is worse, else None."""
    def fault(by, more, less):
        return by, f"{name_of(larger)}: {more}, {name_of(smaller)}: {less}"
    qualities = larger.kind == smaller.kind == "-q"
    if not qualities and (larger.n_lost or smaller.n_lost):
        more, less = larger.n_lost / larger.n_text, smaller.n_lost / smaller.n_text
        return fault(LOST_TEXT * (more - less), f"{more:.2f} of the text lost", f"{less:.2f}") \
            if more > less + LOST_SLACK else None
    weight = 0 if qualities else LOST_TEXT
    more, less = larger.score - weight * larger.lost, smaller.score - weight * smaller.lost
    return fault(less - more, f"{more:.1f}", f"{less:.1f}") if more < less - slack else None


def faults_of(rows, slack):
    found = []
    for a in rows:
        for b in rows:
            if b.n_bytes < a.n_bytes or (a.kind == b.kind and b.value < a.value):
                found.append(fault_of(a, b, slack))
    exact = [r.n_bytes for r in rows if r.psnr is None]
    for r in rows:
        if r.kind == "-s" and exact and min(exact) <= r.value and r.psnr is not None:
            found.append((100 - r.score, f"-s {r.value}: not exact, which takes {min(exact)} bytes"))
    found = [f for f in found if f]
    return [text for _, text in sorted(found, reverse=True)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pith", default=os.path.join(ROOT, "build/release/bin/pith"))
    parser.add_argument("--text-lost", default=os.path.join(ROOT, "build/release/bench/text_lost"))
    parser.add_argument("--encode", default="")
    parser.add_argument("--slack", type=float, default=0.3)
    parser.add_argument("--sizes", default="300 500 800 1200 1700 2500 3500 5000 7000 10000 14000 20000 28000 40000")
    parser.add_argument("--qualities", default="0 10 20 30 40 50 60 70 80 90 100")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("JOBS", "1")))
    parser.add_argument("pictures", nargs="+")
    args = parser.parse_args()
    tries = [("-s", int(v)) for v in args.sizes.split()] + [("-q", int(v)) for v in args.qualities.split()]
    n_faults = 0
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        for picture in args.pictures:
            rows = [r for r in pool.map(lambda what: measure(args, picture, *what), tries) if r]
            print(os.path.basename(picture))
            for r in rows:
                score = "-" if r.score is None else f"{r.score:.1f}"
                psnr = "exact" if r.psnr is None else f"{r.psnr:.2f} dB"
                text = f", {r.n_lost} of {r.n_text} blocks of text lost ({r.lost:.2f})" if r.n_text else ""
                print(f"  {r.kind} {r.value:6d} {r.n_bytes:7d} bytes {score:>6} {psnr}{text}")
            judged = [r for r in rows if r.score is not None]
            if not judged:
                print("  not judged")
            found = faults_of(judged, args.slack)
            n_faults += len(found)
            for text in found[:8]:
                print(f"  WORSE: {text}")
            if found:
                print(f"  {len(found)} faults", flush=True)
    print(f"{n_faults} faults in all")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
