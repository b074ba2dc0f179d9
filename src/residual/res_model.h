/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The probability of each binary decision of the residual layer: counters in several contexts, mixed in the logistic
 * domain; see doc/residual-coder.md, "Probability of a decision". */
#ifndef PITH_RESIDUAL_RES_MODEL_H
#define PITH_RESIDUAL_RES_MODEL_H

#include "entropy/logistic.h"
#include "entropy/mixer.h"

#define RES_MAX_INPUTS 9 /* contexts of a decision plus the constant */

/* Tables of counters by purpose. */
enum {
    RES_SLOT_SKIP = 0,                             /* 9: left, above */
    RES_SLOT_SPLIT = RES_SLOT_SKIP + 9,            /* 3 x 5 x 5: size, left, above */
    RES_SLOT_SPLIT2 = RES_SLOT_SPLIT + 75,         /* 3 x 16: size, kinds left and above */
    RES_SLOT_NET = RES_SLOT_SPLIT2 + 48,           /* 4 x 4 x 4: size, kinds left and above */
    RES_SLOT_NET2 = RES_SLOT_NET + 64,             /* 16: kinds above-left and above-right */
    RES_SLOT_PALETTE = RES_SLOT_NET2 + 16,         /* 4 x 4 x 4: as RES_SLOT_NET */
    RES_SLOT_PALETTE2 = RES_SLOT_PALETTE + 64,     /* 16: as RES_SLOT_NET2 */
    RES_SLOT_MODE = RES_SLOT_PALETTE2 + 16,        /* 16 x 17 x 17: node, modes left and above */
    RES_SLOT_MODE2 = RES_SLOT_MODE + 16 * 17 * 17, /* 16 x 4: node, size */
    RES_SLOT_CLASS = RES_SLOT_MODE2 + 64,          /* 9: left, above */
    RES_SLOT_CODED = RES_SLOT_CLASS + 9,           /* 3 x 4 x 3 x 9: plane, size, kind, left, above */
    RES_SLOT_CODED2 = RES_SLOT_CODED + 324,        /* 3 x 3 x 4 x 4: plane, kind, earlier planes, neighbours' energy */
    RES_SLOT_END = RES_SLOT_CODED2 + 144,          /* 4 x 2 x 11: size, chroma, class */
    RES_SLOT_END2 = RES_SLOT_END + 88,             /* 2 x 2 x 11 x 6: chroma, kind, class, energy above */
    RES_SLOT_END3 = RES_SLOT_END2 + 264,           /* 2 x 11: chroma, class; for the next bit */
    RES_SLOT_UNIFORM = RES_SLOT_END3 + 22,         /* 4 x 9: size, left, above */
    RES_SLOT_EQUAL = RES_SLOT_UNIFORM + 36,        /* 3 x 1024: candidate, which of ten neighbours equal it */
    RES_SLOT_EQUAL2 = RES_SLOT_EQUAL + 3 * 1024,   /* 3 x 64 x 4: candidate, which of six equal it, number of ids */
    RES_SLOT_LEVEL = RES_SLOT_EQUAL2 + 3 * 256,    /* six decisions for each of the contexts below */
    RES_LEVELS_A = 0,                              /* 4 x 2 x 9 x 6: size, chroma, near, band */
    RES_LEVELS_B = RES_LEVELS_A + 432,             /* 4 x 2 x 2 x 32: size, chroma, kind, position in the scan */
    RES_LEVELS_C = RES_LEVELS_B + 512,             /* 2 x 5 x 5 x 3: chroma, right, below, diagonal */
    RES_LEVELS_D = RES_LEVELS_C + 150,             /* 2 x 36 x 6: chroma, neighbours' energy, band */
    RES_LEVELS_E = RES_LEVELS_D + 432,             /* 2 x 11 x 11: chroma, log2 of the end and of the position */
    RES_LEVELS_F = RES_LEVELS_E + 242,             /* 3 x 4 x 5 x 6: plane, luma level or direction, near, band */
    RES_N_LEVEL_CONTEXTS = RES_LEVELS_F + 360,
    RES_N_DENSE = RES_SLOT_LEVEL + 6 * RES_N_LEVEL_CONTEXTS,
    RES_HASH_BITS = 16,
    RES_N_SLOTS = RES_N_DENSE + (1 << RES_HASH_BITS)
};

/* Sets of mixing weights. */
enum {
    RES_SET_SKIP = 0,
    RES_SET_SPLIT = 1,   /* 3 */
    RES_SET_NET = 4,     /* 1 */
    RES_SET_PALETTE = 5, /* 1 */
    RES_SET_MODE = 6,    /* 4: depth */
    RES_SET_CLASS = 10,
    RES_SET_CODED = 11,   /* 3: plane */
    RES_SET_END = 14,     /* 2 x 11 */
    RES_SET_END_BIT = 36, /* 1 */
    RES_SET_UNIFORM = 37, /* 1 */
    RES_SET_EQUAL = 38,   /* 3 x 7: candidate, how many of six equal it */
    RES_SET_TREE = 59,    /* 6: depth */
    RES_SET_LEVEL = 65,   /* 6 x 4: decision, size */
    RES_SET_LEVEL2 = 89,  /* 6 x 2 x 9: decision, chroma, near */
    RES_SET_NONE = 197,
    RES_N_SETS = 197
};

/* The initial state of the coder; part of the format. */
typedef struct res_prior {
    const int8_t *odds;     /* RES_N_DENSE log odds of the counters, in 1/16 nat */
    const int16_t *weights; /* RES_N_SETS x RES_MAX_INPUTS, in 1/4096 */
} res_prior;

extern const res_prior res_prior_generic;

typedef struct res_model {
    mix_counter counters[RES_N_SLOTS];
    int32_t weights[RES_N_SETS][RES_MAX_INPUTS];
    int16_t stretch[4096]; /* of a counter's probability / 16 */
    /* the decision being coded */
    const uint32_t *slots;
    unsigned n_slots;
    int32_t inputs[RES_MAX_INPUTS];
    unsigned sets[2];
    int32_t odds[2]; /* from each set */
    /* Called for every decision before it is learned, to make priors; may be NULL. */
    void (*observe)(void *user, const struct res_model *model, unsigned bit);
    void *observe_user;
} res_model;

void res_model_init(res_model *m);
void res_model_begin_slice(res_model *m);

/* The slot of a hashed context. */
uint32_t res_model_hashed(uint32_t hash);

/* Log odds (1/1024 nat) of a 1 in the contexts `slots` (n_slots < RES_MAX_INPUTS; borrowed until the decision is
 * learned). `set_b` may be RES_SET_NONE. */
int32_t res_model_odds(res_model *m, const uint32_t *slots, unsigned n_slots, unsigned set_a, unsigned set_b);
void res_model_learn(res_model *m, unsigned bit);

#endif
