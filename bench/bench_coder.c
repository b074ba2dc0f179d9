/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The latent coder against a simple one and general compressors, on the same
 * symbols:
 *   bench_coder FOLDER [BYTES ...]
 * FOLDER has latents as latent_files.h says. For values (.f32) the step is
 * searched at which the coder needs about BYTES (default 2500 5000 10000) for
 * each 64x64 positions; symbols (.i16) are coded as they are. xz and zpaq get
 * one byte a symbol, planar; their sizes are the tool's whole output, which
 * for xz has 60 bytes of container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/quantise.h"
#include "coder_v0.h"
#include "latent_files.h"

#define N_METHODS 4
static const char *const method_names[N_METHODS] = {"pith", "v0", "xz -9", "zpaq -m5"};

typedef struct totals {
    double bytes[N_METHODS]; /* scaled to 64x64 positions */
    double seconds, symbols;
    size_t n_files;
} totals;

static uint64_t coder_bytes(const lat_block *block) {
    lat_coder *coder;
    uint64_t n_bytes;
    if (lat_coder_new(&coder, NULL, block->n_channels) != PITH_OK || lat_cost(coder, block, &n_bytes) != PITH_OK) {
        fprintf(stderr, "bench_coder: the coder failed\n");
        exit(4);
    }
    lat_coder_free(&coder);
    return n_bytes;
}

/* The largest size not above `target` bytes; steps are searched by halving. */
static void quantise_to(latent_file *f, const lat_block *block, double target) {
    uint32_t low = 0, high = LAT_MAX_STEP_INDEX; /* high fits, low does not */
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        lat_quantise(f->values, latent_file_symbols(f), lat_step(middle), f->symbols);
        if ((double)coder_bytes(block) > target)
            low = middle;
        else
            high = middle;
    }
    lat_quantise(f->values, latent_file_symbols(f), lat_step(high), f->symbols);
}

static double size_of(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    fclose(file);
    return (double)n;
}

static void general_compressors(const latent_file *f, const char *folder, double sizes[N_METHODS]) {
    char raw[64], packed[64], command[256];
    snprintf(raw, sizeof raw, "%s/raw", folder);
    FILE *out = fopen(raw, "wb");
    if (!out) return;
    for (size_t i = 0; i < latent_file_symbols(f); i++) fputc(f->symbols[i] & 0xFF, out);
    fclose(out);
    snprintf(packed, sizeof packed, "%s/raw.xz", folder);
    snprintf(command, sizeof command, "xz -9 --keep --force %s", raw);
    if (system(command) == 0) sizes[2] = size_of(packed);
    remove(packed);
    snprintf(packed, sizeof packed, "%s/raw.zpaq", folder);
    snprintf(command, sizeof command, "command -v zpaq >/dev/null && zpaq a %s %s -m5 >/dev/null 2>&1", packed, raw);
    if (system(command) == 0) sizes[3] = size_of(packed);
    remove(packed);
    remove(raw);
}

static void measure(latent_file *f, double target, const char *folder, totals *t) {
    lat_block block = latent_file_block(f);
    double positions = (double)f->height * f->width, scale = 4096 / positions, sizes[N_METHODS] = {0};
    if (f->values) quantise_to(f, &block, target / scale);
    clock_t start = clock();
    sizes[0] = (double)coder_bytes(&block);
    t->seconds += (double)(clock() - start) / CLOCKS_PER_SEC;
    t->symbols += (double)latent_file_symbols(f);
    sizes[1] = (double)coder_v0_bytes(&block);
    general_compressors(f, folder, sizes);
    for (int i = 0; i < N_METHODS; i++) t->bytes[i] += sizes[i] * scale;
    t->n_files++;
}

static void print_totals(const totals *t, double target) {
    if (target > 0) printf("%.0f bytes: ", target);
    printf("%zu files", t->n_files);
    for (int i = 0; i < N_METHODS; i++) {
        if (t->bytes[i] == 0) continue;
        printf("; %s %.0f", method_names[i], t->bytes[i] / (double)t->n_files);
        if (i > 0) printf(" (pith %+.1f %%)", (t->bytes[0] / t->bytes[i] - 1) * 100);
    }
    printf("; %.2f million symbols/s\n", t->symbols / t->seconds / 1e6);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: bench_coder FOLDER [BYTES ...]\n");
        return 1;
    }
    size_t count;
    latent_file *files = latent_files_read(argv[1], &count);
    char folder[] = "/tmp/bench_coder_XXXXXX";
    if (!mkdtemp(folder)) return 4;
    static char *defaults[] = {"2500", "5000", "10000"};
    char **targets = argc > 2 ? argv + 2 : defaults;
    int n_targets = argc > 2 ? argc - 2 : 3;
    totals fixed = {0};
    for (int i = 0; i < n_targets; i++) {
        totals t = {0};
        double target = atof(targets[i]);
        for (size_t k = 0; k < count; k++)
            if (files[k].values) measure(&files[k], target, folder, &t);
        if (t.n_files) print_totals(&t, target);
    }
    for (size_t k = 0; k < count; k++)
        if (!files[k].values) measure(&files[k], 0, folder, &fixed);
    if (fixed.n_files) print_totals(&fixed, 0);
    rmdir(folder);
    latent_files_free(files, count);
    return 0;
}
