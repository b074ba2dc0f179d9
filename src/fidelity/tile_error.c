/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Processes one row of tiles at a time: rows of luma; from them local moments under an 11x11 Gaussian; from those the
 * error around every pixel, and its maximum over each tile. doc/tile-error.md explains the method. */
#include "fidelity/tile_error.h"

#include <assert.h>
#include <math.h>
#include <string.h>

#include "fidelity/window.h"

#define HALF FID_WINDOW_HALF
#define N_TAPS FID_WINDOW_TAPS
#define BAND (FID_TILE + 2 * FID_REACH) /* rows of luma for a row of tiles */

#define ACTIVITY_WEIGHT 2.0f /* weight of the original's local variance, which masks errors */
#define FLOOR 400.0f         /* masking in flat areas, in squared levels */
#define COLOUR_FULL 32.0f    /* difference of a cell's mean colour, in levels, that is an error of 1 */
#define COLOUR_MARGIN 2.2f   /* the longest (Cb, Cr) of samples within FID_MARGIN_LEVELS of 0 is 2.136 */

_Static_assert(HALF == FID_REACH, "the window is what a tile's error depends on");

/* The window to 8 decimals, from the centre outwards. A change of a few parts in 10^8 can change the search for a
 * promise, and so the bytes of the file for the same picture. */
static const float half_window[HALF + 1] = {0.26601173f, 0.21300554f, 0.10936069f,
                                            0.03600077f, 0.00759876f, 0.00102838f};

enum { MEAN, SQUARE, DIFFERENCE, N_MOMENTS };

struct fid_meter {
    pith_alloc alloc;
    uint32_t width, height, n_channels;
    size_t padded;  /* floats in a row: the picture's width, rounded up to tiles, plus the reach on both sides */
    float *luma[2]; /* BAND rows, original and decoded */
    float *moments[N_MOMENTS]; /* BAND rows, filtered along rows */
    float *scratch;            /* N_MOMENTS + 2 rows */
    fid_block *blocks;         /* of the whole picture, if wanted; borrowed */
};

float fid_level_bound(fid_level level) {
    static const float bounds[] = {[FID_LOOSE] = 0.8f, [FID_NORMAL] = 0.45f, [FID_STRICT] = 0.12f};
    return level >= FID_LOOSE && level <= FID_STRICT ? bounds[level] : 0;
}

uint32_t fid_tiles_across(uint32_t width) { return width / FID_TILE + (width % FID_TILE != 0); }

pith_status fid_meter_new(fid_meter **out, const pith_alloc *alloc, uint32_t width, uint32_t height,
                          uint32_t n_channels) {
    *out = NULL;
    if (width == 0 || height == 0 || (n_channels != 1 && n_channels != 3)) return PITH_E_ARG;
    fid_meter *m = mem_alloc(alloc, 1, sizeof *m);
    if (!m) return PITH_E_NOMEM;
    if (alloc) m->alloc = *alloc;
    m->width = width;
    m->height = height;
    m->n_channels = n_channels;
    m->padded = (size_t)fid_tiles_across(width) * FID_TILE + 2 * FID_REACH;
    bool ok = true;
    for (size_t i = 0; i < 2; i++) ok = (m->luma[i] = mem_alloc(alloc, m->padded, BAND * sizeof(float))) && ok;
    for (size_t i = 0; i < N_MOMENTS; i++)
        ok = (m->moments[i] = mem_alloc(alloc, m->padded, BAND * sizeof(float))) && ok;
    m->scratch = mem_alloc(alloc, m->padded, (N_MOMENTS + 2) * sizeof(float));
    if (!ok || !m->scratch) {
        fid_meter_free(&m);
        return PITH_E_NOMEM;
    }
    *out = m;
    return PITH_OK;
}

void fid_meter_free(fid_meter **meter) {
    if (!meter || !*meter) return;
    fid_meter *m = *meter;
    *meter = NULL;
    pith_alloc alloc = m->alloc;
    for (size_t i = 0; i < 2; i++) mem_free(&alloc, m->luma[i]);
    for (size_t i = 0; i < N_MOMENTS; i++) mem_free(&alloc, m->moments[i]);
    mem_free(&alloc, m->scratch);
    mem_free(&alloc, m);
}

/* ---- luma ---------------------------------------------------------------------------- */

static uint32_t clamp_index(int64_t i, uint32_t n) { return i < 0 ? 0 : i >= n ? n - 1 : (uint32_t)i; }

static const uint8_t *row_of(const fid_rows *rows, uint32_t y) {
    assert(y >= rows->first && y - rows->first < rows->count);
    return rows->pixels + (size_t)(y - rows->first) * rows->stride_bytes;
}

