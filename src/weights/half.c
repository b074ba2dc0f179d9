/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* binary16 and bfloat16 <-> binary32 in integer arithmetic, so that the rounding mode and flush-to-zero setting of
 * the caller's thread do not matter; and tensor values of every type as either. */
#include <assert.h>
#include <string.h>

#include "weights/quantised.h"
#include "weights/tensor_table_private.h"

#define NARROWED_AT_ONCE 64 /* small enough that most blocks of weights contain no subnormal */

/* Weights are little-endian and may be unaligned. */
static uint16_t load_u16(const uint8_t *p) {
    uint16_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap16(v);
#endif
    return v;
}

static uint32_t load_u32(const uint8_t *p) {
    uint32_t v;
    memcpy(&v, p, sizeof v);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    v = __builtin_bswap32(v);
#endif
    return v;
}

static float float_of_bits(uint32_t bits) {
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static uint32_t bits_of_float(float f) {
    uint32_t bits;
    memcpy(&bits, &f, sizeof bits);
    return bits;
}

/* Without branches, for the compiler to make vectors of. */
static uint32_t widen_half(uint16_t half) {
    const uint32_t sign = (half & 0x8000u) << 16, magnitude = half & 0x7fffu;
    const uint32_t subnormal = bits_of_float((float)(int32_t)magnitude * 0x1p-24f); /* or zero */
    const uint32_t is_subnormal = 0u - (magnitude < 0x0400u), is_other = 0u - (magnitude >= 0x7c00u);
    /* To an infinity or NaN, which keeps its payload, as much is added again. */
    const uint32_t bits = (magnitude << 13) + (112u << 23) + (is_other & (112u << 23));
    return sign | (is_subnormal & subnormal) | (~is_subnormal & bits);
}

/* Drops the low `shift` bits (1..31), rounding to nearest, ties to even. */
static uint32_t round_shift(uint32_t value, uint32_t shift) {
    uint32_t kept = value >> shift;
    uint32_t dropped = value & ((1u << shift) - 1u);
    uint32_t half = 1u << (shift - 1u);
    return kept + (dropped > half || (dropped == half && (kept & 1u)));
}

static uint16_t narrow_float(uint32_t bits) {
    uint32_t sign = (bits >> 16) & 0x8000u;
    uint32_t magnitude = bits & 0x7fffffffu;
    uint32_t half;
    if (magnitude > 0x7f800000u) { /* NaN stays NaN: the payload's top bits, but not all zero */
        uint32_t payload = (magnitude >> 13) & 0x03ffu;
        half = 0x7c00u | (payload ? payload : 0x0200u);
    } else if (magnitude >= 0x477ff000u) { /* 65520, halfway past the largest */
        half = 0x7c00u;
    } else if (magnitude >= 0x38800000u) { /* 2^-14, the smallest normal number */
        half = round_shift(magnitude - (112u << 23), 13);
    } else if (magnitude >= 0x33000000u) { /* 2^-25, half the smallest subnormal */
        half = round_shift((magnitude & 0x007fffffu) | 0x00800000u, 126u - (magnitude >> 23));
    } else {
        half = 0;
    }
    return (uint16_t)(sign | half);
}

/* True if the result in binary16 is a normal number or zero. */
static bool is_common(uint32_t magnitude) {
    return magnitude - 0x38800000u < 0x477ff000u - 0x38800000u || magnitude < 0x33000000u;
}

/* narrow_float for a few values, written so that compilers vectorise it when all are common. */
static void narrow_few(const uint32_t *bits, size_t n, uint16_t *out) {
    uint32_t others = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t magnitude = bits[i] & 0x7fffffffu;
        uint32_t value = magnitude - (112u << 23);
        uint32_t rounded = (value + 0x0fffu + ((value >> 13) & 1u)) >> 13; /* ties to even */
        out[i] = (uint16_t)(((bits[i] >> 16) & 0x8000u) | (magnitude < 0x33000000u ? 0 : rounded));
        others |= !is_common(magnitude);
    }
    for (size_t i = 0; others && i < n; i++)
        if (!is_common(bits[i] & 0x7fffffffu)) out[i] = narrow_float(bits[i]);
}

float f16_to_f32(uint16_t half) { return float_of_bits(widen_half(half)); }

uint16_t f32_to_f16(float value) { return narrow_float(bits_of_float(value)); }

/* In E4M3 all exponents are finite numbers; only the last pattern of each sign is NaN. */
static uint32_t widen_e4m3(uint8_t v) {
    const uint32_t sign = (v & 0x80u) << 24, exponent = v >> 3 & 15u, mantissa = v & 7u;
    if ((v & 0x7fu) == 0x7fu) return sign | 0x7fc00000u;
    if (exponent == 0) return sign | bits_of_float((float)mantissa * 0x1p-9f);
    return sign | (exponent + 120u) << 23 | mantissa << 20;
}

