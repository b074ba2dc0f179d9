#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Makes tests/invalid/: one file for each rule of doc/format.md, broken.

    make_invalid.py GOLDEN-FOLDER FOLDER

list.txt names each file, the kind of error (section 1) and a piece of the library's message. Files of kind "ok" break
nothing: they use what a reader must put up with (sections 3 and 13).
"""
import os
import sys
import zlib

import pith_reader
from chroma_grid import ChromaGrid
from latent_slice import Refused
from made_up_residual import RangeWriter, header_bits
from residual_slice import ResidualSlice

HEAD, LATN, RESD, ALPH, PALT, EXCT, TINT, CHRM, BOND, HASH = 1, 2, 3, 4, 5, 6, 7, 8, 0x88, 0x89


def leb128(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def chunk(kind: int, payload: bytes, length: bytes = None, wrong: int = 0) -> bytes:
    covered = bytes([kind]) + (leb128(len(payload)) if length is None else length) + payload
    return covered + (zlib.crc32(covered) ^ wrong).to_bytes(4, "little")


def split(data: bytes) -> tuple:
    """The payload of HEAD, and the whole chunks after it."""
    chunks = pith_reader.read_file(data)["chunks"]
    parts = [data[c["offset"] : c["offset"] + c["bytes"]] for c in chunks]
    return parts[0][2:-4], parts[1:]


class Head:
    """HEAD's payload in its fields [4]."""

    def __init__(self, payload: bytes) -> None:
        at = 0
        sides = []
        for _ in range(2):
            start = at
            while payload[at] & 0x80:
                at += 1
            at += 1
            sides.append(payload[start:at])
        self.width, self.height = sides
        self.flags, self.method, self.geometry = payload[at], payload[at + 1], payload[at + 2]
        self.step, self.prior = payload[at + 3 : at + 5], payload[at + 5]
        n = 1 if payload[at + 6] & 0x80 else 1 + payload[at + 6]
        self.name = payload[at + 6 : at + 6 + n]
        self.id, self.rest = payload[at + 6 + n : at + 14 + n], payload[at + 14 + n :]

    def changed(self, **fields) -> bytes:
        f = {**self.__dict__, **fields}
        return (f["width"] + f["height"] + bytes([f["flags"], f["method"], f["geometry"]]) + f["step"]
                + bytes([f["prior"]]) + f["name"] + f["id"] + f["rest"])


