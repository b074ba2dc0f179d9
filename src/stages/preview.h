/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A small picture from the latents alone: one pixel for each latent position, by a
 * linear map derived from the model's tensors. No network runs. */
#ifndef PITH_STAGES_PREVIEW_H
#define PITH_STAGES_PREVIEW_H

#include "base/job.h"
#include "container/ctr_read.h"
#include "networks/model.h"
#include "picture/pixels.h"
#include "stages/latents.h"
#include "stages/true_colours.h"

/* All borrowed. */
typedef struct preview {
    const pith_env *env;
    job *job;
    const pith_model *model;
    const ctr_file *file;
    const true_colours *colours;
    const latent_planes *latents; /* cover every position that `pixels` lie in */
    pixel_rect pixels;            /* the part of the whole picture that is shown */
    const pith_sink *sink;
} preview;

/* How many channels of the latent, from the first, a preview uses. In all later channels the factors of the map are
 * below a tenth of the largest. */
pith_status preview_channels(const pith_model *model, uint32_t *n_channels, pith_diag *diag) PITH_MUST_CHECK;

/* Each latent position of the part becomes a pixel. Its colour comes from the latent,
 * its opacity is the mean of its pixels. */
pith_status preview_write(const preview *p, pith_diag *diag) PITH_MUST_CHECK;

#endif
