/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What must be the same bits on every machine, as checksums, with the core
 * alone: scripts/check-exact compares what its builds print.
 *   pith-exact FILE.pith...
 * One line for each file: its symbols (of an exact picture its samples), their dequantised values, the opacities
 * of its alpha, its metadata, what its residual makes of a made-up picture, what it says of its colours and
 * makes of others by that, and whether coding symbols again gives the file's own bytes. Then one for each
 * coder and each prior, over data that are made up here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "codec/alpha_coder.h"
#include "codec/chroma_grid.h"
#include "codec/lat_prior.h"
#include "codec/latent_coder.h"
#include "codec/palette.h"
#include "codec/quantise.h"
#include "container/ctr_read.h"
#include "exact/exact_coder.h"
#include "residual/residual_coder.h"

static const pith_env no_limits = {.max_pixels = 1u << 24,
                                   .max_dimension = UINT32_MAX,
                                   .max_file_bytes = UINT32_MAX,
                                   .max_chunks = 1000,
                                   .max_metadata_bytes = UINT32_MAX,
                                   .max_chunk_bytes = UINT32_MAX};

static void fail(const char *what) {
    fprintf(stderr, "pith-exact: %s\n", what);
    exit(1);
}

static void must(pith_status status, const char *what) {
    if (status != PITH_OK) fail(what);
}

static void *take(size_t count, size_t size) {
    void *block = calloc(count + !count, size);
    if (!block) fail("out of memory");
    return block;
}

/* ---- checksums that do not see the machine's byte order ---------------------------------- */

static uint32_t crc_u16(uint32_t crc, const uint16_t *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        crc = crc32_update(crc, (uint8_t[]){(uint8_t)values[i], (uint8_t)(values[i] >> 8)}, 2);
    return crc;
}

static uint32_t crc_i16(uint32_t crc, const int16_t *values, size_t count) {
    for (size_t i = 0; i < count; i++) crc = crc_u16(crc, &(uint16_t){(uint16_t)values[i]}, 1);
    return crc;
}

static uint32_t crc_floats(uint32_t crc, const float *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        crc = crc_u16(crc, (uint16_t[]){(uint16_t)bits, (uint16_t)(bits >> 16)}, 2);
    }
    return crc;
}

/* ---- files --------------------------------------------------------------------------------- */

typedef struct sums {
    uint32_t symbols, values, alpha, metadata, residual, colours;
    bool same; /* coded again, it is what the file has */
} sums;

/* An empty writer has no bytes to point at. */
static bool is_same(const byte_writer *w, const uint8_t *data, size_t n_bytes) {
    return w->n_bytes == n_bytes && (n_bytes == 0 || memcmp(w->data, data, n_bytes) == 0);
}

static void add_slice(sums *s, lat_coder *coder, const ctr_file *file, uint32_t index, pith_diag *diag) {
    ctr_slice slice;
    ctr_rect r = ctr_slice_rect(&file->head, index);
    size_t plane = (size_t)r.width * r.height, count = file->head.n_latent * plane;
    lat_block block = {take(count, sizeof(int16_t)), file->head.n_latent, r.height, r.width, r.width, plane};
    float *values = take(count, sizeof *values);
    must(ctr_read_slice(file, index, &slice, diag), diag->message);
    must(lat_decode(coder, slice.coded, slice.coded_bytes, &block, diag), diag->message);
    if (lat_checksum(&block) != slice.checksum) fail("a slice's checksum differs");
    lat_dequantise(block.symbols, count, lat_step(file->head.step_index), values);
    s->symbols = crc_i16(s->symbols, block.symbols, count);
    s->values = crc_floats(s->values, values, count);
    byte_writer again;
    bw_init(&again, NULL);
    must(lat_encode(coder, &block, &again), "a slice cannot be coded again");
    s->same = s->same && is_same(&again, slice.coded, slice.coded_bytes);
    bw_free(&again);
    free(values);
    free(block.symbols);
}

