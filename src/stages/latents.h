/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The latent of a picture or of some of its slices: planes of floats, and views
 * of the slices. */
#ifndef PITH_STAGES_LATENTS_H
#define PITH_STAGES_LATENTS_H

#include "base/mem.h"
#include "codec/latent_coder.h"
#include "codec/quantise.h"
#include "container/pith_format.h"

typedef struct latent_planes {
    float *values; /* n_channels x height x width */
    uint32_t n_channels, height, width;
    uint32_t x, y; /* where they begin in the picture's latent */
} latent_planes;

/* Room for the latent that a header announces. */
pith_status latents_init(latent_planes *l, const pith_alloc *alloc, const ctr_head *head, pith_diag *diag)
    PITH_MUST_CHECK;
/* The same for the slices that meet `needed` only. */
pith_status latents_init_part(latent_planes *l, const pith_alloc *alloc, const ctr_head *head, ctr_rect needed,
                              pith_diag *diag) PITH_MUST_CHECK;
void latents_free(latent_planes *l, const pith_alloc *alloc);

/* `needed`, grown to whole slices. */
ctr_rect latents_extent(const ctr_head *head, ctr_rect needed);

size_t latents_count(const latent_planes *l);

/* True for a slice that the planes hold. */
bool latents_hold(const latent_planes *l, ctr_rect slice);

/* A view of a slice in `symbols`, which are laid out like the planes. The planes must hold the slice. */
lat_block latents_slice(const latent_planes *l, int16_t *symbols, ctr_rect rect);

#endif
