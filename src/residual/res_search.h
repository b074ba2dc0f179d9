/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The encoder's own part of a coder: what the slice should be, and space for
 * trying how to say it. */
#ifndef PITH_RESIDUAL_RES_SEARCH_H
#define PITH_RESIDUAL_RES_SEARCH_H

#include "residual/res_state.h"

#define RES_COLOUR_BITS 15 /* of the histogram's number of places */

typedef struct res_colour {
    uint32_t key; /* 1 + the colour, 8 bits a channel; 0 = free */
    uint32_t count;
} res_colour;

/* All that coding a block changes. */
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
    double lambda; /* squared error a bit is worth, at weight 16 */
    bool predictions;
    uint8_t *nearest;             /* RES_PLANE_SIZE: the id of the colour nearest to each sample .. */
    uint32_t *nearest_error;      /* .. and the error of it or of the network's, in sixteenths */
    struct res_colour *colours;   /* a histogram */
    res_trial best[RES_N_SIZES];  /* the best way found for a block of each size */
    res_trial whole[RES_N_SIZES]; /* a block of each size in one piece, while it is tried in four */
};

/* res_colours.c: a palette for the slice, into c->header; none where it would not serve. */
void res_choose_colours(res_coder *c);
/* For a block of 32 that is searched: `nearest` and `nearest_error`. */
void res_find_nearest(res_coder *c, uint32_t left, uint32_t top);
/* The least error that any ids leave in a block. */
double res_least_error(const res_coder *c, uint32_t x, uint32_t y, unsigned log2);
/* Ids for a block, each the best for its sample given those around it. */
void res_choose_ids(const res_coder *c, uint32_t x, uint32_t y, unsigned log2, double lambda, uint8_t *ids);

/* res_quantise.c: levels for a plane of a block (row stride of c->levels), from
 * what is left after prediction. False when they are all 0. */
bool res_choose_levels(const res_coder *c, unsigned plane, unsigned log2, bool fine, const int16_t *residual,
                       double lambda, int16_t *levels);

/* How much a squared error counts in each plane. */
extern const double res_plane_weights[3];

#endif