/* Of an exact picture: its samples, in any machine's order. */
static void add_exact(sums *s, const ctr_file *file, uint32_t index, pith_diag *diag) {
    ctr_slice slice;
    exact_coder *coder;
    byte_writer again;
    bool fits;
    uint16_t checksum;
    const exact_wish wish = {UINT64_MAX, false};
    const ctr_rect r = ctr_slice_rect(&file->head, index);
    const unsigned n = (file->head.grey ? 1u : 3u) + file->head.alpha, bits = file->head.deep ? 16 : 8;
    const size_t count = (size_t)r.width * r.height * n;
    exact_block block = {r.height,      r.width,        (uint8_t)n,
                         (uint8_t)bits, take(count, 2), (size_t)r.width * n * (bits / 8)};
    must(exact_coder_new(&coder, NULL, r.height, r.width, n), "no coder");
    must(ctr_read_slice(file, index, &slice, diag), diag->message);
    must(exact_decode(coder, slice.coded, slice.coded_bytes, slice.checksum, &block, diag), diag->message);
    s->symbols =
        bits == 16 ? crc_u16(s->symbols, block.samples, count) : crc32_update(s->symbols, block.samples, count);
    bw_init(&again, NULL);
    must(exact_encode(coder, &block, &wish, &again, &fits, &checksum), "a slice cannot be coded again");
    s->same = s->same && is_same(&again, slice.coded, slice.coded_bytes);
    bw_free(&again);
    exact_coder_free(&coder);
    free(block.samples);
}

static void add_alpha(sums *s, alpha_coder *coder, const ctr_file *file, uint32_t index, pith_diag *diag) {
    const ctr_chunk *chunk = ctr_alpha_chunk(file, index);
    ctr_rect r = ctr_alpha_rect(&file->head, index);
    size_t count = (size_t)r.width * r.height;
    alpha_block block = {take(count, sizeof(uint16_t)), r.height, r.width, r.width};
    must(alpha_decode(coder, chunk->payload, chunk->payload_bytes, &block, diag), diag->message);
    s->alpha = crc_u16(s->alpha, block.samples, count);
    free(block.samples);
}

/* There is no network here: the slice is applied to samples that anyone can
 * make, those of made_up() in tests/reference/residual_slice.py. */
static uint8_t made_up(uint32_t x, uint32_t y, uint32_t c) { return (uint8_t)(x * 3 + y * 2 + c * 40 + x * y / 16); }

static void add_residual(sums *s, res_coder *coder, const ctr_file *file, uint32_t index, pith_diag *diag) {
    const uint8_t *coded;
    size_t coded_bytes;
    ctr_rect r = ctr_residual_rect(&file->head, index);
    const uint8_t n = file->head.grey ? 1 : 3;
    const size_t stride = (size_t)r.width * n, count = stride * r.height;
    res_view view = {take(count, 1), stride, r.width, r.height, n, n};
    for (size_t i = 0; i < count; i++) {
        size_t x = r.x + i % stride / n, y = r.y + i / stride;
        view.samples[i] = made_up((uint32_t)x, (uint32_t)y, (uint32_t)(i % n));
    }
    must(ctr_read_residual(file, index, &coded, &coded_bytes, diag), diag->message);
    must(res_decode(coder, coded, coded_bytes, &view, diag), diag->message);
    s->residual = crc32_update(s->residual, view.samples, count);
    free(view.samples);
}