static void read_strided_f32(const tensor *t, uint64_t first, size_t n, float *out) {
    uint8_t block[4 * NARROWED_AT_ONCE];
    for (size_t at = 0; at < n; at += NARROWED_AT_ONCE) {
        const size_t m = n - at < NARROWED_AT_ONCE ? n - at : NARROWED_AT_ONCE;
        const tensor in_order = {.type = t->type, .n_elements = m, .data = block};
        tensor_gather(t, first + at, m, block);
        tensor_read_f32(&in_order, 0, m, out + at);
    }
}

void tensor_read_f32(const tensor *t, uint64_t first, uint64_t count, float *out) {
    assert(first <= t->n_elements && count <= t->n_elements - first);
    if (count == 0) return;
    size_t n = (size_t)count;
    if (t->is_strided) {
        read_strided_f32(t, first, n, out);
        return;
    }
    const uint8_t *p = t->data;
    switch (t->type) {
    case TENSOR_F32:
        p += first * 4;
        for (size_t i = 0; i < n; i++) out[i] = float_of_bits(load_u32(p + 4 * i));
        break;
    case TENSOR_F16:
        p += first * 2;
        for (size_t i = 0; i < n; i++) out[i] = float_of_bits(widen_half(load_u16(p + 2 * i)));
        break;
    case TENSOR_BF16:
        p += first * 2;
        for (size_t i = 0; i < n; i++) out[i] = float_of_bits((uint32_t)load_u16(p + 2 * i) << 16);
        break;
    case TENSOR_F8_E4M3:
        for (size_t i = 0; i < n; i++) out[i] = float_of_bits(widen_e4m3(p[first + i]));
        break;
    case TENSOR_F8_E5M2:
        for (size_t i = 0; i < n; i++) out[i] = float_of_bits(widen_half((uint16_t)(p[first + i] << 8)));
        break;
    case TENSOR_I8:
    case TENSOR_OTHER:
    default: /* not convertible: fill with zeros, never leave it uninitialised */
        if (t->scales) {
            quantised_read_f32(t, first, n, out);
            break;
        }
        memset(out, 0, n * sizeof out[0]);
        break;
    }
}

static void read_floats_f16(const uint8_t *p, size_t n, uint16_t *out) {
    uint32_t bits[NARROWED_AT_ONCE];
    for (size_t at = 0; at < n; at += NARROWED_AT_ONCE) {
        const size_t m = n - at < NARROWED_AT_ONCE ? n - at : NARROWED_AT_ONCE;
        for (size_t i = 0; i < m; i++) bits[i] = load_u32(p + 4 * (at + i));
        narrow_few(bits, m, out + at);
    }
}

/* Converts through binary32. */
static void read_narrowed_f16(const tensor *t, uint64_t first, size_t n, uint16_t *out) {
    float values[NARROWED_AT_ONCE];
    uint32_t bits[NARROWED_AT_ONCE];
    for (size_t at = 0; at < n; at += NARROWED_AT_ONCE) {
        const size_t m = n - at < NARROWED_AT_ONCE ? n - at : NARROWED_AT_ONCE;
        tensor_read_f32(t, first + at, m, values);
        memcpy(bits, values, sizeof values[0] * m);
        narrow_few(bits, m, out + at);
    }
}

void tensor_read_f16(const tensor *t, uint64_t first, uint64_t count, uint16_t *out) {
    assert(first <= t->n_elements && count <= t->n_elements - first);
    if (count == 0) return;
    size_t n = (size_t)count;
    const uint8_t *p = t->data;
    if (t->is_strided) {
        read_narrowed_f16(t, first, n, out);
        return;
    }
    switch (t->type) {
    case TENSOR_F32:
        read_floats_f16(p + first * 4, n, out);
        break;
    case TENSOR_F16:
        p += first * 2;
        for (size_t i = 0; i < n; i++) out[i] = load_u16(p + 2 * i);
        break;
    case TENSOR_BF16:
        p += first * 2;
        for (size_t i = 0; i < n; i++) out[i] = narrow_float((uint32_t)load_u16(p + 2 * i) << 16);
        break;
    case TENSOR_F8_E4M3:
    case TENSOR_F8_E5M2:
        read_narrowed_f16(t, first, n, out);
        break;
    case TENSOR_I8:
    case TENSOR_OTHER:
    default:
        if (t->scales) {
            read_narrowed_f16(t, first, n, out);
            break;
        }
        memset(out, 0, n * sizeof out[0]);
        break;
    }
}

void floats_as_in_file(float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        const uint32_t bits = load_u32((const uint8_t *)&values[i]);
        memcpy(&values[i], &bits, sizeof bits);
    }
}
