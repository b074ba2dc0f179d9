/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Status, memory, stream and CRC: the ground everything else stands on. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/stream.h"

/* ---- status --------------------------------------------------------------------- */

static void every_status_has_its_own_name(void **state) {
    (void)state;
    for (int i = PITH_OK; i <= PITH_E_INTERNAL; i++) {
        const char *name = pith_status_name((pith_status)i);
        assert_memory_equal(name, "PITH_", 5);
        for (int j = PITH_OK; j < i; j++) assert_string_not_equal(name, pith_status_name((pith_status)j));
    }
}

static void an_unknown_status_has_a_name_too(void **state) {
    (void)state;
    assert_non_null(pith_status_name((pith_status)999));
    assert_non_null(pith_status_name((pith_status)-1));
}

static void version_string_agrees_with_the_numbers(void **state) {
    (void)state;
    char text[32];
    snprintf(text, sizeof text, "%d.%d.%d", PITH_VERSION_MAJOR, PITH_VERSION_MINOR, PITH_VERSION_PATCH);
    assert_string_equal(pith_version_string(), text);
}

static void the_first_fault_wins(void **state) {
    (void)state;
    pith_diag diag = {0};
    assert_int_equal(diag_set(&diag, PITH_E_FORMAT, "plane %d", 3), PITH_E_FORMAT);
    assert_int_equal(diag_set(&diag, PITH_E_IO, "later"), PITH_E_IO);
    assert_int_equal(diag.status, PITH_E_FORMAT);
    assert_string_equal(diag.message, "plane 3");
    diag_clear(&diag);
    assert_int_equal(diag.status, PITH_OK);
    assert_string_equal(diag.message, "");
    assert_int_equal(diag_set(NULL, PITH_E_IO, "no diag"), PITH_E_IO);
    diag_clear(NULL);
}

static void a_message_is_one_printable_line(void **state) {
    (void)state;
    pith_diag diag = {0};
    /* A newline, an escape sequence, DEL, and U+009B (the one-byte escape of terminals) in UTF-8. */
    diag_set(&diag, PITH_E_FORMAT, "a%sb", "\n\x1b[2J\x7f\xc2\x9b\xc3\xa9");
    assert_string_equal(diag.message, "a??[2J???\xc3\xa9"
                                      "b");
}

static void a_long_message_is_cut_and_terminated(void **state) {
    (void)state;
    pith_diag diag = {0};
    char text[2 * PITH_MESSAGE_BYTES];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    diag_set(&diag, PITH_E_FORMAT, "%s", text);
    assert_int_equal(strlen(diag.message), PITH_MESSAGE_BYTES - 1);
}

static pith_status fails_at(int step, int *cleaned) {
    pith_status status;
    PITH_TRY(step == 1 ? PITH_E_IO : PITH_OK);
    PITH_TRY(step == 2 ? PITH_E_NOMEM : PITH_OK);
cleanup:
    *cleaned += 1;
    return status;
}

static void try_goes_to_cleanup_with_the_status(void **state) {
    (void)state;
    int cleaned = 0;
    assert_int_equal(fails_at(0, &cleaned), PITH_OK);
    assert_int_equal(fails_at(1, &cleaned), PITH_E_IO);
    assert_int_equal(fails_at(2, &cleaned), PITH_E_NOMEM);
    assert_int_equal(cleaned, 3);
}

/* ---- memory --------------------------------------------------------------------- */

/* Counts blocks, fills them with rubbish, fails when told. */
typedef struct counting_alloc {
    int n_live, n_until_failure;
    size_t last_bytes;
} counting_alloc;

static void *count_alloc(void *user, size_t n_bytes) {
    counting_alloc *c = user;
    if (c->n_until_failure == 0) return NULL;
    if (c->n_until_failure > 0) c->n_until_failure--;
    assert_true(n_bytes > 0);
    void *block = malloc(n_bytes);
    assert_non_null(block);
    memset(block, 0xa5, n_bytes);
    c->n_live++;
    c->last_bytes = n_bytes;
    return block;
}

