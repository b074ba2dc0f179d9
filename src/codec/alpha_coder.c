/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Alpha slices: opacities <-> levels <-> decisions. */
#include "codec/alpha_coder.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "codec/alpha_model.h"
#include "entropy/range_coder.h"

#define ROW_BYTES (ALPHA_MAX_SLICE + 2 * ALPHA_MARGIN)
#define ESCAPE_BITS_MAX 8 /* longest prefix of the Exp-Golomb code of a magnitude */

typedef struct level_scale {
    uint32_t n_levels;
    bool listed;
    uint16_t opacity[ALPHA_MAX_LEVELS]; /* of each level, ascending */
} level_scale;

struct alpha_coder {
    const pith_alloc *alloc; /* borrowed */
    bool decoding;
    rc_encoder encoder;
    rc_decoder decoder;
    bool bad; /* a level out of range was decoded */
    level_scale scale;
    uint8_t levels[ALPHA_MAX_SLICE * ALPHA_MAX_SLICE];
    uint8_t level_rows[3][ROW_BYTES], error_rows[2][ROW_BYTES];
    alpha_model model;
};

pith_status alpha_coder_new(alpha_coder **out, const pith_alloc *alloc) {
    *out = mem_alloc(alloc, 1, sizeof **out);
    if (!*out) return PITH_E_NOMEM;
    (*out)->alloc = alloc;
    return PITH_OK;
}

void alpha_coder_free(alpha_coder **coder) {
    if (!coder || !*coder) return;
    mem_free((*coder)->alloc, *coder);
    *coder = NULL;
}

/* ---- opacities <-> levels ---------------------------------------------------------- */

/* Adds an opacity to the sorted list; false if the list is full. */
static bool list_opacity(level_scale *s, uint16_t opacity) {
    uint32_t at = 0;
    while (at < s->n_levels && s->opacity[at] < opacity) at++;
    if (at < s->n_levels && s->opacity[at] == opacity) return true;
    if (s->n_levels == ALPHA_MAX_LISTED) return false;
    memmove(s->opacity + at + 1, s->opacity + at, (s->n_levels - at) * sizeof *s->opacity);
    s->opacity[at] = opacity;
    s->n_levels++;
    return true;
}

static void scale_even(level_scale *s, uint32_t n_levels) {
    *s = (level_scale){.n_levels = n_levels};
    for (uint32_t i = 0; i < n_levels; i++)
        s->opacity[i] = (uint16_t)((2 * i * ALPHA_OPAQUE + n_levels - 1) / (2 * (n_levels - 1)));
}

static void choose_scale(level_scale *s, const alpha_block *b, uint32_t n_levels) {
    *s = (level_scale){.listed = true};
    for (uint32_t y = 0; y < b->height; y++) {
        const uint16_t *row = b->samples + y * b->row_stride;
        for (uint32_t x = 0; x < b->width; x++) {
            if (x > 0 && row[x] == row[x - 1]) continue;
            if (list_opacity(s, row[x])) continue;
            scale_even(s, n_levels);
            return;
        }
    }
}

static uint8_t level_of(const level_scale *s, uint32_t opacity) {
    if (!s->listed) return (uint8_t)((2 * opacity * (s->n_levels - 1) + ALPHA_OPAQUE) / (2 * ALPHA_OPAQUE));
    uint8_t level = 0;
    while (s->opacity[level] != opacity) level++;
    return level;
}

/* ---- levels <-> decisions ------------------------------------------------------------
 * As in latent_coder.c, each code_ function serves both directions: it takes the
 * true value when encoding and returns the true value in both. */

static unsigned code_bit(alpha_coder *c, unsigned bit, uint32_t probability) {
    if (c->decoding) return rc_decode(&c->decoder, probability);
    rc_encode(&c->encoder, bit, probability);
    return bit;
}

static unsigned code_counted(alpha_coder *c, unsigned bit, alpha_counter *counter) {
    bit = code_bit(c, bit, alpha_counter_predict(counter));
    alpha_counter_learn(counter, bit);
    return bit;
}

static unsigned code_decision(alpha_coder *c, unsigned bit, uint32_t decision) {
    bit = code_bit(c, bit, alpha_model_predict(&c->model, decision));
    alpha_model_learn(&c->model, bit);
    return bit;
}

