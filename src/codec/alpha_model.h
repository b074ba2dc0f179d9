/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The probabilities of the decisions that alpha is coded in;
 * doc/alpha-coder.md, sections 3 and 4. */
#ifndef PITH_CODEC_ALPHA_MODEL_H
#define PITH_CODEC_ALPHA_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The mean of what was seen in a context, in 1/2^26: finer than a mix_counter,
 * because most of a mask is as good as certain. */
typedef struct alpha_counter {
    int32_t probability;
    uint16_t count;
} alpha_counter;

enum { ALPHA_AS_PREDICTED, ALPHA_EXTREME, ALPHA_OPPOSITE, ALPHA_GREATER, ALPHA_ABOVE_1 };
#define ALPHA_N_UNARY 8
#define ALPHA_N_DECISIONS (ALPHA_ABOVE_1 + ALPHA_N_UNARY)
#define ALPHA_N_CONTEXTS 4
#define ALPHA_N_INPUTS (ALPHA_N_CONTEXTS + 1) /* and a constant */
#define ALPHA_N_SLOTS (1024 + 343 + 24 + 64)
#define ALPHA_N_ACTIVITY 8

/* Rows have room for two levels to each side. */
#define ALPHA_MARGIN 2

typedef struct alpha_view {
    uint32_t predicted;
    uint32_t contexts[ALPHA_N_CONTEXTS];
    uint32_t activity;
} alpha_view;

typedef struct alpha_model {
    uint32_t n_levels;
    alpha_counter same_row[2]; /* by whether the row before was the same as that before it */
    alpha_counter flat[3];     /* by whether the neighbours are the least, another, the largest level */
    alpha_counter counters[ALPHA_N_SLOTS][ALPHA_N_DECISIONS];
    int32_t weights[ALPHA_N_ACTIVITY][ALPHA_N_DECISIONS][ALPHA_N_INPUTS];
    alpha_view view; /* of the level being coded */
    /* the decision being coded */
    alpha_counter *used[ALPHA_N_CONTEXTS];
    int32_t inputs[ALPHA_N_INPUTS];
    int32_t *set;
    int32_t odds;
} alpha_model;

/* Rows of levels, row[0] being the leftmost, and of the errors of prediction. */
typedef struct alpha_rows {
    const uint8_t *level, *level_above, *level_two_above;
    const uint8_t *error, *error_above;
} alpha_rows;

void alpha_model_begin(alpha_model *m, uint32_t n_levels);
/* True where all neighbours of place x are one level: there the view has only
 * its prediction. */
bool alpha_model_is_flat(alpha_model *m, const alpha_rows *rows, ptrdiff_t x);
/* Sets the view. */
void alpha_model_view(alpha_model *m, const alpha_rows *rows, ptrdiff_t x);

/* The probability of a 1, in 1/65536; then what it was. */
uint32_t alpha_model_predict(alpha_model *m, uint32_t decision);
void alpha_model_learn(alpha_model *m, unsigned bit);
uint32_t alpha_counter_predict(const alpha_counter *counter);
void alpha_counter_learn(alpha_counter *counter, unsigned bit);

#endif
