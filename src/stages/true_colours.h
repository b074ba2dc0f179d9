/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a file says about colours that the networks get wrong: that they have one
 * tint (TINT), or how far they are off (CHRM). */
#ifndef PITH_STAGES_TRUE_COLOURS_H
#define PITH_STAGES_TRUE_COLOURS_H

#include "codec/chroma_grid.h"
#include "container/ctr_read.h"
#include "picture/pixels.h"

typedef struct true_colours {
    bool has_line, has_grid;
    colour_line line;
    chroma_grid grid;
} true_colours;

/* Reads what a file says. Free it even after a failure. */
pith_status true_colours_init(true_colours *t, const pith_alloc *alloc, const ctr_file *file, pith_diag *diag)
    PITH_MUST_CHECK;
true_colours true_colours_of_tint(const ctr_tint *tint);
void true_colours_free(true_colours *t, const pith_alloc *alloc);

/* Corrects the band's rows. The first sample is at (top, left) of the picture, or of one 1/spacing its size. */
void true_colours_apply(const true_colours *t, const row_band *band, uint32_t top, uint32_t left, uint32_t spacing);

#endif
