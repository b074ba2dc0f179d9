/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Structs that grow: every function that takes or fills one, called as by a
 * program that was compiled with fewer fields, with more, and that set no size. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <pith/pith.h>

#include "api_case.h"
#include "temp_file.h"

/* What lies behind a caller's struct: read as a field it is no number, no length and no address. */
#define GUARD 0xff
#define GUARD_BYTES 64
#define MORE 16 /* bytes of fields that this library does not know */

typedef struct world {
    api_case c;
    pith_image picture;
    pith_bytes file;
    void *model_bytes;
    size_t n_model_bytes;
    char model_path[4096];
} world;
static world w;

/* Struct of `n` bytes, whose size it says unless the call takes it. */
typedef pith_status call_fn(void *callers, size_t n);

/* ---- calls that fill a struct with defaults ---------------------------------------------- */

static pith_status env_defaults(void *s, size_t n) { return pith_env_defaults(s, n); }
static pith_status encode_defaults(void *s, size_t n) { return pith_encode_options_defaults(s, n); }
static pith_status decode_defaults(void *s, size_t n) { return pith_decode_options_defaults(s, n); }
static pith_status compare_defaults(void *s, size_t n) { return pith_compare_options_defaults(s, n); }
static pith_status from_image(void *s, size_t n) { return pith_source_from_image(s, n, &w.picture); }
static pith_status to_image(void *s, size_t n) { return pith_sink_to_image(s, n, &w.picture); }

/* ---- calls that read one ----------------------------------------------------------------- */

static pith_status close_model(pith_status status, pith_model *model) {
    assert_int_equal(status == PITH_OK, model != NULL);
    pith_model_free(&model);
    return status;
}

static pith_status open_path(void *env, size_t n) {
    (void)n;
    pith_model *model = NULL;
    pith_status status = pith_model_open(&model, env, w.model_path, NULL);
    return close_model(status, model);
}

static pith_status open_memory(void *env, size_t n) {
    (void)n;
    pith_model *model = NULL;
    pith_status status = pith_model_open_memory(&model, env, w.model_bytes, w.n_model_bytes, NULL);
    return close_model(status, model);
}

static pith_status open_default(void *env, size_t n) {
    (void)n;
    pith_model *model = NULL;
    pith_status status = pith_model_open_default(&model, env, NULL);
    return close_model(status, model);
}

static pith_status check_values(void *env, size_t n) {
    (void)n;
    return pith_model_check_values(w.c.model, env, NULL);
}

static pith_status convert(void *env, size_t n) {
    (void)n;
    return pith_model_convert(w.c.model, env, PITH_PRECISION_INT8, temp_path("int8.safetensors"), NULL);
}

/* It comes as far as the file, which is not there. */
static pith_status convert_tiny(void *env, size_t n) {
    (void)n;
    int is_tiny;
    pith_status status =
        pith_tiny_convert(temp_path("none"), env, PITH_PRECISION_FP16, temp_path("tiny"), &is_tiny, NULL);
    return status == PITH_E_IO ? PITH_OK : status;
}

static pith_status new_encoder(void *env, size_t n) {
    (void)n;
    pith_encoder *e = NULL;
    pith_status status = pith_encoder_new(&e, env, w.c.model, NULL);
    assert_int_equal(status == PITH_OK, e != NULL);
    pith_encoder_free(&e);
    return status;
}

static pith_status new_decoder(void *env, size_t n) {
    (void)n;
    pith_decoder *d = NULL;
    pith_status status = pith_decoder_new(&d, env, NULL);
    assert_int_equal(status == PITH_OK, d != NULL);
    pith_decoder_free(&d);
    return status;
}

static pith_status compare(const pith_env *env, const pith_source *original, const pith_source *decoded,
                           const pith_compare_options *options, pith_compare_result *result) {
    pith_source whole;
    pith_compare_result own = {.struct_size = sizeof own};
    pith_source_from_image(&whole, sizeof whole, &w.picture);
    return pith_compare(env, original ? original : &whole, decoded ? decoded : &whole, options, result ? result : &own,
                        NULL);
}

