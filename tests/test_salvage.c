/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Damaged files, tolerated: what is whole comes out as it would have, what is
 * lost is named, and what cannot be told is an error. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/stream.h"
#include "container/ctr_read.h"

#define MAX_BYTES 4096
#define N_SLICES 3
#define SLICE_PIXELS 1024
#define REACH 64 /* pixels: farther than the tiny model's decoder sees */

static const char *root;

typedef struct fixture {
    pith_env env;
    pith_model *model;
    pith_decoder *decoder;
    uint8_t file[MAX_BYTES];
    size_t n_bytes;
    ctr_chunk slices[N_SLICES];
    pith_image whole, found;
} fixture;

static pith_status decode(fixture *f, const uint8_t *data, size_t n_bytes) {
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &f->found);
    pith_status status = pith_decoder_open_damaged(f->decoder, data, n_bytes);
    if (status == PITH_OK) status = pith_decode(f->decoder, f->model, NULL, &sink);
    assert_true((status == PITH_OK) == (pith_decoder_message(f->decoder)[0] == '\0'));
    return status;
}

static uint8_t *at(const fixture *f, const pith_image *p, uint32_t x, uint32_t y) {
    (void)f;
    return (uint8_t *)p->pixels + y * p->stride_bytes + 3 * (size_t)x;
}

static int setup(void **state) {
    static fixture f;
    char path[4096];
    pith_info info = {.struct_size = sizeof info};
    ctr_file file;
    pith_env_defaults(&f.env, sizeof f.env);
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", root);
    assert_int_equal(pith_model_open(&f.model, &f.env, path, NULL), PITH_OK);
    snprintf(path, sizeof path, "%s/tests/golden/slices.pith", root);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    f.n_bytes = fread(f.file, 1, sizeof f.file, in);
    fclose(in);
    assert_int_equal(ctr_read(&file, f.file, f.n_bytes, &f.env, NULL), PITH_OK);
    assert_int_equal(file.n_slices, N_SLICES);
    memcpy(f.slices, file.chunks + file.first_slice, sizeof f.slices);
    ctr_file_free(&file, &f.env);
    assert_int_equal(pith_decoder_new(&f.decoder, &f.env, NULL), PITH_OK);
    assert_int_equal(pith_decoder_open(f.decoder, f.file, f.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(f.decoder, &info), PITH_OK);
    f.whole = f.found = (pith_image){.format = info.format, .stride_bytes = (size_t)3 * info.format.width};
    f.whole.pixels = malloc(f.whole.stride_bytes * info.format.height);
    f.found.pixels = malloc(f.whole.stride_bytes * info.format.height);
    assert_int_equal(decode(&f, f.file, f.n_bytes), PITH_OK);
    memcpy(f.whole.pixels, f.found.pixels, f.whole.stride_bytes * info.format.height);
    assert_int_equal(pith_decoder_lost(f.decoder, 0, NULL), 0);
    *state = &f;
    return 0;
}

static int teardown(void **state) {
    fixture *f = *state;
    free(f->whole.pixels);
    free(f->found.pixels);
    pith_decoder_free(&f->decoder);
    pith_model_free(&f->model);
    return 0;
}

/* Exactly the slices of the mask are lost; what lies out of their reach is as it was. */
static void check_lost(fixture *f, unsigned mask) {
    uint32_t n = 0, width = f->whole.format.width;
    for (unsigned i = 0; i < N_SLICES; i++) {
        if (!(mask >> i & 1)) continue;
        pith_area area;
        assert_true(pith_decoder_lost(f->decoder, n, &area) > n);
        n++;
        assert_int_equal(area.x, i * SLICE_PIXELS);
        assert_int_equal(area.y, 0);
        assert_int_equal(area.width, width - area.x < SLICE_PIXELS ? width - area.x : SLICE_PIXELS);
        assert_int_equal(area.height, f->whole.format.height);
    }
    assert_int_equal(pith_decoder_lost(f->decoder, 0, NULL), n);
    for (uint32_t x = 0; x < width; x++) {
        uint32_t first = x > REACH ? x - REACH : 0, last = x + REACH < width ? x + REACH : width - 1;
        if (mask >> first / SLICE_PIXELS & 1 || mask >> last / SLICE_PIXELS & 1) continue;
        for (uint32_t y = 0; y < f->whole.format.height; y++)
            for (unsigned c = 0; c < 3; c++)
                if (abs(at(f, &f->whole, x, y)[c] - at(f, &f->found, x, y)[c]) > 1)
                    fail_msg("pixel %u,%u is another", x, y);
    }
}

static void a_destroyed_middle_leaves_the_rest(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    for (size_t i = 0; i < N_SLICES; i++) { /* a byte of the payload */
        memcpy(bytes, f->file, f->n_bytes);
        bytes[f->slices[i].offset + f->slices[i].n_bytes / 2] ^= 0x10;
        assert_int_equal(pith_decoder_open(f->decoder, bytes, f->n_bytes), PITH_E_CHECKSUM); /* the default */
        assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
        check_lost(f, 1u << i);
    }
    for (size_t i = 0; i < N_SLICES; i++) { /* all of it, its type and length too */
        memcpy(bytes, f->file, f->n_bytes);
        memset(bytes + f->slices[i].offset, 0xa5, f->slices[i].n_bytes);
        assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
        check_lost(f, 1u << i);
    }
}

static void two_neighbours_or_two_apart_may_be_lost(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    memcpy(bytes, f->file, f->n_bytes); /* one hole */
    memset(bytes + f->slices[0].offset, 0xa5, f->slices[0].n_bytes + f->slices[1].n_bytes);
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
    check_lost(f, 3);
    memcpy(bytes, f->file, f->n_bytes); /* two holes */
    memset(bytes + f->slices[0].offset, 0xa5, f->slices[0].n_bytes);
    memset(bytes + f->slices[2].offset, 0xa5, f->slices[2].n_bytes);
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
    check_lost(f, 5);
}

static void a_file_that_ends_early_has_what_came(void **state) {
    fixture *f = *state;
    assert_int_equal(decode(f, f->file, f->slices[2].offset + 5), PITH_OK);
    check_lost(f, 4);
    assert_int_equal(decode(f, f->file, f->slices[1].offset + 1), PITH_OK);
    check_lost(f, 6);
    /* Cut between two chunks there is no sign of what is missing, or how much. */
    assert_int_equal(decode(f, f->file, f->slices[2].offset), PITH_E_TRUNCATED);
}

static void removed_bytes_are_found_out(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    size_t cut = f->slices[1].offset + 4, n = 5;
    memcpy(bytes, f->file, cut);
    memcpy(bytes + cut, f->file + cut + n, f->n_bytes - cut - n);
    assert_int_equal(decode(f, bytes, f->n_bytes - n), PITH_OK);
    check_lost(f, 2);
}

static void symbols_that_do_not_match_their_checksum_are_lost(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    memcpy(bytes, f->file, f->n_bytes);
    uint8_t *chunk = bytes + f->slices[1].offset;
    size_t n = f->slices[1].n_bytes - 4;
    chunk[n - f->slices[1].payload_bytes] ^= 1;
    uint32_t crc = crc32_update(0, chunk, n);
    for (unsigned i = 0; i < 4; i++) chunk[n + i] = (uint8_t)(crc >> 8 * i);
    assert_int_equal(pith_decoder_open(f->decoder, bytes, f->n_bytes), PITH_OK);
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
    check_lost(f, 2);
}

static void nothing_is_saved_without_a_header_or_a_slice(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    memcpy(bytes, f->file, f->n_bytes);
    bytes[9] ^= 1;
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_E_CHECKSUM);
    memcpy(bytes, f->file, f->n_bytes);
    for (size_t i = 0; i < N_SLICES; i++) bytes[f->slices[i].offset + 4] ^= 1;
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_E_CHECKSUM);
    assert_int_equal(decode(f, f->file, f->slices[0].offset), PITH_E_CHECKSUM);
}