def cases(one: bytes, two: bytes):
    payload, latents = split(one)
    head = Head(payload)
    start, latent = one[:5], b"".join(latents)

    def file(new_head: bytes, after: bytes = latent, version: bytes = one[4:5]) -> bytes:
        return one[:4] + version + chunk(HEAD, new_head) + after

    def with_head(**fields) -> bytes:
        return file(head.changed(**fields))

    assert file(payload) == one and head.changed() == payload
    _, two_latents = split(two)
    two_start = two[: len(two) - sum(map(len, two_latents))]
    body = latents[0][len(latents[0]) - 4 - (latents[0][1] & 0x7F) : -4] if latents[0][1] < 0x80 else latents[0][3:-4]

    # Section 1: numbers.
    yield "leb128_overlong_length", "format", "length", start + chunk(HEAD, payload, leb128(len(payload))[:-1]
          + bytes([leb128(len(payload))[-1] | 0x80, 0])) + latent
    yield "leb128_overlong_width", "format", "width", with_head(width=bytes([head.width[0] | 0x80, 0]))
    yield "leb128_too_large", "format", "height", with_head(height=b"\xff\xff\xff\xff\x1f")
    # Section 2: the file.
    yield "empty_after_magic", "truncated", "version", one[:4]
    yield "magic_cut", "truncated", "magic", one[:3]
    yield "magic_wrong", "format", "not a Pith file", b"\xf1" + one[1:]
    yield "major_version", "version", "format version", one[:4] + b"\x20" + one[5:]
    yield "no_chunks", "truncated", "type", start
    yield "first_is_not_head", "format", "first chunk", start + latent + chunk(HEAD, payload)
    yield "second_head", "format", "second header", one + chunk(HEAD, payload)
    yield "latents_apart", "format", "apart", two_start + two_latents[0] + chunk(0x90, b"") + b"".join(two_latents[1:])
    yield "latent_too_many", "format", "more than", one + latent
    yield "latent_missing", "truncated", "latent slices", two_start + two_latents[0]
    yield "byte_after_the_end", "truncated", "length", one + b"\x90"
    # Section 3: chunks.
    yield "payload_past_the_end", "truncated", "payload", one + b"\x90\x05ab"
    yield "crc_cut", "truncated", "crc", one[:-1]
    yield "crc_of_head", "checksum", "CRC", start + chunk(HEAD, payload, wrong=1) + latent
    yield "crc_of_latent", "checksum", "CRC", file(payload, chunk(LATN, body, wrong=0x80000000))
    yield "crc_of_skippable", "checksum", "CRC", one + chunk(0x90, b"x", wrong=256)
    yield "unknown_critical", "unsupported", "0x7e", file(payload, chunk(0x7E, b"abc") + latent)
    yield "unknown_type_zero", "unsupported", "0x00", one + chunk(0, b"")
    # Section 4: HEAD.
    for field in ("width", "height"):
        yield f"{field}_zero", "format", f"{field} is 0", with_head(**{field: b"\0"})
    yield "flags_reserved", "format", "flags", with_head(flags=head.flags | 0x80)
    yield "flags_reserved_newer", "unsupported", "flags", file(head.changed(flags=head.flags | 0x80), version=b"\x1f")
    yield "method_zero", "unsupported", "method 0", with_head(method=0)
    yield "method_unknown", "unsupported", "method 200", with_head(method=200)
    yield "geometry_too_many_channels", "format", "latent channels", with_head(geometry=0x03)
    yield "step_index_too_large", "format", "step_index 2048", with_head(step=b"\x00\x08")
    yield "prior_unknown", "unsupported", "prior_id 255", with_head(prior=255)
    yield "name_empty", "format", "model_name", with_head(name=b"\0")
    yield "name_too_long", "format", "model_name", with_head(name=b"\x20" + b"a" * 32)
    yield "name_upper_case", "format", "model_name", with_head(name=b"\x04Tiny")
    yield "name_begins_with_dot", "format", "model_name", with_head(name=b"\x03.ab")
    yield "name_with_zero", "format", "model_name", with_head(name=b"\x03a\0b")
    yield "name_mini_0", "format", "mini-0", with_head(name=b"\x80")
    yield "name_long_form", "format", "long form", with_head(name=b"\x06mini-1")
    yield "head_cut", "truncated", "HEAD", file(payload[:-1])
    yield "head_too_long", "format", "more than", file(payload + b"\0")
    # Section 6: LATN.
    yield "latent_without_checksum", "format", "too short", file(payload, chunk(LATN, b"\x12"))
    yield "symbols_checksum", "checksum", "checksum", file(payload, chunk(LATN, bytes([body[0] ^ 1]) + body[1:]))
    yield "latent_bytes_left_over", "format", "left over", file(payload, chunk(LATN, body + b"\x01\x02\x03\x04\x05\x06"))
    # Section 9: the model.
    yield "another_model", "model", "another latent space", with_head(id=bytes([head.id[0] ^ 1]) + head.id[1:])
    yield "another_downscale", "model", "latent has", file(
        head.changed(width=b"\x01", height=b"\x01", geometry=head.geometry & 0x1F | 0x80), latent)
    # Section 12: limits.
    yield "side_too_long", "limit", "limit of a side", with_head(width=leb128(65536), height=b"\x01")
    yield "too_many_pixels", "limit", "pixels", with_head(width=leb128(65535), height=leb128(65535))
    # Section 17: metadata.
    yield "metadata_twice", "format", "second", one + chunk(0x85, b"abc") + chunk(0x85, b"abc")
    yield "metadata_empty", "format", "empty", one + chunk(0x86, b"")
    # Section 25: HASH. One of another picture is told, but refuses nothing.
    wrong = chunk(HASH, b"12345678")
    yield "hash_twice", "format", "second", one + wrong + wrong
    yield "hash_too_short", "format", "7 bytes", one + chunk(HASH, b"1234567")
    yield "hash_too_long", "format", "9 bytes", one + chunk(HASH, b"123456789")
    yield "hash_empty", "format", "0 bytes", one + chunk(HASH, b"")
    yield "ok_hash_of_another_picture", "ok", "", one + wrong
    yield "ok_hash_first", "ok", "", file(payload, wrong + latent)
    # The version byte of the time before 1.0, and another of it.
    yield "ok_version_of_the_draft", "ok", "", one[:4] + b"\x01" + one[5:]
    yield "flags_reserved_draft", "format", "flags", file(head.changed(flags=head.flags | 0x80), version=b"\x01")
    yield "major_version_0", "version", "format version", one[:4] + b"\x02" + one[5:]
    # What a reader puts up with: skippable chunks, and a newer minor version with a longer HEAD.
    yield "ok_skippable", "ok", "", file(payload, chunk(0xF0, b"before") + latent + chunk(0xFF, b"") + chunk(0x90, b"x" * 300))
    yield "ok_newer_minor", "ok", "", file(payload + b"\1\2\3", version=b"\x1f")


