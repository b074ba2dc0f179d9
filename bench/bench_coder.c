/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The latent coder against a simple one and general compressors, on the same
 * symbols:
 *   bench_coder [-p PRIOR] FOLDER [BYTES ...]
 *   bench_coder [-p PRIOR] -l FOLDER LOG2-STEP ...
 * FOLDER has latents as latent_files.h says. For values (.f32) the step is
 * searched at which the coder needs about BYTES (default 2500 5000 10000) for
 * each 64x64 positions; with -l the steps are given; symbols (.i16) are coded as they are. The coder starts
 * from prior number PRIOR (default 0, the generic one). "in halves": left and
 * right half as slices of their own. xz and zpaq get one byte a symbol, planar;
 * zpaq's planes from the first or from the last, whichever is smaller; their
 * sizes are the tool's whole output, which for xz has 60 bytes of container. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "codec/lat_model.h"
#include "codec/quantise.h"
#include "coder_v0.h"
#include "latent_files.h"

enum { PITH, GENERIC, HALVES, V0, XZ, ZPAQ, N_METHODS };
static const char *const method_names[N_METHODS] = {"pith", "generic prior", "in halves", "v0", "xz -9", "zpaq -m5"};

typedef struct totals {
    double bytes[N_METHODS]; /* scaled to 64x64 positions */
    double encode_seconds, decode_seconds, symbols, decisions;
    size_t n_files;
} totals;

static uint8_t prior_id;
static bool by_step;

static void check(pith_status status) {
    if (status == PITH_OK) return;
    fprintf(stderr, "bench_coder: the coder failed\n");
    exit(4);
}

static lat_coder *coder_with(uint32_t n_channels, uint8_t prior) {
    lat_coder *coder;
    check(lat_coder_new(&coder, NULL, n_channels));
    if (lat_coder_use_prior(coder, prior) != PITH_OK) {
        fprintf(stderr, "bench_coder: prior %u is not for %u channels\n", prior, n_channels);
        exit(1);
    }
    return coder;
}

static uint64_t coder_bytes(const lat_block *block, uint8_t prior) {
    uint64_t n_bytes;
    lat_coder *coder = coder_with(block->n_channels, prior);
    check(lat_cost(coder, block, &n_bytes));
    lat_coder_free(&coder);
    return n_bytes;
}

static uint64_t bytes_in_halves(const lat_block *block) {
    lat_block left = *block, right = *block;
    left.width = (block->width + 1) / 2;
    right.width -= left.width;
    right.symbols += left.width;
    return coder_bytes(&left, prior_id) + (right.width ? coder_bytes(&right, prior_id) : 0);
}

static void quantise_at(latent_file *f, uint32_t step_index) {
    lat_quantise(f->values, latent_file_symbols(f), lat_step(step_index), f->symbols);
}

/* The largest size not above `target` bytes; steps are searched by halving. */
static void quantise_to(latent_file *f, const lat_block *block, double target) {
    uint32_t low = 0, high = LAT_MAX_STEP_INDEX; /* high fits, low does not */
    while (high - low > 1) {
        uint32_t middle = (low + high) / 2;
        quantise_at(f, middle);
        if ((double)coder_bytes(block, prior_id) > target)
            low = middle;
        else
            high = middle;
    }
    quantise_at(f, high);
}

/* ---- time ---------------------------------------------------------------------- */

static double seconds_since(clock_t start) { return (double)(clock() - start) / CLOCKS_PER_SEC; }

static void count_decision(void *user, const lat_model *model, unsigned bit) {
    (void)model;
    (void)bit;
    ++*(double *)user;
}

/* Bytes of the block, which has to come back as it was. */
static double code_both_ways(latent_file *f, const lat_block *block, totals *t) {
    byte_writer file;
    bw_init(&file, NULL);
    lat_coder *coder = coder_with(block->n_channels, prior_id);
    clock_t start = clock();
    check(lat_encode(coder, block, &file));
    t->encode_seconds += seconds_since(start);
    int16_t *truth = f->symbols;
    lat_block decoded = *block;
    decoded.symbols = calloc(latent_file_symbols(f), sizeof *truth);
    if (!decoded.symbols) exit(4);
    start = clock();
    check(lat_decode(coder, file.data, file.n_bytes, &decoded, NULL));
    t->decode_seconds += seconds_since(start);
    if (memcmp(decoded.symbols, truth, latent_file_symbols(f) * sizeof *truth) != 0) {
        fprintf(stderr, "bench_coder: %s came back otherwise\n", f->path);
        exit(4);
    }
    lat_coder_model(coder)->observe = count_decision;
    lat_coder_model(coder)->observe_user = &t->decisions;
    uint64_t n_bytes;
    check(lat_cost(coder, block, &n_bytes));
    t->symbols += (double)latent_file_symbols(f);
    free(decoded.symbols);
    bw_free(&file);
    lat_coder_free(&coder);
    return (double)n_bytes;
}

/* ---- general compressors --------------------------------------------------------- */

static double size_of(const char *path) {
    FILE *file = fopen(path, "rb");
    if (!file) return 0;
    fseek(file, 0, SEEK_END);
    long n = ftell(file);
    fclose(file);
    return (double)n;
}

