/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Probabilities of the decisions of the alpha coder; see doc/alpha-coder.md, sections 3 and 4. */
#ifndef PITH_CODEC_ALPHA_MODEL_H
#define PITH_CODEC_ALPHA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A running mean of the bits seen in one context, in 1/2^26. Finer than a mix_counter, because most decisions in a
 * mask are almost certain. */
typedef struct alpha_counter {
    int32_t probability;
    uint16_t count;
} alpha_counter;

enum { ALPHA_AS_PREDICTED, ALPHA_EXTREME, ALPHA_OPPOSITE, ALPHA_GREATER, ALPHA_ABOVE_1 };
#define ALPHA_N_UNARY 8
#define ALPHA_N_DECISIONS (ALPHA_ABOVE_1 + ALPHA_N_UNARY)
#define ALPHA_N_CONTEXTS 4
#define ALPHA_N_INPUTS (ALPHA_N_CONTEXTS + 1) /* plus a constant */
#define ALPHA_N_SLOTS (1024 + 343 + 24 + 64)
#define ALPHA_N_ACTIVITY 8

/* Rows have room for two more levels on each side. */
#define ALPHA_MARGIN 2

typedef struct alpha_view {
    uint32_t predicted;
    uint32_t contexts[ALPHA_N_CONTEXTS];
    uint32_t activity;
} alpha_view;

typedef struct alpha_model {
    uint32_t n_levels;
    alpha_counter same_row[2]; /* by whether the previous row equalled the one above it */
    alpha_counter flat[3];     /* by whether the neighbours have the lowest level, one in between, or the highest */
    alpha_counter counters[ALPHA_N_SLOTS][ALPHA_N_DECISIONS];
    int32_t weights[ALPHA_N_ACTIVITY][ALPHA_N_DECISIONS][ALPHA_N_INPUTS];
    alpha_view view; /* of the level being coded */
    /* the decision being coded */
    alpha_counter *used[ALPHA_N_CONTEXTS];
    int32_t inputs[ALPHA_N_INPUTS];
    int32_t *set;
    int32_t odds;
} alpha_model;

/* Rows of levels and of prediction errors; row[0] is the leftmost pixel. */
typedef struct alpha_rows {
    const uint8_t *level, *level_above, *level_two_above;
    const uint8_t *error, *error_above;
} alpha_rows;

void alpha_model_begin(alpha_model *m, uint32_t n_levels);
/* True if all neighbours of pixel x have the same level. Sets only the prediction of the view. */
bool alpha_model_is_flat(alpha_model *m, const alpha_rows *rows, ptrdiff_t x);
/* Sets the whole view. */
void alpha_model_view(alpha_model *m, const alpha_rows *rows, ptrdiff_t x);

/* Gives the probability of a 1, in 1/65536; then learns the bit. */
uint32_t alpha_model_predict(alpha_model *m, uint32_t decision);
void alpha_model_learn(alpha_model *m, unsigned bit);
uint32_t alpha_counter_predict(const alpha_counter *counter);
void alpha_counter_learn(alpha_counter *counter, unsigned bit);

#endif
