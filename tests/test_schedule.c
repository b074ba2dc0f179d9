/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The noise schedule: known values, the choice of a start, DDIM steps. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "model/schedule.h"

static double noise_of(const sd_schedule *s, uint32_t t) {
    const double a = (double)s->alphas_cumprod[t];
    return (1 - a) / a;
}

/* As public checkpoints store them. */
static void alphas_are_those_of_the_checkpoints(void **state) {
    (void)state;
    sd_schedule s;
    schedule_init(&s);
    static const struct {
        uint32_t t;
        float alpha;
    } known[] = {{0, 0.99915f},      {1, 0.998296f},     {50, 0.9515769f},    {100, 0.89422345f},
                 {200, 0.75369203f}, {500, 0.27633268f}, {998, 0.004716699f}, {999, 0.0046600983f}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        assert_true(s.alphas_cumprod[known[i].t] == known[i].alpha);
    for (uint32_t t = 1; t < SCHEDULE_N_TIMESTEPS; t++) assert_true(s.alphas_cumprod[t] < s.alphas_cumprod[t - 1]);
}

static void start_is_the_timestep_of_that_noise(void **state) {
    (void)state;
    sd_schedule s;
    schedule_init(&s);
    for (uint32_t t = 0; t < SCHEDULE_N_TIMESTEPS; t++) {
        assert_int_equal(schedule_start(&s, noise_of(&s, t)), t);
        assert_int_equal(schedule_start(&s, noise_of(&s, t) * 1.0001), t);
        assert_int_equal(schedule_start(&s, noise_of(&s, t) / 1.0001), t);
    }
    assert_int_equal(schedule_start(&s, 0), 0);
    assert_int_equal(schedule_start(&s, (double)NAN), 0);
    assert_int_equal(schedule_start(&s, 1e9), SCHEDULE_N_TIMESTEPS - 1);
    assert_int_equal(schedule_start(&s, (double)INFINITY), SCHEDULE_N_TIMESTEPS - 1);
}

static void check_steps(uint32_t start, uint32_t n, const uint32_t *expected, uint32_t n_expected) {
    uint32_t timesteps[SCHEDULE_N_TIMESTEPS];
    assert_int_equal(schedule_steps(timesteps, start, n), n_expected);
    if (n_expected) assert_memory_equal(timesteps, expected, n_expected * sizeof *timesteps);
}

static void steps_are_even_and_end_above_zero(void **state) {
    (void)state;
    check_steps(200, 4, (const uint32_t[]){200, 150, 100, 50}, 4);
    check_steps(999, 1, (const uint32_t[]){999}, 1);
    check_steps(10, 3, (const uint32_t[]){10, 6, 3}, 3);
    check_steps(3, 9, (const uint32_t[]){3, 2, 1}, 3);
    check_steps(0, 4, NULL, 0);
    check_steps(200, 0, NULL, 0);
    for (uint32_t start = 1; start < SCHEDULE_N_TIMESTEPS; start += 37) {
        uint32_t timesteps[SCHEDULE_N_TIMESTEPS];
        const uint32_t n = schedule_steps(timesteps, start, 20);
        assert_int_equal(timesteps[0], start);
        for (uint32_t i = 1; i < n; i++) assert_true(timesteps[i] < timesteps[i - 1]);
        assert_true(timesteps[n - 1] > 0);
    }
}

static void last_step_ends_at_the_first_alpha(void **state) {
    (void)state;
    const uint32_t timesteps[] = {40, 20};
    float alpha, next;
    sd_schedule s;
    schedule_init(&s);
    schedule_step_alphas(&s, timesteps, 2, 0, &alpha, &next);
    assert_true(alpha == s.alphas_cumprod[40] && next == s.alphas_cumprod[20]);
    schedule_step_alphas(&s, timesteps, 2, 1, &alpha, &next);
    assert_true(alpha == s.alphas_cumprod[20] && next == s.alphas_cumprod[0]);
}

/* A latent made of a signal and a noise, told the right noise, is the same
 * signal with less of the same noise. */
static void ddim_step_scales_signal_and_noise(void **state) {
    (void)state;
    const double signal[] = {-3, 0, 0.25, 2}, noise[] = {1, -2, 0, 0.5}, a = 0.25, b = 0.81;
    float x[4], eps[4];
    for (int i = 0; i < 4; i++) {
        eps[i] = (float)noise[i];
        x[i] = (float)(sqrt(a) * signal[i] + sqrt(1 - a) * noise[i]);
    }
    schedule_ddim_step(x, eps, 4, 0.25f, 0.81f);
    for (int i = 0; i < 4; i++) assert_true(fabs((double)x[i] - (sqrt(b) * signal[i] + sqrt(1 - b) * noise[i])) < 1e-6);
}

/* Expected values: diffusers' rescale_zero_terminal_snr, in double precision. */
static void zero_snr_ends_in_noise_alone(void **state) {
    (void)state;
    static const struct {
        uint32_t t;
        double alpha;
    } expected[] = {{0, 0.99915}, {1, 0.9982334461}, {500, 0.2410187828}, {998, 1.967888057e-07}};
    sd_schedule s, usual;
    schedule_init(&usual);
    schedule_init_zero_snr(&s);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        assert_true(fabs((double)s.alphas_cumprod[expected[i].t] / expected[i].alpha - 1) < 2e-4);
    assert_true(s.alphas_cumprod[SCHEDULE_N_TIMESTEPS - 1] == 0);
    assert_true(fabsf(s.alphas_cumprod[0] - usual.alphas_cumprod[0]) < 1e-6f);
    /* Never started where there is no signal. */
    assert_int_equal(schedule_start(&s, 1e9), SCHEDULE_N_TIMESTEPS - 2);
    assert_int_equal(schedule_start(&s, (double)INFINITY), SCHEDULE_N_TIMESTEPS - 2);
    for (uint32_t t = 0; t + 1 < SCHEDULE_N_TIMESTEPS; t += 37)
        assert_int_equal(schedule_start(&s, noise_of(&s, t)), t);
}

static void noise_is_found_in_v(void **state) {
    (void)state;
    const double signal[] = {-3, 0, 0.25, 2}, noise[] = {1, -2, 0, 0.5}, a = 0.25;
    float x[4], v[4];
    for (int i = 0; i < 4; i++) {
        v[i] = (float)(sqrt(a) * noise[i] - sqrt(1 - a) * signal[i]);
        x[i] = (float)(sqrt(a) * signal[i] + sqrt(1 - a) * noise[i]);
    }
    schedule_noise_of_v(v, x, 4, 0.25f);
    for (int i = 0; i < 4; i++) assert_true(fabs((double)v[i] - noise[i]) < 1e-6);
}

static void embedding_is_cosines_then_sines(void **state) {
    (void)state;
    float e[320];
    schedule_timestep_embedding(e, 320, 0);
    for (int i = 0; i < 320; i++) assert_true(e[i] == (i < 160 ? 1 : 0));
    schedule_timestep_embedding(e, 320, 999);
    for (int i = 0; i < 160; i++) {
        const double angle = 999 * exp(-log(10000) * i / 160);
        assert_true(fabs((double)e[i] - cos(angle)) < 2e-4); /* of angles in float */
        assert_true(fabs((double)e[160 + i] - sin(angle)) < 2e-4);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(alphas_are_those_of_the_checkpoints),
        cmocka_unit_test(start_is_the_timestep_of_that_noise),
        cmocka_unit_test(steps_are_even_and_end_above_zero),
        cmocka_unit_test(last_step_ends_at_the_first_alpha),
        cmocka_unit_test(ddim_step_scales_signal_and_noise),
        cmocka_unit_test(zero_snr_ends_in_noise_alone),
        cmocka_unit_test(noise_is_found_in_v),
        cmocka_unit_test(embedding_is_cosines_then_sines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
