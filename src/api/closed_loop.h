/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's closed loop: decodes the latents that it wrote, compares with
 * the original, and mends with a residual what the network got wrong. */
#ifndef PITH_API_CLOSED_LOOP_H
#define PITH_API_CLOSED_LOOP_H

#include "api/closed_source.h"
#include "api/env.h"
#include "base/stream.h"
#include "fidelity/text_lines.h"

/* The progress that each stage of an encoder is. */
typedef struct encode_stages {
    env_span network;
    env_span writing; /* of latents: with a loop, which has them written often, none */
    env_span loop;    /* as far as the search for the symbols, where there is one */
    env_span search, after_search;
} encode_stages;

/* Those of a closed loop; `options` NULL: of an encoder without. */
encode_stages closed_loop_stages(const pith_encode_options *options, const pith_model *model);

typedef struct closed_loop {
    const pith_env *env;
    pith_model *model;
    pith_diag *diag;
    const kept_source *original;
    const pith_encode_options *options;
    encode_stages stages;
    uint64_t memory;       /* bytes that decoding may take; UINT64_MAX: not bound */
    bool has_tint;         /* the latents' file has a tint */
    bool alpha;            /* chunks of alpha will follow .. */
    uint64_t other_bytes;  /* .. and so many bytes of them and of others */
    uint64_t alpha_bytes;  /* of which these are of alpha */
    unsigned alpha_levels; /* that the opacity is rounded to; 256 and 1: as it is */
    fid_lines *text;       /* of the original; NULL: none that matters. In the end it is measured in the file. */
    /* Appends a file of latents alone that has, with those other bytes, at most
     * `max_bytes`; 0: by the quality. `search`: for the best symbols, which takes long. */
    pith_status (*write_latents)(void *user, float quality, uint64_t max_bytes, bool search, byte_writer *file);
    void *user;
} closed_loop;

/* Bytes that the closed loop takes beside what decoding does. */
uint64_t closed_loop_bytes(const pith_image_format *format);

/* Appends the file as far as latents, residual and bound; *is_exact: it is one of that method, and has the alpha too.
 */
pith_status closed_loop_run(const closed_loop *k, byte_writer *file, bool *is_exact) PITH_MUST_CHECK;

#endif
