/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Whole pictures in memory, to be looked at. Pixels that a call allocates are freed with env's allocator. */
#ifndef PITH_PICTURE_WHOLE_PICTURE_H
#define PITH_PICTURE_WHOLE_PICTURE_H

#include <stdbool.h>

#include "base/env.h"
#include "base/job.h"

/* All rows of a source whose format was checked, read in bands, between which the caller may stop. */
pith_status whole_picture_read(pith_image *out, const pith_env *env, const pith_source *source, job *job,
                               pith_diag *diag) PITH_MUST_CHECK;

/* Room for what is seen of a picture: as many bits, and no alpha. */
pith_status whole_picture_opaque(pith_image *out, const pith_env *env, const pith_image *image, pith_diag *diag)
    PITH_MUST_CHECK;

/* A picture, which may have alpha, on white or on black; `to` is of whole_picture_opaque. */
void whole_picture_compose(const pith_image *to, const pith_image *image, bool on_white);

/* A picture without alpha in 8 bits and n_channels, 1 only if it has no more. Where it is that already, `out` is the
 * picture itself. */
pith_status whole_picture_bytes(pith_image *out, const pith_env *env, const pith_image *image, uint8_t n_channels,
                                pith_diag *diag) PITH_MUST_CHECK;

#endif
