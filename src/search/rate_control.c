/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The search for a size runs the coder alone. */
#include "search/rate_control.h"

#include <math.h>

#include "base/env.h"
#include "base/exact_math.h"
#include "base/job.h"
#include "container/ctr_write.h"
#include "search/quality.h"
#include "search/size_search.h"

/* The coarsest step that a search for a size may use. It is coarser than that of
 * quality 0; beyond it, hardly any symbol differs from 0. */
#define LOG2_STEP_COARSEST 6.0f

/* The search ends when the file of the next finer step would most likely be too large. */
#define LOG_BYTES_PER_INDEX 0.0105 /* 66 indices halve the size */

#define WRITING_FROM 0.75    /* of the progress is done when the writing of slices begins */
#define ENTROPY_TOP 60       /* symbols beyond it count as the same one */
#define ENTROPY_SAMPLES 4096 /* of a channel */
#define CODER_PART 0.72      /* about what the coder needs, of the entropy of single symbols */

/* One picture being fitted. */
typedef struct fitting {
    const rate_control *r;
    const latent_planes *latents;
    ctr_head *head;
    int16_t *symbols;
    uint64_t other_bytes;  /* of the file, without HEAD and slices */
    uint64_t *slice_bytes; /* the last costs */
    double done;           /* of the whole work */
} fitting;

static void quantise_all(const fitting *f, uint32_t step_index) {
    f->head->step_index = (uint16_t)step_index;
    lat_quantise(f->latents->values, latents_count(f->latents), lat_step(step_index), f->symbols);
}

static pith_status cost_slice(void *user, void *coder, uint32_t index, pith_diag *diag) {
    const fitting *f = user;
    lat_block block = latents_slice(f->latents, f->symbols, ctr_slice_rect(f->head, index));
    pith_status status = lat_cost(coder, &block, &f->slice_bytes[index]);
    return status == PITH_OK ? status : diag_set(diag, status, "the latent coder failed");
}

/* Bytes of the whole file with the symbols as they are. */
static pith_status symbols_cost(fitting *f, uint64_t *n_bytes) {
    const uint32_t n_slices = ctr_slice_count(f->head);
    const double next = fmin(f->done + 0.15, WRITING_FROM);
    const span span = {span_at(f->r->span, f->done), span_at(f->r->span, next)};
    pith_status status = slice_pool_run(f->r->pool, n_slices, cost_slice, f, "choosing the quality", span, f->r->diag);
    f->done = next;
    *n_bytes = ctr_head_bytes(f->head) + f->other_bytes;
    for (uint32_t i = 0; status == PITH_OK && i < n_slices; i++) *n_bytes += ctr_slice_bytes((size_t)f->slice_bytes[i]);
    return status;
}

static pith_status file_cost(fitting *f, uint32_t step_index, uint64_t *n_bytes) {
    quantise_all(f, step_index);
    return symbols_cost(f, n_bytes);
}

/* ---- where to begin ------------------------------------------------------------ */

/* The bytes of one channel if each symbol were coded by its frequency. What the
 * coder needs is a nearly constant part of that. */
static double entropy_bytes(const float *values, size_t count, size_t stride, float step) {
    uint32_t counts[2 * ENTROPY_TOP + 1] = {0};
    double bits = 0, n = 0;
    for (size_t i = 0; i < count; i += stride, n++) {
        float scaled = values[i] / step;
        if (!(fabsf(scaled) < ENTROPY_TOP)) scaled = ENTROPY_TOP;
        counts[(int)(scaled + ENTROPY_TOP + 0.5f)]++;
    }
    for (int i = 0; i <= 2 * ENTROPY_TOP; i++)
        if (counts[i]) bits -= counts[i] * em_log2(counts[i] / n);
    return bits / 8 * (double)count / n;
}

/* The step at which the estimate meets the target, found by bisection. */
static uint32_t first_guess(const fitting *f, uint32_t fine, uint32_t coarse, double max_bytes) {
    const latent_planes *l = f->latents;
    size_t plane = (size_t)l->height * l->width, stride = plane / ENTROPY_SAMPLES + 1;
    while (coarse - fine > 1) {
        uint32_t middle = (fine + coarse) / 2;
        double bytes = 0;
        for (uint32_t c = 0; c < l->n_channels; c++)
            bytes += CODER_PART * entropy_bytes(l->values + c * plane, plane, stride, lat_step(middle));
        *(bytes > max_bytes ? &fine : &coarse) = middle;
    }
    return coarse;
}

/* ---- the search ---------------------------------------------------------------- */

/* The next step to try, strictly between two. */
static double next_step(const size_end *fine, const size_end *coarse, double log_target, bool halve) {
    double guess = size_search_next(fine, coarse, log_target, -LOG_BYTES_PER_INDEX, halve);
    if (!halve && fine->known != coarse->known) guess += fine->known ? 2 : -2;
    return floor(fmin(fmax(guess, fine->index + 1), coarse->index - 1) + 0.5);
}

/* Finds a step whose file has at most max_bytes and hardly fewer: the finest one, to
 * within one index of the target. */
