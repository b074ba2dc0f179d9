/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Spoiled .pith files: whatever is done to the bytes, reading ends in an error
 * or in a file that is structurally sound, and nothing beyond the bytes is
 * touched. Each variant is read from an exact-size copy on the heap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "capped_alloc.h"
#include "container/ctr_read.h"
#include "container_file.h"

#define N_RANDOM 20000

static pith_env env;
static capped_alloc counter;

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    env.alloc = capped_alloc_make(&counter);
    return 0;
}

/* What every reader may rely on. */
static void assert_sound(const ctr_file *file, size_t n_bytes, const uint8_t *data) {
    assert_null(ctr_head_fault(&file->head));
    assert_true((uint64_t)file->head.width * file->head.height <= env.max_pixels);
    assert_int_equal(file->n_slices, ctr_slice_count(&file->head));
    assert_true(file->n_slices >= 1 && file->n_slices < file->n_chunks);
    size_t at = 5;
    for (uint32_t i = 0; i < file->n_chunks; i++) {
        const ctr_chunk *c = &file->chunks[i];
        assert_int_equal(c->offset, at);
        assert_true(c->payload >= data + at && c->payload + c->payload_bytes + 4 == data + at + c->n_bytes);
        at += c->n_bytes;
    }
    assert_int_equal(at, n_bytes);
    unsigned sum = 0;
    for (uint32_t i = 0; i < file->n_slices; i++) {
        ctr_slice slice;
        assert_int_equal(ctr_read_slice(file, i, &slice, NULL), PITH_OK);
        for (size_t k = 0; k < slice.coded_bytes; k++) sum += slice.coded[k];
    }
    assert_true(sum < UINT32_MAX); /* every coded byte was read */
}

static pith_status try_bytes(const uint8_t *data, size_t n_bytes) {
    uint8_t *copy = malloc(n_bytes ? n_bytes : 1);
    memcpy(copy, data, n_bytes);
    ctr_file file;
    pith_diag diag = {0};
    counter = (capped_alloc){.cap_bytes = n_bytes * sizeof(ctr_chunk)};
    pith_status status = ctr_read(&file, copy, n_bytes, &env, &diag);
    assert_int_equal(diag.status, status);
    assert_true((diag.message[0] == '\0') == (status == PITH_OK));
    assert_int_not_equal(status, PITH_E_NOMEM);
    if (status == PITH_OK)
        assert_sound(&file, n_bytes, copy);
    else
        assert_null(file.chunks);
    ctr_file_free(&file, &env);
    assert_int_equal(counter.n_live, 0);
    free(copy);
    return status;
}

/* Three slices, two chunks to skip, a long model name. */
static byte_writer sample(void) {
    ctr_head head = container_head(2050, 9);
    memcpy(head.model_name, "sd1.test", 9);
    byte_writer w = container_start(&head);
    uint8_t coded[CONTAINER_MAX_CODED];
    ctr_write_chunk(&w, 0x90, "something else", 14);
    for (uint32_t i = 0; i < ctr_slice_count(&head); i++)
        ctr_write_slice(&w, container_checksum(i), coded, container_coded(i, coded));
    return w;
}

static void every_truncation_is_an_error(void **state) {
    (void)state;
    byte_writer w = sample();
    assert_int_equal(try_bytes(w.data, w.n_bytes), PITH_OK);
    for (size_t n = 0; n < w.n_bytes; n++)
        if (try_bytes(w.data, n) != PITH_E_TRUNCATED) fail_msg("%zu of %zu bytes", n, w.n_bytes);
    bw_free(&w);
}

static void every_byte_after_the_end_is_an_error(void **state) {
    (void)state;
    byte_writer w = sample();
    size_t n = w.n_bytes;
    for (unsigned value = 0; value < 256; value++) {
        bw_u8(&w, (uint8_t)value);
        assert_int_not_equal(try_bytes(w.data, n + 1), PITH_OK);
        w.n_bytes = n;
    }
    bw_free(&w);
}

static void every_changed_byte_is_an_error(void **state) {
    (void)state;
    byte_writer w = sample();
    for (size_t i = 0; i < w.n_bytes; i++)
        for (unsigned value = 0; value < 256; value++) {
            uint8_t kept = w.data[i];
            if (value == kept) continue;
            w.data[i] = (uint8_t)value;
            pith_status status = try_bytes(w.data, w.n_bytes);
            /* Byte 4 is the version: its low nibble may change. */
            if (status == PITH_OK && (i != 4 || (value >> 4 != CTR_VERSION_MAJOR && value != CTR_VERSION_DRAFT)))
                fail_msg("byte %zu as 0x%02x is read", i, value);
            w.data[i] = kept;
        }
    bw_free(&w);
}

static void every_changed_byte_with_its_crc_mended_is_an_error_or_a_sound_file(void **state) {
    (void)state;
    byte_writer w = sample();
    uint8_t *bytes = malloc(w.n_bytes);
    size_t n_read = 0;
    for (size_t i = 0; i < w.n_bytes; i++)
        for (unsigned value = 0; value < 256; value++) {
            memcpy(bytes, w.data, w.n_bytes);
            bytes[i] = (uint8_t)value;
            container_mend_crcs(bytes, w.n_bytes);
            n_read += try_bytes(bytes, w.n_bytes) == PITH_OK;
        }
    assert_true(n_read > w.n_bytes); /* the mending works: payloads get through */
    free(bytes);
    bw_free(&w);
}

static void random_damage_is_an_error_or_a_sound_file(void **state) {
    (void)state;
    const char *given = getenv("PITH_TEST_SEED");
    uint64_t seed = given ? strtoull(given, NULL, 10) : 1;
    print_message("seed %llu (PITH_TEST_SEED)\n", (unsigned long long)seed);
    byte_writer w = sample();
    uint8_t *bytes = malloc(w.n_bytes);
    for (unsigned round = 0; round < N_RANDOM; round++) {
        memcpy(bytes, w.data, w.n_bytes);
        unsigned n_changes = 1 + round % 7;
        for (unsigned k = 0; k < n_changes; k++) {
            seed = seed * 6364136223846793005u + 1442695040888963407u;
            bytes[(seed >> 33) % w.n_bytes] = (uint8_t)(seed >> 25);
        }
        size_t n = round % 3 ? w.n_bytes : (size_t)(seed >> 40) % w.n_bytes;
        container_mend_crcs(bytes, n);
        (void)!try_bytes(bytes, n);
    }
    free(bytes);
    bw_free(&w);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_truncation_is_an_error),
        cmocka_unit_test(every_byte_after_the_end_is_an_error),
        cmocka_unit_test(every_changed_byte_is_an_error),
        cmocka_unit_test(every_changed_byte_with_its_crc_mended_is_an_error_or_a_sound_file),
        cmocka_unit_test(random_damage_is_an_error_or_a_sound_file),
    };
    return cmocka_run_group_tests_name("container_damage", tests, setup, NULL);
}
