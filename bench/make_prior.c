/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Makes an initial state of the latent coder from quantised latents:
 *   make_prior ROUNDS FOLDER > src/codec/prior_generic.c
 * Counters start at the mean of what was seen in their context; mixing weights
 * at what coding one file after the other drifts to. Each round starts from
 * the state of the one before, the first from nothing. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/lat_model.h"
#include "latent_files.h"

#define WEIGHT_SHARE 0.25 /* of a file's final weights in the running mean */

static double seen[LAT_N_SLOTS][2];
static int8_t odds[LAT_N_SLOTS];
static double mean_weights[LAT_N_WEIGHT_SETS][LAT_N_INPUTS];
static int16_t weights[LAT_N_WEIGHT_SETS][LAT_N_INPUTS];

static void observe(void *user, const lat_model *model, unsigned bit) {
    (void)user;
    for (int i = 0; i < LAT_N_CONTEXTS; i++) seen[model->slots[i]][bit]++;
}

static void round_weights(void) {
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++) weights[i][j] = (int16_t)lrint(mean_weights[i][j] * 4096);
}

static uint64_t run_file(const lat_prior *prior, const latent_file *f) {
    lat_coder *coder;
    uint64_t n_bytes;
    lat_block block = latent_file_block(f);
    if (lat_coder_new(&coder, NULL, f->n_channels) != PITH_OK) exit(4);
    lat_model *model = lat_coder_model(coder);
    model->prior = prior;
    model->observe = observe;
    if (lat_cost(coder, &block, &n_bytes) != PITH_OK) exit(2);
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++)
            mean_weights[i][j] += ((double)model->weights[i][j] / MIX_WEIGHT_ONE - mean_weights[i][j]) * WEIGHT_SHARE;
    lat_coder_free(&coder);
    return n_bytes;
}

static void run_round(const lat_prior *prior, const latent_file *files, size_t count, long number) {
    uint64_t total = 0;
    memset(seen, 0, sizeof seen);
    for (size_t i = 0; i < count; i++) {
        round_weights();
        total += run_file(prior, &files[i]);
    }
    round_weights();
    for (int i = 0; i < LAT_N_SLOTS; i++) {
        double x = 16 * log((seen[i][1] + 0.4) / (seen[i][0] + 0.4));
        odds[i] = (int8_t)lrint(fmax(-127, fmin(127, x)));
    }
    fprintf(stderr, "round %ld: %zu files, %llu bytes\n", number, count, (unsigned long long)total);
}

static void print_values(const char *declaration, size_t count, int (*value)(size_t)) {
    int column = 0;
    printf("\nstatic const %s = {", declaration);
    for (size_t i = 0; i < count; i++) {
        char word[16];
        int n = snprintf(word, sizeof word, "%d,", value(i));
        if (i == 0 || column + n + 1 > 112) column = printf("\n    %s", word) - 1;
        else column += printf(" %s", word);
    }
    printf("\n};\n");
}

static int odds_at(size_t i) {
    return odds[i];
}

static int weight_at(size_t i) {
    return weights[i / LAT_N_INPUTS][i % LAT_N_INPUTS];
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: make_prior ROUNDS FOLDER > prior.c\n");
        return 1;
    }
    size_t count;
    latent_file *files = latent_files_read(argv[2], &count);
    lat_prior prior = {odds, weights[0]};
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++) mean_weights[i][j] = j < LAT_N_CONTEXTS ? 0.3 : 0;
    for (long i = 1; i <= atol(argv[1]); i++) run_round(&prior, files, count, i);
    printf("/* SPDX-License-Identifier: MIT\n * SPDX-FileCopyrightText: 2026 The Pith authors */\n");
    printf("/* Prior 0 of the latent coder, made by `make_prior %s` from %zu quantised latents\n"
           " * of photos. Part of the format: never changed once published. */\n", argv[1], count);
    printf("#include \"codec/lat_model.h\"\n");
    print_values("int8_t odds[LAT_N_SLOTS]", LAT_N_SLOTS, odds_at);
    print_values("int16_t weights[LAT_N_WEIGHT_SETS * LAT_N_INPUTS]", LAT_N_WEIGHT_SETS * (size_t)LAT_N_INPUTS, weight_at);
    printf("\nconst lat_prior lat_prior_generic = {odds, weights};\n");
    latent_files_free(files, count);
    return 0;
}
