/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Checks whether values are finite, from their bits, at memory speed. */
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "weights/tensor_table.h"

#define BLOCK_VALUES 1024u
#define EXPONENT_F32 0x7f800000u
#define EXPONENT_F16 0x7c00u
#define EXPONENT_BF16 0x7f80u

/* A value is not finite if all bits of its exponent are set. There is no early exit, so that compilers can
 * vectorise. */
static bool are_finite_u32(const uint8_t *p, size_t n, uint32_t exponent) {
    unsigned n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t v;
        memcpy(&v, p + 4 * i, sizeof v);
        n_bad |= (v & exponent) == exponent;
    }
    return n_bad == 0;
}

static bool are_finite_u16(const uint8_t *p, size_t n, uint16_t exponent) {
    unsigned n_bad = 0;
    for (size_t i = 0; i < n; i++) {
        uint16_t v;
        memcpy(&v, p + 2 * i, sizeof v);
        n_bad |= (v & exponent) == exponent;
    }
    return n_bad == 0;
}

#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
#define AS_IN_FILE_32(bits) __builtin_bswap32(bits)
#define AS_IN_FILE_16(bits) __builtin_bswap16(bits)
#else
#define AS_IN_FILE_32(bits) (bits)
#define AS_IN_FILE_16(bits) (bits)
#endif

bool floats_are_finite(const float *values, size_t count) {
    return are_finite_u32((const uint8_t *)values, count, EXPONENT_F32);
}

static bool are_finite_widened(const tensor *t, uint64_t first, uint64_t count) {
    float values[BLOCK_VALUES];
    for (uint64_t at = 0; at < count;) {
        const uint64_t n = count - at < BLOCK_VALUES ? count - at : BLOCK_VALUES;
        tensor_read_f32(t, first + at, n, values);
        if (!floats_are_finite(values, (size_t)n)) return false;
        at += n;
    }
    return true;
}

bool tensor_is_finite(const tensor *t, uint64_t first, uint64_t count) {
    const size_t n = (size_t)count;
    if (t->is_strided) return are_finite_widened(t, first, count);
    switch (t->type) {
    case TENSOR_F32:
        return are_finite_u32(t->data + 4 * first, n, AS_IN_FILE_32(EXPONENT_F32));
    case TENSOR_F16:
        return are_finite_u16(t->data + 2 * first, n, AS_IN_FILE_16(EXPONENT_F16));
    case TENSOR_BF16:
        return are_finite_u16(t->data + 2 * first, n, AS_IN_FILE_16(EXPONENT_BF16));
    case TENSOR_F8_E4M3:
    case TENSOR_F8_E5M2:
        return are_finite_widened(t, first, count);
    case TENSOR_I8: /* quantised_resolve checks the scales */
    case TENSOR_OTHER:
    default:
        return true;
    }
}

pith_status tensor_check_finite(const tensor *t, pith_diag *diag) {
    if (tensor_is_finite(t, 0, t->n_elements)) return PITH_OK;
    uint64_t i = 0;
    while (i + 1 < t->n_elements && tensor_is_finite(t, i, 1)) i++;
    float value;
    tensor_read_f32(t, i, 1, &value);
    return diag_set(diag, PITH_E_MODEL_VALUES, "tensor %.100s: value %" PRIu64 " is not finite (%s)", t->name, i,
                    isnan(value) ? "NaN"
                    : value < 0  ? "-infinity"
                                 : "infinity");
}
