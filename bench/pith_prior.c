/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith-prior: makes an initial state of the latent coder from photos.
 *   pith-prior NAME MODEL PHOTO ... > src/codec/prior_NAME.c
 *   pith-prior NAME FOLDER          > src/codec/prior_NAME.c
 * FOLDER has latents as latent_files.h says (dump_latents makes them). The prior
 * called "generic" is made without anything that belongs to one model.
 *
 * Counters start at the mean of what was seen in their context; mixing weights
 * at what coding one file after the other drifts to; predictors at the least
 * squares over all files. Each round starts from the state of the one before,
 * the first from nothing, and takes each photo at another step. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/quantise.h"
#include "photo_latents.h"
#include "prior_sums.h"

#define N_ROUNDS 4
/* Share of a file's final weights in the running mean: fast first, then steady. */
#define SHARE_FIRST 0.25
#define SHARE_LATER 0.03

/* The steps that are learned from: about 12, 6, 3 and 1.5 kB for 512x512. */
static const float log2_steps[] = {-0.1f, 0.7f, 1.5f, 2.3f};
#define N_STEPS (sizeof log2_steps / sizeof *log2_steps)

static double seen[LAT_N_SLOTS][2];
static int8_t odds[LAT_N_SLOTS];
static double mean_weights[LAT_N_WEIGHT_SETS][LAT_N_INPUTS];
static int16_t weights[LAT_N_WEIGHT_SETS][LAT_N_INPUTS];
static uint8_t sources[LAT_MAX_CHANNELS][LAT_N_SOURCES];
static int16_t value_weights[LAT_MAX_CHANNELS][LAT_N_VALUE_INPUTS];
static int16_t error_weights[LAT_MAX_CHANNELS][LAT_N_ERROR_INPUTS];
static prior_sums value_sums[LAT_MAX_CHANNELS], error_sums[LAT_MAX_CHANNELS];

static void observe(void *user, const lat_model *model, unsigned bit) {
    (void)user;
    for (int i = 0; i < LAT_N_CONTEXTS; i++) seen[model->slots[i]][bit]++;
}

/* Files of large errors, those at fine steps, would drown the others. */
static void observe_channel(void *user, const lat_model *model, uint32_t channel) {
    (void)user;
    const lat_contexts *k = &model->contexts;
    double mean = (double)k->energy[k->n_coded - 1] / (k->height * k->width) + 1;
    prior_sums_add(&value_sums[channel], &k->value_predictor, value_weights[channel], lat_ridge_value(),
                   1 / (mean * mean));
    prior_sums_add(&error_sums[channel], &k->error_predictor, error_weights[channel], lat_ridge_error(),
                   1 / (mean * mean));
}

static void round_weights(void) {
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++) weights[i][j] = (int16_t)lrint(mean_weights[i][j] * 4096);
}

static uint64_t run_file(const lat_prior *prior, const latent_file *f, double share) {
    lat_coder *coder;
    uint64_t n_bytes;
    lat_block block = latent_file_block(f);
    if (lat_coder_new(&coder, NULL, f->n_channels) != PITH_OK) exit(4);
    lat_model *model = lat_coder_model(coder);
    model->prior = prior;
    model->observe = observe;
    if (prior->n_channels > 0) model->observe_channel = observe_channel;
    if (lat_cost(coder, &block, &n_bytes) != PITH_OK) exit(2);
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++)
            mean_weights[i][j] += ((double)model->weights[i][j] / MIX_WEIGHT_ONE - mean_weights[i][j]) * share;
    lat_coder_free(&coder);
    return n_bytes;
}

/* In round r photo i has step (i + r) mod N_STEPS: after N_STEPS rounds each had all. */
static void quantise_for_round(latent_file *files, size_t count, size_t round) {
    for (size_t i = 0; i < count; i++)
        if (files[i].values)
            lat_quantise(files[i].values, latent_file_symbols(&files[i]),
                         lat_step(lat_step_index_from_log2(log2_steps[(i + round) % N_STEPS])), files[i].symbols);
}

static void run_round(const lat_prior *prior, latent_file *files, size_t count, size_t number) {
    uint64_t total = 0;
    memset(seen, 0, sizeof seen);
    quantise_for_round(files, count, number);
    for (size_t i = 0; i < count; i++) {
        round_weights();
        total += run_file(prior, &files[i], number == 0 ? SHARE_FIRST : SHARE_LATER);
    }
    round_weights();
    for (int i = 0; i < LAT_N_SLOTS; i++) {
        double x = 16 * log((seen[i][1] + 0.4) / (seen[i][0] + 0.4));
        odds[i] = (int8_t)lrint(fmax(-127, fmin(127, x)));
    }
    for (uint32_t c = 0; c < prior->n_channels; c++) {
        uint32_t n = c < LAT_N_SOURCES ? c : LAT_N_SOURCES;
        prior_sums_solve(&value_sums[c], LAT_N_NEIGHBOURS + 1 + n * LAT_N_TAPS, value_weights[c]);
        prior_sums_solve(&error_sums[c], LAT_N_NEIGHBOURS + 1 + n * 3, error_weights[c]);
    }
    memset(value_sums, 0, sizeof value_sums);
    memset(error_sums, 0, sizeof error_sums);
    fprintf(stderr, "round %zu: %zu files, %llu bytes\n", number + 1, count, (unsigned long long)total);
}