static void count_free(void *user, void *block) {
    counting_alloc *c = user;
    assert_non_null(block);
    c->n_live--;
    free(block);
}

static pith_alloc counting(counting_alloc *c) { return (pith_alloc){count_alloc, count_free, c}; }

static void sizes_that_overflow_are_refused(void **state) {
    (void)state;
    size_t result = 7;
    assert_false(size_mul(&result, SIZE_MAX, 2));
    assert_false(size_mul(&result, 2, SIZE_MAX));
    assert_false(size_mul(&result, SIZE_MAX / 2 + 1, 2));
    assert_false(size_add(&result, SIZE_MAX, 1));
    assert_int_equal(result, 7);
    assert_true(size_mul(&result, SIZE_MAX, 1) && result == SIZE_MAX);
    assert_true(size_mul(&result, SIZE_MAX / 2, 2) && result == SIZE_MAX - 1);
    assert_true(size_mul(&result, 0, SIZE_MAX) && result == 0);
    assert_true(size_add(&result, SIZE_MAX - 1, 1) && result == SIZE_MAX);
}

static void allocation_of_an_overflowing_product_gives_nothing(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = -1};
    pith_alloc alloc = counting(&c);
    size_t huge = SIZE_MAX / 2 + 1;
    assert_null(mem_alloc(&alloc, huge, 2));
    assert_null(mem_alloc(NULL, huge, 2));
    assert_null(mem_alloc_aligned(&alloc, huge, 2));
    assert_null(mem_alloc_aligned(&alloc, SIZE_MAX - 8, 1)); /* no room for the alignment */
    void *block = mem_alloc(&alloc, 1, 8);
    assert_null(mem_grow(&alloc, block, 1, huge, 8));
    mem_free(&alloc, block);
    assert_int_equal(c.n_live, 0);
}

static void blocks_are_zeroed_and_go_through_the_allocator(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = -1};
    pith_alloc alloc = counting(&c);
    unsigned char *block = mem_alloc(&alloc, 100, 3);
    assert_non_null(block);
    assert_int_equal(c.last_bytes, 300);
    for (size_t i = 0; i < 300; i++) assert_int_equal(block[i], 0);
    mem_free(&alloc, block);
    mem_free(&alloc, NULL);
    assert_int_equal(c.n_live, 0);
}

static void zero_elements_give_a_block(void **state) {
    (void)state;
    const pith_alloc unset = {0};
    const pith_alloc *choices[] = {NULL, &unset};
    for (size_t i = 0; i < 2; i++) {
        void *block = mem_alloc(choices[i], 0, 16);
        assert_non_null(block);
        mem_free(choices[i], block);
    }
}

static void arenas_are_aligned_whatever_the_allocator_returns(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = -1};
    pith_alloc alloc = counting(&c);
    void *blocks[40];
    for (size_t i = 0; i < 40; i++) {
        blocks[i] = mem_alloc_aligned(&alloc, i * 7, 1);
        assert_non_null(blocks[i]);
        assert_int_equal((uintptr_t)blocks[i] % 64, 0);
        memset(blocks[i], 1, i * 7); /* the sanitizer watches the end */
    }
    for (size_t i = 0; i < 40; i++) mem_free_aligned(&alloc, blocks[i]);
    mem_free_aligned(&alloc, NULL);
    assert_int_equal(c.n_live, 0);
}

static void growing_keeps_the_old_and_zeroes_the_new(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = -1};
    pith_alloc alloc = counting(&c);
    uint32_t *block = mem_grow(&alloc, NULL, 0, 4, sizeof *block);
    assert_non_null(block);
    for (uint32_t i = 0; i < 4; i++) block[i] = i + 1;
    block = mem_grow(&alloc, block, 4, 100, sizeof *block);
    assert_non_null(block);
    for (uint32_t i = 0; i < 100; i++) assert_int_equal(block[i], i < 4 ? i + 1 : 0);
    c.n_until_failure = 0;
    assert_null(mem_grow(&alloc, block, 100, 200, sizeof *block));
    assert_int_equal(block[3], 4); /* still the caller's */
    mem_free(&alloc, block);
    assert_int_equal(c.n_live, 0);
}

