#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Makes spoiled copies of a .pith file, for two readers to agree on.

    pith_damage.py FILE FOLDER

Truncations, changed bytes, and changed bytes under CRCs that are right again. The choice is fixed.
"""
import os
import random
import sys
import zlib


def mend_crcs(data: bytearray) -> bytes:
    """Makes every chunk's CRC right as far as the chunks can be walked."""
    at = 5
    while at < len(data):
        start, length, shift = at, 0, 0
        at += 1
        while at < len(data):
            length |= (data[at] & 0x7F) << shift
            shift += 7
            at += 1
            if data[at - 1] < 0x80:
                break
        at += length
        if at + 4 > len(data):
            break
        data[at : at + 4] = zlib.crc32(data[start:at]).to_bytes(4, "little")
        at += 4
    return bytes(data)


def variants(data: bytes):
    chance = random.Random(1)
    for end in [*range(0, min(len(data), 48)), len(data) - 1]:
        yield data[:end]
    yield data + b"\0"
    yield data + b"\x80\0" + zlib.crc32(b"\x80\0").to_bytes(4, "little")
    yield data + b"\x03\0" + zlib.crc32(b"\x03\0").to_bytes(4, "little")
    for at in range(min(len(data), 48)):
        for value in (data[at] ^ 1, data[at] ^ 0x80, chance.randrange(256)):
            changed = bytearray(data)
            changed[at] = value
            yield bytes(changed)
            yield mend_crcs(changed)


def main(path: str, folder: str) -> None:
    with open(path, "rb") as file:
        data = file.read()
    for index, variant in enumerate(variants(data)):
        with open(os.path.join(folder, f"{index:04}.pith"), "wb") as file:
            file.write(variant)


if __name__ == "__main__":
    main(*sys.argv[1:])