static pith_status compare_in(void *env, size_t n) {
    (void)n;
    return compare(env, NULL, NULL, NULL, NULL);
}

static pith_status compare_original(void *source, size_t n) {
    (void)n;
    return compare(NULL, source, NULL, NULL, NULL);
}

static pith_status compare_decoded(void *source, size_t n) {
    (void)n;
    return compare(NULL, NULL, source, NULL, NULL);
}

static pith_status compare_with(void *options, size_t n) {
    (void)n;
    return compare(NULL, NULL, NULL, options, NULL);
}

static pith_status compare_into(void *result, size_t n) {
    (void)n;
    return compare(NULL, NULL, NULL, NULL, result);
}

/* It has no status; that it does not take what lies behind an environment for an allocator is seen by its return. */
static pith_status free_bytes(void *env, size_t n) {
    (void)n;
    pith_bytes bytes = {malloc(1), 1};
    pith_status status = new_decoder(env, n);
    pith_bytes_free(env, &bytes);
    assert_null(bytes.data);
    return status;
}

static pith_status encode(const pith_source *source, const pith_encode_options *options) {
    pith_source whole;
    pith_bytes file = {0};
    pith_source_from_image(&whole, sizeof whole, &w.picture);
    pith_status status = pith_encode(w.c.encoder, source ? source : &whole, options, &file);
    assert_int_equal(status == PITH_OK, file.data != NULL);
    if (status != PITH_OK) assert_true(pith_encoder_message(w.c.encoder)[0] != '\0');
    pith_bytes_free(&w.c.env, &file);
    return status;
}

static pith_status encode_with(void *options, size_t n) {
    (void)n;
    return encode(NULL, options);
}

static pith_status encode_from(void *source, size_t n) {
    (void)n;
    return encode(source, NULL);
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

static pith_status grey_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    (void)user, (void)y;
    memset(rows, 128, n_rows * stride_bytes);
    return PITH_OK;
}

static pith_status decode(const pith_sink *sink, const pith_decode_options *options) {
    const pith_sink whole = {.struct_size = sizeof whole, .write_rows = ignore_rows};
    assert_int_equal(pith_decoder_open(w.c.decoder, w.file.data, w.file.n_bytes), PITH_OK);
    pith_status status = pith_decode(w.c.decoder, w.c.model, options, sink ? sink : &whole);
    if (status != PITH_OK) assert_true(pith_decoder_message(w.c.decoder)[0] != '\0');
    return status;
}

static pith_status decode_with(void *options, size_t n) {
    (void)n;
    return decode(NULL, options);
}

static pith_status decode_to(void *sink, size_t n) {
    (void)n;
    return decode(sink, NULL);
}

/* A source and a sink that do without `user`, their last field. */
static pith_status fill_source(void *s, size_t n) {
    const pith_source source = {.struct_size = n, .format = w.picture.format, .read_rows = grey_rows};
    memcpy(s, &source, sizeof source);
    return PITH_OK;
}

static pith_status fill_sink(void *s, size_t n) {
    const pith_sink sink = {.struct_size = n, .write_rows = ignore_rows};
    memcpy(s, &sink, sizeof sink);
    return PITH_OK;
}

/* ---- the simple case, and the model of a file --------------------------------------------- */

static pith_status fill_info(void *s, size_t n) {
    memcpy(s, &n, sizeof n);
    assert_int_equal(pith_decoder_open(w.c.decoder, w.file.data, w.file.n_bytes), PITH_OK);
    return pith_decoder_info(w.c.decoder, s);
}