/* Any changed byte: what comes out is the picture but for what is said to be lost. */
static void every_changed_byte_is_tolerated_or_refused(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    size_t n_saved = 0;
    for (size_t i = f->slices[0].offset; i < f->n_bytes; i++) {
        memcpy(bytes, f->file, f->n_bytes);
        bytes[i] ^= (uint8_t)(1u << i % 8);
        if (decode(f, bytes, f->n_bytes) != PITH_OK) fail_msg("byte %zu: %s", i, pith_decoder_message(f->decoder));
        size_t slice = N_SLICES - 1;
        while (i < f->slices[slice].offset) slice--;
        check_lost(f, 1u << slice);
        n_saved++;
    }
    assert_true(n_saved > 50);
}

/* ---- what is said of colours ----------------------------------------------------------------------------- */

#define N_TEXTS 4

/* A golden file with a TINT or CHRM, and what it decodes to, damaged. */
typedef struct coloured {
    pith_env env;
    uint8_t file[MAX_BYTES];
    size_t n_bytes;
    ctr_chunk chunk; /* TINT or CHRM */
    char said[N_TEXTS][PITH_MESSAGE_BYTES];
    size_t n_said;
} coloured;

static void note(void *user, pith_log_level level, const char *text) {
    coloured *c = user;
    assert_int_equal(level, PITH_LOG_WARNING);
    assert_true(c->n_said < N_TEXTS);
    snprintf(c->said[c->n_said++], sizeof c->said[0], "%s", text);
}

