/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The latent of a whole picture: planes of floats, and views of its slices. */
#ifndef PITH_API_LATENTS_H
#define PITH_API_LATENTS_H

#include "base/mem.h"
#include "codec/latent_coder.h"
#include "codec/quantise.h"
#include "container/pith_format.h"

typedef struct latent_planes {
    float *values; /* n_channels x height x width */
    uint32_t n_channels, height, width;
} latent_planes;

/* Room for the latent that a header announces. */
pith_status latents_init(latent_planes *l, const pith_alloc *alloc, const ctr_head *head, pith_diag *diag)
    PITH_MUST_CHECK;
void latents_free(latent_planes *l, const pith_alloc *alloc);

size_t latents_count(const latent_planes *l);

/* A slice of symbols laid out as the planes are. */
lat_block latents_slice(const latent_planes *l, int16_t *symbols, ctr_rect rect);

#endif
