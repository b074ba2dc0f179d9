#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Decodes .pith files as far as no network is needed, by the readers that were written from doc/ alone.

    golden_symbols.py FILE.pith...

prints one line for each: its name and six CRC-32: of the symbols of all its slices, one after another (each slice in
the order of format.md, section 6; of an exact picture, of its samples, section 22), of the opacities of all its slices of alpha (u16), of the colours and indices of its
palette, of its metadata (ICCP, EXIF, XMPM), of the samples of its residual slices, one after another, where the
samples of `made_up` (residual_slice.py) stand for the network's, and of what it says of its colours: TINT's bytes, then
CHRM's factors, step and grid, and what that makes of made-up pictures of 8 bits, of 16 and of a preview. Exit status 1 when a file is refused or a checksum does
not match.
"""
import os
import struct
import sys
import zlib

import exact_slice
import latent_slice
import pith_reader
from alpha_slice import AlphaSlice
from chroma_grid import ChromaGrid
from exact_slice import ExactSlice
from latent_slice import Slice
from residual_slice import ResidualSlice, made_up

ALPHA_SIDE, RESIDUAL_SIDE = pith_reader.ALPHA_SIDE, pith_reader.RESIDUAL_SIDE


def packed(code: str, values: list) -> bytes:
    return struct.pack("<%d%s" % (len(values), code), *values)


def payloads(data: bytes, found: dict, name: str) -> list:
    """Of the chunks of that name: what stands between the length and the CRC."""
    out = []
    for c in found["chunks"]:
        chunk = data[c["offset"] : c["offset"] + c["bytes"] - 4]
        at = 1
        while chunk[at] & 0x80:
            at += 1
        if c["name"] == name:
            out.append(chunk[at + 1 :])
    return out


def samples_crc(data: bytes, found: dict) -> int:
    """Of an exact picture, whose slices have samples for symbols."""
    crc = 0
    for place in found["slices"]:
        coded = data[place["offset"] : place["offset"] + place["coded_bytes"]]
        rows = ExactSlice(coded, place["width"], place["height"], found["channels"], found["depth"]).decode()
        samples = exact_slice.packed(rows, found["depth"])
        if zlib.crc32(samples) & 0xFFFF != place["checksum"]:
            raise latent_slice.Refused("the samples do not match their checksum")
        crc = zlib.crc32(samples, crc)
    return crc


def symbols_crc(data: bytes, found: dict) -> int:
    crc = 0
    if found["method"] == "exact":
        return samples_crc(data, found)
    for place in found["slices"]:
        coded = data[place["offset"] : place["offset"] + place["coded_bytes"]]
        symbols = Slice(coded, found["latent"]["channels"], place["height"], place["width"], found["prior_id"]).decode()
        flat = packed("h", [value for plane in symbols for row in plane for value in row])
        if zlib.crc32(flat) & 0xFFFF != place["checksum"]:
            raise latent_slice.Refused("the symbols do not match their checksum")
        crc = zlib.crc32(flat, crc)
    return crc


def alpha_crc(data: bytes, found: dict) -> int:
    crc, columns = 0, -(-found["width"] // ALPHA_SIDE)
    for i, payload in enumerate(payloads(data, found, "ALPH")):
        x, y = i % columns * ALPHA_SIDE, i // columns * ALPHA_SIDE
        alpha = AlphaSlice(payload, min(ALPHA_SIDE, found["height"] - y), min(ALPHA_SIDE, found["width"] - x))
        levels = [level for row in alpha.decode() for level in row]
        if zlib.crc32(bytes(levels)) & 0xFFFF != alpha.checksum:
            raise latent_slice.Refused("the levels do not match their checksum")
        crc = zlib.crc32(packed("H", [alpha.opacity[level] for level in levels]), crc)
    return crc


def residual_crc(data: bytes, found: dict) -> int:
    crc, columns, planes = 0, -(-found["width"] // RESIDUAL_SIDE), 1 if found["channels"] < 3 else 3
    for i, payload in enumerate(payloads(data, found, "RESD")):
        left, top = i % columns * RESIDUAL_SIDE, i // columns * RESIDUAL_SIDE
        width, height = min(RESIDUAL_SIDE, found["width"] - left), min(RESIDUAL_SIDE, found["height"] - top)
        before = [[[made_up(left + x, top + y, p) for p in range(planes)] for x in range(width)] for y in range(height)]
        coded = payload if i > 0 else payload[pith_reader.RECIPE_BYTES :]
        after = ResidualSlice(coded, planes, height, width, before).decode()
        crc = zlib.crc32(bytes(value for row in after for pixel in row for value in pixel), crc)
    return crc


def mended(grid: ChromaGrid, width: int, height: int, depth: int, spacing: int) -> bytes:
    """Of a made-up picture, row by row."""
    out = []
    for y in range(-(-height // spacing)):
        for x in range(-(-width // spacing)):
            rgb = [made_up(x, y, p) for p in range(3)]
            if depth == 16:
                rgb = [(v * 257 + 31 * x + y) % 65536 for v in rgb]
            out += grid.mended(rgb, x, y, depth, spacing)
    return bytes(out) if depth == 8 else packed("H", out)


def colours_crc(data: bytes, found: dict) -> int:
    crc, width, height = zlib.crc32(b"".join(payloads(data, found, "TINT"))), found["width"], found["height"]
    for payload in payloads(data, found, "CHRM"):
        grid = ChromaGrid(payload, width, height)
        crc = zlib.crc32(grid.packed(), crc)
        for depth, spacing in ((8, 1), (16, 1), (8, 8)):
            crc = zlib.crc32(mended(grid, width, height, depth, spacing), crc)
    return crc


def sums(data: bytes) -> tuple:
    found = pith_reader.read_file(data)
    palette = found.get("palette")
    plain = bytes.fromhex(palette["colours"]) + bytes(palette["indices"]) if palette else b""
    metadata = b"".join(b"".join(payloads(data, found, name)) for name in ("ICCP", "EXIF", "XMPM"))
    return (symbols_crc(data, found), alpha_crc(data, found), zlib.crc32(plain), zlib.crc32(metadata),
            residual_crc(data, found), colours_crc(data, found))


def kind_of(fault: latent_slice.Refused) -> str:
    """The coders' documents name no kinds: all but the checksums are format [6, 19], and what is not there [22]."""
    return "checksum" if "checksum" in str(fault) else "truncated" if "not there" in str(fault) else "format"


def main(paths: list) -> int:
    status = 0
    for path in paths:
        try:
            with open(path, "rb") as file:
                print(os.path.basename(path), "%08x %08x %08x %08x %08x %08x" % sums(file.read()))
            continue
        except latent_slice.Refused as fault:
            said = f"{kind_of(fault)}: {fault}"
        except (OSError, pith_reader.Refused) as fault:
            said = str(fault)
        print(f"golden_symbols: {path}: {said}", file=sys.stderr)
        status = 1
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