/* ---- what is written ------------------------------------------------------------ */

static void print_values(const char *type, const char *name, size_t count, int (*value)(size_t)) {
    int column = 0;
    printf("\nstatic const %s %s[%zu] = {", type, name, count);
    for (size_t i = 0; i < count; i++) {
        char word[16];
        int n = snprintf(word, sizeof word, "%d,", value(i));
        if (i == 0 || column + n + 1 > 112)
            column = printf("\n    %s", word) - 1;
        else
            column += printf(" %s", word);
    }
    printf("\n};\n");
}

static int odds_at(size_t i) { return odds[i]; }
static int weight_at(size_t i) { return weights[i / LAT_N_INPUTS][i % LAT_N_INPUTS]; }
static int source_at(size_t i) { return sources[i / LAT_N_SOURCES][i % LAT_N_SOURCES]; }
static int value_weight_at(size_t i) { return value_weights[i / LAT_N_VALUE_INPUTS][i % LAT_N_VALUE_INPUTS]; }
static int error_weight_at(size_t i) { return error_weights[i / LAT_N_ERROR_INPUTS][i % LAT_N_ERROR_INPUTS]; }

static void print_prior(const lat_prior *prior, const char *name, size_t n_photos) {
    uint32_t n = prior->n_channels;
    printf("/* SPDX-License-Identifier: MIT\n * SPDX-FileCopyrightText: 2026 The Pith authors */\n");
    printf("/* Generated by pith-prior from the latents of %zu photos: the prior \"%s\" of the latent\n"
           " * coder. Part of the format: never changed once published. */\n/* clang-format off */\n",
           n_photos, name);
    printf("#include \"codec/lat_prior.h\"\n");
    print_values("int8_t", "odds", LAT_N_SLOTS, odds_at);
    print_values("int16_t", "weights", LAT_N_WEIGHT_SETS * (size_t)LAT_N_INPUTS, weight_at);
    if (n > 0) {
        print_values("uint8_t", "sources", n * (size_t)LAT_N_SOURCES, source_at);
        print_values("int16_t", "value_weights", n * (size_t)LAT_N_VALUE_INPUTS, value_weight_at);
        print_values("int16_t", "error_weights", n * (size_t)LAT_N_ERROR_INPUTS, error_weight_at);
        printf("\nconst lat_prior lat_prior_%s = {\n    odds, weights, %u, {", name, n);
        for (int i = 0; i < 8; i++) printf("%s0x%02x", i ? ", " : "", prior->latent_id[i]);
        printf("}, sources, value_weights, error_weights};\n");
    } else {
        printf("\nconst lat_prior lat_prior_%s = {.odds = odds, .weights = weights};\n", name);
    }
}

static latent_file *encode_photos(const char *model, char **paths, size_t count, uint8_t latent_id[8]) {
    photo_networks n;
    photo_networks_open(&n, model);
    latent_file *files = calloc(count, sizeof *files);
    if (!files || pith_model_latent_id(n.model, latent_id) != PITH_OK) exit(4);
    for (size_t i = 0; i < count; i++) {
        latent_file *f = &files[i];
        pith_image photo = photo_load(paths[i]);
        if (photo.format.width > 8 * LAT_MAX_SLICE || photo.format.height > 8 * LAT_MAX_SLICE) {
            fprintf(stderr, "%s: larger than a slice\n", paths[i]);
            exit(1);
        }
        f->n_channels = model_traits_of(n.model)->n_latent;
        f->values = photo_latent(&n, &photo, &f->height, &f->width);
        f->symbols = calloc(latent_file_symbols(f), sizeof *f->symbols);
        if (!f->symbols) exit(4);
        free(photo.pixels);
    }
    photo_networks_close(&n);
    return files;
}

static void start_from_nothing(lat_prior *prior, latent_file *files, size_t count) {
    for (int i = 0; i < LAT_N_WEIGHT_SETS; i++)
        for (int j = 0; j < LAT_N_INPUTS; j++) mean_weights[i][j] = j < LAT_N_CONTEXTS ? 0.3 : 0;
    if (prior->n_channels == 0) return;
    quantise_for_round(files, count, 0);
    prior_choose_sources(files, count, sources[0]);
    for (uint32_t c = 0; c < prior->n_channels; c++) lat_generic_weights(value_weights[c], error_weights[c]);
}

int main(int argc, char **argv) {
    if (argc < 3) {
        fprintf(stderr, "usage: pith-prior NAME MODEL PHOTO ... > prior.c, or pith-prior NAME FOLDER > prior.c\n");
        return 1;
    }
    size_t count = (size_t)argc - 3;
    bool generic = strcmp(argv[1], "generic") == 0;
    lat_prior prior = {odds, weights[0], 0, {0}, sources[0], value_weights[0], error_weights[0]};
    latent_file *files =
        argc == 3 ? latent_files_read(argv[2], &count) : encode_photos(argv[2], argv + 3, count, prior.latent_id);
    if (!generic) prior.n_channels = files[0].n_channels;
    start_from_nothing(&prior, files, count);
    for (size_t i = 0; i < N_ROUNDS; i++) run_round(&prior, files, count, i);
    print_prior(&prior, argv[1], count);
    latent_files_free(files, count);
    return 0;
}