def payload_of(whole: bytes) -> bytes:
    """Of one chunk of less than 16 384 bytes."""
    return whole[2 if whole[1] < 0x80 else 3 : -4]


def palette_cases(palette: bytes, latent: bytes):
    """Section 18: PALT, and where it may stand."""
    payload, chunks = split(palette)
    start, head = palette[:5] + chunk(HEAD, payload), Head(payload)
    stream = payload_of(chunks[0])
    plain = zlib.decompress(stream)
    yield "palette_with_latent", "format", "latent slice", palette + split(latent)[1][0]
    yield "palette_in_a_latent_file", "format", "another method", latent + chunks[0]
    yield "palette_twice", "format", "second palette", palette + chunks[0]
    yield "palette_missing", "truncated", "without a palette", start + chunk(0x90, b"x")
    yield "palette_with_prior", "format", "prior_id", palette[:5] + chunk(HEAD, head.changed(prior=1)) + chunks[0]
    yield "palette_cut", "truncated", "ends after", start + chunk(PALT, stream[:-8])
    yield "palette_short", "format", "inflates to", start + chunk(PALT, zlib.compress(plain[:-1]))
    yield "palette_long", "format", "more than", start + chunk(PALT, zlib.compress(plain + b"x"))
    yield "palette_no_zlib", "format", "zlib", start + chunk(PALT, b"\x79" + stream[1:])
    yield "palette_adler", "format", "zlib", start + chunk(PALT, stream[:-1] + bytes([stream[-1] ^ 1]))
    yield "palette_bytes_after", "format", "after the end", start + chunk(PALT, stream + b"x")


def alpha_cases(few: bytes, slices: bytes):
    """Section 19 and alpha-coder.md: ALPH, and where it may stand."""
    payload, chunks = split(few)
    start, head, alpha = few[:5] + chunk(HEAD, payload), Head(payload), payload_of(chunks[1])
    many_payload, many = split(slices)
    n = alpha[2] + 1
    yield "alpha_missing", "truncated", "slices of alpha", start + chunks[0]
    yield "alpha_without_flag", "format", "more than the 0", few[:5] + chunk(
        HEAD, head.changed(flags=head.flags & ~2)) + b"".join(chunks)
    yield "alpha_before_latents", "format", "before the last", start + chunks[1] + chunks[0]
    yield "alpha_too_many", "format", "more than", few + chunks[1]
    yield "alpha_apart", "format", "apart", slices[:5] + chunk(HEAD, many_payload) + many[0] + many[1] + chunk(
        0x90, b"x") + many[2]
    yield "alpha_checksum", "checksum", "levels", start + chunks[0] + chunk(ALPH, bytes([alpha[0] ^ 1]) + alpha[1:])
    yield "alpha_opacities_fall", "format", "rise", start + chunks[0] + chunk(
        ALPH, alpha[:3] + alpha[5:7] + alpha[3:5] + alpha[7:])
    yield "alpha_opacities_equal", "format", "rise", start + chunks[0] + chunk(ALPH, alpha[:5] + alpha[3:5] + alpha[7:])
    yield "alpha_bytes_left_over", "format", "left over", start + chunks[0] + chunk(ALPH, alpha + b"\1\2\3\4\5\6")
    yield "alpha_one_level_and_bytes", "format", "left over", start + chunks[0] + chunk(
        ALPH, alpha[:2] + b"\0" + alpha[3:5] + b"x")
    assert n == 3 and len(many) == 3


