/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The search for a size runs the coder alone. */
#include "api/rate_control.h"

#include <math.h>

#include "api/env.h"
#include "container/ctr_write.h"

/* The coarsest step that a search for a size may take, coarser than quality
 * 0's: beyond it hardly a symbol is left that is not 0. */
#define LOG2_STEP_COARSEST 6.0f

/* One picture being fitted. */
typedef struct fitting {
    const rate_control *r;
    const latent_planes *latents;
    ctr_head *head;
    int16_t *symbols;
    uint64_t other_bytes; /* of the file, beside HEAD and slices */
} fitting;

static void quantise_all(const fitting *f, uint32_t step_index) {
    f->head->step_index = (uint16_t)step_index;
    lat_quantise(f->latents->values, latents_count(f->latents), lat_step(step_index), f->symbols);
}

/* Bytes of the whole file at a step. */
static pith_status file_cost(const fitting *f, uint32_t step_index, uint64_t *n_bytes) {
    pith_status status = PITH_OK;
    quantise_all(f, step_index);
    *n_bytes = ctr_head_bytes(f->head) + f->other_bytes;
    for (uint32_t i = 0; i < ctr_slice_count(f->head); i++) {
        uint64_t coded = 0;
        lat_block block = latents_slice(f->latents, f->symbols, ctr_slice_rect(f->head, i));
        PITH_TRY(lat_cost(f->r->coder, &block, &coded));
        *n_bytes += ctr_slice_bytes((size_t)coded);
    }
cleanup:
    return status == PITH_OK ? status : diag_set(f->r->diag, status, "the latent coder failed");
}

/* A step tried by the search, and what its file costs. */
typedef struct tried_step {
    uint32_t index;
    double log_bytes;
    bool known; /* false: the end of the range, not tried */
} tried_step;

/* The next step to try, strictly between two: where the straight line through
 * the known ends meets the target (the logarithm of the size is nearly linear
 * in the index), or the middle. */
static uint32_t next_step(const tried_step *fine, const tried_step *coarse, double log_target, bool halve) {
    const double usual_slope = -0.0105; /* per index: the size halves in 66 of them */
    double guess = 0.5 * (fine->index + coarse->index);
    if (fine->known && coarse->known && !halve) {
        double slope = (coarse->log_bytes - fine->log_bytes) / (coarse->index - fine->index);
        if (slope < 0) guess = coarse->index + (log_target - coarse->log_bytes) / slope;
    } else if (fine->known && !halve) {
        guess = fine->index + (log_target - fine->log_bytes) / usual_slope + 2;
    } else if (coarse->known && !halve) {
        guess = coarse->index + (log_target - coarse->log_bytes) / usual_slope - 2;
    }
    guess = fmin(fmax(guess, fine->index + 1), coarse->index - 1);
    return (uint32_t)(guess + 0.5);
}

/* The finest step whose file has at most max_bytes. */
static pith_status find_step(const fitting *f, uint64_t max_bytes, uint32_t *step_index) {
    pith_status status = PITH_OK;
    /* The ends lie one outside the legal range; `fine` is too large, `coarse` fits. */
    tried_step fine = {.index = lat_step_index_from_log2(f->r->traits->log2_step_q100) - 1};
    tried_step coarse = {.index = lat_step_index_from_log2(LOG2_STEP_COARSEST) + 1};
    uint32_t next = LAT_STEP_INDEX_ONE + 64; /* about 5 kB for 512x512 */
    uint64_t n_bytes = 0;

    for (int round = 0; coarse.index - fine.index > 1; round++) {
        PITH_TRY(env_report(f->r->env, "choosing the quality", 0.8 + 0.15 * round / (round + 2), f->r->diag));
        if (next <= fine.index || next >= coarse.index)
            next = next_step(&fine, &coarse, log((double)max_bytes), round % 4 == 3);
        PITH_TRY(file_cost(f, next, &n_bytes));
        *(n_bytes <= max_bytes ? &coarse : &fine) = (tried_step){next, log((double)n_bytes), true};
    }
    if (!coarse.known)
        status = diag_set(f->r->diag, PITH_E_LIMIT, "cannot be made as small as %llu bytes: %llu is the least",
                          (unsigned long long)max_bytes, (unsigned long long)n_bytes);
    *step_index = coarse.index;
cleanup:
    return status;
}

static uint32_t step_of_quality(const model_traits *t, float quality) {
    return lat_step_index_from_log2(t->log2_step_q0 + (t->log2_step_q100 - t->log2_step_q0) * quality / 100);
}

pith_status rate_choose(const rate_control *r, const latent_planes *latents, rate_wish wish, ctr_head *head,
                        int16_t *symbols) {
    fitting f = {r, latents, head, symbols, wish.other_bytes};
    uint32_t step_index = step_of_quality(r->traits, wish.quality);
    if (wish.max_bytes > 0) {
        pith_status status = find_step(&f, wish.max_bytes, &step_index);
        if (status != PITH_OK) return status;
    }
    quantise_all(&f, step_index);
    return PITH_OK;
}

pith_status rate_write_slices(const rate_control *r, const latent_planes *latents, int16_t *symbols,
                              const ctr_head *head, byte_writer *file) {
    pith_status status = PITH_OK;
    byte_writer coded;
    bw_init(&coded, &r->env->alloc);
    for (uint32_t i = 0; i < ctr_slice_count(head); i++) {
        lat_block block = latents_slice(latents, symbols, ctr_slice_rect(head, i));
        coded.n_bytes = 0;
        status = lat_encode(r->coder, &block, &coded);
        if (status == PITH_OK) status = coded.status;
        if (status != PITH_OK) {
            diag_set(r->diag, status, "the latent coder failed");
            goto cleanup;
        }
        ctr_write_slice(file, lat_checksum(&block), coded.data, coded.n_bytes);
    }
    status = file->status;
    if (status != PITH_OK) diag_set(r->diag, status, "out of memory for the file");
cleanup:
    bw_free(&coded);
    return status;
}