static pith_status find_in(void *env, size_t n) {
    (void)n;
    pith_model *model = NULL;
    pith_info wanted = {.struct_size = sizeof wanted};
    assert_int_equal(fill_info(&wanted, sizeof wanted), PITH_OK);
    pith_status status = pith_model_find(&model, env, &wanted, NULL);
    return close_model(status, model);
}

static pith_status find_of(void *wanted, size_t n) {
    (void)n;
    pith_model *model = NULL;
    pith_status status = pith_model_find(&model, NULL, wanted, NULL);
    return close_model(status, model);
}

static pith_status encode_image(void *env, size_t n) {
    (void)n;
    pith_bytes file;
    pith_status status = pith_encode_image(env, &w.picture, 50, &file, NULL);
    assert_int_equal(status == PITH_OK, file.data != NULL);
    pith_bytes_free(NULL, &file);
    return status;
}

static pith_status decode_image(void *env, size_t n) {
    (void)n;
    pith_image image;
    pith_status status = pith_decode_image(env, w.file.data, w.file.n_bytes, 0, &image, NULL);
    assert_int_equal(status == PITH_OK, image.pixels != NULL);
    pith_image_free(NULL, &image);
    return status;
}

static pith_status free_image(void *env, size_t n) {
    pith_image image = {.pixels = malloc(1)};
    pith_status status = new_decoder(env, n);
    pith_image_free(env, &image);
    assert_null(image.pixels);
    return status;
}

/* ---- calls that fill one ----------------------------------------------------------------- */

static pith_status contents(void *s, size_t n) {
    (void)n;
    return pith_model_get_contents(w.c.model, s);
}

static pith_status encoder_timing(void *s, size_t n) {
    (void)n;
    return pith_encoder_timing(w.c.encoder, s);
}

static pith_status decoder_timing(void *s, size_t n) {
    (void)n;
    return pith_decoder_timing(w.c.decoder, s);
}

static pith_status info(void *s, size_t n) {
    (void)n;
    assert_int_equal(pith_decoder_open(w.c.decoder, w.file.data, w.file.n_bytes), PITH_OK);
    return pith_decoder_info(w.c.decoder, s);
}

static pith_status hash(void *s, size_t n) {
    (void)n;
    return pith_decoder_hash(w.c.decoder, s);
}

static pith_status chunk(void *s, size_t n) {
    (void)n;
    assert_int_equal(pith_decoder_open(w.c.decoder, w.file.data, w.file.n_bytes), PITH_OK);
    return pith_decoder_chunk(w.c.decoder, 0, s);
}

/* ---- all of them ------------------------------------------------------------------------- */

typedef struct call {
    const char *name;
    call_fn *make;
    size_t size, last; /* of the struct, and where its last field begins */
    call_fn *fill;     /* for what is read: makes a whole one; NULL for what the call fills */
    bool takes_size;
} call;
#define READS(name, call, type, field, fill)                                                                           \
    { name, call, sizeof(type), offsetof(type, field), fill, false }
#define OF_ENV(name, call) READS(name, call, pith_env, max_seconds, env_defaults)
#define STARTS(name, call, type, field)                                                                                \
    { name, call, sizeof(type), offsetof(type, field), NULL, true }
#define FILLS(name, call, type, field)                                                                                 \
    { name, call, sizeof(type), offsetof(type, field), NULL, false }