class OutOfRange(ResidualSlice):
    """Goes straight to the element that is out of range: every decision is a 1 but for those named."""

    def __init__(self, zeros: set, n_colours: int) -> None:
        super().__init__(b"\0\0", 3, 8, 8, [[[0] * 3] * 8] * 8)
        self.zeros, self.rc = zeros, RangeWriter(header_bits([30, 0, 0, 0, 0, 0, n_colours]) + [0] * 24 * n_colours, None)

    def header(self) -> None:
        super().header()
        self.rc.choose = lambda p: self.bit
        self.bit = 1

    def decision(self, sets: list, names: list) -> int:
        self.bit = int((sets[0] if isinstance(sets[0], str) else sets[0][0]) not in self.zeros)
        found, self.bit = super().decision(sets, names), 1
        return found

    def coded(self) -> bytes:
        try:
            self.decode()
        except Refused:
            return b"\0\0" + self.rc.written()
        raise AssertionError("nothing is out of range")


def residual_cases(photo: bytes, bound: bytes, plain: bytes):
    """Section 21 and residual-coder.md: RESD, BOND, and where they may stand."""
    payload, (latent, first, second) = split(photo)
    start, head, coded = photo[:5] + chunk(HEAD, payload), Head(payload), payload_of(first)
    recipe, rest = coded[:10], coded[10:]

    def file(first_payload: bytes, after: bytes = second) -> bytes:
        return start + latent + chunk(RESD, first_payload) + after

    assert file(coded) == photo
    yield "residual_without_flag", "format", "more than the 0", photo[:5] + chunk(
        HEAD, head.changed(flags=head.flags & ~8)) + latent + first
    yield "residual_missing", "truncated", "residual slices", start + latent + first
    yield "residual_too_many", "format", "more than the 2", photo + second
    yield "residual_apart", "format", "apart", file(coded, chunk(0x90, b"x") + second)
    yield "residual_before_latents", "format", "before the last", start + first + second + latent
    yield "residual_without_recipe", "format", "too short", file(recipe[:9])
    yield "residual_half_a_checksum", "format", "too short", file(recipe + rest[:1])
    yield "residual_checksum", "checksum", "checksum", file(recipe + bytes([rest[0] ^ 1]) + rest[1:])
    yield "residual_bytes_left_over", "format", "left over", file(recipe + rest + b"\1\2\3\4\5\6")
    yield "residual_ends_with_zero", "format", "left over", file(coded, chunk(RESD, payload_of(second) + b"\0"))
    yield "residual_level_out_of_range", "format", "out of range", file(
        recipe + OutOfRange({"SKIP", "SPLIT", "END"}, 0).coded())
    yield "residual_id_out_of_range", "format", "out of range", file(
        recipe + OutOfRange({"SKIP", "SPLIT", "NET", "EQUAL"}, 4).coded())
    yield "ok_residual_empty", "ok", "", file(recipe, chunk(RESD, b""))
    yield "ok_residual_of_another_decoder", "ok", "", file(bytes([coded[0] ^ 1]) + coded[1:])
    yield "ok_residual_of_other_steps", "ok", "", file(coded[:8] + b"\4" + coded[9:])

    payload, (latent, residual, promise) = split(bound)
    start, before, said = bound[:5] + chunk(HEAD, payload), latent + residual, payload_of(promise)
    other = payload_of(residual)
    yield "bound_twice", "format", "second", bound + promise
    yield "bound_too_short", "format", "8 bytes", start + before + chunk(BOND, said[:8])
    yield "bound_too_long", "format", "10 bytes", start + before + chunk(BOND, said + b"\0")
    yield "bound_level_0", "format", "level 0", start + before + chunk(BOND, b"\0" + said[1:])
    yield "bound_level_4", "format", "level 4", start + before + chunk(BOND, b"\4" + said[1:])
    yield "bound_without_residual", "format", "without a residual", plain + promise
    yield "bound_of_another_decoder", "model", "promises", start + latent + chunk(
        RESD, bytes([other[0] ^ 1]) + other[1:]) + promise
    yield "bound_of_other_steps", "model", "promises", start + latent + chunk(
        RESD, other[:8] + b"\4" + other[9:]) + promise


