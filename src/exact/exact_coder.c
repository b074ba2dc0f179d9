/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Slices: memory, rows, and trials of the plans that the analysis proposes. */
#include "exact/exact_coder.h"

#include <string.h>

#include "base/mem.h"
#include "base/watch.h"
#include "exact/exact_state.h"

#define ROWS_ABOVE 3u
#define MAX_LOG2_SLOTS 20u
#define MAX_LOG2_PLACES 18u

static unsigned log2_of(size_t n, unsigned more, unsigned least, unsigned most) {
    unsigned log2 = 0;
    while (((size_t)1 << log2) < n) log2++;
    log2 += more;
    return log2 < least ? least : log2 > most ? most : log2;
}

static unsigned log2_slots_for(size_t n_pixels) { return log2_of(n_pixels, 4, 12, MAX_LOG2_SLOTS); }
static unsigned log2_places_for(size_t n_pixels) { return log2_of(n_pixels, 0, 8, MAX_LOG2_PLACES); }

/* ---- memory ---------------------------------------------------------------------------------- */

static size_t row_store_count(uint32_t width) {
    return ((size_t)width + 2 * EXACT_MARGIN) * 4 * (5 + 2 * EXACT_N_GUESSES) + 2 * EXACT_MARGIN;
}

static size_t plane_count(uint32_t height, uint32_t width) {
    return ((size_t)height + ROWS_ABOVE + 1) * ((size_t)width + 2 * EXACT_MARGIN);
}

size_t exact_coder_bytes(uint32_t height, uint32_t width, unsigned n_channels) {
    const size_t n = (size_t)height * width;
    return sizeof(exact_coder) + n_channels * sizeof(exact_channel) + plane_count(height, width) * sizeof(exact_pixel) +
           row_store_count(width) * sizeof(int32_t) + (sizeof(exact_slot) << log2_slots_for(n)) +
           ((sizeof(exact_pixel) + sizeof(uint32_t)) << log2_places_for(n));
}

pith_status exact_coder_new(exact_coder **out, const pith_alloc *alloc, uint32_t height, uint32_t width,
                            unsigned n_channels) {
    const size_t n = (size_t)height * width;
    exact_coder *c = mem_alloc(alloc, 1, sizeof *c);
    *out = NULL;
    if (!c) return PITH_E_NOMEM;
    c->alloc = alloc;
    c->max_height = height;
    c->max_width = width;
    c->max_channels = n_channels;
    bool ok = height > 0 && height <= EXACT_MAX_SIDE && width > 0 && width <= EXACT_MAX_SIDE && n_channels > 0 &&
              n_channels <= 4;
    if (ok) {
        c->plane = mem_alloc(alloc, plane_count(height, width), sizeof *c->plane);
        c->row_store = mem_alloc(alloc, row_store_count(width), sizeof *c->row_store);
        c->mixing.slots = mem_alloc(alloc, (size_t)1 << log2_slots_for(n), sizeof *c->mixing.slots);
        c->repeats.last = mem_alloc(alloc, (size_t)1 << log2_places_for(n), sizeof *c->repeats.last);
        c->repeats.places = mem_alloc(alloc, (size_t)1 << log2_places_for(n), sizeof *c->repeats.places);
        for (size_t i = 0; i < 2; i++) {
            c->repeats.escaped[i] = mem_alloc(alloc, (size_t)width + 2 * EXACT_MARGIN, 1);
            ok = ok && c->repeats.escaped[i];
        }
        for (size_t i = 0; i < n_channels; i++) {
            c->samples.channels[i] = mem_alloc(alloc, 1, sizeof *c->samples.channels[i]);
            ok = ok && c->samples.channels[i];
        }
        ok = ok && c->plane && c->row_store && c->mixing.slots && c->repeats.last && c->repeats.places;
    }
    if (!ok) {
        exact_coder_free(&c);
        return PITH_E_NOMEM;
    }
    exact_mixing_init(&c->mixing);
    *out = c;
    return PITH_OK;
}

