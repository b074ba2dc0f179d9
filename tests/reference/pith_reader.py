#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""A second reader of .pith files, written from doc/format.md alone (sections in brackets).

    pith_reader.py FILE...

prints what it finds in the files as one JSON array. For one that is refused it prints a line on standard error,
"pith_reader: FILE: KIND: what is wrong (byte N)", and ends with exit status 1. Standard library only.
"""
from __future__ import annotations

import json
import re
import sys
import zlib

MAGIC = b"\xf0PIT"
MAJOR, MINOR, DRAFT = 1, 0, 0x01
HEAD, LATN, RESD, ALPH, PALT, EXCT, TINT, CHRM, BOND, HASH = 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x88, 0x89
METADATA = {0x85: "ICCP", 0x86: "EXIF", 0x87: "XMPM"}
NAMES = {HEAD: "HEAD", LATN: "LATN", RESD: "RESD", ALPH: "ALPH", PALT: "PALT", EXCT: "EXCT", TINT: "TINT", CHRM: "CHRM", BOND: "BOND", HASH: "HASH",
         **METADATA}
METHODS = {1: "latent", 2: "palette", 3: "exact"}
SLICE_SIDE, EXACT_SIDE, ALPHA_SIDE, RESIDUAL_SIDE = 128, 1024, 512, 512
RECIPE_BYTES, BOUND_BYTES, HASH_BYTES = 10, 9, 8

MAX_SIDE, MAX_PIXELS, MAX_BYTES, MAX_CHUNKS, MAX_METADATA = 65535, 100_000_000, 1 << 30, 100_000, 4 << 20  # [12]
MAX_CHUNK = 64 << 20


class Refused(Exception):
    """A file that is not read, the kind of fault [1] and where it is."""

    def __init__(self, kind: str, text: str, byte: int) -> None:
        super().__init__(f"{kind}: {text} (byte {byte})")


class Bytes:
    """The part of a file from `at` to `end`."""

    def __init__(self, data: bytes, at: int, end: int) -> None:
        self.data, self.at, self.end = data, at, end

    def take(self, count: int, field: str) -> bytes:
        if count > self.end - self.at:
            raise Refused("truncated", f"{field} needs {count} bytes, {self.end - self.at} are left", self.at)
        self.at += count
        return self.data[self.at - count : self.at]

    def number(self, count: int, field: str) -> int:
        return int.from_bytes(self.take(count, field), "little")

    def leb128(self, lowest: int, field: str) -> int:  # [1]
        start, value, shift = self.at, 0, 0
        while True:
            byte = self.number(1, field)
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
            if shift >= 35:
                raise Refused("format", f"{field} has more than 5 bytes", start)
        if byte == 0 and shift > 7:
            raise Refused("format", f"{field} has a longer form than it needs", start)
        if not lowest <= value < 1 << 32:
            raise Refused("format", f"{field} is {value}", start)
        return value


def ceil_div(a: int, b: int) -> int:
    return -(-a // b)


def read_model_name(payload: Bytes) -> str:
    start = payload.at
    first = payload.number(1, "model_name")
    if first & 0x80:
        if first == 0x80:
            raise Refused("format", "model_name mini-0", start)
        return f"mini-{first & 0x7F}"
    if not 1 <= first <= 31:
        raise Refused("format", f"model_name of {first} bytes", start)
    name = payload.take(first, "model_name").decode("latin-1")
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]*", name, re.ASCII):
        raise Refused("format", "model_name has characters that it may not have", start)
    short = re.fullmatch(r"mini-([1-9][0-9]{0,2})", name, re.ASCII)
    if short and int(short[1]) <= 127:
        raise Refused("format", "model_name in the long form", start)
    return name


def read_known(payload: Bytes, known, field: str) -> int:
    start = payload.at
    value = payload.number(1, field)
    if value not in known:
        raise Refused("unsupported", f"{field} {value}", start)
    return value


def read_head(payload: Bytes, minor: int) -> dict:  # [4]
    head = {"width": payload.leb128(1, "width"), "height": payload.leb128(1, "height")}
    start = payload.at
    flags = payload.number(1, "flags")
    if flags & ~31:
        raise Refused("unsupported" if minor > MINOR else "format", f"flags 0x{flags:02x}", start)
    head["alpha"] = flags & 2 != 0
    head["channels"] = (1 if flags & 1 else 3) + head["alpha"]
    head["depth"] = 16 if flags & 4 else 8
    head["residual"] = flags & 8 != 0
    head["reduced"] = flags & 16 != 0
    head["method"] = METHODS[read_known(payload, METHODS, "method")]
    if head["method"] == "exact":
        head.update(n_latent=0, downscale=1, step_index=0, prior_id=0, model_name="", latent_id="", recipe=0)
        if head["residual"]:
            raise Refused("format", "a residual of an exact picture", start)
        if payload.at < payload.end and minor <= MINOR:
            raise Refused("format", "HEAD is longer than it should be", payload.at)
        return head
    if head["reduced"]:
        raise Refused("format", "fewer colours of a picture that is not exact", start)
    start = payload.at
    geometry = payload.number(1, "geometry")
    head["n_latent"], head["downscale"] = (geometry & 0x1F) + 1, 1 << (geometry >> 5)
    if head["n_latent"] > 3 * head["downscale"] ** 2:
        raise Refused("format", "more latent channels than samples in a block", start)
    start = payload.at
    head["step_index"] = payload.number(2, "step_index")
    if head["step_index"] > 2047:
        raise Refused("format", f"step_index {head['step_index']}", start)
    start = payload.at
    head["prior_id"] = read_known(payload, (0, 1), "prior_id")
    if head["method"] == METHODS[2] and head["prior_id"] != 0:
        raise Refused("format", "a palette with a prior", start)
    head["model_name"] = read_model_name(payload)
    head["latent_id"] = payload.take(8, "latent_id").hex()
    head["recipe"] = read_known(payload, (0, 1), "recipe")
    if payload.at < payload.end and minor <= MINOR:
        raise Refused("format", "HEAD is longer than it should be", payload.at)
    return head


def slices_of(head: dict) -> list:  # [5]
    if head["method"] == "palette":
        return []
    width, height = (ceil_div(head[side], head["downscale"]) for side in ("width", "height"))
    side = EXACT_SIDE if head["method"] == "exact" else SLICE_SIDE
    return [
        {"x": x, "y": y, "width": min(side, width - x), "height": min(side, height - y)}
        for y in range(0, height, side)
        for x in range(0, width, side)
    ]


def has_alpha_slices(head: dict) -> bool:
    return head["alpha"] and head["method"] != "exact"


def n_alpha_slices(head: dict) -> int:  # [5]
    return ceil_div(head["width"], ALPHA_SIDE) * ceil_div(head["height"], ALPHA_SIDE) if has_alpha_slices(head) else 0


def n_residual_slices(head: dict) -> int:  # [21]
    return ceil_div(head["width"], RESIDUAL_SIDE) * ceil_div(head["height"], RESIDUAL_SIDE) if head["residual"] else 0


def check_residual(chunk: dict, chunks: list, head: dict, n_before: int) -> None:  # [21]
    start, end = chunk["payload"]
    if n_before and chunks[-1]["type"] != RESD or n_before == n_residual_slices(head):
        raise Refused("format", "a RESD where none may stand", chunk["offset"])
    if n_before == 0 and end - start < RECIPE_BYTES:
        raise Refused("format", "RESD is too short for its recipe", chunk["offset"])


def check_bound(data: bytes, chunk: dict, chunks: list, head: dict) -> None:  # [21]
    start, end = chunk["payload"]
    if any(other["type"] == BOND for other in chunks):
        raise Refused("format", "a second BOND", chunk["offset"])
    if end - start != BOUND_BYTES:
        raise Refused("format", f"a BOND of {end - start} bytes", chunk["offset"])
    if not 1 <= data[start] <= 3:
        raise Refused("format", f"a BOND of level {data[start]}", chunk["offset"])
    if not head["residual"] and head["method"] != "exact":
        raise Refused("format", "a BOND without a residual", chunk["offset"])


def check_hash(chunk: dict, chunks: list) -> None:  # [25]
    start, end = chunk["payload"]
    if any(other["type"] == HASH for other in chunks):
        raise Refused("format", "a second HASH", chunk["offset"])
    if end - start != HASH_BYTES:
        raise Refused("format", f"a HASH of {end - start} bytes", chunk["offset"])


def check_limits(head: dict) -> None:  # [12]
    if max(head["width"], head["height"]) > MAX_SIDE or head["width"] * head["height"] > MAX_PIXELS:
        raise Refused("limit", f"a picture of {head['width']}x{head['height']}", 5)
    side = EXACT_SIDE if head["method"] == "exact" else SLICE_SIDE * head["downscale"]
    slices = ceil_div(head["width"], side) * ceil_div(head["height"], side) if head["method"] != "palette" else 0
    if slices + n_residual_slices(head) + n_alpha_slices(head) >= MAX_CHUNKS:
        raise Refused("limit", "more slices than chunks are allowed", 5)


def read_chunk(file: Bytes) -> dict:  # [3]
    start = file.at
    kind = file.number(1, "type")
    length = file.leb128(0, "length")
    payload = file.at
    file.take(length, "payload")
    end = file.at
    crc = file.number(4, "crc")
    if length > MAX_CHUNK:
        raise Refused("limit", f"a payload of {length} bytes", start)
    if crc != zlib.crc32(file.data[start:end]):
        raise Refused("checksum", "the CRC of a chunk does not match", start)
    name = NAMES.get(kind, f"?{kind:02x}")
    return {"name": name, "type": kind, "offset": start, "bytes": file.at - start, "payload": (payload, end)}


def read_slice(data: bytes, chunk: dict, place: dict) -> dict:  # [6]
    at, end = chunk["payload"]
    if end - at < 2:
        raise Refused("format", "a slice is too short for its checksum", chunk["offset"])
    checksum = int.from_bytes(data[at : at + 2], "little")
    return {**place, "offset": at + 2, "coded_bytes": end - at - 2, "checksum": checksum}


def check_metadata(chunk: dict, chunks: list) -> None:  # [17]
    start, end = chunk["payload"]
    if any(other["type"] == chunk["type"] for other in chunks):
        raise Refused("format", f"a second {chunk['name']}", chunk["offset"])
    if start == end:
        raise Refused("format", f"an empty {chunk['name']}", chunk["offset"])
    if end - start > MAX_METADATA:
        raise Refused("limit", f"{end - start} bytes of {chunk['name']}", chunk["offset"])


def read_palette(data: bytes, chunk: dict, head: dict) -> dict:  # [18]
    """The colours and indices; what `pith info` does not look at is checked too."""
    at, end = chunk["payload"]
    n_latent, downscale = head["n_latent"], head["downscale"]
    expected = 256 * n_latent + ceil_div(head["width"], downscale) * ceil_div(head["height"], downscale)
    inflater = zlib.decompressobj()
    try:
        plain = inflater.decompress(data[at:end], expected + 1)
    except zlib.error as fault:
        raise Refused("format", f"PALT: {fault}", at) from fault
    if len(plain) > expected or (inflater.eof and len(plain) < expected) or inflater.unused_data:
        raise Refused("format", f"PALT has another number of bytes than {expected}", at)
    if not inflater.eof:
        raise Refused("truncated", f"PALT ends after {len(plain)} of {expected} bytes", at)
    return {"indices": list(plain[256 * n_latent :]), "colours": plain[: 256 * n_latent].hex()}


def check_colours(chunk: dict, chunks: list, head: dict) -> None:  # [23], [24]
    at, end = chunk["payload"]
    is_grey = head["channels"] < 3
    if any(other["type"] == chunk["type"] for other in chunks):
        raise Refused("format", "a second one", chunk["offset"])
    if is_grey or head["method"] == "exact" or (chunk["type"] == CHRM and head["method"] != "latent"):
        raise Refused("format", "colours of a picture that has none of its own", chunk["offset"])
    if chunk["type"] == TINT and end - at != 6:
        raise Refused("format", f"a TINT of {end - at} bytes", chunk["offset"])


def read_file(data: bytes) -> dict:  # [2]
    if len(data) > MAX_BYTES:
        raise Refused("limit", f"a file of {len(data)} bytes", 0)
    if data[:4] != MAGIC[: len(data)]:
        raise Refused("format", "not a Pith file", 0)
    file = Bytes(data, 0, len(data))
    file.take(4, "magic")
    version = file.number(1, "version")
    if version >> 4 != MAJOR and version != DRAFT:
        raise Refused("version", f"version {version >> 4}.{version & 15}", 4)
    minor = MINOR if version == DRAFT else version & 15

    chunk = read_chunk(file)
    if chunk["type"] != HEAD:
        raise Refused("format", "the first chunk is not HEAD", 5)
    head = read_head(Bytes(data, *chunk["payload"]), minor)
    check_limits(head)
    places, slices, chunks, alphas = slices_of(head), [], [chunk], 0
    palette, residuals = None, 0
    while file.at < file.end:
        if len(chunks) == MAX_CHUNKS:
            raise Refused("limit", "too many chunks", file.at)
        chunk = read_chunk(file)
        if chunk["type"] in (LATN, EXCT):
            own = EXCT if head["method"] == "exact" else LATN
            apart = slices and chunks[-1]["type"] != own
            if chunk["type"] != own or apart or len(slices) == len(places):
                raise Refused("format", "a slice where none may stand", chunk["offset"])
            slices.append(read_slice(data, chunk, places[len(slices)]))
        elif chunk["type"] == PALT:
            if head["method"] != "palette" or palette:
                raise Refused("format", "a PALT where none may stand", chunk["offset"])
            palette = chunk
        elif chunk["type"] == HEAD:
            raise Refused("format", "a second HEAD", chunk["offset"])
        elif chunk["type"] == ALPH:
            if len(slices) < len(places) or alphas and chunks[-1]["type"] != ALPH or alphas == n_alpha_slices(head):
                raise Refused("format", "an ALPH where none may stand", chunk["offset"])
            alphas += 1
        elif chunk["type"] == RESD:
            if len(slices) < len(places):
                raise Refused("format", "a RESD before the last LATN", chunk["offset"])
            check_residual(chunk, chunks, head, residuals)
            residuals += 1
        elif chunk["type"] == BOND:
            check_bound(data, chunk, chunks, head)
        elif chunk["type"] == HASH:
            check_hash(chunk, chunks)
        elif chunk["type"] in (TINT, CHRM):
            check_colours(chunk, chunks, head)
        elif chunk["type"] in METADATA:
            check_metadata(chunk, chunks)
        elif chunk["type"] < 0x80:
            raise Refused("unsupported", f"a chunk of type 0x{chunk['type']:02x}", chunk["offset"])
        chunks.append(chunk)
    if len(slices) < len(places):
        raise Refused("truncated", f"{len(slices)} of {len(places)} slices", file.at)
    if head["method"] == "palette" and not palette:
        raise Refused("truncated", "there is no PALT", file.at)
    if residuals < n_residual_slices(head):
        raise Refused("truncated", f"{residuals} of {n_residual_slices(head)} residual slices", file.at)
    if alphas < n_alpha_slices(head):
        raise Refused("truncated", f"{alphas} of {n_alpha_slices(head)} slices of alpha", file.at)
    found = describe(data, f"{version >> 4}.{version & 15}", head, slices, chunks)
    return {**found, "palette": read_palette(data, palette, head)} if palette else found


def describe(data: bytes, version: str, head: dict, slices: list, chunks: list) -> dict:
    """The names are those of `pith info --json`, as far as it has them."""
    downscale = head["downscale"]
    exact = head["method"] == "exact"  # no latent and no model
    latent = {
        "width": ceil_div(head["width"], downscale),
        "height": ceil_div(head["height"], downscale),
        "channels": head["n_latent"],
        "downscale": downscale,
        "slices": len(slices),
    }
    return {
        "width": head["width"],
        "height": head["height"],
        "channels": head["channels"],
        "depth": head["depth"],
        "bytes": len(data),
        "version": version,
        "method": head["method"],
        "step_index": head["step_index"],
        "step": 0.0 if exact else 2.0 ** (head["step_index"] / 64 - 16),  # before it is rounded to binary32 [7]
        "prior_id": head["prior_id"],
        "recipe": head["recipe"],
        "lossless": exact and not head["reduced"],
        "picture_hash": next((data[slice(*c["payload"])].hex() for c in chunks if c["type"] == HASH), None),
        "model": None if exact else {"name": head["model_name"], "latent_id": head["latent_id"]},
        "latent": None if exact else latent,
        "slices": slices,
        "chunks": [{key: chunk[key] for key in ("name", "type", "offset", "bytes")} for chunk in chunks],
    }


def main(paths: list) -> int:
    found = []
    for path in paths:
        try:
            with open(path, "rb") as file:
                found.append({"file": path, **read_file(file.read())})
        except (OSError, Refused) as fault:
            print(f"pith_reader: {path}: {fault}", file=sys.stderr)
    json.dump(found, sys.stdout, indent=2)
    print()
    return 0 if len(found) == len(paths) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