static const call calls[] = {
    STARTS("pith_env_defaults", env_defaults, pith_env, max_seconds),
    STARTS("pith_encode_options_defaults", encode_defaults, pith_encode_options, extras),
    STARTS("pith_decode_options_defaults", decode_defaults, pith_decode_options, check),
    STARTS("pith_compare_options_defaults", compare_defaults, pith_compare_options, n_tiles),
    STARTS("pith_source_from_image", from_image, pith_source, user),
    STARTS("pith_sink_to_image", to_image, pith_sink, user),
    OF_ENV("pith_model_open", open_path),
    OF_ENV("pith_model_open_memory", open_memory),
    OF_ENV("pith_model_open_default", open_default),
    OF_ENV("pith_model_check_values", check_values),
    OF_ENV("pith_model_convert", convert),
    OF_ENV("pith_tiny_convert", convert_tiny),
    OF_ENV("pith_encoder_new", new_encoder),
    OF_ENV("pith_decoder_new", new_decoder),
    OF_ENV("pith_compare", compare_in),
    OF_ENV("pith_bytes_free", free_bytes),
    OF_ENV("pith_model_find", find_in),
    OF_ENV("pith_encode_image", encode_image),
    OF_ENV("pith_decode_image", decode_image),
    OF_ENV("pith_image_free", free_image),
    READS("pith_model_find", find_of, pith_info, picture_hash, fill_info),
    READS("pith_encode", encode_with, pith_encode_options, extras, encode_defaults),
    READS("pith_encode", encode_from, pith_source, user, fill_source),
    READS("pith_decode", decode_with, pith_decode_options, check, decode_defaults),
    READS("pith_decode", decode_to, pith_sink, user, fill_sink),
    READS("pith_compare", compare_original, pith_source, user, fill_source),
    READS("pith_compare", compare_decoded, pith_source, user, fill_source),
    READS("pith_compare", compare_with, pith_compare_options, n_tiles, compare_defaults),
    FILLS("pith_compare", compare_into, pith_compare_result, worst_tile),
    FILLS("pith_model_get_contents", contents, pith_model_contents, log2_step_q100),
    FILLS("pith_encoder_timing", encoder_timing, pith_timing, coding_seconds),
    FILLS("pith_decoder_timing", decoder_timing, pith_timing, coding_seconds),
    FILLS("pith_decoder_info", info, pith_info, picture_hash),
    FILLS("pith_decoder_hash", hash, pith_hash, check),
    FILLS("pith_decoder_chunk", chunk, pith_chunk_info, n_bytes),
};
#define N_CALLS (sizeof calls / sizeof *calls)

/* A struct of `n` bytes, whole as far as they go, and a guard behind. */
static uint8_t *callers_struct(const call *k, size_t n, size_t said) {
    uint8_t *s = malloc(PITH_MAX_STRUCT_BYTES + GUARD_BYTES);
    assert_non_null(s);
    memset(s, GUARD, PITH_MAX_STRUCT_BYTES + GUARD_BYTES);
    if (k->fill) assert_int_equal(k->fill(s, k->size), PITH_OK);
    if (k->fill && n > k->size) memset(s + k->size, 0, n - k->size);
    memset(s + n, GUARD, PITH_MAX_STRUCT_BYTES + GUARD_BYTES - n);
    if (!k->takes_size) memcpy(s, &said, sizeof said);
    return s;
}

static void expect_guard(const call *k, const uint8_t *s, size_t n) {
    for (size_t i = n; i < n + GUARD_BYTES; i++)
        if (s[i] != GUARD) fail_msg("%s wrote byte %zu behind %zu", k->name, i - n, n);
}

static void expect(const call *k, pith_status got, pith_status wanted) {
    if (got != wanted) fail_msg("%s: %s", k->name, pith_status_name(got));
}

/* What lies between fields has no value: how a compiler copies structs decides it. */
static void clear_padding(const call *k, uint8_t *s) {
#define CLEAR(type, field, next)                                                                                       \
    memset(s + offsetof(type, field) + sizeof((type *)0)->field, 0,                                                    \
           offsetof(type, next) - offsetof(type, field) - sizeof((type *)0)->field)
    if (strcmp(k->name, "pith_decoder_info") == 0) {
        CLEAR(pith_info, format.bit_depth, method);
        CLEAR(pith_info, recipe, lossless);
    }
    if (strcmp(k->name, "pith_decoder_chunk") == 0) CLEAR(pith_chunk_info, type, offset);
#undef CLEAR
}