void exact_coder_free(exact_coder **coder) {
    if (!coder || !*coder) return;
    exact_coder *c = *coder;
    *coder = NULL;
    mem_free(c->alloc, c->plane);
    mem_free(c->alloc, c->row_store);
    mem_free(c->alloc, c->mixing.slots);
    mem_free(c->alloc, c->repeats.last);
    mem_free(c->alloc, c->repeats.places);
    for (size_t i = 0; i < 2; i++) mem_free(c->alloc, c->repeats.escaped[i]);
    for (size_t i = 0; i < 4; i++) mem_free(c->alloc, c->samples.channels[i]);
    mem_free(c->alloc, c);
}

void exact_coder_watch(exact_coder *c, watch watch) { c->watch = watch; }

/* ---- rows ---------------------------------------------------------------------------------------- */

/* The margin left of a row repeats the pixel above its first; the margin right of a complete row repeats its last. */
static void begin_row(exact_coder *c, exact_pixel *row) {
    for (ptrdiff_t i = 1; i <= EXACT_MARGIN; i++) row[-i] = row[-(ptrdiff_t)c->stride];
}

static void end_row(const exact_coder *c, exact_pixel *row) {
    for (uint32_t i = 0; i < EXACT_MARGIN; i++) row[c->width + i] = row[c->width - 1];
}

/* Codes whether the row equals the one above it; true if so. */
static bool code_same_row(exact_coder *c, exact_pixel *row, bool *was_same) {
    const exact_pixel *above = row - c->stride;
    const bool same = exact_code_counted(&c->mixing, memcmp(row, above, c->width * sizeof *row) == 0,
                                         &c->repeats.same_row[*was_same]);
    *was_same = same;
    if (!same) return false;
    memcpy(row, above, c->width * sizeof *row);
    memset(c->repeats.escaped[0], 0, c->width + 2 * EXACT_MARGIN);
    if (c->plan.mode == EXACT_SAMPLES)
        for (uint32_t x = 0; x < c->width; x++) exact_samples_take(c, x, row[x], true);
    return true;
}

static void code_row(exact_coder *c, exact_pixel *row, bool *was_same) {
    exact_repeats *r = &c->repeats;
    const size_t place = (size_t)(row - c->plane);
    r->match = 0;
    r->match_length = 0;
    if (code_same_row(c, row, was_same)) return;
    for (uint32_t x = 0; x < c->width; x++) row[x] = exact_code_pixel(c, place + x, x, row[x]);
}

static void next_row(exact_coder *c) {
    exact_repeats *r = &c->repeats;
    uint8_t *escaped = r->escaped[0];
    r->escaped[0] = r->escaped[1];
    r->escaped[1] = escaped;
    if (c->plan.mode != EXACT_INDICES) exact_samples_next_row(c);
}

/* Codes all rows as planned. PITH_E_LIMIT if an encoder has written more than max_bytes. */
static pith_status code_rows(exact_coder *c, uint64_t max_bytes) {
    bool was_same = false;
    exact_mixing_begin(&c->mixing, log2_slots_for((size_t)c->height * c->width));
    if (c->plan.mode == EXACT_INDICES) exact_palette_begin(c);
    if (c->plan.mode == EXACT_INDICES && c->palette.n_colours == 1) return PITH_OK;
    exact_repeats_begin(c);
    if (c->plan.mode != EXACT_INDICES) exact_samples_begin(c);
    for (uint32_t y = 0; y < c->height && !c->mixing.failed; y++) {
        exact_pixel *row = c->pixels + y * c->stride;
        begin_row(c, row);
        if (c->plan.mode == EXACT_SAMPLES && y % EXACT_BLOCK == 0) exact_code_blocks(c, y);
        code_row(c, row, &was_same);
        end_row(c, row);
        next_row(c);
        if (watch_stops(c->watch)) return PITH_E_ABORTED;
        if (!c->mixing.decoding && c->mixing.encoder.n_bytes > max_bytes) return PITH_E_LIMIT;
    }
    return PITH_OK;
}

