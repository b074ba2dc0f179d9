/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "fidelity/text_lines.h"

#include <math.h>
#include <string.h>

#include "fidelity/detect_text.h"

#define LIKE_TEXT 0.5f
#define MIN_BLOCKS 4u  /* text-like blocks in a line; fences and roofs rarely have more in a row */
#define MAX_STEP 2u    /* distance in blocks between them: a word gap may fill a block */
#define MIN_SHARE 0.05 /* of all blocks; below that it is a photo with text-like detail */
#define READABLE 0.78f /* correlation below which letters turn into other letters */
#define SOFT 0.05f     /* half the width of the range from lost to kept, around READABLE */
#define ABOVE_BELOW 4u /* pixels above and below a block that its letters may reach */

/* ---- finding lines ------------------------------------------------------------------------------------ */

/* Marks the blocks of a row that are part of a line. */
static void mark_row(const float *like, uint32_t n, uint8_t *is_text) {
    uint32_t first = 0, last = 0, count = 0;
    for (uint32_t x = 0; x <= n; x++) {
        const bool is_like = x < n && like[x] > LIKE_TEXT;
        if (count > 0 && (x == n || (is_like && x - last > MAX_STEP))) {
            if (count >= MIN_BLOCKS) memset(is_text + first, 1, last - first + 1);
            count = 0;
        }
        if (!is_like) continue;
        if (count == 0) first = x;
        last = x;
        count++;
    }
}

static void count_text(fid_lines *lines) {
    const size_t n = (size_t)lines->across * lines->down;
    lines->n_text = 0;
    for (size_t i = 0; i < n; i++) lines->n_text += lines->is_text[i];
}

pith_status fid_lines_find(fid_lines *lines, const pith_alloc *alloc, const pith_image *picture) {
    const pith_image_format *f = &picture->format;
    *lines =
        (fid_lines){.across = (f->width + FID_BLOCK - 1) / FID_BLOCK, .down = (f->height + FID_BLOCK - 1) / FID_BLOCK};
    lines->is_text = mem_alloc(alloc, lines->across, lines->down);
    lines->kept = mem_alloc(alloc, (size_t)lines->across * lines->down, sizeof *lines->kept);
    if (!lines->is_text || !lines->kept) return PITH_E_NOMEM;
    memset(lines->is_text, 0, (size_t)lines->across * lines->down);
    for (uint32_t by = 0; by < lines->down; by++) {
        const uint32_t y = by * FID_BLOCK, n_rows = f->height - y < FID_BLOCK ? f->height - y : FID_BLOCK;
        float *like = lines->kept + (size_t)by * lines->across;
        for (uint32_t bx = 0; bx < lines->across; bx++) {
            const uint32_t x = bx * FID_BLOCK, n_columns = f->width - x < FID_BLOCK ? f->width - x : FID_BLOCK;
            const uint8_t *corner =
                (const uint8_t *)picture->pixels + y * picture->stride_bytes + (size_t)x * f->n_channels;
            like[bx] = fid_text_likeness(corner, picture->stride_bytes, n_columns, n_rows, f->n_channels);
        }
        mark_row(like, lines->across, lines->is_text + (size_t)by * lines->across);
    }
    for (size_t i = 0; i < (size_t)lines->across * lines->down; i++) lines->kept[i] = 1;
    count_text(lines);
    if (lines->n_text < MIN_SHARE * lines->across * lines->down) lines->n_text = 0;
    if (lines->n_text == 0) memset(lines->is_text, 0, (size_t)lines->across * lines->down);
    return PITH_OK;
}

void fid_lines_free(fid_lines *lines, const pith_alloc *alloc) {
    mem_free(alloc, lines->is_text);
    mem_free(alloc, lines->kept);
    *lines = (fid_lines){0};
}

void fid_lines_forget(fid_lines *lines, const fid_rect *rect) {
    for (uint32_t by = 0; by < lines->down; by++)
        for (uint32_t bx = 0; bx < lines->across; bx++) {
            const uint64_t x = (uint64_t)bx * FID_BLOCK, y = (uint64_t)by * FID_BLOCK;
            if (x < (uint64_t)rect->x + rect->width && x + FID_BLOCK > rect->x &&
                y < (uint64_t)rect->y + rect->height && y + FID_BLOCK > rect->y)
                lines->is_text[(size_t)by * lines->across + bx] = 0;
        }
    count_text(lines);
}

