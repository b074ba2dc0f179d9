/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The generator of random checkpoints; see random_sd.h. */
#include "random_sd.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <nettle/sha2.h>

#include "nn/nn_internal.h"

#define DEVIATION 37837.22 /* of the sum of four uniform 16-bit numbers */
#define BIAS_GAIN 0.1
#define NORM_GAIN 0.1
#define BLOCK 4096 /* values made at once */

/* ---- values --------------------------------------------------------------------- */

static uint64_t hash_of(unsigned seed, const char *key) {
    char text[512];
    uint8_t digest[SHA256_DIGEST_SIZE];
    struct sha256_ctx sha;
    int n = snprintf(text, sizeof text, "%u:%s", seed, key);
    sha256_init(&sha);
    sha256_update(&sha, (size_t)n, (const uint8_t *)text);
    sha256_digest(&sha, sizeof digest, digest);
    uint64_t h = 0;
    for (int i = 7; i >= 0; i--) h = h << 8 | digest[i];
    return h;
}

/* splitmix64's output for a state. */
static uint64_t mix(uint64_t s) {
    s = (s ^ s >> 30) * 0xBF58476D1CE4E5B9u;
    s = (s ^ s >> 27) * 0x94D049BB133111EBu;
    return s ^ s >> 31;
}

static uint16_t value_at(uint64_t hash, uint64_t index, double offset, double gain) {
    const uint64_t s = mix(hash + (index + 1) * 0x9E3779B97F4A7C15u);
    const int64_t sum = (int64_t)((s & 65535) + (s >> 16 & 65535) + (s >> 32 & 65535) + (s >> 48));
    return f32_to_f16((float)(offset + gain * ((double)(sum - 131070) / DEVIATION)));
}

void random_sd_values(float *out, size_t count, unsigned seed, const char *key, double offset, double gain) {
    const uint64_t hash = hash_of(seed, key);
    for (size_t i = 0; i < count; i++) out[i] = f16_to_f32(value_at(hash, i, offset, gain));
}

/* ---- tensors ---------------------------------------------------------------------- */

/* The name that the value depends on: the original file's. */
static void original_name(char *out, size_t size, const char *name) {
    static const char *const prefixes[][2] = {{"vae.", "first_stage_model."},
                                              {"unet.", "model.diffusion_model."},
                                              {"text.", "cond_stage_model.transformer.text_model."}};
    for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++) {
        const size_t n = strlen(prefixes[i][0]);
        if (strncmp(name, prefixes[i][0], n) != 0) continue;
        snprintf(out, size, "%s%s", prefixes[i][1], name + n);
        return;
    }
    snprintf(out, size, "%s", name);
}

static bool ends_with(const char *text, const char *end) {
    const size_t n = strlen(text), m = strlen(end);
    return n >= m && strcmp(text + n - m, end) == 0;
}

/* Output layers, queries and keys are larger: latents and attention weights
 * come out as uneven as a real model's. */
static double gain_of(const char *key) {
    static const struct {
        const char *end;
        double gain;
    } gains[] = {{"first_stage_model.encoder.conv_out.weight", 8.0},
                 {"first_stage_model.decoder.conv_in.weight", 0.2},
                 {"model.diffusion_model.out.2.weight", 1.6},
                 {".to_q.weight", 1.5},
                 {".to_k.weight", 1.5},
                 {".attn_1.q.weight", 1.5},
                 {".attn_1.k.weight", 1.5},
                 {"token_embedding.weight", 20.0},
                 {"position_embedding.weight", 10.0}};
    for (size_t i = 0; i < sizeof gains / sizeof *gains; i++)
        if (ends_with(key, gains[i].end)) return gains[i].gain;
    return 1;
}

static void fill(uint8_t *data, tensor_type type, uint64_t count, uint64_t hash, double offset, double gain) {
    uint16_t halves[BLOCK];
    float floats[BLOCK];
    for (uint64_t at = 0; at < count; at += BLOCK) {
        const size_t n = count - at < BLOCK ? (size_t)(count - at) : BLOCK;
        for (size_t i = 0; i < n; i++) halves[i] = value_at(hash, at + i, offset, gain);
        for (size_t i = 0; i < n && type == TENSOR_F32; i++) floats[i] = f16_to_f32(halves[i]);
        if (type == TENSOR_F32)
            memcpy(data + at * sizeof *floats, floats, n * sizeof *floats);
        else
            memcpy(data + at * sizeof *halves, halves, n * sizeof *halves);
    }
}

bool random_sd_new(random_sd *r, unsigned seed, tensor_type type) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    *r = (random_sd){.seed = seed, .type = type};
    return tensor_table_new(&r->table, &env) == PITH_OK;
}

void random_sd_free(random_sd *r) {
    tensor_table_free(&r->table);
    for (size_t i = 0; i < r->n_blocks; i++) free(r->blocks[i]);
    free(r->blocks);
    *r = (random_sd){0};
}

bool random_sd_add(random_sd *r, const char *name, uint32_t rank, const uint64_t *shape) {
    char key[512];
    tensor t = {.name = name, .type = r->type, .rank = rank, .n_elements = 1};
    uint64_t fan_in = 1;
    for (uint32_t i = 0; i < rank; i++) {
        t.shape[i] = shape[i];
        t.n_elements *= shape[i];
        if (i > 0) fan_in *= shape[i];
    }
    t.n_bytes = t.n_elements * (r->type == TENSOR_F32 ? sizeof(float) : sizeof(uint16_t));
    uint8_t *data = malloc(t.n_bytes);
    void **more = realloc(r->blocks, (r->n_blocks + 1) * sizeof *more);
    if (more) r->blocks = more;
    if (!data || !more) {
        free(data);
        return false;
    }
    r->blocks[r->n_blocks++] = data;
    t.data = data;
    original_name(key, sizeof key, name);
    const bool is_bias = ends_with(key, ".bias"), is_norm = !is_bias && rank == 1;
    const double gain = is_bias ? BIAS_GAIN : is_norm ? NORM_GAIN : gain_of(key) / sqrt((double)fan_in);
    fill(data, r->type, t.n_elements, hash_of(r->seed, key), is_norm ? 1 : 0, gain);
    return tensor_table_add(r->table, &t) == PITH_OK;
}

bool random_sd_add_plan(random_sd *r, const nn_plan *plan) {
    for (int32_t i = 0; i < plan->n_weights; i++) {
        const nn_weight *w = &plan->weights[i];
        if (!tensor_table_find(r->table, w->name) && !random_sd_add(r, w->name, w->rank, w->shape)) return false;
    }
    return true;
}

tensor_table *random_sd_as_original(const random_sd *r) {
    char name[512];
    tensor_table *table = NULL;
    pith_status status = tensor_table_new(&table, NULL);
    for (size_t i = 0; status == PITH_OK && i < tensor_table_count(r->table); i++) {
        tensor t = *tensor_table_at(r->table, i);
        original_name(name, sizeof name, t.name);
        t.name = name;
        status = tensor_table_add(table, &t);
    }
    if (status != PITH_OK) tensor_table_free(&table);
    return table;
}
