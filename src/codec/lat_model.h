/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The probability of each binary decision of a symbol: counters in several
 * contexts and a logistic distribution, mixed; doc/format.md, "Probability of
 * a decision". */
#ifndef PITH_CODEC_LAT_MODEL_H
#define PITH_CODEC_LAT_MODEL_H

#include "codec/lat_contexts.h"
#include "entropy/mixer.h"

/* Decisions: 0 is the difference zero; 1 is it away from where the prediction
 * leans; then is its magnitude above 1, 2, 3, 4, 5-6, 7-9, 10 and more. */
#define LAT_N_DECISIONS 9
#define LAT_N_UNARY 14                      /* magnitudes up to it are told by decisions, larger ones escape */
#define LAT_N_SLOTS (776 * LAT_N_DECISIONS) /* counters of all context models */
#define LAT_N_INPUTS (LAT_N_CONTEXTS + 2)   /* counters, the distribution, a constant */
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
    int32_t errors[2]; /* of the probability each set gave: less the bit once known */
    /* Sees every decision, for making priors; may be NULL. */
    void (*observe)(void *user, const struct lat_model *model, unsigned bit);
    /* .. and each channel when it is complete. */
    void (*observe_channel)(void *user, const struct lat_model *model, uint32_t channel);
    /* .. and each symbol that is about to be coded; it may ask for probabilities. */
    void (*observe_symbol)(void *user, struct lat_model *model, uint32_t channel, uint32_t y, uint32_t x);
    void *observe_user;
} lat_model;

pith_status lat_model_init(lat_model *m, const pith_alloc *alloc, uint32_t n_channels) PITH_MUST_CHECK;
void lat_model_free(lat_model *m, const pith_alloc *alloc);
void lat_model_begin_slice(lat_model *m, uint32_t height, uint32_t width);
void lat_model_begin_channel(lat_model *m, uint32_t channel);
void lat_model_end_channel(lat_model *m, uint32_t channel);

/* The probability of a 1 for decision `decision` (see LAT_N_DECISIONS) of the
 * symbol in view; `magnitude` and `away` are what is known of it so far. */
uint32_t lat_model_zero(lat_model *m);
uint32_t lat_model_away(lat_model *m);
uint32_t lat_model_above(lat_model *m, uint32_t magnitude, bool away);

/* What the last decision was. */
void lat_model_learn(lat_model *m, unsigned bit);

/* The model inside a coder, for the tool that makes priors. */
lat_model *lat_coder_model(lat_coder *coder);

#endif
