/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A picture after coding, before it is a file: a header and chunks. */
#ifndef PITH_STAGES_CODED_PICTURE_H
#define PITH_STAGES_CODED_PICTURE_H

#include "base/stream.h"
#include "container/ctr_write.h"

typedef struct coded_picture {
    ctr_head head;        /* what it says of alpha and a residual is coded_write's affair */
    byte_writer latents;  /* LATN chunks, or the PALT chunk */
    const ctr_tint *tint; /* borrowed; NULL: none */
    byte_writer chroma;   /* a CHRM chunk; empty: none */
    byte_writer residual; /* RESD chunks; empty: none */
    ctr_bound bound;      /* level 0: none */
    byte_writer exact;    /* a whole file of method exact, in place of all above but the bound; empty: none */
} coded_picture;

void coded_init(coded_picture *c, const pith_alloc *alloc);
void coded_free(coded_picture *c);
void coded_swap(coded_picture *a, coded_picture *b);

/* Bytes of the file that holds the latents and the tint alone. */
uint64_t coded_latents_bytes(const coded_picture *c);

/* Bytes of the file that coded_write makes without alpha and what follows, but for the bound. */
uint64_t coded_bytes(const coded_picture *c);

/* Appends the whole file. `alpha`: ALPH chunks, NULL or empty: none; a picture of method exact has its own.
 * `after`: chunks that stand last. */
pith_status coded_write(const coded_picture *c, const byte_writer *alpha, const byte_writer *after, byte_writer *file,
                        pith_diag *diag) PITH_MUST_CHECK;

#endif