/* Exp-Golomb code, each bit with probability 1/2. */
static uint32_t code_escape(alpha_coder *c, uint32_t value) {
    uint32_t n = 0, result = 1;
    value++;
    while (n < ESCAPE_BITS_MAX && code_bit(c, value >> (n + 1) != 0, RC_PROB_HALF)) n++;
    while (n-- > 0) result = result << 1 | code_bit(c, value >> n & 1, RC_PROB_HALF);
    return result - 1;
}

/* Codes a level that is not the predicted one, not 0 and not the largest. */
static uint32_t code_between(alpha_coder *c, uint32_t level) {
    const uint32_t p = c->model.view.predicted, top = c->scale.n_levels - 1;
    bool greater = p == 0 || (p < top && code_decision(c, level > p, ALPHA_GREATER));
    uint32_t truth = greater ? level - p : p - level, magnitude = 1;
    while (magnitude <= ALPHA_N_UNARY && code_decision(c, truth > magnitude, ALPHA_ABOVE_1 + magnitude - 1))
        magnitude++;
    if (magnitude > ALPHA_N_UNARY) magnitude += code_escape(c, truth - magnitude);
    if (greater ? magnitude <= top - p : magnitude <= p) return greater ? p + magnitude : p - magnitude;
    c->bad = true;
    return p;
}

/* `different`: the level is known to differ from the predicted one. */
static uint32_t code_level(alpha_coder *c, uint32_t level, bool different) {
    const uint32_t p = c->model.view.predicted, top = c->scale.n_levels - 1;
    if (!different && code_decision(c, level == p, ALPHA_AS_PREDICTED)) return p;
    if (top == 1) return 1 - p;
    if (!code_decision(c, level == 0 || level == top, ALPHA_EXTREME)) return code_between(c, level);
    if (p == 0) return top;
    if (p == top) return 0;
    return code_decision(c, level == top, ALPHA_OPPOSITE) ? top : 0;
}

/* Codes one level; flat surroundings have a short code. */
static uint8_t code_place(alpha_coder *c, const alpha_rows *rows, uint32_t x, uint32_t level) {
    alpha_model *m = &c->model;
    bool flat = alpha_model_is_flat(m, rows, (ptrdiff_t)x);
    if (flat) {
        const uint32_t p = m->view.predicted;
        if (code_counted(c, level == p, &m->flat[p == 0 ? 0 : p + 1 < m->n_levels ? 1 : 2])) return (uint8_t)p;
    }
    alpha_model_view(m, rows, (ptrdiff_t)x);
    return (uint8_t)code_level(c, level, flat);
}

/* Extends a complete row on both sides with copies of its end levels. */
static void end_row(uint8_t *row, uint32_t width) {
    memset(row - ALPHA_MARGIN, row[0], ALPHA_MARGIN);
    memset(row + width, row[width - 1], ALPHA_MARGIN);
}

static void code_row(alpha_coder *c, const alpha_rows *rows, uint8_t *level, uint8_t *error, uint8_t *truth,
                     uint32_t width) {
    memset(level - ALPHA_MARGIN, rows->level_above[0], ALPHA_MARGIN);
    memset(error - ALPHA_MARGIN, rows->error_above[0], ALPHA_MARGIN);
    for (uint32_t x = 0; x < width; x++) {
        level[x] = code_place(c, rows, x, truth[x]);
        error[x] = (uint8_t)abs((int)level[x] - (int)c->model.view.predicted);
    }
    memcpy(truth, level, width);
}

/* Codes all rows. `levels` is input when encoding, output when decoding. */
static void code_levels(alpha_coder *c, uint32_t height, uint32_t width) {
    unsigned was_same = 0;
    memset(c->level_rows, 0, sizeof c->level_rows);
    memset(c->error_rows, 0, sizeof c->error_rows);
    alpha_model_begin(&c->model, c->scale.n_levels);
    for (uint32_t y = 0; y < height; y++) {
        uint8_t *truth = c->levels + (size_t)y * width;
        uint8_t *level = c->level_rows[y % 3] + ALPHA_MARGIN, *error = c->error_rows[y % 2] + ALPHA_MARGIN;
        const alpha_rows rows = {level, c->level_rows[(y + 2) % 3] + ALPHA_MARGIN,
                                 c->level_rows[(y + 1) % 3] + ALPHA_MARGIN, error,
                                 c->error_rows[(y + 1) % 2] + ALPHA_MARGIN};
        unsigned same = code_counted(c, memcmp(truth, rows.level_above, width) == 0, &c->model.same_row[was_same]);
        if (same) {
            memcpy(level, rows.level_above, width);
            memset(error, 0, width);
            memcpy(truth, level, width);
        } else {
            code_row(c, &rows, level, error, truth, width);
        }
        end_row(level, width);
        end_row(error, width);
        was_same = same;
    }
}

