/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Values of tensors: halves, bfloat16 and floats, one at a time and many. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "float_bits.h"
#include "random_bits.h"
#include "weights/safetensors.h"

/* The value of a finite half, by the definition. */
static double value_of_half(unsigned half) {
    unsigned exponent = half >> 10 & 31, mantissa = half & 1023;
    double value = exponent ? 1024 + mantissa : mantissa;
    for (unsigned e = exponent ? exponent : 1; e < 25; e++) value /= 2;
    for (unsigned e = 25; e < exponent; e++) value *= 2;
    return half & 0x8000 ? -value : value;
}

static void every_half_widens_exactly(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) {
        if ((h & 0x7c00) == 0x7c00) continue;
        float f = f16_to_f32((uint16_t)h);
        if ((double)f != value_of_half(h) || bits_of(f) >> 31 != h >> 15)
            fail_msg("half 0x%04x gives %a", h, (double)f);
    }
    assert_int_equal(bits_of(f16_to_f32(0x7c00)), 0x7f800000);
    assert_int_equal(bits_of(f16_to_f32(0xfc00)), 0xff800000);
}

static void every_half_comes_back_from_float(void **state) {
    (void)state;
    for (unsigned h = 0; h < 65536; h++) /* infinities and every NaN among them */
        if (f32_to_f16(f16_to_f32((uint16_t)h)) != h)
            fail_msg("half 0x%04x becomes 0x%04x", h, f32_to_f16(f16_to_f32((uint16_t)h)));
}

/* Between any two neighbours: just past the lower, just before, at and just
 * past the middle. Rounding is monotonous, so that settles every float. */
static void floats_round_to_the_nearest_half_and_ties_to_even(void **state) {
    (void)state;
    for (unsigned sign = 0; sign < 2; sign++)
        for (unsigned h = 0; h < 0x7c00; h++) {
            uint32_t low = bits_of(f16_to_f32((uint16_t)h)), top = sign << 31;
            /* Past the largest finite half comes what would be 65536. */
            uint32_t high = h == 0x7bff ? 0x47800000 : bits_of(f16_to_f32((uint16_t)(h + 1)));
            double middle_value = ((double)float_of(low) + (double)float_of(high)) / 2;
            uint32_t middle = bits_of((float)middle_value);
            unsigned s = sign << 15, even = h & 1 ? h + 1 : h;
            if (f32_to_f16(float_of(top | (low + 1))) != (s | h) ||
                f32_to_f16(float_of(top | (middle - 1))) != (s | h) ||
                f32_to_f16(float_of(top | middle)) != (s | even) ||
                f32_to_f16(float_of(top | (middle + 1))) != (s | (h + 1)) ||
                f32_to_f16(float_of(top | (high - 1))) != (s | (h + 1)))
                fail_msg("wrong rounding after half 0x%04x", s | h);
        }
}

static void floats_past_the_largest_half_become_infinite(void **state) {
    (void)state;
    assert_int_equal(f32_to_f16(65519.996f), 0x7bff);
    assert_int_equal(f32_to_f16(65520.0f), 0x7c00);
    assert_int_equal(f32_to_f16(-3e38f), 0xfc00);
    assert_int_equal(f32_to_f16(float_of(0x7f800000)), 0x7c00);
    assert_int_equal(f32_to_f16(float_of(0x00000001)), 0);
    assert_int_equal(f32_to_f16(float_of(0x807fffff)), 0x8000);
}

static void a_nan_never_becomes_an_infinity(void **state) {
    (void)state;
    for (uint32_t payload = 1; payload < 0x00800000; payload = payload * 2 + 1) {
        uint16_t h = f32_to_f16(float_of(0x7f800000 | payload));
        assert_true((h & 0x7c00) == 0x7c00 && (h & 0x3ff) != 0);
    }
}

