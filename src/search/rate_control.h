/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latents -> symbols -> LATN chunks: chooses the step and the symbols, and
 * counts bytes. Runs the coder only, never a network. */
#ifndef PITH_SEARCH_RATE_CONTROL_H
#define PITH_SEARCH_RATE_CONTROL_H

#include "base/job.h"
#include "networks/model.h"
#include "stages/latents.h"
#include "stages/slice_pool.h"

/* What choosing and writing work with; all borrowed. */
typedef struct rate_control {
    const pith_env *env;
    const model_traits *traits;
    slice_pool *pool; /* with the header's prior */
    pith_diag *diag;
    span span; /* of choosing and writing */
} rate_control;

typedef struct rate_wish {
    float quality;        /* 0..100, when max_bytes is 0 */
    uint64_t max_bytes;   /* > 0: the best quality whose whole file has at most this many bytes */
    uint64_t other_bytes; /* of the file, without magic, version, HEAD and slices */
} rate_wish;

/* Chooses the step, writes it into `head`, and fills `symbols` (as many as the
 * latents). PITH_E_LIMIT if no step gives a small enough file. */
pith_status rate_choose(const rate_control *r, const latent_planes *latents, rate_wish wish, ctr_head *head,
                        int16_t *symbols) PITH_MUST_CHECK;

/* Bytes of the whole file with these symbols, `other_bytes` as in rate_wish. */
pith_status rate_file_bytes(const rate_control *r, const latent_planes *latents, int16_t *symbols, const ctr_head *head,
                            uint64_t other_bytes, uint64_t *n_bytes) PITH_MUST_CHECK;

/* Appends the LATN chunks. */
pith_status rate_write_slices(const rate_control *r, const latent_planes *latents, int16_t *symbols,
                              const ctr_head *head, byte_writer *file) PITH_MUST_CHECK;

#endif