/* ---- reading -------------------------------------------------------------------- */

static void numbers_are_little_endian(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 0xff};
    stream s;
    st_init(&s, data, sizeof data, "test", 0, NULL);
    assert_int_equal(st_u8(&s, "a"), 0x01);
    assert_int_equal(st_u16le(&s, "b"), 0x0302);
    assert_int_equal(st_u32le(&s, "c"), 0x07060504);
    assert_true(st_u64le(&s, "d") == UINT64_C(0xff0e0d0c0b0a0908));
    assert_int_equal(st_left(&s), 0);
    assert_int_equal(s.status, PITH_OK);
}

static void reading_past_the_end_names_field_and_place(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3};
    pith_diag diag = {0};
    stream s;
    st_init(&s, data, sizeof data, "header chunk", 85, &diag);
    assert_int_equal(st_u16le(&s, "width"), 0x0201);
    assert_int_equal(st_u32le(&s, "height"), 0);
    assert_int_equal(s.status, PITH_E_TRUNCATED);
    assert_int_equal(diag.status, PITH_E_TRUNCATED);
    assert_string_equal(diag.message, "header chunk: height needs 4 bytes, 1 are left (byte 87)");
}

static void after_a_fault_every_read_gives_zero(void **state) {
    (void)state;
    static const uint8_t data[] = {9, 9, 9, 9, 9, 9, 9, 9};
    pith_diag diag = {0};
    stream s;
    st_init(&s, data, sizeof data, "test", 0, &diag);
    st_fail(&s, PITH_E_FORMAT, "value %d", 7);
    st_fail(&s, PITH_E_IO, "later");
    assert_int_equal(st_u8(&s, "a"), 0);
    assert_int_equal(st_u16le(&s, "a"), 0);
    assert_int_equal(st_u32le(&s, "a"), 0);
    assert_true(st_u64le(&s, "a") == 0);
    assert_true(st_leb128(&s, 100, "a") == 0);
    assert_null(st_bytes(&s, 0, "a"));
    assert_int_equal(st_left(&s), 0);
    assert_int_equal(s.status, PITH_E_FORMAT);
    assert_string_equal(diag.message, "test: value 7 (byte 0)");
}

static void a_huge_length_is_truncation_not_overflow(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3};
    stream s;
    st_init(&s, data, sizeof data, "test", 0, NULL);
    st_u8(&s, "a");
    assert_null(st_bytes(&s, SIZE_MAX, "payload"));
    assert_int_equal(s.status, PITH_E_TRUNCATED);
}

static void bytes_are_borrowed_from_the_data(void **state) {
    (void)state;
    static const uint8_t data[] = {1, 2, 3};
    stream s;
    st_init(&s, data, sizeof data, "test", 0, NULL);
    st_u8(&s, "a");
    assert_ptr_equal(st_bytes(&s, 2, "b"), data + 1);
    assert_non_null(st_bytes(&s, 0, "nothing"));
    st_init(&s, NULL, 0, "empty", 0, NULL);
    assert_non_null(st_bytes(&s, 0, "nothing"));
    assert_null(st_bytes(&s, 1, "something"));
}

/* Reads `n` bytes as one number of at most `max`; expects them all used. */
static pith_status leb128(const uint8_t *data, size_t n, uint64_t max, uint64_t *value) {
    stream s;
    st_init(&s, data, n, "test", 0, NULL);
    *value = st_leb128(&s, max, "value");
    if (s.status == PITH_OK) assert_int_equal(st_left(&s), 0);
    return s.status;
}