/* `n` samples of luma from column x0 on. Columns outside repeat the edge. */
static void luma_row(const fid_meter *m, const fid_rows *rows, uint32_t y, int64_t x0, size_t n, float *out) {
    const uint8_t *row = row_of(rows, y);
    for (size_t i = 0; i < n; i++) {
        const uint8_t *p = row + (size_t)clamp_index(x0 + (int64_t)i, m->width) * m->n_channels;
        out[i] = m->n_channels == 1 ? (float)p[0] : 0.299f * (float)p[0] + 0.587f * (float)p[1] + 0.114f * (float)p[2];
    }
}

/* Loads the band of luma around row ty of tiles. */
static void load_luma(const fid_meter *m, const fid_rows *rows, uint32_t ty, int64_t x0, size_t n, float *luma) {
    for (uint32_t j = 0; j < BAND; j++) {
        uint32_t y = clamp_index((int64_t)ty * FID_TILE + j - FID_REACH, m->height);
        luma_row(m, rows, y, x0, n, luma + j * m->padded);
    }
}

/* ---- moments --------------------------------------------------------------------------- */

static void filter_along(const float *restrict in, size_t n_out, float *restrict out) {
    for (size_t i = 0; i < n_out; i++) {
        float sum = half_window[0] * in[i + HALF];
        for (size_t t = 0; t < HALF; t++) sum += half_window[HALF - t] * (in[i + t] + in[i + N_TAPS - 1 - t]);
        out[i] = sum;
    }
}

/* For band row j: filters the original, its square, and the squared difference. */
static void moments_along(fid_meter *m, uint32_t j, size_t n) {
    const float *restrict x = m->luma[0] + j * m->padded;
    const float *restrict y = m->luma[1] + j * m->padded;
    float *restrict centred = m->scratch, *restrict square = centred + m->padded,
                    *restrict difference = square + m->padded;
    for (size_t i = 0; i < n; i++) {
        float v = x[i] - 128, d = x[i] - y[i]; /* centring reduces the cancellation in the variance */
        centred[i] = v;
        square[i] = v * v;
        difference[i] = d * d;
    }
    size_t n_out = n - 2 * HALF;
    filter_along(centred, n_out, m->moments[MEAN] + j * m->padded);
    filter_along(square, n_out, m->moments[SQUARE] + j * m->padded);
    filter_along(difference, n_out, m->moments[DIFFERENCE] + j * m->padded);
}

static void filter_down(const fid_meter *m, size_t moment, uint32_t j, size_t n, float *restrict out) {
    const float *rows = m->moments[moment] + (j - HALF) * m->padded;
    memset(out, 0, n * sizeof *out);
    for (size_t t = 0; t < N_TAPS; t++) {
        const float *restrict row = rows + t * m->padded;
        const float weight = half_window[t < HALF ? HALF - t : t - HALF];
        for (size_t i = 0; i < n; i++) out[i] += weight * row[i];
    }
}

/* ---- errors ------------------------------------------------------------------------------ */

static void note(fid_tile *tile, float error, float sure, uint32_t x, uint32_t y) {
    if (error > tile->error) tile->error = error;
    if (sure > tile->sure) {
        tile->sure = sure;
        tile->x = x;
        tile->y = y;
    }
}

static void note_block(const fid_meter *m, uint32_t x, uint32_t y, float sure, float hidden) {
    size_t across = (m->width + FID_CELL - 1) / FID_CELL;
    fid_block *b = &m->blocks[y / FID_CELL * across + x / FID_CELL];
    if (sure > b->sure) *b = (fid_block){sure, hidden, x, y};
}

/* Measures pixel row y, which is row j of the band. */
static void structure_row(fid_meter *m, uint32_t y, uint32_t j, uint32_t tx, size_t n, fid_tile *tiles) {
    float *restrict mean = m->scratch, *restrict square = mean + m->padded, *restrict difference = square + m->padded,
                    *restrict error = difference + m->padded, *restrict sure = error + m->padded;
    filter_down(m, MEAN, j, n, mean);
    filter_down(m, SQUARE, j, n, square);
    filter_down(m, DIFFERENCE, j, n, difference);
    for (size_t i = 0; i < n; i++) {
        float variance = square[i] - mean[i] * mean[i];
        float hidden = ACTIVITY_WEIGHT * (variance > 0 ? variance : 0) + FLOOR;
        float worst = sqrtf(difference[i]) + FID_MARGIN_LEVELS;
        mean[i] = hidden; /* kept for note_block */
        error[i] = difference[i] / hidden;
        sure[i] = worst * worst / hidden;
    }
    for (size_t i = 0; i < n; i++) note(&tiles[i / FID_TILE], error[i], sure[i], tx * FID_TILE + (uint32_t)i, y);
    for (size_t i = 0; m->blocks && i < n; i++) note_block(m, tx * FID_TILE + (uint32_t)i, y, sure[i], mean[i]);
}

