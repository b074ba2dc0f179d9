/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* From a quality to steps and back. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api_case.h"
#include "search/quality.h"

static const model_traits traits = {.log2_step_q0 = 2.5f, .log2_step_q100 = -2.0f};

static void steps_fall_from_end_to_end(void **unused) {
    (void)unused;
    assert_true(quality_log2_step(&traits, 0) == traits.log2_step_q0);
    assert_true(quality_log2_step(&traits, 100) == traits.log2_step_q100);
    for (int tenths = 1; tenths <= 1000; tenths++)
        assert_true(quality_log2_step(&traits, (float)tenths / 10) <
                    quality_log2_step(&traits, (float)(tenths - 1) / 10));
}

static void a_step_tells_its_quality(void **unused) {
    (void)unused;
    for (int q = -20; q <= 120; q++) {
        float log2_step = q < 0     ? traits.log2_step_q0 - 0.0053f * 4.5f * (float)q /* the ends go on */
                          : q > 100 ? traits.log2_step_q100 - (1 - 0.650f) / 37 * 4.5f * (float)(q - 100)
                                    : quality_log2_step(&traits, (float)q);
        float found = pith_quality_of_step(traits.log2_step_q0, traits.log2_step_q100, exp2f(log2_step));
        assert_true(fabsf(found - (float)q) < 0.02f);
    }
}

static void residuals_get_finer_and_so_do_latents_beside_them(void **unused) {
    (void)unused;
    float before = 0, latents;
    double step_before = 1000;
    for (int q = 63; q <= 100; q++) {
        double step = quality_residual_step((float)q, &latents);
        assert_true(step < step_before && step >= 0);
        assert_true(latents >= before && latents <= (float)q);
        assert_true(fabsf(quality_beside_step(step) - latents) < 0.01f);
        step_before = step;
        before = latents;
    }
    assert_true(quality_beside_step(1000) == QUALITY_RESIDUAL && quality_beside_step(-1) == before);
}

/* The picture's own sizes show where latents end and what comes then. */
static void a_photo_puts_a_larger_size_to_use(void **unused) {
    (void)unused;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(200, 150, 3, 8);
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.quality = 100;
    pith_bytes most = api_encode(&c, &p, &o);
    o.effort = 1;
    o.max_bytes = 2 * most.n_bytes;
    pith_bytes file = api_encode(&c, &p, &o);
    assert_in_range(file.n_bytes, o.max_bytes * 9 / 10, o.max_bytes);
    pith_info info = {.struct_size = sizeof info};
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
    assert_true(info.n_residual_bytes > 0);
    pith_bytes_free(&c.env, &file);
    pith_bytes_free(&c.env, &most);
    free(p.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(steps_fall_from_end_to_end),
        cmocka_unit_test(a_step_tells_its_quality),
        cmocka_unit_test(residuals_get_finer_and_so_do_latents_beside_them),
        cmocka_unit_test(a_photo_puts_a_larger_size_to_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