/* Of what the grid makes of a made-up picture, row by row. */
static uint32_t crc_mended(uint32_t crc, const chroma_grid *grid, const ctr_head *head, unsigned depth,
                           uint32_t spacing) {
    const uint32_t width = (head->width + spacing - 1) / spacing, height = (head->height + spacing - 1) / spacing;
    const size_t count = (size_t)3 * width;
    uint8_t *shallow = take(count, 1);
    uint16_t *deep = take(count, sizeof *deep);
    for (uint32_t y = 0; y < height; y++) {
        for (uint32_t i = 0; i < count; i++) {
            shallow[i] = made_up(i / 3, y, i % 3);
            deep[i] = (uint16_t)(shallow[i] * 257u + i / 3 * 31 + y);
        }
        const chroma_row row = {.y = y,
                                .n = width,
                                .spacing = spacing,
                                .n_channels = 3,
                                .bit_depth = depth,
                                .samples = depth == 16 ? (void *)deep : shallow};
        chroma_grid_apply(grid, &row);
        crc = depth == 16 ? crc_u16(crc, deep, count) : crc32_update(crc, shallow, count);
    }
    free(shallow);
    free(deep);
    return crc;
}

static void add_colours(sums *s, const ctr_file *file) {
    ctr_tint tint;
    chroma_grid grid;
    const ctr_chunk *chunk = &file->chunks[file->chroma];
    if (ctr_read_tint(file, &tint)) s->colours = crc32_update(s->colours, tint.ends[0], sizeof tint.ends);
    if (!file->chroma) return;
    must(chroma_grid_init(&grid, NULL, file->head.width, file->head.height), "out of memory");
    must(chroma_grid_decode(&grid, chunk->payload, chunk->payload_bytes), "CHRM is refused");
    byte_writer again;
    bw_init(&again, NULL);
    chroma_grid_encode(&grid, &again);
    s->same = s->same && is_same(&again, chunk->payload, chunk->payload_bytes);
    bw_free(&again);
    s->colours = crc32_update(s->colours, chunk->payload, 2 * CHROMA_N_FACTORS + 1);
    for (int c = 0; c < 2; c++)
        s->colours = crc32_update(s->colours, (const uint8_t *)grid.values[c], (size_t)grid.across * grid.down);
    s->colours = crc_mended(s->colours, &grid, &file->head, 8, 1);
    s->colours = crc_mended(s->colours, &grid, &file->head, 16, 1);
    s->colours = crc_mended(s->colours, &grid, &file->head, 8, 8);
    chroma_grid_free(&grid, NULL);
}

static uint8_t *load(const char *path, size_t *n_bytes) {
    FILE *f = fopen(path, "rb");
    if (!f) fail(path);
    uint8_t *data = take(1u << 20, 1);
    *n_bytes = fread(data, 1, 1u << 20, f);
    fclose(f);
    return data;
}

static void print_file(const char *path) {
    size_t n_bytes;
    pith_diag diag = {PITH_OK, ""};
    ctr_file file;
    lat_coder *coder;
    alpha_coder *alpha;
    res_coder *residual;
    sums s = {.same = true};
    uint8_t *data = load(path, &n_bytes);
    must(ctr_read(&file, data, n_bytes, &no_limits, &diag), diag.message);
    const bool is_exact = file.head.method == PITH_METHOD_EXACT;
    must(lat_coder_new(&coder, NULL, is_exact ? 1 : file.head.n_latent), "no coder");
    must(lat_coder_use_prior(coder, file.head.prior_id), "no prior");
    must(alpha_coder_new(&alpha, NULL), "no coder");
    must(res_coder_new(&residual, NULL, false), "no coder");
    for (uint32_t i = 0; i < file.n_slices && is_exact; i++) add_exact(&s, &file, i, &diag);
    for (uint32_t i = 0; i < file.n_slices && !is_exact; i++) add_slice(&s, coder, &file, i, &diag);
    for (uint32_t i = 0; i < file.n_alpha; i++) add_alpha(&s, alpha, &file, i, &diag);
    for (uint32_t i = 0; i < file.n_residual; i++) add_residual(&s, residual, &file, i, &diag);
    add_colours(&s, &file);
    for (unsigned i = 0; i < PITH_N_METADATA; i++) {
        const ctr_chunk *chunk = &file.chunks[file.metadata[i]];
        if (file.metadata[i]) s.metadata = crc32_update(s.metadata, chunk->payload, chunk->payload_bytes);
    }
    const char *name = strrchr(path, '/');
    printf("%s symbols %08" PRIx32 " values %08" PRIx32 " alpha %08" PRIx32 " metadata %08" PRIx32
           " residual %08" PRIx32 " colours %08" PRIx32 " coded again: %s\n",
           name ? name + 1 : path, s.symbols, s.values, s.alpha, s.metadata, s.residual, s.colours,
           s.same ? "the same" : "OTHER");
    res_coder_free(&residual);
    alpha_coder_free(&alpha);
    lat_coder_free(&coder);
    ctr_file_free(&file, &no_limits);
    free(data);
}