/* Measures the mean colour of one cell: only Cb and Cr, since luma is part of the structure. */
static void colour_cell(const fid_meter *m, const fid_rows *original, const fid_rows *decoded, uint32_t x0, uint32_t y0,
                        fid_tile *tile) {
    uint32_t x1 = x0 + FID_CELL < m->width ? x0 + FID_CELL : m->width,
             y1 = y0 + FID_CELL < m->height ? y0 + FID_CELL : m->height;
    int32_t sums[3] = {0};
    for (uint32_t y = y0; y < y1; y++) {
        const uint8_t *a = row_of(original, y) + (size_t)x0 * 3, *b = row_of(decoded, y) + (size_t)x0 * 3;
        for (uint32_t x = 0; x < x1 - x0; x++)
            for (uint32_t c = 0; c < 3; c++) sums[c] += a[x * 3 + c] - b[x * 3 + c];
    }
    float scale = 1 / (float)((x1 - x0) * (y1 - y0));
    float r = (float)sums[0] * scale, g = (float)sums[1] * scale, b = (float)sums[2] * scale;
    float cb = 0.5f * b - 0.168736f * r - 0.331264f * g, cr = 0.5f * r - 0.418688f * g - 0.081312f * b;
    float difference = sqrtf(cb * cb + cr * cr);
    float error = difference / COLOUR_FULL, sure = (difference + COLOUR_MARGIN) / COLOUR_FULL;
    note(tile, error * error, sure * sure, x0 + (x1 - x0) / 2, y0 + (y1 - y0) / 2);
    if (m->blocks) note_block(m, x0 + (x1 - x0) / 2, y0 + (y1 - y0) / 2, sure * sure, FLOOR);
}

void fid_measure_tiles(fid_meter *m, const fid_rows *original, const fid_rows *decoded, uint32_t ty, uint32_t tx,
                       uint32_t n, fid_tile *tiles) {
    assert(ty < fid_tiles_across(m->height) && tx < fid_tiles_across(m->width) && n <= fid_tiles_across(m->width) - tx);
    uint32_t x0 = tx * FID_TILE, y0 = ty * FID_TILE;
    uint32_t x1 = (tx + n) * FID_TILE < m->width ? (tx + n) * FID_TILE : m->width;
    uint32_t y1 = y0 + FID_TILE < m->height ? y0 + FID_TILE : m->height;
    size_t n_out = x1 - x0, n_luma = n_out + 2 * FID_REACH;
    memset(tiles, 0, n * sizeof *tiles);
    load_luma(m, original, ty, (int64_t)x0 - FID_REACH, n_luma, m->luma[0]);
    load_luma(m, decoded, ty, (int64_t)x0 - FID_REACH, n_luma, m->luma[1]);
    for (uint32_t j = 0; j < BAND; j++) moments_along(m, j, n_luma);
    for (uint32_t y = y0; y < y1; y++) structure_row(m, y, y - y0 + FID_REACH, tx, n_out, tiles);
    for (uint32_t y = y0; y < y1 && m->n_channels == 3; y += FID_CELL)
        for (uint32_t x = x0; x < x1; x += FID_CELL)
            colour_cell(m, original, decoded, x, y, &tiles[(x - x0) / FID_TILE]);
}

void fid_measure_row(fid_meter *m, const fid_rows *original, const fid_rows *decoded, uint32_t ty, fid_tile *tiles,
                     fid_block *blocks) {
    const uint32_t across = fid_tiles_across(m->width), n_rows = FID_TILE / FID_CELL, first = ty * n_rows;
    const uint32_t n_across = (m->width + FID_CELL - 1) / FID_CELL, n_down = (m->height + FID_CELL - 1) / FID_CELL;
    const uint32_t n = n_down - first < n_rows ? n_down - first : n_rows;
    if (blocks) memset(blocks + (size_t)first * n_across, 0, (size_t)n * n_across * sizeof *blocks);
    m->blocks = blocks;
    fid_measure_tiles(m, original, decoded, ty, 0, across, tiles + (size_t)ty * across);
    m->blocks = NULL;
}

void fid_measure(fid_meter *m, const uint8_t *original, size_t original_stride_bytes, const uint8_t *decoded,
                 size_t decoded_stride_bytes, fid_tile *tiles) {
    fid_rows a = {original, original_stride_bytes, 0, m->height}, b = {decoded, decoded_stride_bytes, 0, m->height};
    for (uint32_t ty = 0; ty < fid_tiles_across(m->height); ty++) fid_measure_row(m, &a, &b, ty, tiles, NULL);
}