def exact_cases(drawn: bytes, slices: bytes, latent: bytes):
    """Section 22 and exact-coder.md: EXCT, and where it may stand."""
    payload, (one,) = split(drawn)
    many_payload, (first, second) = split(slices)
    body, start = payload_of(one), drawn[:5] + chunk(HEAD, payload)
    many = slices[:5] + chunk(HEAD, many_payload)
    flags = len(payload) - 2

    def with_plan(plan: bytes) -> bytes:
        return start + chunk(EXCT, body[:2] + plan + body[3:])

    yield "exact_missing", "truncated", "of 2 slices", many + first
    yield "exact_too_many", "format", "more than the 2", slices + second
    yield "exact_apart", "format", "apart", many + first + chunk(0x90, b"x") + second
    yield "exact_with_latent", "format", "another method", start + split(latent)[1][0]
    yield "exact_in_a_latent_file", "format", "another method", latent + one
    yield "exact_residual", "format", "residual", drawn[:5] + chunk(
        HEAD, payload[:flags] + bytes([payload[flags] | 8]) + payload[flags + 1 :]) + one
    yield "exact_head_too_long", "format", "more than", drawn[:5] + chunk(HEAD, payload + b"\0") + one
    yield "exact_head_cut", "truncated", "method", drawn[:5] + chunk(HEAD, payload[:-1]) + one
    yield "exact_without_checksum", "format", "too short", start + chunk(EXCT, body[:1])
    yield "exact_without_plan", "truncated", "plan", start + chunk(EXCT, body[:2])
    yield "exact_mode", "format", "a way of coding", with_plan(b"\x02")
    yield "exact_transform", "format", "a way of coding", with_plan(b"\x0d")
    yield "exact_reserved_bit", "format", "a way of coding", with_plan(bytes([body[2] | 0x80]))
    yield "exact_bits_shifted_out", "format", "a way of coding", with_plan(bytes([body[2] | 0x40, 0x26]))
    yield "exact_checksum", "checksum", "checksum", start + chunk(EXCT, bytes([body[0] ^ 1]) + body[1:])
    yield "exact_bytes_left_over", "format", "left over", start + chunk(EXCT, body + b"\1\2\3\4\5\6")
    yield "exact_ends_with_zero", "format", "left over", start + chunk(EXCT, body + b"\0")
    yield "ok_exact_bound", "ok", "", drawn + chunk(BOND, b"\1" + bytes(8))


