/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The original, as it is and in 8 bits, kept while its rows pass to the network. */
#ifndef PITH_PICTURE_KEPT_SOURCE_H
#define PITH_PICTURE_KEPT_SOURCE_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/status.h"

typedef struct kept_source {
    const pith_source *source; /* borrowed */
    pith_image image;          /* 8 bits, 1 or 3 channels; pixels are owned */
    pith_image full;           /* as read, with alpha and all bits; `image` itself if that is the same */
    bool is_blurred;           /* parts of `image` were blurred */
    uint8_t *hidden;           /* for each pixel: 1 = fully transparent; NULL without alpha; owned */
} kept_source;

pith_status kept_source_init(kept_source *k, const pith_env *env, const pith_source *source, pith_diag *diag)
    PITH_MUST_CHECK;
/* Bytes of `full`; 0 if it is `image`. */
uint64_t kept_source_full_bytes(const pith_image_format *format);
void kept_source_free(kept_source *k, const pith_env *env);
pith_source kept_source_as_source(kept_source *k); /* borrows k */

/* For an opaque 8-bit picture: from now on `full` is `image`. */
void kept_source_drop_opacity(kept_source *k, const pith_env *env);

/* Takes over the colours of fully transparent pixels from `decoded`, which has the
 * same size, so that no error is found there. */
void kept_source_copy_hidden(const kept_source *k, const uint8_t *decoded);

#endif
