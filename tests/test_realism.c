/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Textures that a decoder adds when asked (pith_decode_options.realism). */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "networks/model.h"

#define WIDTH 150
#define HEIGHT 70

static pith_image decode_at(api_case *c, pith_bytes file, float realism) {
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.realism = realism;
    return api_decode(c, file, &o, 16);
}

static bool equal(const pith_image *a, const pith_image *b) {
    return memcmp(a->pixels, b->pixels, (size_t)HEIGHT * WIDTH * 3 * sizeof(uint16_t)) == 0;
}

static void half_as_much_realism_is_half_the_texture(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(WIDTH, HEIGHT, 3, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_image plain = decode_at(&c, file, 0), half = decode_at(&c, file, 0.5f), full = decode_at(&c, file, 1);
    pith_image again = decode_at(&c, file, 1), as_ever = api_decode(&c, file, NULL, 16);
    assert_true(equal(&plain, &as_ever));
    assert_true(equal(&full, &again));
    double texture = 0;
    for (uint32_t y = 0; y < HEIGHT; y++)
        for (uint32_t x = 0; x < WIDTH; x++)
            for (uint32_t k = 0; k < 3; k++) {
                const double v0 = api_sample(&plain, y, x, k), v1 = api_sample(&half, y, x, k),
                             v2 = api_sample(&full, y, x, k);
                texture += fabs(v2 - v0);
                const bool is_cut = v0 <= 0 || v0 >= 65535 || v1 <= 0 || v1 >= 65535 || v2 <= 0 || v2 >= 65535;
                if (!is_cut && fabs(v0 + v2 - 2 * v1) > 4) fail_msg("%.0f, %.0f, %.0f at %u, %u", v0, v1, v2, x, y);
            }
    assert_true(texture / (WIDTH * HEIGHT * 3) > 65535 * 0.01);
    pith_bytes_free(&c.env, &file);
    pith_image *const made[] = {&p, &plain, &half, &full, &again, &as_ever};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) free(made[i]->pixels);
    api_close(&c);
}

static void count_warning(void *user, pith_log_level level, const char *text) {
    if (level == PITH_LOG_WARNING && strstr(text, "no texture is added")) ++*(int *)user;
}

static void a_residual_leaves_no_room_for_texture(void **state) {
    (void)state;
    int n_warnings = 0;
    api_case c;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.log = (pith_log){count_warning, &n_warnings};
    api_open(&c, NULL, &env);
    pith_image p = api_waves(WIDTH, HEIGHT, 3, 8);
    pith_encode_options e;
    pith_encode_options_defaults(&e, sizeof e);
    e.faithful = PITH_LEVEL_NORMAL;
    pith_bytes file = api_encode(&c, &p, &e);
    pith_image plain = decode_at(&c, file, 0), full = decode_at(&c, file, 1);
    assert_true(equal(&plain, &full));
    assert_int_equal(n_warnings, 1);
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.no_residual = 1;
    pith_image base = api_decode(&c, file, &o, 16);
    o.realism = 1;
    pith_image textured = api_decode(&c, file, &o, 16);
    assert_false(equal(&base, &textured));
    assert_int_equal(n_warnings, 1);
    pith_bytes_free(&c.env, &file);
    pith_image *const made[] = {&p, &plain, &full, &base, &textured};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) free(made[i]->pixels);
    api_close(&c);
}

static void what_cannot_be_is_refused(void **state) {
    static const float values[] = {-0.1f, 1.1f, NAN, INFINITY};
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(40, 30, 3, 8);
    pith_bytes file = api_encode(&c, &p, NULL);
    pith_sink sink;
    pith_sink_to_image(&sink, sizeof sink, &p);
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        o.realism = values[i];
        assert_int_equal(pith_decode(c.decoder, c.model, &o, &sink), PITH_E_ARG);
        assert_string_equal(pith_decoder_message(c.decoder), "realism must be 0 to 1");
    }
    ((model_traits *)(uintptr_t)model_traits_of(c.model))->can_texture = false; /* as of files without one */
    o.realism = 0.5f;
    assert_int_equal(pith_decode(c.decoder, c.model, &o, &sink), PITH_E_ARG);
    assert_non_null(strstr(pith_decoder_message(c.decoder), "makes no texture"));
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(half_as_much_realism_is_half_the_texture),
        cmocka_unit_test(a_residual_leaves_no_room_for_texture),
        cmocka_unit_test(what_cannot_be_is_refused),
    };
    return cmocka_run_group_tests_name("realism", tests, NULL, NULL);
}
