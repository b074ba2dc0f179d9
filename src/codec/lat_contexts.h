/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The information available before a symbol is coded: a prediction of its value, a prediction of the error, and the
 * contexts made from these and the neighbours; see doc/format.md, "Prediction" and "Contexts". */
#ifndef PITH_CODEC_LAT_CONTEXTS_H
#define PITH_CODEC_LAT_CONTEXTS_H

#include <stdbool.h>

#include "codec/lat_prior.h"
#include "codec/latent_coder.h"
#include "codec/linear_predictor.h"

#define LAT_MARGIN 2 /* positions around a plane, filled with copies of its edge */
#define LAT_PLANE_STRIDE (LAT_MAX_SLICE + 2 * LAT_MARGIN)
#define LAT_PLANE_SIZE (LAT_PLANE_STRIDE * LAT_PLANE_STRIDE)

#define LAT_ERROR_ONE 16 /* prediction errors are in units of 1/16 */
#define LAT_ERROR_MAX 4095

#define LAT_N_LEVELS 84 /* of the expected error, eight per octave */
#define LAT_N_CONTEXTS 8
#define LAT_N_SELECT_LEVEL 12
#define LAT_N_SELECT_CLASS 32

extern const uint16_t lat_octave_table[7];
extern const int32_t lat_inverse_scale[LAT_N_LEVELS];
extern const int32_t lat_inverse_scale_log[LAT_N_LEVELS];

typedef struct lat_offset {
    int8_t y, x;
} lat_offset;

/* Offset of the i-th neighbour that a prediction reads, for a symbol in row `y`. */
lat_offset lat_neighbour(uint32_t i, uint32_t y);
/* Offset of the i-th position read in an earlier channel. */
lat_offset lat_tap(uint32_t i);

/* Number of contexts of each context model. */
extern const uint16_t lat_context_sizes[LAT_N_CONTEXTS];

typedef struct lat_view {
    int32_t predicted; /* rounded prediction; the symbol is coded as the difference from it */
    int32_t fraction;  /* distance of the unrounded prediction from it, 0..128 in 1/256 */
    bool flipped;      /* the unrounded prediction is the lower one */
    int32_t expected;  /* unrounded prediction, in 1/256 */
    uint32_t level;    /* of the expected error, 0..LAT_N_LEVELS-1 */
    uint16_t contexts[LAT_N_CONTEXTS];
    uint16_t select_level, select_class; /* select the mixing weights */
    int32_t values[LAT_N_VALUE_INPUTS];  /* inputs of the two predictors */
    int32_t errors[LAT_N_ERROR_INPUTS];
} lat_view;

typedef struct lat_contexts {
    const lat_prior *prior; /* borrowed */
    uint32_t n_channels, height, width;
    uint32_t n_coded;                 /* completed channels that are not all zero */
    uint32_t coded[LAT_MAX_CHANNELS]; /* their indices */
    int64_t energy[LAT_MAX_CHANNELS]; /* their sums of errors */
    uint32_t n_sources;
    uint32_t sources[LAT_N_SOURCES];
    int32_t mean_error; /* running mean for this channel, in 1/1024 of the errors' unit */
    linear_predictor value_predictor, error_predictor;
    int16_t *values, *errors; /* planes of LAT_PLANE_SIZE, one per channel */
    int32_t *error_sums;      /* one plane: sums of the errors of all completed channels */
} lat_contexts;

/* For the tool that makes priors: the initial weights of the generic prior, and the ridge of the other priors. */
void lat_generic_weights(int16_t *values, int16_t *errors);
int32_t lat_ridge_value(void);
int32_t lat_ridge_error(void);

size_t lat_contexts_bytes(uint32_t n_channels); /* allocated from `alloc` */
pith_status lat_contexts_init(lat_contexts *k, const pith_alloc *alloc, uint32_t n_channels) PITH_MUST_CHECK;
void lat_contexts_free(lat_contexts *k, const pith_alloc *alloc);

/* Call order: a slice; then, for each channel that is not all zero, begin, then each position row by row (view,
 * learn), then end. */
void lat_contexts_begin_slice(lat_contexts *k, uint32_t height, uint32_t width);
void lat_contexts_begin_channel(lat_contexts *k, uint32_t channel);
void lat_contexts_view(lat_contexts *k, uint32_t channel, uint32_t y, uint32_t x, lat_view *view);
void lat_contexts_learn(lat_contexts *k, uint32_t channel, uint32_t y, uint32_t x, const lat_view *view,
                        int32_t symbol);
void lat_contexts_end_channel(lat_contexts *k, uint32_t channel);

#endif
