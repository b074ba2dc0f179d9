/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Salvages a damaged .pith file: makes a file in memory that ctr_read accepts, with an empty slice in place of each
 * lost one. HEAD must be intact; every later chunk whose CRC matches is kept, except the residual and its promise. */
#ifndef PITH_CONTAINER_CTR_SALVAGE_H
#define PITH_CONTAINER_CTR_SALVAGE_H

#include "container/ctr_read.h"

typedef struct ctr_salvaged {
    byte_writer file;
    bool *lost; /* for each slice */
    uint32_t n_slices, n_lost;
    bool colours_lost;    /* a TINT or CHRM chunk is damaged and left out */
    bool residual_lost;   /* the file had a residual; it depends on the whole picture and is always left out */
    size_t n_other_bytes; /* other damaged bytes that were left out */
} ctr_salvaged;

/* PITH_E_CHECKSUM if it is ambiguous which slices are lost, or if all are. Takes time linear in the file's size.
 * `out` must be freed by ctr_salvaged_free whatever the result. */
pith_status ctr_salvage(ctr_salvaged *out, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;
void ctr_salvaged_free(ctr_salvaged *salvaged, const pith_env *env);

#endif