/* ---- colours <-> indices ------------------------------------------------------------------------ */

static void to_colours(exact_coder *c) {
    const exact_palette *p = &c->palette;
    for (uint32_t y = 0; y < c->height; y++) {
        exact_pixel *row = c->pixels + y * c->stride;
        for (uint32_t x = 0; x < c->width; x++) row[x] = p->n_colours == 1 ? p->colours[0] : p->colours[row[x]];
    }
}

static void to_indices(exact_coder *c) {
    const exact_palette *p = &c->palette;
    exact_pixel colour = 0, index = 0;
    for (uint32_t y = 0; y < c->height; y++) {
        exact_pixel *row = c->pixels + y * c->stride;
        for (uint32_t x = 0; x < c->width; x++) {
            if (row[x] != colour || (x == 0 && y == 0)) {
                colour = row[x];
                unsigned low = 0, n = p->n_colours;
                for (; n > 1; n -= n / 2)
                    if (p->colours[low + n / 2] <= colour) low += n / 2;
                index = low;
            }
            row[x] = index;
        }
    }
}

/* ---- slices --------------------------------------------------------------------------------------- */

static void set_size(exact_coder *c, const exact_block *b) {
    c->height = b->height;
    c->width = b->width;
    c->n_channels = b->n_channels;
    c->stride = b->width + 2 * EXACT_MARGIN;
    c->pixels = c->plane + ROWS_ABOVE * c->stride + EXACT_MARGIN;
    c->repeats.log2_places = log2_places_for((size_t)b->height * b->width);
    memset(c->plane, 0, ROWS_ABOVE * c->stride * sizeof *c->plane);
}

static bool block_ok(const exact_coder *c, const exact_block *b) {
    return b && b->samples && b->height > 0 && b->height <= c->max_height && b->width > 0 && b->width <= c->max_width &&
           b->n_channels >= 1 && b->n_channels <= c->max_channels && (b->bit_depth == 8 || b->bit_depth == 16);
}

/* Row y of the picture as samples in native byte order. */
static void row_samples(const exact_coder *c, unsigned bit_depth, uint32_t y, uint8_t *out) {
    static const uint8_t orders[5][4] = {{0}, {0}, {1, 0}, {1, 0, 2}, {3, 1, 0, 2}};
    const exact_pixel *row = c->pixels + y * c->stride;
    const unsigned n = c->n_channels;
    for (uint32_t x = 0; x < c->width; x++)
        for (unsigned k = 0; k < n; k++) {
            const size_t at = (size_t)x * n + orders[n][k];
            const uint32_t value = (uint32_t)(row[x] >> (16 * (n - 1 - k)) & 0xffff);
            const uint16_t sample = (uint16_t)exact_sample(&c->plan, bit_depth, value);
            if (bit_depth == 8)
                out[at] = (uint8_t)sample;
            else
                memcpy(out + 2 * at, &sample, sizeof sample);
        }
}

uint16_t exact_checksum(exact_coder *c, unsigned bit_depth) {
    uint32_t crc = 0;
    const size_t n = (size_t)c->width * c->n_channels;
    for (uint32_t y = 0; y < c->height; y++) {
        row_samples(c, bit_depth, y, c->bytes);
        for (size_t i = 0; bit_depth == 16 && i < n; i++) {
            uint16_t sample;
            memcpy(&sample, c->bytes + 2 * i, sizeof sample);
            c->bytes[2 * i] = (uint8_t)sample;
            c->bytes[2 * i + 1] = (uint8_t)(sample >> 8);
        }
        crc = crc32_update(crc, c->bytes, n * (bit_depth / 8));
    }
    return (uint16_t)(crc & 0xffff);
}

