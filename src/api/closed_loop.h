/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's closed loop: decodes the latents that it wrote, compares with
 * the original, and mends with a residual what the network got wrong. */
#ifndef PITH_API_CLOSED_LOOP_H
#define PITH_API_CLOSED_LOOP_H

#include "api/rate_control.h"
#include "base/stream.h"

/* The original in 8 bits, kept while its rows pass to the network. */
typedef struct kept_source {
    const pith_source *source; /* borrowed */
    uint8_t *pixels;           /* owned */
    size_t stride_bytes;
} kept_source;

pith_status kept_source_init(kept_source *k, const pith_env *env, const pith_source *source, pith_diag *diag)
    PITH_MUST_CHECK;
void kept_source_free(kept_source *k, const pith_env *env);
pith_source kept_source_as_source(kept_source *k); /* borrows k */

typedef struct closed_loop {
    const pith_env *env;
    pith_model *model;
    pith_diag *diag;
    const kept_source *original;
    const pith_encode_options *options;
    /* Appends a whole file of latents alone; max_bytes 0: by the quality. */
    pith_status (*write_latents)(void *user, float quality, uint64_t max_bytes, byte_writer *file);
    void *user;
} closed_loop;

/* Appends the whole file. */
pith_status closed_loop_run(const closed_loop *k, byte_writer *file) PITH_MUST_CHECK;

/* How much of the structure of `a` is in `b`, 1 = all: similarity of luma at
 * three scales. Views of 8-bit pictures. closed_score.c */
double closed_score(const pith_alloc *alloc, const pith_image *a, const pith_image *b);

/* Does a picture of 8 bits hold text, drawings or flat graphics, for which a
 * residual may serve better than latents? Quick; closed_score.c */
bool closed_is_drawn(const pith_image *image);

#endif
