/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Coding of a binary decision in the exact coder: counters found by context, mixed in the logistic domain, and
 * refined by the outcomes of similar probabilities before; see doc/exact-coder.md, "Decisions". One function serves
 * both directions. */
#ifndef PITH_EXACT_EXACT_MIXING_H
#define PITH_EXACT_EXACT_MIXING_H

#include <stdbool.h>

#include "base/mem.h"
#include "entropy/mixer.h"
#include "entropy/range_coder.h"

/* The probability of a 1 in 1/2^22 (high bits), and the number of bits seen (low 10 bits). */
typedef uint32_t exact_counter;
#define EXACT_COUNTER_NEW ((exact_counter)1 << 31) /* probability 1/2, count 0 */

/* A counter found by hash. `check` detects most collisions with other contexts. */
typedef struct exact_slot {
    exact_counter counter;
    uint16_t check;
} exact_slot;

#define EXACT_MAX_INPUTS 16

typedef struct exact_mixing {
    bool decoding;
    bool failed; /* the data are not what an encoder writes */
    rc_encoder encoder;
    rc_decoder decoder;
    exact_slot *slots; /* 2^log2_slots */
    unsigned log2_slots;
    /* the decision being coded */
    unsigned n_inputs;
    exact_counter *used[EXACT_MAX_INPUTS];
    int32_t inputs[EXACT_MAX_INPUTS];
    /* tables, filled once */
    int16_t stretch[4096];
    uint16_t pace[256];
} exact_mixing;

void exact_mixing_init(exact_mixing *m);                       /* fills the tables */
void exact_mixing_begin(exact_mixing *m, unsigned log2_slots); /* resets all slots; memory for them must exist */

/* Codes a bit with the given probability of a 1, in 1/65536. */
unsigned exact_code_bit(exact_mixing *m, unsigned bit, uint32_t probability);
/* Codes the low n_bits of a value, each bit with probability 1/2. */
uint32_t exact_code_raw(exact_mixing *m, uint32_t value, unsigned n_bits);
/* Codes a bit with one counter. */
unsigned exact_code_counted(exact_mixing *m, unsigned bit, exact_counter *counter);

/* To code a bit with several counters: exact_begin, exact_add for each, then exact_code. */
static inline void exact_begin(exact_mixing *m) { m->n_inputs = 0; }

static inline void exact_add(exact_mixing *m, exact_counter *counter) {
    m->used[m->n_inputs] = counter;
    m->inputs[m->n_inputs++] = m->stretch[*counter >> 20];
}

static inline uint64_t exact_hash(uint64_t hash, uint64_t value) {
    hash = (hash ^ value) * 0xd6e8feb86659fd93u;
    return hash ^ hash >> 32;
}

/* Finds the counter of a context by its hash. */
static inline exact_counter *exact_find(exact_mixing *m, uint64_t hash) {
    hash *= 0x9e3779b97f4a7c15u;
    exact_slot *s = &m->slots[hash >> (64 - m->log2_slots)];
    const uint16_t check = (uint16_t)(hash >> 8);
    if (s->check != check) *s = (exact_slot){EXACT_COUNTER_NEW, check};
    return &s->counter;
}

/* How well a counter knows its context, 0..3. */
static inline unsigned exact_known(exact_counter counter) {
    const unsigned n = counter & 1023;
    return n == 0 ? 0 : n < 3 ? 1 : n < 12 ? 2 : 3;
}

/* Two sets of mixing weights, whose results are averaged. */
typedef struct exact_sets {
    int32_t *first, *second; /* of n_inputs + 1 weights; the last is for the constant */
    exact_counter *refine;   /* EXACT_N_REFINE counters indexed by the mixed probability; NULL = none */
    int32_t rate;
    unsigned limit; /* largest count of a counter, up to 255 */
} exact_sets;
#define EXACT_N_REFINE 24
void exact_refine_begin(exact_counter refine[EXACT_N_REFINE]);

unsigned exact_code(exact_mixing *m, unsigned bit, const exact_sets *sets);

#endif
