#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Is more never worse? Encodes pictures to a ladder of sizes and of qualities, and looks for

- a file that is worse than a smaller one (SSIMULACRA 2, by more than --slack), whichever way both were made;
- a quality that is worse than a lower one;
- a size into which the picture fits losslessly, but is not.

    bench/sizes.py [--pith PITH] [--encode "OPTIONS"] [--slack 0.3] [--sizes "300 500 .."] [--qualities "0 10 .."] PICTURE...

Prints a table, one line a file, and the faults after each picture; exits with 1 if there were any.
"""
import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def measure(pith, picture, options):
    """(bytes, SSIMULACRA 2, PSNR) of a file, None where none can be made so small; PSNR None: equal."""
    with tempfile.TemporaryDirectory() as folder:
        coded = os.path.join(folder, "coded.pith")
        made = subprocess.run([pith, "encode", *options, picture, coded], capture_output=True, text=True)
        if made.returncode == 4:
            return None
        if made.returncode:
            sys.exit(f"{picture} {options}: {made.stderr}")
        compared = subprocess.run([pith, "compare", "--json", picture, coded], capture_output=True, text=True)
        if compared.returncode:
            sys.exit(f"{picture} {options}: {compared.stderr}")
        values = json.loads(compared.stdout)
        return os.path.getsize(coded), values["ssimulacra2"], values["psnr_db"]


def faults_of(rows, slack):
    """rows: of (kind, value, bytes, score, psnr)."""
    found = []
    for kind, value, n_bytes, score, psnr in rows:
        for kind2, value2, n_bytes2, score2, psnr2 in rows:
            smaller = n_bytes2 < n_bytes or (kind == kind2 and value2 < value)
            worse = score < score2 - slack
            if smaller and worse:
                found.append((score2 - score, f"{kind} {value} ({n_bytes} bytes): {score:.1f}, "
                                              f"{kind2} {value2} ({n_bytes2} bytes): {score2:.1f}"))
    exact = [n for _, _, n, _, psnr in rows if psnr is None]
    for kind, value, n_bytes, score, psnr in rows:
        if kind == "-s" and exact and min(exact) <= value and psnr is not None:
            found.append((100 - score, f"-s {value}: not exact, which takes {min(exact)} bytes"))
    return [text for _, text in sorted(found, reverse=True)]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pith", default=os.path.join(ROOT, "build/release/bin/pith"))
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
            def one(what):
                return measure(args.pith, picture, [*args.encode.split(), what[0], str(what[1])])
            rows = [(*what, *result) for what, result in zip(tries, pool.map(one, tries)) if result]
            print(f"{os.path.basename(picture)}")
            for kind, value, n_bytes, score, psnr in rows:
                score_text = "-" if score is None else f"{score:.1f}"
                print(f"  {kind} {value:6d} {n_bytes:7d} bytes {score_text:>6} {'exact' if psnr is None else f'{psnr:.2f} dB'}")
            rows = [r for r in rows if r[3] is not None]
            found = faults_of(rows, args.slack)
            n_faults += len(found)
            for text in found[:8]:
                print(f"  WORSE: {text}")
            if found:
                print(f"  {len(found)} faults", flush=True)
    print(f"{n_faults} faults in all")
    return 1 if n_faults else 0


if __name__ == "__main__":
    sys.exit(main())
