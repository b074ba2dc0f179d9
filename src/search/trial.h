/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the parts of the closed loop share: the picture as it would be decoded,
 * and how it differs from the original. */
#ifndef PITH_SEARCH_TRIAL_H
#define PITH_SEARCH_TRIAL_H

#include "base/env.h"
#include "container/ctr_read.h"
#include "fidelity/tile_error.h"
#include "fidelity/weight_map.h"
#include "residual/residual_coder.h"
#include "search/loop.h"
#include "stages/true_colours.h"

#define SCORE_PIXELS 2000000u /* larger pictures are scored in strips of so many, to take little memory */
#define USUAL_WEIGHT 16u      /* res_options.weights: as usual */

typedef struct trial {
    const closed_loop *k;
    const char *stage;    /* of the last trial_report: what the caller is told meanwhile */
    latent_planes values; /* what a decoder has of the latents last coded */
    true_colours colours; /* and of the tint */
    res_coder *coder;
    ctr_recipe recipe;
    size_t picture_bytes;
    uint8_t *network, *result; /* 8-bit pictures: of the latents last coded; the same, mended */
    byte_writer chroma;        /* a CHRM chunk, by which `network` is mended; empty: none */
    byte_writer residual;      /* RESD chunks of `result`; empty: none */
    fid_meter *meter;
    fid_tile *tiles; /* as last measured */
    fid_block *blocks;
    uint32_t n_tiles, blocks_across, blocks_down;
    fid_weights importance;
    uint8_t *weights; /* of blocks, as in res_options */
    bool is_drawn;
    bool searched; /* the symbols last coded were searched for */
} trial;

/* trial.c. `s` is zeroed but for `k` before, and freed after it failed too. */
pith_status trial_init(trial *s, const closed_loop *k) PITH_MUST_CHECK;
void trial_free(trial *s);

/* Codes the latents into `coded`: of a quality, or with max_bytes > 0 the best whose file has at most so many bytes
 * with what else goes into it. `search`: for the best symbols, which takes long. */
pith_status trial_code_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded)
    PITH_MUST_CHECK;

/* Has the network decode what was coded last; no residual mends it yet. */
pith_status trial_decode(trial *s, const coded_picture *coded) PITH_MUST_CHECK;

/* The same of latents that were coded before, without a search. */
pith_status trial_decode_again(trial *s, const coded_picture *coded) PITH_MUST_CHECK;

/* trial_code_latents and trial_decode. */
pith_status trial_set_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded)
    PITH_MUST_CHECK;

/* trial_chroma.c: mends the colours of `network`, as it is without a residual, as far as a chunk of at most
 * `max_bytes` says how. */
pith_status trial_correct_chroma(trial *s, size_t max_bytes) PITH_MUST_CHECK;

/* Mends `result` from `network` with a residual of these steps and the weights that
 * stand. Of a fractional step the next coarser index is taken, and bits are valued
 * less by what it is too coarse. */
pith_status trial_set_residual(trial *s, double step, unsigned fine_delta) PITH_MUST_CHECK;

/* Slices without anything in them, for their recipe; a failure is in `residual.status`. */
void trial_set_empty_residual(trial *s);

/* Fills tiles and blocks. */
pith_status trial_measure(trial *s) PITH_MUST_CHECK;

/* What the caller is told, `part` being done of the loop before or after the search; between two of these he is asked
 * again whether to go on. */
pith_status trial_report(trial *s, const char *stage, double part) PITH_MUST_CHECK;
pith_status trial_look(trial *s) PITH_MUST_CHECK;

/* mend.c: mends the blocks whose error is above `most`, in at most so
 * many rounds. `*worst`: the largest error that is left, as `sure` has it. */
pith_status trial_mend(trial *s, float most, unsigned n_rounds, float *worst) PITH_MUST_CHECK;

/* smooth.c: gives the usual weight to blocks that are smooth and of another colour. */
pith_status trial_weigh_smooth(trial *s, bool *any) PITH_MUST_CHECK;

/* trial_score.c: SSIMULACRA 2 of `result`, with alpha the worse of that on white and on black; where the user protects
 * areas, less what their tiles lack. Of pictures too small for it, twice the PSNR, at most 100. */
pith_status trial_score(trial *s, double *score) PITH_MUST_CHECK;

/* The same of a whole picture, in the format of the original with its alpha; 8 bits. */
pith_status trial_score_of(trial *s, const pith_image *picture, double *score) PITH_MUST_CHECK;

#endif
