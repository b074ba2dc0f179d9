/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Decodes one row of slices at a time, where the region meets it, and passes it on row by row. If the checksum of a
 * slice is wrong, its rows are not passed on, but those above it already were. */
#include <inttypes.h>
#include <string.h>

#include "base/job.h"
#include "exact/exact_coder.h"
#include "stages/exact_file.h"
#include "stages/slice_pool.h"

/* Work space of one call. */
typedef struct read_job {
    const exact_file_reading *how;
    const ctr_head *head;
    const pith_sink *sink;
    pith_image_format out; /* of the rows passed on */
    unsigned sample_bytes; /* at the file's bit depth */
    unsigned n_channels;
    uint32_t slice_height, slice_width; /* the largest */
    uint32_t first_column, n_columns;   /* of slices that the region meets */
    uint32_t row;                       /* of slices */
    uint32_t left, width;               /* pixels of the band */
    slice_pool *pool;
    uint8_t *band;
    size_t stride_bytes;
    uint8_t *out_row;
    uint64_t *sums;     /* for the preview: for each position and channel, then of opacities */
    uint32_t *counts;   /* pixels in each position */
    uint32_t n_written; /* rows */
    pith_diag *diag;
} read_job;

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void free_coder(void **coder) {
    exact_coder *c = *coder;
    exact_coder_free(&c);
    *coder = NULL;
}

static pith_status make_coder(void *user, void **out, const pith_alloc *alloc, watch watch, pith_diag *diag) {
    const read_job *job = user;
    exact_coder *coder = NULL;
    if (exact_coder_new(&coder, alloc, job->slice_height, job->slice_width, job->n_channels) != PITH_OK)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the coder");
    exact_coder_watch(coder, watch);
    *out = coder;
    return PITH_OK;
}

/* The number of preview positions on an axis. */
static uint32_t n_positions(uint32_t first, uint32_t length) {
    return ((first + length - 1) >> EXACT_PREVIEW_SHIFT) - (first >> EXACT_PREVIEW_SHIFT) + 1;
}

static void set_formats(read_job *job) {
    const pith_area *r = &job->how->region;
    const bool preview = job->how->preview;
    job->n_channels = (job->head->grey ? 1u : 3u) + job->head->alpha;
    job->sample_bytes = job->head->deep ? 2 : 1;
    job->out = (pith_image_format){.width = preview ? n_positions(r->x, r->width) : r->width,
                                   .height = preview ? n_positions(r->y, r->height) : r->height,
                                   .n_channels = (uint8_t)job->n_channels,
                                   .bit_depth = job->sink->bit_depth == 16 ? 16 : 8};
}

static pith_status job_init(read_job *job) {
    const exact_file_reading *how = job->how;
    const pith_area *r = &how->region;
    const pith_alloc *alloc = &how->env->alloc;
    const uint64_t memory = how->memory ? how->memory : EXACT_FILE_MEMORY;
    set_formats(job);
    job->slice_height = least(job->head->height, EXACT_MAX_SIDE);
    job->slice_width = least(job->head->width, EXACT_MAX_SIDE);
    job->first_column = r->x / EXACT_MAX_SIDE;
    job->n_columns = (r->x + (r->width - 1)) / EXACT_MAX_SIDE - job->first_column + 1;
    job->left = job->first_column * EXACT_MAX_SIDE;
    job->width = least(job->head->width - job->left, job->n_columns * EXACT_MAX_SIDE);
    job->stride_bytes = (size_t)job->width * job->n_channels * job->sample_bytes;
    const uint64_t of_band = (uint64_t)job->slice_height * job->stride_bytes;
    const uint64_t of_coder = exact_coder_bytes(job->slice_height, job->slice_width, job->n_channels);
    uint32_t n_coders = slice_pool_threads(how->env, job->n_columns);
    while (n_coders > 1 && n_coders * of_coder + of_band > memory / 2) n_coders--;
    if (n_coders * of_coder + of_band > memory)
        return diag_set(job->diag, PITH_E_LIMIT, "a row of slices takes %" PRIu64 " bytes, %" PRIu64 " are allowed",
                        n_coders * of_coder + of_band, memory);
    job->band = mem_alloc(alloc, job->slice_height, job->stride_bytes);
    job->out_row = mem_alloc(alloc, job->out.width, (size_t)job->n_channels * (job->out.bit_depth / 8u));
    if (how->preview) {
        job->sums = mem_alloc(alloc, job->out.width, (job->n_channels + 1) * sizeof *job->sums);
        job->counts = mem_alloc(alloc, job->out.width, sizeof *job->counts);
    }
    if (!job->band || !job->out_row || (how->preview && (!job->sums || !job->counts)))
        return diag_set(job->diag, PITH_E_NOMEM, "out of memory for the picture's rows");
    const slice_coders coders = {make_coder, free_coder, job, n_coders};
    return slice_pool_new_with(&job->pool, how->env, &coders, how->job, job->diag);
}

