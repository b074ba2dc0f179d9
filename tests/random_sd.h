/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Random weights for the networks of Stable Diffusion, of any width, in
 * memory: the very values that ../shared/sd/make_checkpoint.py writes, so that
 * its expected results hold for them. A value depends on the seed, the name
 * of its tensor and its place only. */
#ifndef PITH_TESTS_RANDOM_SD_H
#define PITH_TESTS_RANDOM_SD_H

#include "nn/nn.h"

/* Deviation 1, within 3.47; times gain, plus offset; rounded to binary16. */
void random_sd_values(float *out, size_t count, unsigned seed, const char *key, double offset, double gain);

typedef struct random_sd {
    tensor_table *table;
    void **blocks; /* the tensors' data */
    size_t n_blocks;
    unsigned seed;
    tensor_type type; /* TENSOR_F32 or TENSOR_F16: the values are the same */
} random_sd;

/* False when out of memory. */
bool random_sd_new(random_sd *r, unsigned seed, tensor_type type);
void random_sd_free(random_sd *r);

/* A weight of the canonical name, shaped so (rank 1, 2 or 4). */
bool random_sd_add(random_sd *r, const char *name, uint32_t rank, const uint64_t *shape);

/* Every weight of a finished plan that the table does not have yet. */
bool random_sd_add_plan(random_sd *r, const nn_plan *plan);

/* A table of the same tensors under the names of the original files ("first_stage_model."), for the caller to add to
 * and write; the data stay r's. NULL when out of memory. */
tensor_table *random_sd_as_original(const random_sd *r);

#endif