/* Planes in order, or from the last to the first. */
static void write_planes(const latent_file *f, const char *path, int backwards) {
    size_t plane = (size_t)f->height * f->width;
    FILE *out = fopen(path, "wb");
    if (!out) exit(4);
    for (uint32_t c = 0; c < f->n_channels; c++) {
        const int16_t *from = f->symbols + (backwards ? f->n_channels - 1 - c : c) * plane;
        for (size_t i = 0; i < plane; i++) fputc(from[i] & 0xFF, out);
    }
    fclose(out);
}

/* Bytes of FOLDER/raw through a command that writes FOLDER/raw.packed; 0 when it fails. */
static double packed_size(const char *format, const char *folder) {
    char packed[64], command[256];
    snprintf(packed, sizeof packed, "%s/raw.packed", folder);
    snprintf(command, sizeof command, format, folder);
    double size = system(command) == 0 ? size_of(packed) : 0;
    remove(packed);
    return size;
}

static void general_compressors(const latent_file *f, const char *folder, double sizes[N_METHODS]) {
    static const char zpaq[] = "cd %s && zpaq a raw.zpaq raw -m5 >zpaq.log 2>&1 && mv raw.zpaq raw.packed";
    char raw[64];
    snprintf(raw, sizeof raw, "%s/raw", folder);
    write_planes(f, raw, 0);
    sizes[XZ] = packed_size("cd %s && xz -9 --stdout raw >raw.packed", folder);
    sizes[ZPAQ] = packed_size(zpaq, folder);
    write_planes(f, raw, 1);
    double other = packed_size(zpaq, folder);
    if (other < sizes[ZPAQ]) sizes[ZPAQ] = other;
}

/* ---- the table ------------------------------------------------------------------ */

static void measure(latent_file *f, double target, const char *folder, totals *t) {
    lat_block block = latent_file_block(f);
    double positions = (double)f->height * f->width, scale = 4096 / positions, sizes[N_METHODS] = {0};
    if (f->values && by_step)
        quantise_at(f, lat_step_index_from_log2((float)target));
    else if (f->values)
        quantise_to(f, &block, target / scale);
    sizes[PITH] = code_both_ways(f, &block, t);
    sizes[GENERIC] = (double)coder_bytes(&block, 0);
    sizes[HALVES] = (double)bytes_in_halves(&block);
    sizes[V0] = (double)coder_v0_bytes(&block);
    general_compressors(f, folder, sizes);
    for (int i = 0; i < N_METHODS; i++) t->bytes[i] += sizes[i] * scale;
    t->n_files++;
}

static void print_heading(void) {
    printf("| bytes | files |");
    for (int i = 0; i < N_METHODS; i++) printf(" %s |", method_names[i]);
    printf(" M decisions/s in, out | M symbols/s out |\n|---|---|");
    for (int i = 0; i < N_METHODS + 2; i++) printf("---|");
    printf("\n");
}

static void print_totals(const totals *t, const char *unit, const char *what) {
    printf("| %s%s | %zu |", unit, what, t->n_files);
    for (int i = 0; i < N_METHODS; i++) {
        if (t->bytes[i] == 0)
            printf(" not run |");
        else if (i == PITH)
            printf(" %.0f |", t->bytes[i] / (double)t->n_files);
        else
            printf(" %.0f (%+.1f %%) |", t->bytes[i] / (double)t->n_files, (t->bytes[PITH] / t->bytes[i] - 1) * 100);
    }
    printf(" %.2f, %.2f | %.2f |\n", t->decisions / t->encode_seconds / 1e6, t->decisions / t->decode_seconds / 1e6,
           t->symbols / t->decode_seconds / 1e6);
    fflush(stdout);
}

int main(int argc, char **argv) {
    static char *defaults[] = {"2500", "5000", "10000"};
    for (int option; (option = getopt(argc, argv, "p:l")) != -1;) {
        if (option == '?') return 1;
        if (option == 'l') by_step = true;
        if (option == 'p') prior_id = (uint8_t)atoi(optarg);
    }
    if (optind >= argc) {
        fprintf(stderr, "usage: bench_coder [-p PRIOR] [-l] FOLDER [BYTES | LOG2-STEP ...]\n");
        return 1;
    }
    size_t count;
    latent_file *files = latent_files_read(argv[optind++], &count);
    char folder[] = "/tmp/bench_coder_XXXXXX", command[64];
    if (!mkdtemp(folder)) return 4;
    char **targets = optind < argc ? argv + optind : defaults;
    int n_targets = optind < argc ? argc - optind : 3;
    print_heading();
    for (int i = 0; i < n_targets; i++) {
        totals t = {0};
        double target = atof(targets[i]);
        for (size_t k = 0; k < count; k++)
            if (files[k].values) measure(&files[k], target, folder, &t);
        if (t.n_files) print_totals(&t, by_step ? "step 2^" : "", targets[i]);
    }
    totals fixed = {0};
    for (size_t k = 0; k < count; k++)
        if (!files[k].values) measure(&files[k], 0, folder, &fixed);
    if (fixed.n_files) print_totals(&fixed, "", "as they are");
    snprintf(command, sizeof command, "rm -rf %s", folder);
    latent_files_free(files, count);
    return system(command) == 0 ? 0 : 4;
}
