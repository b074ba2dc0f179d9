/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads and makes 8-bit weights, and pairs tensors with their scales when a file is read. */
#include "weights/quantised.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "weights/tensor_table_private.h"

#define ENDING_BYTES (sizeof QUANTISED_ENDING - 1)
#define MIN_VALUES 8192u /* values of a tensor */
#define MIN_WIDTH 16u    /* values that share a scale */
#define MIN_SCALE 0x1p-60f
#define BLOCK_VALUES 4096u

/* ---- reading -------------------------------------------------------------------- */

static tensor scales_as_tensor(const tensor *t) {
    return (tensor){.type = TENSOR_F32,
                    .rank = 1,
                    .shape = {t->shape[0]},
                    .n_elements = t->shape[0],
                    .data = t->scales,
                    .n_bytes = t->shape[0] * sizeof(float)};
}

void quantised_read_f32(const tensor *t, uint64_t first, size_t n, float *out) {
    if (n == 0) return;
    const tensor scales = scales_as_tensor(t);
    const int8_t *in = (const int8_t *)t->data + first;
    const uint64_t width = t->n_elements / t->shape[0];
    uint64_t row = first / width, left = width - first % width;
    for (size_t i = 0; i < n; row++, left = width) {
        const size_t end = left < n - i ? i + (size_t)left : n;
        float scale;
        tensor_read_f32(&scales, row, 1, &scale);
        for (; i < end; i++) out[i] = (float)in[i] * scale;
    }
}

bool quantised_is_marked(const tensor_table *table) { return tensor_table_meta(table, QUANTISED_KEY) != NULL; }

const char *quantised_format_version(const tensor_table *table) {
    return quantised_is_marked(table) ? FORMAT_VERSION_INT8 : FORMAT_VERSION_PLAIN;
}

static bool is_scale_name(const char *name) {
    const size_t n = strlen(name);
    return n > ENDING_BYTES && strcmp(name + n - ENDING_BYTES, QUANTISED_ENDING) == 0;
}

/* Finds and checks the scales of the I8 tensor `t`. */
static pith_status find_scales(const uint8_t **scales, const tensor_table *table, const tensor *t, pith_diag *diag) {
    char name[TENSOR_MAX_NAME_BYTES + sizeof QUANTISED_ENDING];
    snprintf(name, sizeof name, "%s" QUANTISED_ENDING, t->name);
    const tensor *s = tensor_table_find(table, name);
    if (t->rank < 2)
        return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: int8 of %u dimensions, must have 2 or more", t->name,
                        t->rank);
    if (!s) return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: int8 without scales (%.110s)", t->name, name);
    if (s->type != TENSOR_F32 || s->rank != 1 || s->shape[0] != t->shape[0])
        return diag_set(diag, PITH_E_FORMAT, "tensor %.110s: must be F32 [%" PRIu64 "]", name, t->shape[0]);
    for (uint64_t i = 0; i < s->n_elements; i++) {
        float scale;
        tensor_read_f32(s, i, 1, &scale);
        if (!isnormal(scale) || scale < 0)
            return diag_set(diag, PITH_E_FORMAT, "tensor %.110s: scale %" PRIu64 " is not finite and above 0", name, i);
        if (!isfinite(scale * (QUANTISED_MAX + 1))) /* a file may contain -128 */
            return diag_set(diag, PITH_E_FORMAT, "tensor %.110s: scale %" PRIu64 " makes values that are not finite",
                            name, i);
    }
    *scales = s->data;
    return PITH_OK;
}

/* True if the tensor to which the scales `name` belong exists and is I8. */
static bool has_integers(const tensor_table *table, const char *name) {
    char of[TENSOR_MAX_NAME_BYTES + 1];
    snprintf(of, sizeof of, "%.*s", (int)(strlen(name) - ENDING_BYTES), name);
    const tensor *t = tensor_table_find(table, of);
    return t && t->type == TENSOR_I8;
}