/* ---- slices ---------------------------------------------------------------------------- */

static uint16_t checksum(const alpha_coder *c, size_t n_places) {
    return (uint16_t)(crc32_update(0, c->levels, n_places) & 0xffff);
}

static bool block_ok(const alpha_block *b) {
    return b && b->samples && b->height > 0 && b->height <= ALPHA_MAX_SLICE && b->width > 0 &&
           b->width <= ALPHA_MAX_SLICE;
}

pith_status alpha_encode(alpha_coder *c, const alpha_block *b, uint32_t n_levels, byte_writer *out) {
    if (!c || !out || !block_ok(b) || n_levels <= ALPHA_MAX_LISTED || n_levels > ALPHA_MAX_LEVELS) return PITH_E_ARG;
    choose_scale(&c->scale, b, n_levels);
    const level_scale *s = &c->scale;
    for (uint32_t y = 0; y < b->height; y++)
        for (uint32_t x = 0; x < b->width; x++)
            c->levels[(size_t)y * b->width + x] = level_of(s, b->samples[y * b->row_stride + x]);
    bw_u16le(out, checksum(c, (size_t)b->height * b->width));
    bw_u8(out, (uint8_t)(s->n_levels - 1));
    for (uint32_t i = 0; s->listed && i < s->n_levels; i++) bw_u16le(out, s->opacity[i]);
    if (s->n_levels == 1) return out->status;
    c->decoding = false;
    rc_encoder_init(&c->encoder, out);
    code_levels(c, b->height, b->width);
    rc_encoder_finish(&c->encoder);
    return out->status;
}

static void read_scale(stream *s, level_scale *scale) {
    uint32_t n_levels = st_u8(s, "n_levels") + 1u;
    if (n_levels > ALPHA_MAX_LISTED) {
        scale_even(scale, n_levels);
        return;
    }
    *scale = (level_scale){.n_levels = n_levels, .listed = true};
    for (uint32_t i = 0; i < n_levels && s->status == PITH_OK; i++) {
        scale->opacity[i] = st_u16le(s, "opacity");
        if (i > 0 && s->status == PITH_OK && scale->opacity[i] <= scale->opacity[i - 1])
            st_fail(s, PITH_E_FORMAT, "opacities that do not rise");
    }
}

static pith_status decode_levels(alpha_coder *c, stream *s, const alpha_block *b) {
    size_t n_coded = st_left(s);
    const uint8_t *coded = st_bytes(s, n_coded, "coded");
    if (c->scale.n_levels == 1) {
        if (n_coded > 0) st_fail(s, PITH_E_FORMAT, "bytes left over");
        memset(c->levels, 0, (size_t)b->height * b->width);
        return s->status;
    }
    c->decoding = true;
    c->bad = false;
    rc_decoder_init(&c->decoder, coded, n_coded);
    code_levels(c, b->height, b->width);
    if (c->bad)
        st_fail(s, PITH_E_FORMAT, "a level is out of range");
    else if (!rc_decoder_at_end(&c->decoder))
        st_fail(s, PITH_E_FORMAT, "bytes left over");
    return s->status;
}

pith_status alpha_decode(alpha_coder *c, const uint8_t *data, size_t n_bytes, const alpha_block *b, pith_diag *diag) {
    pith_status status = PITH_OK;
    stream s;
    if (!c || (!data && n_bytes) || !block_ok(b)) return diag_set(diag, PITH_E_ARG, "alpha slice: bad arguments");
    st_init(&s, data, n_bytes, "alpha slice", 0, diag);
    uint16_t stored = st_u16le(&s, "checksum");
    read_scale(&s, &c->scale);
    PITH_TRY(s.status);
    PITH_TRY(decode_levels(c, &s, b));
    if (checksum(c, (size_t)b->height * b->width) != stored)
        return diag_set(diag, PITH_E_CHECKSUM, "alpha slice: the levels do not match their checksum");
    for (uint32_t y = 0; y < b->height; y++)
        for (uint32_t x = 0; x < b->width; x++)
            b->samples[y * b->row_stride + x] = c->scale.opacity[c->levels[(size_t)y * b->width + x]];
cleanup:
    return status;
}
