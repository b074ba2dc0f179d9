/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Whole pictures in memory, for measuring. Pixels that a call allocates are freed with env's allocator. */
#ifndef PITH_PICTURE_WHOLE_PICTURE_H
#define PITH_PICTURE_WHOLE_PICTURE_H

#include <stdbool.h>

#include "base/env.h"
#include "base/job.h"

/* Reads all rows of a source, whose format must have been checked, in bands. Between them the caller may stop. */
pith_status whole_picture_read(pith_image *out, const pith_env *env, const pith_source *source, job *job,
                               pith_diag *diag) PITH_MUST_CHECK;

/* Room for the picture put on a background: the same bit depth, without alpha. */
pith_status whole_picture_opaque(pith_image *out, const pith_env *env, const pith_image *image, pith_diag *diag)
    PITH_MUST_CHECK;

/* Puts a picture, which may have alpha, on white or on black. `to` comes from whole_picture_opaque. */
void whole_picture_compose(const pith_image *to, const pith_image *image, bool on_white);

/* Converts a picture without alpha to 8 bits and n_channels, which is 1 only for grey. If nothing needs converting,
 * `out` is the picture itself. */
pith_status whole_picture_bytes(pith_image *out, const pith_env *env, const pith_image *image, uint8_t n_channels,
                                pith_diag *diag) PITH_MUST_CHECK;

#endif