static void an_older_caller_is_served_and_nothing_behind_its_struct_touched(void **state) {
    (void)state;
    for (const call *k = calls; k < calls + N_CALLS; k++) {
        uint8_t *s = callers_struct(k, k->last, k->last), *whole = callers_struct(k, k->size, k->size);
        expect(k, k->make(s, k->last), PITH_OK);
        expect_guard(k, s, k->last);
        expect(k, k->make(whole, k->size), PITH_OK);
        expect_guard(k, whole, k->size);
        size_t said;
        memcpy(&said, s, sizeof said);
        assert_int_equal(said, k->last);
        clear_padding(k, s);
        clear_padding(k, whole);
        if (!k->fill) assert_memory_equal(s + sizeof said, whole + sizeof said, k->last - sizeof said);
        free(whole);
        free(s);
    }
}

static void a_newer_caller_is_served_unless_it_asks_for_more(void **state) {
    (void)state;
    for (const call *k = calls; k < calls + N_CALLS; k++) {
        const size_t n = k->size + MORE;
        uint8_t *s = callers_struct(k, n, n);
        expect(k, k->make(s, n), PITH_OK);
        expect_guard(k, s, n);
        for (size_t i = k->size; i < n; i++)
            if (s[i] != 0) fail_msg("%s left byte %zu of what it does not know", k->name, i);
        s[n - 1] = 1;
        expect(k, k->make(s, n), k->fill ? PITH_E_UNSUPPORTED : PITH_OK);
        free(s);
    }
}

static void a_size_that_was_never_set_is_refused(void **state) {
    static const size_t sizes[] = {0, 1, sizeof(size_t) - 1, PITH_MAX_STRUCT_BYTES + 1, SIZE_MAX};
    (void)state;
    for (const call *k = calls; k < calls + N_CALLS; k++)
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            uint8_t *s = callers_struct(k, k->size, sizes[i]), *before = malloc(PITH_MAX_STRUCT_BYTES);
            assert_non_null(before);
            memcpy(before, s, PITH_MAX_STRUCT_BYTES);
            expect(k, k->make(s, sizes[i]), PITH_E_ARG);
            assert_memory_equal(s, before, PITH_MAX_STRUCT_BYTES);
            free(before);
            free(s);
        }
}

static void the_first_field_alone_is_all_defaults(void **state) {
    (void)state;
    const size_t size = sizeof size;
    const pith_encode_options *encoding = (const pith_encode_options *)(const void *)&size;
    const pith_decode_options *decoding = (const pith_decode_options *)(const void *)&size;
    assert_int_equal(encode(NULL, encoding), PITH_OK);
    assert_int_equal(decode(NULL, decoding), PITH_OK);
}

static void open_world(void) {
    const char *root = getenv("PITH_SOURCE_DIR");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/tests/data", root ? root : ".");
    setenv("PITH_MODELS", folder, 1);
    snprintf(w.model_path, sizeof w.model_path, "%.4000s/mini_tiny.safetensors", folder);
    FILE *f = fopen(w.model_path, "rb");
    if (!f) abort();
    w.model_bytes = malloc(1 << 22);
    w.n_model_bytes = w.model_bytes ? fread(w.model_bytes, 1, 1 << 22, f) : 0;
    fclose(f);
    api_open(&w.c, NULL, NULL);
    w.picture = api_waves(24, 16, 3, 8);
    w.file = api_encode(&w.c, &w.picture, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_older_caller_is_served_and_nothing_behind_its_struct_touched),
        cmocka_unit_test(a_newer_caller_is_served_unless_it_asks_for_more),
        cmocka_unit_test(a_size_that_was_never_set_is_refused),
        cmocka_unit_test(the_first_field_alone_is_all_defaults),
    };
    open_world();
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    pith_bytes_free(&w.c.env, &w.file);
    api_close(&w.c);
    free(w.picture.pixels);
    free(w.model_bytes);
    return failed;
}