static void job_free(read_job *job) {
    const pith_alloc *alloc = &job->how->env->alloc;
    slice_pool_free(&job->pool);
    mem_free(alloc, job->band);
    mem_free(alloc, job->out_row);
    mem_free(alloc, job->sums);
    mem_free(alloc, job->counts);
}

/* ---- slices ------------------------------------------------------------------------- */

static pith_status read_slice(const read_job *job, exact_coder *coder, uint32_t index, const exact_block *block,
                              pith_diag *diag) {
    ctr_slice slice;
    if (job->how->missing && job->how->missing[index]) return PITH_E_CHECKSUM;
    const pith_status status = ctr_read_slice(job->how->file, index, &slice, diag);
    if (status != PITH_OK) return status;
    return exact_decode(coder, slice.coded, slice.coded_bytes, slice.checksum, block, diag);
}

/* Runs on any thread. Changes only this slice's samples and its entry in `lost`. */
static pith_status decode_slice(void *user, void *coder, uint32_t i, pith_diag *diag) {
    const read_job *job = user;
    const uint32_t columns = (job->head->width - 1) / EXACT_MAX_SIDE + 1;
    const uint32_t index = job->row * columns + job->first_column + i;
    const ctr_rect r = ctr_slice_rect(job->head, index);
    const size_t pixel_bytes = (size_t)job->n_channels * job->sample_bytes;
    const exact_block block = {.height = r.height,
                               .width = r.width,
                               .n_channels = (uint8_t)job->n_channels,
                               .bit_depth = job->head->deep ? 16 : 8,
                               .samples = job->band + (r.x - job->left) * pixel_bytes,
                               .stride_bytes = job->stride_bytes};
    const pith_status status = read_slice(job, coder, index, &block, diag);
    if (status == PITH_OK || status == PITH_E_ABORTED || !job->how->lost) return status;
    diag_clear(diag);
    job->how->lost[index] = true;
    for (uint32_t y = 0; y < r.height; y++)
        memset((uint8_t *)block.samples + y * job->stride_bytes, 0x80, r.width * pixel_bytes);
    return PITH_OK;
}

/* ---- rows ------------------------------------------------------------------------------ */

static uint32_t sample_at(const read_job *job, const uint8_t *row, size_t i) {
    if (job->sample_bytes == 1) return row[i];
    uint16_t sample;
    memcpy(&sample, row + 2 * i, sizeof sample);
    return sample;
}

/* Converts between bit depths: full range to full range. */
static void put_sample(const read_job *job, size_t i, uint32_t value) {
    if (job->out.bit_depth == 8) {
        job->out_row[i] = (uint8_t)(job->sample_bytes == 1 ? value : (value + 128) / 257);
    } else {
        const uint16_t sample = (uint16_t)(job->sample_bytes == 1 ? value * 257 : value);
        memcpy(job->out_row + 2 * i, &sample, sizeof sample);
    }
}

static pith_status write_row(read_job *job, const uint8_t *row) {
    const size_t n_bytes = (size_t)job->out.width * job->n_channels * (job->out.bit_depth / 8u);
    const pith_status status = job->sink->write_rows(job->sink->user, job->n_written, 1, row, n_bytes);
    if (status != PITH_OK) return diag_set(job->diag, status, "writing pixels failed at row %u", job->n_written);
    job->n_written++;
    return PITH_OK;
}

