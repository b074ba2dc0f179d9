#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""What the Python package costs beside the command, and what threads gain.

    scripts/python-wheel --test && PYTHONPATH=build/release/python/installed /usr/bin/python3 bench/python.py [PICTURE]

Prints the processor time of decoding through Pillow and of `pith decode` less its start (what decoding a picture of one
pixel takes), each with one thread, and the time of two threads that decode two pictures over that of one after the
other. Medians of several runs in turn; the last needs two idle cores.
"""
import io
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time

import numpy as np
import pith
from PIL import Image

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PITH = os.path.join(ROOT, "build", "release", "bin", "pith")
RUNS = 7


def cpu(who):
    used = resource.getrusage(who)
    return used.ru_utime + used.ru_stime


def command_seconds(path):
    before = cpu(resource.RUSAGE_CHILDREN)
    subprocess.run([PITH, "decode", "--quiet", "--force", "--threads", "1", "--format", "ppm", path, "/dev/null"], check=True)
    return cpu(resource.RUSAGE_CHILDREN) - before


def pillow_seconds(data):
    before = cpu(resource.RUSAGE_SELF)
    Image.open(io.BytesIO(data)).load()
    return cpu(resource.RUSAGE_SELF) - before


def wall_seconds(data, at_once):
    before = time.monotonic()
    threads = [threading.Thread(target=pith.decode, args=(data,), kwargs={"threads": 1}) for _ in range(2)]
    for thread in threads:
        thread.start()
        if not at_once:
            thread.join()
    for thread in threads:
        thread.join()
    return time.monotonic() - before


def main():
    picture = np.asarray(Image.open(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, "examples", "photo.png")))
    files = {"whole": pith.encode(picture, size=5000), "one": pith.encode(picture[:1, :1], lossless=True)}
    with tempfile.TemporaryDirectory() as folder:
        paths = {name: os.path.join(folder, name + ".pith") for name in files}
        for name, data in files.items():
            with open(paths[name], "wb") as file:
                file.write(data)
        rows = [(pillow_seconds(files["whole"]), command_seconds(paths["whole"]) - command_seconds(paths["one"]),
                 wall_seconds(files["whole"], True), wall_seconds(files["whole"], False)) for _ in range(RUNS)]
    pillow, command, both, apart = (statistics.median(column) for column in zip(*rows))
    print(f"decode through Pillow {pillow:.3f} s, the command less its start {command:.3f} s: {pillow / command:.2f}")
    print(f"two threads {both:.3f} s, one after the other {apart:.3f} s: {both / apart:.2f}")


if __name__ == "__main__":
    main()