static bool is_said(const coloured *c, const char *piece) {
    for (size_t i = 0; i < c->n_said; i++)
        if (strstr(c->said[i], piece)) return true;
    return false;
}

static void load_coloured(coloured *c, const char *name, uint8_t type) {
    char path[4096];
    ctr_file file;
    snprintf(path, sizeof path, "%s/tests/golden/%s.pith", root, name);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    *c = (coloured){0};
    c->n_bytes = fread(c->file, 1, sizeof c->file, in);
    fclose(in);
    pith_env_defaults(&c->env, sizeof c->env);
    c->env.log = (pith_log){note, c};
    assert_int_equal(ctr_read(&file, c->file, c->n_bytes, &c->env, NULL), PITH_OK);
    for (uint32_t i = 0; i < file.n_chunks; i++)
        if (file.chunks[i].type == type) c->chunk = file.chunks[i];
    assert_int_equal(c->chunk.type, type);
    ctr_file_free(&file, &c->env);
}

/* The pixels, owned by the caller; NULL when the file is refused. `damaged` decides by which call it is opened. */
static uint8_t *pixels_of(coloured *c, const fixture *f, const uint8_t *data, size_t n_bytes, bool damaged,
                          bool no_residual) {
    pith_decoder *decoder;
    pith_info info = {.struct_size = sizeof info};
    pith_sink sink;
    pith_decode_options options;
    pith_image image = {0};
    pith_decode_options_defaults(&options, sizeof options);
    options.no_residual = no_residual;
    c->n_said = 0;
    assert_int_equal(pith_decoder_new(&decoder, &c->env, NULL), PITH_OK);
    pith_status status = (damaged ? pith_decoder_open_damaged : pith_decoder_open)(decoder, data, n_bytes);
    if (status == PITH_OK) {
        assert_int_equal(pith_decoder_info(decoder, &info), PITH_OK);
        image = (pith_image){.format = info.format, .stride_bytes = (size_t)info.format.n_channels * info.format.width};
        image.pixels = malloc(image.stride_bytes * info.format.height);
        pith_sink_to_image(&sink, sizeof sink, &image);
        status = pith_decode(decoder, f->model, &options, &sink);
    }
    if (status == PITH_OK) assert_int_equal(pith_decoder_lost(decoder, 0, NULL), 0);
    pith_decoder_free(&decoder);
    if (status == PITH_OK) return image.pixels;
    free(image.pixels);
    return NULL;
}

/* The same file without TINT or CHRM and without its residual, which is what is left of it. */
static uint8_t *plain_pixels(coloured *c, const fixture *f, size_t *n_pixel_bytes) {
    uint8_t bytes[MAX_BYTES];
    ctr_file file;
    const size_t end = c->chunk.offset + c->chunk.n_bytes, n = c->n_bytes - c->chunk.n_bytes;
    memcpy(bytes, c->file, c->chunk.offset);
    memcpy(bytes + c->chunk.offset, c->file + end, c->n_bytes - end);
    assert_int_equal(ctr_read(&file, bytes, n, &c->env, NULL), PITH_OK);
    *n_pixel_bytes = (size_t)file.head.width * file.head.height * (3u + file.head.alpha);
    ctr_file_free(&file, &c->env);
    return pixels_of(c, f, bytes, n, false, true);
}

static void check_without_colours(coloured *c, const fixture *f, const uint8_t *bytes, const uint8_t *plain,
                                  size_t n_pixel_bytes) {
    uint8_t *found = pixels_of(c, f, bytes, c->n_bytes, true, false);
    assert_non_null(found);
    assert_memory_equal(found, plain, n_pixel_bytes);
    free(found);
}

static void damaged_colours_are_left_out_with_what_stands_on_them(void **state) {
    static const struct {
        const char *name;
        uint8_t type;
        bool residual;
    } cases[] = {{"tint", CTR_CHUNK_TINT, true},
                 {"chroma", CTR_CHUNK_CHROMA, false},
                 {"chroma-factors", CTR_CHUNK_CHROMA, false},
                 {"chroma-long", CTR_CHUNK_CHROMA, false}};
    fixture *f = *state;
    static coloured c;
    uint8_t bytes[MAX_BYTES];
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        size_t n_pixel_bytes;
        load_coloured(&c, cases[k].name, cases[k].type);
        uint8_t *plain = plain_pixels(&c, f, &n_pixel_bytes), *whole = pixels_of(&c, f, c.file, c.n_bytes, true, false);
        assert_non_null(whole);
        assert_int_equal(c.n_said, 0);
        assert_memory_not_equal(whole, plain, n_pixel_bytes);
        free(whole);
        memcpy(bytes, c.file, c.n_bytes); /* inside: known for what it is */
        bytes[c.chunk.offset + c.chunk.n_bytes / 2] ^= 0x10;
        assert_null(pixels_of(&c, f, bytes, c.n_bytes, false, false));
        check_without_colours(&c, f, bytes, plain, n_pixel_bytes);
        assert_true(is_said(&c, "what mends the picture's colours is lost"));
        assert_int_equal(is_said(&c, "its residual is left out"), cases[k].residual);
        assert_int_equal(c.n_said, 1u + cases[k].residual);
        memset(bytes + c.chunk.offset, 0xa5, c.chunk.n_bytes); /* all of it */
        check_without_colours(&c, f, bytes, plain, n_pixel_bytes);
        assert_true(is_said(&c, "bytes that are none of a slice are left out"));
        assert_int_equal(c.n_said, 1u + cases[k].residual);
        for (unsigned type = 0; type < 256; type++) { /* its type becomes any other */
            memcpy(bytes, c.file, c.n_bytes);
            bytes[c.chunk.offset] = (uint8_t)type;
            if (type != c.chunk.type) check_without_colours(&c, f, bytes, plain, n_pixel_bytes);
        }
        free(plain);
    }
}

