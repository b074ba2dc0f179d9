/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Op cases: a small plan, how far a backend may be from the reference on it,
 * and a mutation (the same plan with one thing wrong) that must be further
 * away. tests/test_nn_onednn.c compares them, bench/bench_nn.c times them. */
#ifndef PITH_TESTS_NN_CASES_H
#define PITH_TESTS_NN_CASES_H

#include "nn/nn_internal.h"

typedef struct nn_case nn_case;

struct nn_case {
    const char *name;
    /* Appends the case's ops, with inputs "x", "y", "z" and output "out". */
    void (*build)(nn_plan *p, const nn_case *c, bool broken);
    nn_shape x;
    int64_t a, b;    /* the op's own: kind, channels, groups, heads, ... */
    double bound;    /* relative rms from the reference; 0 = the same bits */
    bool break_bias; /* the mutation is a bias of 0 (in the weights), not another plan */
};

extern const nn_case nn_cases[];
extern const size_t n_nn_cases;

/* A finished plan of the case; NULL and a message on stderr when that fails. */
nn_plan *nn_case_plan(const nn_case *c, const pith_env *env, bool broken);

/* Random weights for any finished plan: a tensor's values depend on its name
 * only, so that a plan and its mutation share them. */
typedef struct nn_case_weights {
    tensor_table *table;
    float **blocks;
    size_t n_blocks;
} nn_case_weights;

bool nn_case_make_weights(nn_case_weights *w, const nn_plan *plan, bool without_bias);
void nn_case_free_weights(nn_case_weights *w);

/* Uniform in [-scale, scale), the same for the same name. */
void nn_case_fill(float *data, size_t count, const char *name, float scale);

/* Random inputs, and room for the outputs, of any finished plan. */
typedef struct nn_case_data {
    nn_given *inputs;
    nn_binding *values; /* of the inputs, to write them */
    nn_binding *outputs;
    size_t n_inputs, n_outputs;
} nn_case_data;

bool nn_case_make_data(nn_case_data *d, const nn_plan *plan);
void nn_case_free_data(nn_case_data *d);

/* Square root of sum (got - expected)^2 / sum expected^2; infinite for a NaN. */
double nn_case_error(const float *got, const float *expected, size_t count);

#endif