/* Tensors are narrowed many values at a time: around every bound and in runs of weights it is as one at a time. */
static void many_floats_are_narrowed_as_one(void **state) {
    (void)state;
    static const uint32_t bounds[] = {0, 0x33000000, 0x38800000, 0x477ff000, 0x7f800000, 0x7fffffff};
    enum { N = 1000 };
    static uint32_t bits[N];
    static uint16_t halves[N];
    uint32_t random = 1;
    for (size_t round = 0; round < 500; round++) {
        for (size_t i = 0; i < N; i++) {
            next_random(&random);
            if (i % 5 == 0 && round % 2)
                bits[i] = bounds[(random >> 8) % 6] + (random >> 28) - 8;
            else
                bits[i] = (0x38800000u + random % (0x477ff000u - 0x38800000u)) | (random & 0x80000000u);
        }
        const tensor t = {.type = TENSOR_F32, .data = (const uint8_t *)bits, .n_elements = N, .n_bytes = sizeof bits};
        tensor_read_f16(&t, 0, N, halves);
        for (size_t i = 0; i < N; i++)
            if (halves[i] != f32_to_f16(float_of(bits[i]))) fail_msg("0x%08x becomes 0x%04x", bits[i], halves[i]);
    }
}

static void tensors_are_read_at_any_address_and_from_any_element(void **state) {
    (void)state;
    static const uint8_t bytes[] = {0, 0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0xff, 0x7b};
    static const float halves[] = {1.0f, -2.0f, 0x1p-24f, 65504.0f};
    tensor t = {
        .name = "t", .type = TENSOR_F16, .rank = 1, .shape = {4}, .n_elements = 4, .data = bytes + 1, .n_bytes = 8};
    float f[4];
    uint16_t h[4];
    for (unsigned first = 0; first < 4; first++) {
        tensor_read_f32(&t, first, 4 - first, f);
        assert_memory_equal(f, halves + first, (4 - first) * sizeof f[0]);
    }
    tensor_read_f16(&t, 1, 2, h);
    assert_int_equal(h[0], 0xc000);
    assert_int_equal(h[1], 0x0001);

    t.type = TENSOR_BF16; /* the same bytes are the upper halves of floats */
    tensor_read_f32(&t, 0, 4, f);
    assert_int_equal(bits_of(f[0]), 0x3c000000);
    assert_int_equal(bits_of(f[3]), 0x7bff0000);
    tensor_read_f16(&t, 0, 4, h);
    assert_int_equal(h[0], f32_to_f16(0x1p-7f));
    assert_int_equal(h[1], 0xc000);
    assert_int_equal(h[3], 0x7c00);

    t = (tensor){
        .name = "t", .type = TENSOR_F32, .rank = 1, .shape = {2}, .n_elements = 2, .data = bytes + 1, .n_bytes = 8};
    tensor_read_f32(&t, 1, 1, f);
    assert_int_equal(bits_of(f[0]), 0x7bff0001);
    tensor_read_f32(&t, 2, 0, f);
}

static void other_types_read_as_zeros(void **state) {
    (void)state;
    static const uint8_t bytes[] = {1, 2};
    tensor t = {.name = "t", .type = TENSOR_I8, .rank = 1, .shape = {2}, .n_elements = 2, .data = bytes, .n_bytes = 2};
    float f[2] = {7, 7};
    uint16_t h[2] = {7, 7};
    tensor_read_f32(&t, 0, 2, f);
    tensor_read_f16(&t, 0, 2, h);
    assert_true(f[0] == 0 && f[1] == 0 && h[0] == 0 && h[1] == 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_half_widens_exactly),
        cmocka_unit_test(every_half_comes_back_from_float),
        cmocka_unit_test(floats_round_to_the_nearest_half_and_ties_to_even),
        cmocka_unit_test(floats_past_the_largest_half_become_infinite),
        cmocka_unit_test(many_floats_are_narrowed_as_one),
        cmocka_unit_test(a_nan_never_becomes_an_infinity),
        cmocka_unit_test(tensors_are_read_at_any_address_and_from_any_element),
        cmocka_unit_test(other_types_read_as_zeros),
    };
    return cmocka_run_group_tests_name("tensor_values", tests, NULL, NULL);
}