/* The CRC is right, the content is not: like a slice that does not decode. */
static void colours_that_do_not_decode_are_left_out(void **state) {
    fixture *f = *state;
    static coloured c;
    uint8_t bytes[MAX_BYTES];
    size_t n_pixel_bytes;
    load_coloured(&c, "chroma", CTR_CHUNK_CHROMA);
    uint8_t *plain = plain_pixels(&c, f, &n_pixel_bytes);
    memcpy(bytes, c.file, c.n_bytes);
    uint8_t *chunk = bytes + c.chunk.offset;
    const size_t n = c.chunk.n_bytes - 4;
    chunk[n - c.chunk.payload_bytes + 8] = 33; /* the step */
    const uint32_t crc = crc32_update(0, chunk, n);
    for (unsigned i = 0; i < 4; i++) chunk[n + i] = (uint8_t)(crc >> 8 * i);
    assert_null(pixels_of(&c, f, bytes, c.n_bytes, false, false));
    check_without_colours(&c, f, bytes, plain, n_pixel_bytes);
    assert_true(is_said(&c, "what mends the picture's colours is lost"));
    assert_int_equal(c.n_said, 1);
    free(plain);
}

/* What says that it is a TINT may be a slice, when one is missing; and a palette has no slices at all. */
static void damaged_types_cost_no_more_than_their_chunk(void **state) {
    fixture *f = *state;
    uint8_t bytes[MAX_BYTES];
    memcpy(bytes, f->file, f->n_bytes);
    bytes[f->slices[1].offset] = CTR_CHUNK_TINT;
    assert_int_equal(decode(f, bytes, f->n_bytes), PITH_OK);
    check_lost(f, 2);
    static coloured c;
    size_t n_pixel_bytes;
    char path[4096];
    load_coloured(&c, "tint", CTR_CHUNK_TINT);
    uint8_t tint[32];
    const size_t n_tint = c.chunk.n_bytes;
    assert_true(n_tint <= sizeof tint);
    memcpy(tint, c.file + c.chunk.offset, n_tint);
    snprintf(path, sizeof path, "%s/tests/invalid/ok_tint_of_palette.pith", root);
    FILE *in = fopen(path, "rb");
    assert_non_null(in);
    c.n_bytes = fread(c.file, 1, sizeof c.file, in);
    fclose(in);
    c.chunk.offset = c.n_bytes - n_tint;
    assert_memory_equal(c.file + c.chunk.offset, tint, n_tint);
    uint8_t *plain = plain_pixels(&c, f, &n_pixel_bytes);
    memcpy(bytes, c.file, c.n_bytes);
    bytes[c.n_bytes - 1] ^= 1;
    check_without_colours(&c, f, bytes, plain, n_pixel_bytes);
    free(plain);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_destroyed_middle_leaves_the_rest),
        cmocka_unit_test(two_neighbours_or_two_apart_may_be_lost),
        cmocka_unit_test(a_file_that_ends_early_has_what_came),
        cmocka_unit_test(removed_bytes_are_found_out),
        cmocka_unit_test(symbols_that_do_not_match_their_checksum_are_lost),
        cmocka_unit_test(nothing_is_saved_without_a_header_or_a_slice),
        cmocka_unit_test(every_changed_byte_is_tolerated_or_refused),
        cmocka_unit_test(damaged_colours_are_left_out_with_what_stands_on_them),
        cmocka_unit_test(colours_that_do_not_decode_are_left_out),
        cmocka_unit_test(damaged_types_cost_no_more_than_their_chunk),
    };
    root = getenv("PITH_SOURCE_DIR");
    if (!root) root = ".";
    return cmocka_run_group_tests(tests, setup, teardown);
}
