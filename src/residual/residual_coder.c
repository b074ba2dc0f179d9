/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Creation, destruction and decoding of a residual slice. res_search.c encodes. */
#include "residual/residual_coder.h"

#include "base/mem.h"
#include "base/watch.h"
#include "residual/res_state.h"

#define CHECKSUM_BYTES 2u

/* Anti-diagonals, each from its lower left end; the lowest frequency first. */
static void fill_scan(uint16_t *scan, unsigned log2) {
    const unsigned n = 1u << log2;
    unsigned count = 0;
    for (unsigned sum = 0; sum < 2 * n - 1; sum++)
        for (unsigned v = sum < n ? sum : n - 1; v + n > sum && v < n; v--)
            if (sum - v < n) scan[count++] = (uint16_t)(v << log2 | (sum - v));
}

pith_status res_coder_new(res_coder **out, const pith_alloc *alloc, bool encoder) {
    pith_status status = PITH_OK;
    if (!out) return PITH_E_ARG;
    *out = NULL;
    res_coder *c = mem_alloc(alloc, 1, sizeof *c);
    if (!c) return PITH_E_NOMEM;
    c->alloc = alloc;
    for (unsigned p = 0; p < 3; p++) {
        c->network[p] = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *c->network[p]);
        c->rebuilt[p] = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *c->rebuilt[p]);
        c->levels[p] = mem_alloc(alloc, RES_PLANE_SIZE, sizeof *c->levels[p]);
        if (!c->network[p] || !c->rebuilt[p] || !c->levels[p]) status = PITH_E_NOMEM;
    }
    c->ids = mem_alloc(alloc, RES_N_IDS, sizeof *c->ids);
    c->units = mem_alloc(alloc, RES_N_UNITS, sizeof *c->units);
    if (!c->ids || !c->units) status = PITH_E_NOMEM;
    if (status == PITH_OK && encoder) status = res_search_new(&c->search, alloc);
    for (unsigned i = 0; i < RES_N_SIZES; i++) fill_scan(c->scans[i], i + RES_MIN_LOG2);
    res_model_init(&c->model);
    if (status != PITH_OK) res_coder_free(&c);
    *out = c;
    return status;
}

void res_coder_free(res_coder **coder) {
    if (!coder || !*coder) return;
    res_coder *c = *coder;
    *coder = NULL;
    for (unsigned p = 0; p < 3; p++) {
        mem_free(c->alloc, c->network[p]);
        mem_free(c->alloc, c->rebuilt[p]);
        mem_free(c->alloc, c->levels[p]);
    }
    mem_free(c->alloc, c->ids);
    mem_free(c->alloc, c->units);
    res_search_free(&c->search, c->alloc);
    mem_free(c->alloc, c);
}

void res_coder_watch(res_coder *c, watch watch) { c->watch = watch; }

/* ---- decoding ------------------------------------------------------------------------ */

static void decode_node(res_coder *c, uint32_t x, uint32_t y, unsigned log2) {
    if (x >= c->width || y >= c->height) return;
    if (log2 > RES_MIN_LOG2 && res_code_split(c, x, y, log2, false)) {
        uint32_t half = 1u << (log2 - 1);
        for (unsigned i = 0; i < 4; i++) decode_node(c, x + (i & 1) * half, y + (i >> 1) * half, log2 - 1);
        return;
    }
    res_leaf leaf = {0};
    res_code_leaf(c, x, y, log2, &leaf, NULL);
    res_rebuild(c, x, y, log2, &leaf);
}

static pith_status decode_slice(res_coder *c) {
    pith_status status = PITH_OK;
    c->direction = RES_DECODE;
    res_code_header(c);
    res_set_colours(c);
    for (uint32_t y = 0; y < c->height; y += RES_MAX_SIDE)
        for (uint32_t x = 0; x < c->width && status == PITH_OK; x += RES_MAX_SIDE) {
            if (res_code_skip(c, x, y, false))
                res_mark(c, x, y, RES_MAX_LOG2, (res_leaf){.kind = RES_KIND_NET, .log2 = RES_MAX_LOG2, .skipped = 1});
            else
                decode_node(c, x, y, RES_MAX_LOG2);
            if (watch_stops(c->watch)) status = PITH_E_ABORTED;
        }
    return status;
}

static bool view_ok(const res_view *v) {
    return v && v->samples && v->width > 0 && v->width <= RES_SLICE_SIDE && v->height > 0 &&
           v->height <= RES_SLICE_SIDE && (v->n_channels == 1 || v->n_channels == 3) &&
           v->pixel_samples >= v->n_channels;
}

pith_status res_decode(res_coder *c, const uint8_t *data, size_t n_bytes, const res_view *picture, pith_diag *diag) {
    if (!c || (!data && n_bytes) || !view_ok(picture))
        return diag_set(diag, PITH_E_ARG, "residual slice: bad arguments");
    if (n_bytes == 0) return PITH_OK;
    if (n_bytes < CHECKSUM_BYTES) return diag_set(diag, PITH_E_FORMAT, "residual slice: too short for a checksum");
    res_begin_slice(c, picture);
    rc_decoder_init(&c->decoder, data + CHECKSUM_BYTES, n_bytes - CHECKSUM_BYTES);
    pith_status status = decode_slice(c);
    if (status != PITH_OK) return status;
    if (c->bad) return diag_set(diag, PITH_E_FORMAT, "residual slice: a symbol is out of range");
    if (!rc_decoder_at_end(&c->decoder)) return diag_set(diag, PITH_E_FORMAT, "residual slice: bytes left over");
    if (res_checksum(c) != (data[0] | data[1] << 8))
        return diag_set(diag, PITH_E_CHECKSUM, "residual slice: the symbols do not match their checksum");
    res_smooth(c);
    res_end_slice(c, picture);
    return PITH_OK;
}
