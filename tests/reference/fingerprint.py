#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Fingerprints of weights files, written from doc/format.md alone.

    fingerprint.py                   prints the known answer of tests/test_weights.c
    fingerprint.py FILE [PREFIX...]  the fingerprint of a safetensors file's tensors

Standard library only: struct's "e" is IEEE 754 binary16 and rounds to nearest, ties to even.
"""
import hashlib
import json
import struct
import sys


def half(value: float) -> bytes:
    try:
        return struct.pack("<e", value)
    except OverflowError:  # past 65520: an infinity
        return struct.pack("<e", float("inf") if value > 0 else float("-inf"))


def fingerprint(tensors, *prefixes: str) -> bytes:
    """`tensors`: name -> (shape, values); those whose names start with any prefix, all without one."""
    digest = hashlib.sha256()
    chosen = {name.encode(): tensor for name, tensor in tensors.items() if name.startswith(prefixes or ("",))}
    for name in sorted(chosen):
        shape, values = chosen[name]
        digest.update(struct.pack("<I", len(name)) + name)
        digest.update(struct.pack("<I", len(shape)) + b"".join(struct.pack("<Q", n) for n in shape))
        digest.update(b"".join(half(value) for value in values))
    return digest.digest()[:8]


def single(value: float) -> float:
    return struct.unpack("<f", struct.pack("<f", value))[0]


def read_safetensors(path: str):
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack_from("<Q", data)[0]
    header = json.loads(data[8:start])
    is_int8 = header.pop("__metadata__", {}).get("pith_int8") == "1"
    tensors = {}
    for name, entry in header.items():
        begin, end = (start + offset for offset in entry["data_offsets"])
        block = data[begin:end]
        if entry["dtype"] == "BF16":  # the upper half of a binary32
            block = b"".join(b"\0\0" + block[i : i + 2] for i in range(0, len(block), 2))
        if entry["dtype"] == "I8":
            tensors[name] = (entry["shape"], struct.unpack("<%db" % len(block), block))
            continue
        code, size = {"F32": ("f", 4), "BF16": ("f", 4), "F16": ("e", 2)}[entry["dtype"]]
        tensors[name] = (entry["shape"], struct.unpack("<%d%s" % (len(block) // size, code), block))
    for name in [name for name in tensors if is_int8 and name + ".scale" in tensors]:
        (shape, integers), (_, scales) = tensors[name], tensors.pop(name + ".scale")
        width = len(integers) // shape[0]
        tensors[name] = (shape, [single(value * scales[i // width]) for i, value in enumerate(integers)])
    return tensors


def known_answer():
    """The tensors that tests/test_weights.c makes: a value is its 32-bit pattern from a small generator."""
    state, patterns = 1, []
    while len(patterns) < 300:
        state = (state * 1664525 + 1013904223) % 2**32
        exponent = 100 + (state >> 24) % 48  # 2^-27 .. 2^20: zero, subnormal, normal and infinite halves
        patterns.append((state & 0x807FFFFF) | exponent << 23)
    values = [struct.unpack("<f", struct.pack("<I", pattern))[0] for pattern in patterns]
    return {
        "encoder.b": ([3, 4, 5], values[0:60]),
        "encoder.a": ([200], values[60:260]),
        "encoder.a.scale": ([], values[260:261]),
        "encoder.none": ([0, 7], []),
        "decoder.w": ([2, 19], values[262:300]),
    }


if __name__ == "__main__":
    if len(sys.argv) > 1:
        print(fingerprint(read_safetensors(sys.argv[1]), *sys.argv[2:]).hex())
    else:
        print("encoder.", fingerprint(known_answer(), "encoder.").hex())
        print("all", fingerprint(known_answer()).hex())