static pith_status put_row(read_job *job, const uint8_t *row) {
    const size_t n = (size_t)job->out.width * job->n_channels;
    if (job->out.bit_depth == 8 * job->sample_bytes) return write_row(job, row);
    for (size_t i = 0; i < n; i++) put_sample(job, i, sample_at(job, row, i));
    return write_row(job, job->out_row);
}

/* Colours are weighted by opacity: those of invisible pixels mean nothing. */
static void add_to_preview(read_job *job, const uint8_t *row) {
    const pith_area *r = &job->how->region;
    const unsigned n = job->n_channels;
    for (uint32_t x = 0; x < r->width; x++) {
        const uint32_t at = ((r->x + x) >> EXACT_PREVIEW_SHIFT) - (r->x >> EXACT_PREVIEW_SHIFT);
        uint64_t *sums = job->sums + (size_t)at * (n + 1);
        const uint32_t opacity = n % 2 == 0 ? sample_at(job, row, (size_t)x * n + n - 1) : 1;
        for (unsigned c = 0; c < n; c++) sums[c] += (uint64_t)sample_at(job, row, (size_t)x * n + c) * opacity;
        sums[n] += opacity;
        job->counts[at]++;
    }
}

static pith_status put_preview_row(read_job *job) {
    const unsigned n = job->n_channels, n_colours = job->head->grey ? 1 : 3;
    for (uint32_t x = 0; x < job->out.width; x++) {
        const uint64_t *sums = job->sums + (size_t)x * (n + 1), weight = sums[n];
        for (unsigned c = 0; c < n_colours; c++)
            put_sample(job, (size_t)x * n + c, weight ? (uint32_t)((sums[c] + weight / 2) / weight) : 0);
        if (n > n_colours)
            put_sample(job, (size_t)x * n + n - 1, (uint32_t)((weight + job->counts[x] / 2) / job->counts[x]));
    }
    memset(job->sums, 0, (size_t)job->out.width * (n + 1) * sizeof *job->sums);
    memset(job->counts, 0, job->out.width * sizeof *job->counts);
    return write_row(job, job->out_row);
}

/* Passes on the part of the band that lies in the region. */
static pith_status put_band(read_job *job) {
    pith_status status = PITH_OK;
    const pith_area *r = &job->how->region;
    const uint32_t top = job->row * EXACT_MAX_SIDE, bottom = least(top + EXACT_MAX_SIDE, r->y + r->height);
    const size_t skip = (size_t)(r->x - job->left) * job->n_channels * job->sample_bytes;
    for (uint32_t y = top > r->y ? top : r->y; y < bottom; y++) {
        const uint8_t *row = job->band + (y - top) * job->stride_bytes + skip;
        const bool ends = y + 1 == r->y + r->height || (y + 1) % (1u << EXACT_PREVIEW_SHIFT) == 0;
        if (job->how->preview) add_to_preview(job, row);
        if (!job->how->preview)
            PITH_TRY(put_row(job, row));
        else if (ends)
            PITH_TRY(put_preview_row(job));
        PITH_TRY(job_look(job->how->job, job->diag));
    }
cleanup:
    return status;
}

pith_status exact_file_read(const exact_file_reading *how, const pith_sink *sink, pith_diag *diag) {
    pith_status status = PITH_OK;
    read_job job = {.how = how, .head = &how->file->head, .sink = sink, .diag = diag};
    const pith_area *r = &how->region;
    PITH_TRY(job_init(&job));
    status = sink->start ? sink->start(sink->user, &job.out) : PITH_OK;
    if (status != PITH_OK) {
        diag_set(diag, status, "the sink would not start");
        goto cleanup;
    }
    const uint32_t last = (r->y + (r->height - 1)) / EXACT_MAX_SIDE, first = r->y / EXACT_MAX_SIDE;
    for (job.row = first; job.row <= last; job.row++) {
        const double n = last - first + 1;
        const span span = {(job.row - first) / n, (job.row - first + 1) / n};
        PITH_TRY(slice_pool_run(job.pool, job.n_columns, decode_slice, &job, "decoding", span, diag));
        PITH_TRY(put_band(&job));
    }
    PITH_TRY(job_report(how->job, "decoding", 1, diag));
cleanup:
    job_free(&job);
    return status;
}
