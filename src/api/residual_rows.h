/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Between the network's rows and the sink: gathers a row of residual slices,
 * mends it, hands it on. */
#ifndef PITH_API_RESIDUAL_ROWS_H
#define PITH_API_RESIDUAL_ROWS_H

#include "api/pixels.h"
#include "container/ctr_read.h"
#include "residual/residual_coder.h"

typedef struct residual_rows {
    const pith_env *env;  /* borrowed, as are the next two */
    const ctr_file *file; /* with residual slices */
    const pith_sink *sink;
    uint8_t bit_depth; /* of what the sink gets; the mended picture has 8 bits */
    res_coder *coder;
    row_band band;  /* a row of slices, 8 bits */
    uint16_t *deep; /* one row of 16-bit samples; NULL for 8 */
} residual_rows;

pith_status residual_rows_init(residual_rows *r, const pith_env *env, const ctr_file *file, const pith_sink *sink,
                               const pith_image_format *format, pith_diag *diag) PITH_MUST_CHECK;
void residual_rows_free(residual_rows *r);

/* The next rows of the network's picture, 8 bits, rounded. Rows go to the sink
 * as soon as a row of slices is whole. */
pith_status residual_rows_put(residual_rows *r, const uint8_t *rows, size_t stride_bytes, uint32_t n_rows,
                              pith_diag *diag) PITH_MUST_CHECK;

#endif