static void leb128_round_trips_at_every_length(void **state) {
    (void)state;
    for (unsigned bits = 0; bits <= 64; bits++)
        for (int delta = -1; delta <= 1; delta++) {
            uint64_t value = (bits < 64 ? (uint64_t)1 << bits : 0) + (uint64_t)(int64_t)delta, got;
            byte_writer w;
            bw_init(&w, NULL);
            bw_leb128(&w, value);
            assert_int_equal(leb128(w.data, w.n_bytes, UINT64_MAX, &got), PITH_OK);
            assert_true(got == value);
            for (size_t n = 0; n < w.n_bytes; n++)
                assert_int_equal(leb128(w.data, n, UINT64_MAX, &got), PITH_E_TRUNCATED);
            bw_free(&w);
        }
}

static void leb128_refuses_more_bytes_than_needed(void **state) {
    (void)state;
    uint64_t got;
    assert_int_equal(leb128((const uint8_t[]){0x80, 0x00}, 2, UINT64_MAX, &got), PITH_E_FORMAT);
    assert_int_equal(leb128((const uint8_t[]){0xff, 0x80, 0x00}, 3, UINT64_MAX, &got), PITH_E_FORMAT);
    assert_int_equal(leb128((const uint8_t[]){0x00}, 1, UINT64_MAX, &got), PITH_OK);
}

static void leb128_refuses_more_than_64_bits(void **state) {
    (void)state;
    uint64_t got;
    uint8_t data[12];
    memset(data, 0xff, sizeof data);
    data[9] = 0x01;
    assert_int_equal(leb128(data, 10, UINT64_MAX, &got), PITH_OK);
    assert_true(got == UINT64_MAX);
    data[9] = 0x02;
    assert_int_equal(leb128(data, 10, UINT64_MAX, &got), PITH_E_FORMAT);
    data[9] = 0x81;
    data[10] = 0x01;
    assert_int_equal(leb128(data, 11, UINT64_MAX, &got), PITH_E_FORMAT);
}

static void leb128_refuses_more_than_the_limit(void **state) {
    (void)state;
    uint64_t got;
    assert_int_equal(leb128((const uint8_t[]){0xe5, 0x07}, 2, 997, &got), PITH_OK);
    assert_int_equal(got, 997);
    assert_int_equal(leb128((const uint8_t[]){0xe6, 0x07}, 2, 997, &got), PITH_E_FORMAT);
    assert_int_equal(got, 0);
    pith_diag diag = {0};
    stream s;
    st_init(&s, (const uint8_t[]){0, 0xe6, 0x07}, 3, "head", 10, &diag);
    st_u8(&s, "a");
    st_leb128(&s, 997, "width");
    assert_string_equal(diag.message, "head: width is 998, more than 997 (byte 11)");
}

/* ---- writing -------------------------------------------------------------------- */

static void what_is_written_is_read_back(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = -1};
    pith_alloc alloc = counting(&c);
    byte_writer w;
    stream s;
    bw_init(&w, &alloc);
    for (uint32_t i = 0; i < 1000; i++) {
        bw_u8(&w, (uint8_t)i);
        bw_u16le(&w, (uint16_t)(i * 77));
        bw_u32le(&w, i * 123456789u);
        bw_u64le(&w, i * UINT64_C(0x9e3779b97f4a7c15));
        bw_leb128(&w, (uint64_t)i << i % 50);
        bw_bytes(&w, "abc", i % 4);
    }
    assert_int_equal(w.status, PITH_OK);
    assert_true(w.n_bytes <= w.capacity);
    st_init(&s, w.data, w.n_bytes, "written", 0, NULL);
    for (uint32_t i = 0; i < 1000; i++) {
        assert_int_equal(st_u8(&s, "a"), (uint8_t)i);
        assert_int_equal(st_u16le(&s, "b"), (uint16_t)(i * 77));
        assert_int_equal(st_u32le(&s, "c"), i * 123456789u);
        assert_true(st_u64le(&s, "d") == i * UINT64_C(0x9e3779b97f4a7c15));
        assert_true(st_leb128(&s, UINT64_MAX, "e") == (uint64_t)i << i % 50);
        assert_memory_equal(st_bytes(&s, i % 4, "f"), "abc", i % 4);
    }
    assert_int_equal(s.status, PITH_OK);
    assert_int_equal(st_left(&s), 0);
    bw_free(&w);
    bw_free(NULL);
    assert_int_equal(c.n_live, 0);
}