/* ---- made-up data ---------------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t chance(uint32_t n) {
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static void print_prior(uint8_t id) {
    enum { HEIGHT = 24, WIDTH = 33 };
    lat_coder *coder;
    byte_writer coded;
    pith_diag diag = {PITH_OK, ""};
    uint32_t channels = lat_priors[id]->n_channels ? lat_priors[id]->n_channels : 5;
    size_t plane = HEIGHT * WIDTH, count = channels * plane;
    lat_block block = {take(count, sizeof(int16_t)), channels, HEIGHT, WIDTH, WIDTH, plane};
    int16_t *truth = take(count, sizeof *truth);
    random_state = 1;
    for (size_t i = 0; i < count; i++) {
        int32_t near = i % WIDTH ? truth[i - 1] : 0;
        truth[i] = (int16_t)(chance(400) == 0 ? (int32_t)chance(65535) - 32767
                                              : near * 3 / 4 + (int32_t)chance(5) + (int32_t)chance(4) - 3);
        if (truth[i] < -LAT_MAX_SYMBOL) truth[i] = -LAT_MAX_SYMBOL;
    }
    memcpy(block.symbols, truth, count * sizeof *truth);
    bw_init(&coded, NULL);
    must(lat_coder_new(&coder, NULL, channels), "no coder");
    must(lat_coder_use_prior(coder, id), "no prior");
    must(lat_encode(coder, &block, &coded), "symbols cannot be coded");
    must(lat_decode(coder, coded.data, coded.n_bytes, &block, &diag), diag.message);
    if (memcmp(truth, block.symbols, count * sizeof *truth) != 0) fail("other symbols come back");
    printf("prior %u bytes %zu crc %08" PRIx32 "\n", id, coded.n_bytes, crc32_update(0, coded.data, coded.n_bytes));
    bw_free(&coded);
    lat_coder_free(&coder);
    free(truth);
    free(block.symbols);
}

/* `n_levels` different opacities, more or less in stripes. */
static void print_alpha(uint32_t n_levels) {
    enum { HEIGHT = 70, WIDTH = 61 };
    static uint16_t samples[HEIGHT * WIDTH];
    alpha_block block = {samples, HEIGHT, WIDTH, WIDTH};
    alpha_coder *coder;
    byte_writer coded;
    pith_diag diag = {PITH_OK, ""};
    random_state = n_levels;
    for (uint32_t i = 0; i < HEIGHT * WIDTH; i++)
        samples[i] = (uint16_t)((i / 200 + (chance(9) == 0 ? chance(n_levels) : 0)) % n_levels * (65535 / n_levels));
    bw_init(&coded, NULL);
    must(alpha_coder_new(&coder, NULL), "no coder");
    must(alpha_encode(coder, &block, 100, &coded), "alpha cannot be coded");
    must(alpha_decode(coder, coded.data, coded.n_bytes, &block, &diag), diag.message);
    printf("alpha of %" PRIu32 " bytes %zu crc %08" PRIx32 " opacities %08" PRIx32 "\n", n_levels, coded.n_bytes,
           crc32_update(0, coded.data, coded.n_bytes), crc_u16(0, samples, HEIGHT * WIDTH));
    bw_free(&coded);
    alpha_coder_free(&coder);
}

