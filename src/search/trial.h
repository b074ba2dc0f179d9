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

#define SCORE_PIXELS 2000000u /* larger pictures are scored in strips of this size, to save memory */
#define USUAL_WEIGHT 16u      /* the usual res_options.weights */

typedef struct trial {
    const closed_loop *k;
    const char *stage;    /* the stage that was reported last */
    latent_planes values; /* the latents last coded, as a decoder sees them */
    true_colours colours; /* and the tint, likewise */
    res_coder *coder;
    ctr_recipe recipe;
    size_t picture_bytes;
    uint8_t *network, *result; /* 8-bit pictures: decoded from the latents last coded; the same with the residual */
    byte_writer chroma;        /* a CHRM chunk that corrects `network`; empty: none */
    byte_writer residual;      /* RESD chunks of `result`; empty: none */
    fid_meter *meter;
    fid_tile *tiles; /* as last measured */
    fid_block *blocks;
    uint32_t n_tiles, blocks_across, blocks_down;
    fid_weights importance;
    uint8_t *weights; /* of blocks, as in res_options */
    bool is_drawn;
    bool searched; /* the symbols last coded come from a search */
} trial;

/* trial.c. `s` must be zero except for `k`. Free it even after a failure. */
pith_status trial_init(trial *s, const closed_loop *k) PITH_MUST_CHECK;
void trial_free(trial *s);

/* Codes the latents into `coded`: at this quality, or with max_bytes > 0 at the best quality whose whole file has at
 * most max_bytes. `search`: look for the best symbols, which takes long. */
pith_status trial_code_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded)
    PITH_MUST_CHECK;

/* Decodes what was coded last with the network, without a residual. */
pith_status trial_decode(trial *s, const coded_picture *coded) PITH_MUST_CHECK;

/* The same for latents that were coded earlier, without a search. */
pith_status trial_decode_again(trial *s, const coded_picture *coded) PITH_MUST_CHECK;

/* trial_code_latents and trial_decode. */
pith_status trial_set_latents(trial *s, float quality, uint64_t max_bytes, bool search, coded_picture *coded)
    PITH_MUST_CHECK;

/* trial_chroma.c: corrects the colours of `network`, which has no residual, as well as a chunk of at most `max_bytes`
 * can describe. */
pith_status trial_correct_chroma(trial *s, size_t max_bytes) PITH_MUST_CHECK;

/* Makes `result` from `network` and a residual of this step, with the present weights.
 * A fractional step is rounded to the next coarser index, and bits then count less in
 * proportion. */
pith_status trial_set_residual(trial *s, double step, unsigned fine_delta) PITH_MUST_CHECK;

/* Empty slices, which carry only the recipe. A failure is in `residual.status`. */
void trial_set_empty_residual(trial *s);

/* Fills tiles and blocks. */
pith_status trial_measure(trial *s) PITH_MUST_CHECK;

/* Progress: `part` (0..1) of the loop is done, before or after the search. trial_look asks between reports whether to
 * stop. */
pith_status trial_report(trial *s, const char *stage, double part) PITH_MUST_CHECK;
pith_status trial_look(trial *s) PITH_MUST_CHECK;

/* mend.c: corrects the blocks whose error is above `most`, in at most n_rounds
 * rounds. `*worst`: the largest remaining error (fid_tile.sure). */
pith_status trial_mend(trial *s, float most, unsigned n_rounds, float *worst) PITH_MUST_CHECK;

/* smooth.c: gives the usual weight to smooth blocks whose colour is off. */
pith_status trial_weigh_smooth(trial *s, bool *any) PITH_MUST_CHECK;

/* trial_score.c: SSIMULACRA 2 of `result`. With alpha, the worse of the scores on white and on black. Errors in
 * protected areas and lost text lower it. For pictures too small for it: twice the PSNR, at most 100. */
pith_status trial_score(trial *s, double *score) PITH_MUST_CHECK;

/* The same for any picture in the format of the original, with its alpha; 8 bits. */
pith_status trial_score_of(trial *s, const pith_image *picture, double *score) PITH_MUST_CHECK;

#endif