static pith_status pair(tensor_table *to, const tensor_table *from, pith_diag *diag) {
    pith_status status = PITH_OK;
    const char *key, *value;
    for (size_t i = 0; i < tensor_table_count(from); i++) {
        tensor t = *tensor_table_at(from, i);
        if (is_scale_name(t.name)) {
            if (has_integers(from, t.name)) continue;
            return diag_set(diag, PITH_E_FORMAT, "tensor %.110s: scales of no int8 tensor", t.name);
        }
        if (t.type == TENSOR_I8) PITH_TRY(find_scales(&t.scales, from, &t, diag));
        PITH_TRY(tensor_table_add(to, &t));
    }
    for (size_t i = 0; (key = tensor_table_meta_at(from, i, &value)) != NULL; i++)
        PITH_TRY(tensor_table_set_meta(to, key, value));
cleanup:
    return status;
}

pith_status quantised_resolve(tensor_table **table, const pith_env *env, pith_diag *diag) {
    pith_status status = PITH_OK;
    tensor_table *paired = NULL;
    const char *version = tensor_table_meta(*table, QUANTISED_KEY);
    if (!version) return PITH_OK;
    if (strcmp(version, QUANTISED_VERSION) != 0)
        return diag_set(diag, PITH_E_VERSION,
                        "has int8 weights of version %.20s, this library reads version " QUANTISED_VERSION, version);
    PITH_TRY(tensor_table_new(&paired, env));
    PITH_TRY(pair(paired, *table, diag));
    tensor_table_free(table);
    *table = paired;
    paired = NULL;
cleanup:
    tensor_table_free(&paired);
    return status;
}

/* ---- making --------------------------------------------------------------------- */

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

bool quantised_pays(const tensor *t) {
    if (t->type == TENSOR_I8 || !tensor_has_values(t)) return false;
    if (t->rank < 2 || t->n_elements < MIN_VALUES || t->n_elements / t->shape[0] < MIN_WIDTH) return false;
    return ends_with(t->name, ".weight") && !ends_with(t->name, "embedding.weight") &&
           strlen(t->name) + ENDING_BYTES <= TENSOR_MAX_NAME_BYTES;
}

pith_status quantised_make_scales(const tensor *t, float *scales, pith_diag *diag) {
    float values[BLOCK_VALUES];
    const uint64_t width = t->n_elements / t->shape[0];
    for (uint64_t row = 0; row < t->shape[0]; row++) {
        float largest = 0;
        for (uint64_t at = 0; at < width;) {
            const size_t n = width - at < BLOCK_VALUES ? (size_t)(width - at) : BLOCK_VALUES;
            tensor_read_f32(t, row * width + at, n, values);
            for (size_t i = 0; i < n; i++) {
                if (!(fabsf(values[i]) < 65520)) /* binary16 rounds larger values to infinity */
                    return diag_set(diag, PITH_E_FORMAT, "tensor %.100s: value %" PRIu64 " is not finite in binary16",
                                    t->name, row * width + at + i);
                largest = fmaxf(largest, fabsf(values[i]));
            }
            at += n;
        }
        scales[row] = fmaxf(largest / QUANTISED_MAX, MIN_SCALE);
    }
    return PITH_OK;
}

static int8_t quantise(double value) {
    const int rounded = (int)(value + (value < 0 ? -0.5 : 0.5));
    return (int8_t)(rounded > QUANTISED_MAX ? QUANTISED_MAX : rounded < -QUANTISED_MAX ? -QUANTISED_MAX : rounded);
}

void quantised_make_integers(const tensor *t, const float *scales, uint64_t first, size_t n, int8_t *out) {
    float values[BLOCK_VALUES];
    const uint64_t width = t->n_elements / t->shape[0];
    for (size_t done = 0; done < n;) {
        const uint64_t at = first + done, row = at / width, left = (row + 1) * width - at;
        size_t m = left < n - done ? (size_t)left : n - done;
        m = m < BLOCK_VALUES ? m : BLOCK_VALUES;
        tensor_read_f32(t, at, m, values);
        for (size_t i = 0; i < m; i++) out[done + i] = quantise((double)values[i] / (double)scales[row]);
        done += m;
    }
}