static void print_palette(void) {
    enum { SIDE = 40, CHANNELS = 3 };
    static float planes[CHANNELS * SIDE * SIDE];
    static uint8_t pixels[CHANNELS * SIDE * SIDE], indices[SIDE * SIDE];
    static pal_colours colours;
    random_state = 3;
    for (size_t i = 0; i < CHANNELS * SIDE * SIDE; i++) planes[i] = (float)chance(2000) / 64.0f - 15.0f;
    pal_bytes(planes, CHANNELS, SIDE * SIDE, 0.25f, pixels);
    must(pal_fit(&colours, pixels, CHANNELS, SIDE * SIDE, NULL), "no palette");
    must(pal_dither(&colours, pixels, SIDE, SIDE, indices, NULL), "no dithering");
    pal_values(&colours, indices, SIDE * SIDE, 0.25f, planes);
    printf("palette pixels %08" PRIx32 " indices %08" PRIx32 " values %08" PRIx32 "\n",
           crc32_update(0, pixels, sizeof pixels), crc32_update(0, indices, sizeof indices),
           crc_floats(0, planes, CHANNELS * SIDE * SIDE));
}

/* A slice of the residual layer: a picture of a few flat colours, slopes and
 * noise, predicted as its blurred self. */
static void print_residual(uint8_t n_channels, unsigned step_index) {
    enum { HEIGHT = 53, WIDTH = 90 };
    static uint8_t original[HEIGHT * WIDTH * 3], picture[HEIGHT * WIDTH * 3], prediction[HEIGHT * WIDTH * 3];
    const size_t stride = (size_t)WIDTH * n_channels, count = stride * HEIGHT;
    res_view truth = {original, stride, WIDTH, HEIGHT, n_channels, n_channels}, view = truth;
    view.samples = picture;
    res_options options = {.step_index = step_index, .predictions = true};
    res_coder *coder;
    byte_writer coded;
    pith_diag diag = {PITH_OK, ""};
    random_state = step_index;
    for (size_t i = 0; i < count; i++) {
        size_t x = i % stride / n_channels, y = i / stride, c = i % n_channels;
        original[i] = (uint8_t)(x < 40 ? (x / 9 + y / 7) % 3 * 80 + c * 11 : x + y * 2 + chance(1 + (uint32_t)y / 4));
        prediction[i] = (uint8_t)((original[i] + (i >= stride ? prediction[i - stride] : 128u)) / 2);
    }
    memcpy(picture, prediction, count);
    bw_init(&coded, NULL);
    must(res_coder_new(&coder, NULL, true), "no coder");
    must(res_encode(coder, &truth, &view, &options, &coded), "a residual cannot be coded");
    uint32_t made = crc32_update(0, picture, count);
    memcpy(picture, prediction, count);
    must(res_decode(coder, coded.data, coded.n_bytes, &view, &diag), diag.message);
    if (crc32_update(0, picture, count) != made) fail("another picture comes back from a residual");
    printf("residual %u %u bytes %zu crc %08" PRIx32 " picture %08" PRIx32 "\n", n_channels, step_index, coded.n_bytes,
           crc32_update(0, coded.data, coded.n_bytes), made);
    bw_free(&coded);
    res_coder_free(&coder);
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) print_file(argv[i]);
    float steps[LAT_MAX_STEP_INDEX + 1];
    for (uint32_t i = 0; i <= LAT_MAX_STEP_INDEX; i++) steps[i] = lat_step(i);
    printf("steps %08" PRIx32 "\n", crc_floats(0, steps, LAT_MAX_STEP_INDEX + 1));
    for (uint32_t n = 2; n <= 256; n *= 4) print_alpha(n);
    print_palette();
    print_residual(3, 12);
    print_residual(1, 30);
    for (uint8_t id = 0; id < LAT_N_PRIORS; id++) print_prior(id);
    return 0;
}
