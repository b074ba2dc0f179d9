/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Tensors whose elements are not contiguous, such as transposed or channels_last tensors from PyTorch: read element
 * by element, without a copy of the whole. */
#include <string.h>

#include "weights/tensor_table_private.h"

void tensor_gather(const tensor *t, uint64_t first, size_t n, uint8_t *out) {
    const size_t size = tensor_type_bytes(t->type);
    uint64_t index[TENSOR_MAX_RANK], at = 0, rest = first;
    for (uint32_t d = t->rank; d-- > 0;) {
        index[d] = rest % t->shape[d];
        rest /= t->shape[d];
        at += index[d] * t->strides[d];
    }
    for (size_t i = 0; i < n; i++) {
        memcpy(out + i * size, t->data + at * size, size);
        for (uint32_t d = t->rank; d-- > 0;) {
            at += t->strides[d];
            if (++index[d] < t->shape[d]) break;
            at -= t->strides[d] * t->shape[d];
            index[d] = 0;
        }
    }
}
