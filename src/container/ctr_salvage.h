/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What can be saved of a damaged .pith file: a file in memory that ctr_read
 * takes, with an empty slice in the place of each that is lost. HEAD must be
 * whole; of what comes after it, every chunk whose CRC matches is kept. */
#ifndef PITH_CONTAINER_CTR_SALVAGE_H
#define PITH_CONTAINER_CTR_SALVAGE_H

#include "container/ctr_read.h"

typedef struct ctr_salvaged {
    byte_writer file;
    bool *lost; /* for each slice */
    uint32_t n_slices, n_lost;
    bool colours_lost;    /* a TINT or CHRM is damaged and left out */
    bool residual_lost;   /* there was one: it mends the whole picture, and is left out whatever is damaged */
    size_t n_other_bytes; /* damaged and left out, neither slices nor known as anything else */
} ctr_salvaged;

/* PITH_E_CHECKSUM when it cannot be told which slices are lost, or when all are.
 * Takes time linear in the file's size. Freed by ctr_salvaged_free, whatever
 * came of it. */
pith_status ctr_salvage(ctr_salvaged *out, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;
void ctr_salvaged_free(ctr_salvaged *salvaged, const pith_env *env);

#endif
