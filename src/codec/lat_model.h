/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The probability of each binary decision of a symbol: counters in several contexts and a logistic distribution,
 * mixed; see doc/format.md, "Probability of a decision". */
#ifndef PITH_CODEC_LAT_MODEL_H
#define PITH_CODEC_LAT_MODEL_H

#include "codec/lat_contexts.h"
#include "entropy/mixer.h"

/* Decisions about the difference: 0: is it zero? 1: is it on the side the prediction does not lean to? 2..8: is the
 * magnitude above 1, 2, 3, 4, 5-6, 7-9, 10 or more? */
#define LAT_N_DECISIONS 9
#define LAT_N_UNARY 14                      /* larger magnitudes use an escape code */
#define LAT_N_SLOTS (776 * LAT_N_DECISIONS) /* counters of all context models */
#define LAT_N_INPUTS (LAT_N_CONTEXTS + 2)   /* the counters, the distribution and a constant */
#define LAT_N_WEIGHT_SETS ((LAT_N_SELECT_LEVEL + LAT_N_SELECT_CLASS) * LAT_N_DECISIONS)

typedef struct lat_model {
    const lat_prior *prior;
    lat_contexts contexts;
    mix_counter counters[LAT_N_SLOTS];
    int32_t weights[LAT_N_WEIGHT_SETS][LAT_N_INPUTS];
    lat_view view; /* of the symbol being coded */
    /* the decision being coded */
    uint16_t slots[LAT_N_CONTEXTS];
    int32_t inputs[LAT_N_INPUTS];
    int32_t *sets[2];
    int32_t errors[2]; /* of each set: minus its probability; the bit is added when known */
    /* Called for every decision, to make priors; may be NULL. */
    void (*observe)(void *user, const struct lat_model *model, unsigned bit);
    /* Called when a channel is complete; may be NULL. */
    void (*observe_channel)(void *user, const struct lat_model *model, uint32_t channel);
    /* Called before a symbol is coded; may ask for probabilities. May be NULL. */
    void (*observe_symbol)(void *user, struct lat_model *model, uint32_t channel, uint32_t y, uint32_t x);
    void *observe_user;
} lat_model;

pith_status lat_model_init(lat_model *m, const pith_alloc *alloc, uint32_t n_channels) PITH_MUST_CHECK;
void lat_model_free(lat_model *m, const pith_alloc *alloc);
void lat_model_begin_slice(lat_model *m, uint32_t height, uint32_t width);
void lat_model_begin_channel(lat_model *m, uint32_t channel);
void lat_model_end_channel(lat_model *m, uint32_t channel);

/* The probability of a 1 for a decision (see LAT_N_DECISIONS) about the symbol in view. `magnitude` and `away` are
 * what is already known about it. */
uint32_t lat_model_zero(lat_model *m);
uint32_t lat_model_away(lat_model *m);
uint32_t lat_model_above(lat_model *m, uint32_t magnitude, bool away);

/* Learns the bit of the last decision. */
void lat_model_learn(lat_model *m, unsigned bit);

/* The model inside a coder, for the tool that makes priors. */
lat_model *lat_coder_model(lat_coder *coder);

#endif