static pith_status find_step(fitting *f, uint64_t max_bytes, uint32_t *step_index) {
    pith_status status = PITH_OK;
    /* The ends begin one outside the legal range; `fine` is too large, `coarse` fits. */
    size_end fine = {.index = lat_step_index_from_log2(f->r->traits->log2_step_q100) - 1.0};
    size_end coarse = {.index = lat_step_index_from_log2(LOG2_STEP_COARSEST) + 1.0};
    const double log_target = em_log((double)max_bytes), overhead = (double)(ctr_head_bytes(f->head) + f->other_bytes);
    const double room = fmax((double)max_bytes - overhead, 0);
    double next = first_guess(f, (uint32_t)fine.index, (uint32_t)coarse.index, room);
    uint64_t n_bytes = 0;

    for (int round = 0; coarse.index - fine.index > 1; round++) {
        if (coarse.known && log_target - coarse.log_bytes < LOG_BYTES_PER_INDEX) break;
        if (round > 0 || next <= fine.index || next >= coarse.index)
            next = next_step(&fine, &coarse, log_target, round % 4 == 3);
        PITH_TRY(file_cost(f, (uint32_t)next, &n_bytes));
        *(n_bytes <= max_bytes ? &coarse : &fine) = (size_end){next, em_log((double)n_bytes), true};
    }
    if (!coarse.known)
        status = diag_set(f->r->diag, PITH_E_LIMIT, "cannot be made as small as %llu bytes: %llu is the least%s",
                          (unsigned long long)max_bytes, (unsigned long long)n_bytes,
                          f->other_bytes > n_bytes / 2 ? ", most of it alpha or metadata" : "");
    *step_index = (uint32_t)coarse.index;
cleanup:
    return status;
}

/* Room for the bytes of each slice. */
static pith_status fitting_init(fitting *f) {
    f->slice_bytes = mem_alloc(&f->r->env->alloc, ctr_slice_count(f->head), sizeof *f->slice_bytes);
    return f->slice_bytes ? PITH_OK : diag_set(f->r->diag, PITH_E_NOMEM, "out of memory for the slices");
}

pith_status rate_file_bytes(const rate_control *r, const latent_planes *latents, int16_t *symbols, const ctr_head *head,
                            uint64_t other_bytes, uint64_t *n_bytes) {
    ctr_head own = *head;
    fitting f = {r, latents, &own, symbols, .other_bytes = other_bytes};
    pith_status status = fitting_init(&f);
    if (status == PITH_OK) status = symbols_cost(&f, n_bytes);
    mem_free(&r->env->alloc, f.slice_bytes);
    return status;
}

pith_status rate_choose(const rate_control *r, const latent_planes *latents, rate_wish wish, ctr_head *head,
                        int16_t *symbols) {
    pith_status status = PITH_OK;
    fitting f = {r, latents, head, symbols, .other_bytes = wish.other_bytes};
    uint32_t step_index = lat_step_index_from_log2(quality_log2_step(r->traits, wish.quality));
    if (wish.max_bytes > 0) {
        status = fitting_init(&f);
        if (status == PITH_OK) status = find_step(&f, wish.max_bytes, &step_index);
        mem_free(&r->env->alloc, f.slice_bytes);
        if (status != PITH_OK) return status;
    }
    quantise_all(&f, step_index);
    return PITH_OK;
}

/* ---- slices -> file -------------------------------------------------------------- */

typedef struct writing {
    const latent_planes *latents;
    const ctr_head *head;
    int16_t *symbols;
    byte_writer *coded; /* one for each slice */
    uint16_t *checksums;
} writing;

static pith_status encode_slice(void *user, void *coder, uint32_t index, pith_diag *diag) {
    const writing *w = user;
    lat_block block = latents_slice(w->latents, w->symbols, ctr_slice_rect(w->head, index));
    pith_status status = lat_encode(coder, &block, &w->coded[index]);
    w->checksums[index] = lat_checksum(&block);
    return status == PITH_OK ? status : diag_set(diag, status, "the latent coder failed");
}

pith_status rate_write_slices(const rate_control *r, const latent_planes *latents, int16_t *symbols,
                              const ctr_head *head, byte_writer *file) {
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &r->env->alloc;
    const uint32_t n_slices = ctr_slice_count(head);
    writing w = {.latents = latents, .head = head, .symbols = symbols};
    w.coded = mem_alloc(alloc, n_slices, sizeof *w.coded);
    w.checksums = mem_alloc(alloc, n_slices, sizeof *w.checksums);
    if (!w.coded || !w.checksums) {
        status = diag_set(r->diag, PITH_E_NOMEM, "out of memory for the slices");
        goto cleanup;
    }
    for (uint32_t i = 0; i < n_slices; i++) bw_init(&w.coded[i], slice_pool_alloc(r->pool));
    const span span = {span_at(r->span, WRITING_FROM), r->span.to};
    PITH_TRY(slice_pool_run(r->pool, n_slices, encode_slice, &w, "coding", span, r->diag));
    for (uint32_t i = 0; i < n_slices; i++) ctr_write_slice(file, w.checksums[i], w.coded[i].data, w.coded[i].n_bytes);
    status = file->status;
    if (status != PITH_OK) diag_set(r->diag, status, "out of memory for the file");
cleanup:
    for (uint32_t i = 0; w.coded && i < n_slices; i++) bw_free(&w.coded[i]);
    mem_free(alloc, w.coded);
    mem_free(alloc, w.checksums);
    return status;
}
