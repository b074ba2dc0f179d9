/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's part of a coder: the original slice, and working memory for trials. */
#ifndef PITH_RESIDUAL_RES_SEARCH_H
#define PITH_RESIDUAL_RES_SEARCH_H

#include "residual/res_state.h"

#define RES_COLOUR_BITS 15 /* log2 of the histogram's size */

typedef struct res_colour {
    uint32_t key; /* 1 + the colour: 8 bits of Y, 9 each of Co and Cg; 0 = free */
    uint32_t count;
} res_colour;

/* Everything that coding a block changes. */
typedef struct res_trial {
    res_leaf leaf;
    int16_t rebuilt[3][RES_MAX_AREA], levels[3][RES_MAX_AREA];
    uint8_t ids[RES_MAX_AREA];
    res_leaf units[64];
} res_trial;

struct res_search {
    int16_t *original[3];
    const uint8_t *weights; /* res_options.weights */
    uint32_t weights_width, weights_height;
    double lambda; /* squared error worth one bit, at weight 16 */
    bool predictions;
    uint8_t *nearest;             /* RES_PLANE_SIZE: id of the colour nearest to each sample */
    uint32_t *nearest_error;      /* the error of that or of the prediction, whichever is less, in 1/16 */
    struct res_colour *colours;   /* the histogram */
    res_trial best[RES_N_SIZES];  /* best[0]: the choice for a block of 32 while it is coded */
    res_trial whole[RES_N_SIZES]; /* a block of each size without split, while the split is tried */
};

/* res_colours.c: chooses the palette of the slice in c->header; empty if no colour qualifies. */
void res_choose_colours(res_coder *c);
/* Sets `nearest` and `nearest_error` for a block of 32. */
void res_find_nearest(res_coder *c, uint32_t left, uint32_t top);
/* The least error that any ids give in a block. */
double res_least_error(const res_coder *c, uint32_t x, uint32_t y, unsigned log2);
/* Chooses the ids of a block, each the best for its sample given the ids before it. */
void res_choose_ids(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, double lambda, uint8_t *ids);

/* res_quantise.c: chooses the levels of one plane of a block (row stride of c->levels) for `residual`, the original
 * minus the prediction. False if all are 0. */
bool res_choose_levels(const res_coder *c, unsigned plane, unsigned log2, bool fine, const int16_t *residual,
                       double lambda, int16_t *levels);

/* Weight of the squared error in each plane. */
extern const double res_plane_weights[3];

#endif
