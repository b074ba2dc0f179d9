/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "motion/byte_coder.h"

#include "base/status.h"
#include "entropy/logistic.h"
#include "entropy/mixer.h"
#include "entropy/range_coder.h"

#define N_ORDERS 4u
#define N_INPUTS (N_ORDERS + 1u)
#define SLOTS 65536u /* of each order; orders 2 and 3 share theirs by hashing */
#define COUNT_LIMIT 127
#define RATE 24
#define P_MIN 64u
#define BYTES_A_CODED_BYTE 2048u /* no encoder writes longer runs in a byte */
#define FREE_BYTES 4096u

typedef struct byte_model {
    mix_counter counters[N_ORDERS][SLOTS];
    int32_t weights[256][N_INPUTS]; /* by the bits of the byte that are known */
    uint32_t last;                  /* three bytes */
} byte_model;

static byte_model *model_new(const pith_alloc *alloc) {
    byte_model *m = mem_alloc(alloc, 1, sizeof *m);
    if (!m) return NULL;
    for (uint32_t i = 0; i < N_ORDERS * SLOTS; i++) m->counters[i / SLOTS][i % SLOTS].probability = 32768;
    for (uint32_t i = 0; i < 256; i++)
        for (uint32_t k = 0; k < N_ORDERS; k++) m->weights[i][k] = MIX_WEIGHT_ONE * 2 / 5;
    return m;
}

static uint32_t slot(const byte_model *m, uint32_t order, uint32_t node) {
    static const uint32_t masks[N_ORDERS] = {0, 0xff, 0xffff, 0xffffff};
    uint32_t before = m->last & masks[order];
    if (order < 2) return before << 8 | node;
    return ((before * 0x9e3779b1u ^ node * 0x85ebca6bu) >> 16) & (SLOTS - 1);
}

/* One byte, in either direction. */
static uint8_t code_byte(byte_model *m, rc_encoder *e, rc_decoder *d, uint8_t byte) {
    uint32_t node = 1;
    for (int i = 7; i >= 0; i--) {
        mix_counter *c[N_ORDERS];
        int32_t inputs[N_INPUTS];
        for (uint32_t k = 0; k < N_ORDERS; k++) {
            c[k] = &m->counters[k][slot(m, k, node)];
            inputs[k] = logistic_stretch(c[k]->probability);
            /* What was seen often is believed more. */
            if (c[k]->count < 2) inputs[k] /= 2;
        }
        inputs[N_ORDERS] = 256;
        uint32_t p = logistic_squash(mix_predict(m->weights[node], inputs, N_INPUTS));
        p = p < P_MIN ? P_MIN : p > 65536 - P_MIN ? 65536 - P_MIN : p;
        unsigned bit = byte >> i & 1;
        if (d)
            bit = rc_decode(d, p);
        else
            rc_encode(e, bit, p);
        mix_learn(m->weights[node], inputs, N_INPUTS, (bit ? 65535 : 0) - (int32_t)p, RATE);
        for (uint32_t k = 0; k < N_ORDERS; k++) mix_counter_update(c[k], bit, COUNT_LIMIT);
        node = node << 1 | bit;
    }
    m->last = m->last << 8 | (node & 0xff);
    return (uint8_t)node;
}

pith_status bc_encode(byte_writer *out, const uint8_t *data, size_t n_bytes, const pith_alloc *alloc, pith_diag *diag) {
    byte_model *m = model_new(alloc);
    if (!m) return diag_set(diag, PITH_E_NOMEM, "out of memory for coding bytes");
    bw_leb128(out, n_bytes);
    rc_encoder e;
    rc_encoder_init(&e, out);
    for (size_t i = 0; i < n_bytes; i++) (void)code_byte(m, &e, NULL, data[i]);
    rc_encoder_finish(&e);
    mem_free(alloc, m);
    return out->status == PITH_OK ? PITH_OK : diag_set(diag, out->status, "out of memory for coded bytes");
}

pith_status bc_decode(uint8_t **data, size_t *n_bytes, size_t max_bytes, const uint8_t *coded, size_t coded_bytes,
                      const pith_alloc *alloc, pith_diag *diag) {
    *data = NULL;
    stream s;
    st_init(&s, coded, coded_bytes, "coded bytes", 0, diag);
    size_t n = (size_t)st_leb128(&s, UINT32_MAX, "count");
    if (s.status != PITH_OK) return s.status;
    if (n > max_bytes || n / BYTES_A_CODED_BYTE > st_left(&s) + FREE_BYTES / BYTES_A_CODED_BYTE)
        return diag_set(diag, PITH_E_LIMIT, "coded bytes: %zu bytes, more than allowed", n);
    byte_model *m = model_new(alloc);
    uint8_t *out = mem_alloc(alloc, n, 1);
    if (!m || !out) {
        mem_free(alloc, m);
        mem_free(alloc, out);
        return diag_set(diag, PITH_E_NOMEM, "out of memory for decoding bytes");
    }
    rc_decoder d;
    rc_decoder_init(&d, coded + s.position, st_left(&s));
    for (size_t i = 0; i < n; i++) out[i] = code_byte(m, NULL, &d, 0);
    mem_free(alloc, m);
    if (!rc_decoder_at_end(&d)) {
        mem_free(alloc, out);
        return diag_set(diag, PITH_E_FORMAT, "coded bytes: they do not end where their chunk does");
    }
    *data = out;
    *n_bytes = n;
    return PITH_OK;
}
