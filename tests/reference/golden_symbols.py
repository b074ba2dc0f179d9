#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes .pith files to their symbols, by the readers that were written from doc/ alone.

    golden_symbols.py FILE.pith...

prints one line for each: its name and the CRC-32 of the symbols of all its slices, one after another (each slice in
the order of format.md, section 6). Exit status 1 when a file is refused or a slice's checksum does not match.
"""
import os
import struct
import sys
import zlib

import pith_reader
from latent_slice import Refused, Slice


def symbols_crc(data: bytes) -> int:
    found, crc = pith_reader.read_file(data), 0
    for place in found["slices"]:
        coded = data[place["offset"] : place["offset"] + place["coded_bytes"]]
        symbols = Slice(coded, found["latent"]["channels"], place["height"], place["width"]).decode()
        flat = [value for plane in symbols for row in plane for value in row]
        packed = struct.pack("<%dh" % len(flat), *flat)
        if zlib.crc32(packed) & 0xFFFF != place["checksum"]:
            raise Refused("the symbols do not match their checksum")
        crc = zlib.crc32(packed, crc)
    return crc


def main(paths: list) -> int:
    status = 0
    for path in paths:
        try:
            with open(path, "rb") as file:
                print(os.path.basename(path), "%08x" % symbols_crc(file.read()))
        except (OSError, Refused, pith_reader.Refused) as fault:
            print(f"golden_symbols: {path}: {fault}", file=sys.stderr)
            status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
