/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the network's rows and the sink: gathers a row of residual slices,
 * corrects it, and passes on the part that is wanted. */
#ifndef PITH_STAGES_RESIDUAL_ROWS_H
#define PITH_STAGES_RESIDUAL_ROWS_H

#include "base/watch.h"
#include "container/ctr_read.h"
#include "picture/pixels.h"
#include "residual/residual_coder.h"

typedef struct residual_rows {
    const pith_env *env;  /* borrowed, as are the next two */
    const ctr_file *file; /* with residual slices */
    const pith_sink *sink;
    bool leave_out; /* pass the rows on as they are */
    res_coder *coder;
    pixel_rect wanted;
    row_band band;   /* a row of slices */
    uint8_t *before; /* for 16-bit pictures: a slice in 8 bits, and its corrected form; else NULL */
    uint8_t *after;
} residual_rows;

/* The area of the whole residual slices that a part of a picture meets. */
pith_area residual_area(pixel_rect part, const ctr_head *head);

/* `network`: the band whose rows will come; its columns are those of
 * residual_area, of which the sink gets `wanted`. */
pith_status residual_rows_init(residual_rows *r, const pith_env *env, const ctr_file *file, const row_band *network,
                               pixel_rect wanted, const pith_sink *sink, watch watch, pith_diag *diag) PITH_MUST_CHECK;
void residual_rows_free(residual_rows *r);

/* Takes the band's rows, the next ones downward. */
pith_status residual_rows_put(residual_rows *r, const row_band *network, pith_diag *diag) PITH_MUST_CHECK;

#endif