static void out_of_memory_sticks_in_the_writer(void **state) {
    (void)state;
    counting_alloc c = {.n_until_failure = 1};
    pith_alloc alloc = counting(&c);
    static const uint8_t block[1000];
    byte_writer w;
    bw_init(&w, &alloc);
    bw_u8(&w, 1);
    assert_int_equal(w.status, PITH_OK);
    bw_bytes(&w, block, sizeof block);
    assert_int_equal(w.status, PITH_E_NOMEM);
    assert_int_equal(w.n_bytes, 1);
    c.n_until_failure = -1;
    bw_u8(&w, 2);
    assert_int_equal(w.n_bytes, 1);
    assert_int_equal(w.status, PITH_E_NOMEM);
    bw_free(&w);
    assert_int_equal(c.n_live, 0);
}

/* ---- CRC-32 --------------------------------------------------------------------- */

static void crc32_gives_the_published_check_value(void **state) {
    (void)state;
    assert_int_equal(crc32_update(0, "123456789", 9), 0xcbf43926);
    assert_int_equal(crc32_update(0, "", 0), 0);
    assert_int_equal(crc32_update(0, "IEND", 4), 0xae426082); /* the end of every PNG */
}

static void crc32_agrees_with_the_definition_bit_by_bit(void **state) {
    (void)state;
    for (unsigned i = 0; i < 256; i++) {
        uint8_t byte = (uint8_t)i;
        uint32_t crc = ~(uint32_t)0 ^ byte;
        for (int bit = 0; bit < 8; bit++) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
        assert_int_equal(crc32_update(0, &byte, 1), ~crc);
    }
}

static void crc32_goes_on_from_an_earlier_result(void **state) {
    (void)state;
    static const char text[] = "the quick brown fox";
    uint32_t whole = crc32_update(0, text, sizeof text);
    for (size_t cut = 0; cut <= sizeof text; cut++)
        assert_int_equal(crc32_update(crc32_update(0, text, cut), text + cut, sizeof text - cut), whole);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_its_own_name),
        cmocka_unit_test(an_unknown_status_has_a_name_too),
        cmocka_unit_test(version_string_agrees_with_the_numbers),
        cmocka_unit_test(the_first_fault_wins),
        cmocka_unit_test(a_message_is_one_printable_line),
        cmocka_unit_test(a_long_message_is_cut_and_terminated),
        cmocka_unit_test(try_goes_to_cleanup_with_the_status),
        cmocka_unit_test(sizes_that_overflow_are_refused),
        cmocka_unit_test(allocation_of_an_overflowing_product_gives_nothing),
        cmocka_unit_test(blocks_are_zeroed_and_go_through_the_allocator),
        cmocka_unit_test(zero_elements_give_a_block),
        cmocka_unit_test(arenas_are_aligned_whatever_the_allocator_returns),
        cmocka_unit_test(growing_keeps_the_old_and_zeroes_the_new),
        cmocka_unit_test(numbers_are_little_endian),
        cmocka_unit_test(reading_past_the_end_names_field_and_place),
        cmocka_unit_test(after_a_fault_every_read_gives_zero),
        cmocka_unit_test(a_huge_length_is_truncation_not_overflow),
        cmocka_unit_test(bytes_are_borrowed_from_the_data),
        cmocka_unit_test(leb128_round_trips_at_every_length),
        cmocka_unit_test(leb128_refuses_more_bytes_than_needed),
        cmocka_unit_test(leb128_refuses_more_than_64_bits),
        cmocka_unit_test(leb128_refuses_more_than_the_limit),
        cmocka_unit_test(what_is_written_is_read_back),
        cmocka_unit_test(out_of_memory_sticks_in_the_writer),
        cmocka_unit_test(crc32_gives_the_published_check_value),
        cmocka_unit_test(crc32_agrees_with_the_definition_bit_by_bit),
        cmocka_unit_test(crc32_goes_on_from_an_earlier_result),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