def colours_cases(tint: bytes, chroma: bytes, plain: bytes, grey: bytes, palette: bytes, exact: bytes):
    """Sections 23 and 24: TINT and CHRM, and where they may stand; and the flag `reduced`, of section 4."""
    payload, (latent, line, _) = split(tint)
    head, ends = Head(payload), payload_of(line)
    without_residual = chunk(HEAD, head.changed(flags=head.flags & ~8))
    coded = payload_of(split(chroma)[1][-1])
    fixed, grid = coded[:8], coded[9:]
    assert (tint[5:].startswith(chunk(HEAD, payload) + latent + line) and len(ends) == 6
            and chroma.endswith(chunk(CHRM, coded)) and len(grid) > 2)

    def with_chroma(coded: bytes) -> bytes:
        return split_off(chroma) + chunk(CHRM, coded)

    yield "tint_twice", "format", "second", tint + line
    yield "tint_too_short", "format", "5 bytes", plain + chunk(TINT, ends[:5])
    yield "tint_too_long", "format", "7 bytes", plain + chunk(TINT, ends + b"\0")
    yield "tint_of_grey", "format", "grey", grey + line
    yield "tint_of_exact", "format", "exact", exact + line
    yield "chroma_twice", "format", "second", chroma + chunk(CHRM, coded)
    yield "chroma_of_grey", "format", "grey", grey + chunk(CHRM, fixed + b"\0")
    yield "chroma_of_exact", "format", "another method", exact + chunk(CHRM, fixed + b"\0")
    yield "chroma_of_palette", "format", "another method", palette + chunk(CHRM, fixed + b"\0")
    yield "chroma_empty", "format", "CHRM", with_chroma(b"")
    yield "chroma_too_short", "format", "CHRM", with_chroma(fixed)
    yield "chroma_step_33", "format", "CHRM", with_chroma(fixed + b"\x21" + grid)
    yield "chroma_bytes_left_over", "format", "CHRM", with_chroma(coded + b"\1\2\3\4\5\6")
    yield "chroma_ends_with_zero", "format", "CHRM", with_chroma(coded + b"\0")
    yield "chroma_grid_of_no_step", "format", "CHRM", with_chroma(fixed + b"\0" + grid)
    yield "chroma_out_of_range", "format", "CHRM", with_chroma(fixed + b"\1" + too_far())
    yield "reduced_latent", "format", "fewer colours", plain[:5] + chunk(
        HEAD, Head(split(plain)[0]).changed(flags=0x10)) + split(plain)[1][0]
    yield "ok_tint", "ok", "", tint[:5] + without_residual + latent + line
    yield "ok_tint_first", "ok", "", tint[:5] + without_residual + line + latent
    yield "ok_tint_and_chroma", "ok", "", chroma + line
    yield "ok_tint_of_palette", "ok", "", palette + line
    yield "ok_chroma_no_grid", "ok", "", with_chroma(fixed + b"\0")
    yield "ok_chroma_first", "ok", "", chroma[:5] + chunk(HEAD, split(chroma)[0]) + chunk(CHRM, coded) + split(chroma)[1][0]


def split_off(data: bytes) -> bytes:
    """The file without its last chunk."""
    return data[: -len(split(data)[1][-1])]


def too_far() -> bytes:
    """Not equal, and then 1 for ever: the first value of the grid is -62."""
    rc = RangeWriter([0], None)
    rc.choose = lambda p: rc.first.pop(0) if rc.first else 1
    try:
        ChromaGrid(bytes(8) + b"\1", 300, 200, rc)
    except Refused:
        return rc.written()
    raise AssertionError("nothing is out of range")


def main(golden: str, folder: str) -> None:
    def read(name: str) -> bytes:
        with open(os.path.join(golden, name + ".pith"), "rb") as file:
            return file.read()

    made = list(cases(read("odd"), read("slices")))
    made += palette_cases(read("palette"), read("odd"))
    made += alpha_cases(read("alpha-few"), read("alpha-slices"))
    made += residual_cases(read("residual-photo"), read("residual-bound"), read("odd"))
    made += exact_cases(read("exact-drawn"), read("exact-slices"), read("odd"))
    made += colours_cases(*map(read, ("tint", "chroma", "odd", "grey", "palette", "exact-drawn")))
    for name in os.listdir(folder):
        if name.endswith(".pith"):
            os.unlink(os.path.join(folder, name))
    with open(os.path.join(folder, "list.txt"), "w", encoding="ascii") as index:
        index.write("# FILE KIND A PIECE OF THE MESSAGE; made by scripts/make-golden\n")
        for name, kind, message, data in made:
            index.write(f"{name}.pith {kind} {message}".rstrip() + "\n")
            with open(os.path.join(folder, name + ".pith"), "wb") as file:
                file.write(data)


if __name__ == "__main__":
    main(*sys.argv[1:])