/* ---- comparing lines ----------------------------------------------------------------------------------- */

static unsigned luma_at(const pith_image *image, uint32_t y, uint32_t x) {
    const unsigned n = image->format.n_channels;
    const uint8_t *p = (const uint8_t *)image->pixels + y * image->stride_bytes + (size_t)x * n;
    return n < 3 ? p[0] : (77u * p[0] + 150u * p[1] + 29u * p[2]) >> 8;
}

/* Correlation over a block and its left and right neighbours; a single letter gives too little evidence. */
static float correlation(const pith_image *a, const pith_image *b, uint32_t bx, uint32_t by) {
    const pith_image_format *f = &a->format;
    const uint32_t x0 = bx > 0 ? (bx - 1) * FID_BLOCK : 0, y = by * FID_BLOCK;
    const uint32_t x1 = f->width - bx * FID_BLOCK > 2 * FID_BLOCK ? (bx + 2) * FID_BLOCK : f->width;
    const uint32_t y0 = y > ABOVE_BELOW ? y - ABOVE_BELOW : 0;
    const uint32_t y1 = f->height - y > FID_BLOCK + ABOVE_BELOW ? y + FID_BLOCK + ABOVE_BELOW : f->height;
    int64_t sum_a = 0, sum_b = 0, sum_aa = 0, sum_bb = 0, sum_ab = 0;
    const int64_t n = (int64_t)(x1 - x0) * (y1 - y0);
    for (uint32_t j = y0; j < y1; j++)
        for (uint32_t i = x0; i < x1; i++) {
            const int64_t u = luma_at(a, j, i), v = luma_at(b, j, i);
            sum_a += u;
            sum_b += v;
            sum_aa += u * u;
            sum_bb += v * v;
            sum_ab += u * v;
        }
    const double var_a = (double)(n * sum_aa - sum_a * sum_a), var_b = (double)(n * sum_bb - sum_b * sum_b);
    if (var_a <= 0 || var_b <= 0) return var_a <= 0 && var_b <= 0 ? 1 : 0;
    return (float)((double)(n * sum_ab - sum_a * sum_b) / sqrt(var_a * var_b));
}

void fid_lines_measure(fid_lines *lines, const pith_image *original, const pith_image *decoded) {
    for (uint32_t by = 0; by < lines->down; by++)
        for (uint32_t bx = 0; bx < lines->across; bx++) {
            const size_t i = (size_t)by * lines->across + bx;
            if (lines->is_text[i]) lines->kept[i] = correlation(original, decoded, bx, by);
        }
}

double fid_lines_lost(const fid_lines *lines) {
    double sum = 0;
    for (size_t i = 0; i < (size_t)lines->across * lines->down; i++)
        if (lines->is_text[i]) sum += (double)fminf(fmaxf((READABLE + SOFT - lines->kept[i]) / (2 * SOFT), 0), 1);
    return lines->n_text > 0 ? sum / lines->n_text : 0;
}

/* Marks whole stretches of a line, since half a word is worse than none: those whose mean is below the bound. */
static uint32_t mark_lost(const fid_lines *lines, float bound, uint8_t *lost) {
    uint32_t n_lost = 0;
    for (uint32_t y = 0; y < lines->down; y++) {
        const uint8_t *is_text = lines->is_text + (size_t)y * lines->across;
        const float *kept = lines->kept + (size_t)y * lines->across;
        for (uint32_t x = 0, end; x < lines->across; x = end) {
            float sum = 0;
            for (end = x; end < lines->across && is_text[end]; end++) sum += kept[end];
            const bool is_lost = end > x && sum < bound * (float)(end - x);
            memset(lost + (size_t)y * lines->across + x, is_lost, end - x);
            n_lost += is_lost ? end - x : 0;
            if (end == x) lost[(size_t)y * lines->across + end++] = 0;
        }
    }
    return n_lost;
}

uint32_t fid_lines_take_lost(fid_lines *lines, float margin, uint8_t *lost) {
    const size_t n = (size_t)lines->across * lines->down;
    const uint32_t n_lost = mark_lost(lines, READABLE - margin, lost);
    for (size_t i = 0; i < n; i++)
        if (lost[i]) lines->is_text[i] = 0;
    count_text(lines);
    return n_lost;
}
