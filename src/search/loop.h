/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's closed loop: decodes the latents that it wrote, compares with
 * the original, and mends with a residual what the network got wrong. */
#ifndef PITH_SEARCH_LOOP_H
#define PITH_SEARCH_LOOP_H

#include "base/env.h"
#include "base/job.h"
#include "fidelity/text_lines.h"
#include "picture/kept_source.h"
#include "search/latents_coder.h"

/* The progress that each stage of an encoder is. */
typedef struct encode_stages {
    span network;
    span writing; /* of latents: with a loop, which has them written often, none */
    span loop;    /* as far as the search for the symbols, where there is one */
    span search, after_search;
} encode_stages;

/* Those of a closed loop; `options` NULL: of an encoder without. */
encode_stages closed_loop_stages(const pith_encode_options *options, const pith_model *model);

typedef struct closed_loop {
    const pith_env *env;
    job *job;
    model_session *session;
    pith_diag *diag;
    const kept_source *original;
    const pith_encode_options *options;
    encode_stages stages;
    uint64_t memory;       /* bytes that decoding may take; UINT64_MAX: not bound */
    latents_coder *coder;  /* of the same picture */
    uint64_t other_bytes;  /* of chunks that will follow: of alpha and others */
    uint64_t alpha_bytes;  /* of which these are of alpha */
    fid_lines *text;       /* of the original; NULL: none that matters. In the end it is measured in what was coded */
    unsigned alpha_levels; /* that the opacity is rounded to; 256 and 1: as it is */
} closed_loop;

/* Bytes that the closed loop takes beside what decoding does. */
uint64_t closed_loop_bytes(const pith_image_format *format);

/* Codes the picture into `best`, which coded_init has made. */
pith_status closed_loop_run(const closed_loop *k, coded_picture *best) PITH_MUST_CHECK;

#endif
