/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A picture after coding, before it is a file: a header and chunks. */
#ifndef PITH_STAGES_CODED_PICTURE_H
#define PITH_STAGES_CODED_PICTURE_H

#include "base/stream.h"
#include "container/ctr_write.h"

typedef struct coded_picture {
    ctr_head head;        /* coded_write sets its flags for alpha and residual */
    byte_writer latents;  /* LATN chunks, or the PALT chunk */
    const ctr_tint *tint; /* borrowed; NULL: none */
    byte_writer chroma;   /* a CHRM chunk; empty: none */
    byte_writer residual; /* RESD chunks; empty: none */
    ctr_bound bound;      /* level 0: none */
    byte_writer exact;    /* a whole file of method exact, instead of all above except the bound; empty: none */
} coded_picture;

void coded_init(coded_picture *c, const pith_alloc *alloc);
void coded_free(coded_picture *c);
void coded_swap(coded_picture *a, coded_picture *b);

/* Bytes of the file that holds the latents and the tint alone. */
uint64_t coded_latents_bytes(const coded_picture *c);

/* Bytes of the file that coded_write makes, without bound, alpha and the chunks after it. */
uint64_t coded_bytes(const coded_picture *c);

/* Appends the whole file. `alpha`: ALPH chunks, NULL or empty for none; ignored with method exact, which has its own.
 * `after`: the chunks that come last. */
pith_status coded_write(const coded_picture *c, const byte_writer *alpha, const byte_writer *after, byte_writer *file,
                        pith_diag *diag) PITH_MUST_CHECK;

#endif
