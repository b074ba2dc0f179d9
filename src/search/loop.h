/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's closed loop: decodes the latents it has coded, compares with the
 * original, and corrects what the network got wrong with a residual. */
#ifndef PITH_SEARCH_LOOP_H
#define PITH_SEARCH_LOOP_H

#include "base/env.h"
#include "base/job.h"
#include "fidelity/text_lines.h"
#include "picture/kept_source.h"
#include "search/latents_coder.h"

/* Each stage as a part of the whole progress. */
typedef struct encode_stages {
    span network;
    span writing; /* of latents; none with a loop, which codes them many times */
    span loop;    /* up to the search for symbols, if there is one */
    span search, after_search;
} encode_stages;

/* With a closed loop; `options` NULL: without. */
encode_stages encode_stages_of(const pith_encode_options *options, const pith_model *model);

typedef struct closed_loop {
    const pith_env *env;
    job *job;
    model_session *session;
    pith_diag *diag;
    const kept_source *original;
    const pith_encode_options *options;
    encode_stages stages;
    uint64_t memory;       /* bytes that decoding may use; UINT64_MAX: no limit */
    latents_coder *coder;  /* of the same picture */
    uint64_t other_bytes;  /* of the chunks that will follow */
    uint64_t alpha_bytes;  /* of those, the bytes of alpha */
    fid_lines *text;       /* of the original; NULL: none worth keeping. The run measures what became of it */
    unsigned alpha_levels; /* of opacity that are kept; 256 and 1: all */
} closed_loop;

/* Bytes of memory that the closed loop needs in addition to decoding. */
uint64_t closed_loop_bytes(const pith_image_format *format);

/* Codes the picture into `best`, which coded_init must have set up. */
pith_status closed_loop_run(const closed_loop *k, coded_picture *best) PITH_MUST_CHECK;

#endif