static pith_status encode_as(exact_coder *c, const exact_block *b, uint64_t max_bytes, byte_writer *out) {
    exact_plan_write(&c->plan, b, out);
    c->mixing.decoding = c->mixing.failed = false;
    rc_encoder_init(&c->mixing.encoder, out);
    if (c->plan.mode == EXACT_INDICES) to_indices(c);
    const pith_status status = code_rows(c, max_bytes);
    rc_encoder_finish(&c->mixing.encoder);
    if (c->plan.mode == EXACT_INDICES) to_colours(c);
    if (status != PITH_OK) return status;
    if (c->mixing.failed) return PITH_E_INTERNAL;
    return out->status != PITH_OK ? out->status : out->n_bytes > max_bytes ? PITH_E_LIMIT : PITH_OK;
}

pith_status exact_encode(exact_coder *c, const exact_block *b, const exact_wish *wish, byte_writer *out, bool *fits,
                         uint16_t *checksum) {
    exact_plan plans[EXACT_MAX_PLANS];
    unsigned n_plans = 0;
    byte_writer best, trial;
    if (!c || !out || !wish || !fits || !checksum || !block_ok(c, b)) return PITH_E_ARG;
    bw_init(&best, c->alloc);
    set_size(c, b);
    *fits = false;
    uint64_t max_bytes = wish->max_bytes;
    pith_status status = exact_analyse(c, b, wish->drop_hidden, plans, &n_plans);
    for (unsigned i = 0; i < n_plans && status == PITH_OK; i++) {
        bw_init(&trial, c->alloc);
        c->plan = plans[i];
        status = encode_as(c, b, max_bytes, &trial);
        if (status == PITH_OK && (!*fits || trial.n_bytes < best.n_bytes)) {
            bw_free(&best);
            best = trial;
            max_bytes = best.n_bytes;
            *fits = true;
        } else {
            bw_free(&trial);
        }
        if (status == PITH_E_LIMIT) status = PITH_OK;
    }
    if (status == PITH_OK && *fits) {
        *checksum = exact_checksum(c, b->bit_depth);
        bw_bytes(out, best.data, best.n_bytes);
        status = out->status;
    }
    bw_free(&best);
    return status;
}

pith_status exact_decode(exact_coder *c, const uint8_t *data, size_t n_bytes, uint16_t checksum, const exact_block *b,
                         pith_diag *diag) {
    pith_status status = PITH_OK;
    stream s;
    if (!c || (!data && n_bytes) || !block_ok(c, b)) return diag_set(diag, PITH_E_ARG, "exact slice: bad arguments");
    st_init(&s, data, n_bytes, "exact slice", 0, diag);
    set_size(c, b);
    PITH_TRY(exact_plan_read(&c->plan, b, &s));
    const size_t n_coded = st_left(&s);
    const uint8_t *coded = st_bytes(&s, n_coded, "coded");
    memset(c->pixels, 0, (c->height * c->stride - EXACT_MARGIN) * sizeof *c->pixels);
    c->mixing.decoding = true;
    c->mixing.failed = false;
    rc_decoder_init(&c->mixing.decoder, coded, n_coded);
    status = code_rows(c, UINT64_MAX);
    if (status != PITH_OK) return diag_set(diag, status, "stopped");
    if (c->mixing.failed)
        st_fail(&s, PITH_E_FORMAT, "a value is out of range");
    else if (!rc_decoder_at_end(&c->mixing.decoder))
        st_fail(&s, PITH_E_FORMAT, "bytes left over");
    PITH_TRY(s.status);
    if (c->plan.mode == EXACT_INDICES) to_colours(c);
    if (exact_checksum(c, b->bit_depth) != checksum)
        return diag_set(diag, PITH_E_CHECKSUM, "exact slice: the samples do not match their checksum");
    for (uint32_t y = 0; y < c->height; y++)
        row_samples(c, b->bit_depth, y, (uint8_t *)b->samples + y * b->stride_bytes);
cleanup:
    return status;
}
