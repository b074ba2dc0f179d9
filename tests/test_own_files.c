/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* An encoder knows what it has coded: it reads no file of its own, but the one that makes a promise, once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "api_case.h"
#include "container/ctr_read.h"

/* Linked with --wrap=ctr_read. */
pith_status __real_ctr_read(ctr_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag);
pith_status __wrap_ctr_read(ctr_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag);

static unsigned n_reads;

pith_status __wrap_ctr_read(ctr_file *file, const uint8_t *data, size_t n_bytes, const pith_env *env, pith_diag *diag) {
    n_reads++;
    return __real_ctr_read(file, data, n_bytes, env, diag);
}

static unsigned reads_of(api_case *c, const pith_image *picture, const pith_encode_options *o) {
    n_reads = 0;
    pith_bytes file = api_encode(c, picture, o);
    pith_bytes_free(&c->env, &file);
    return n_reads;
}

static void only_a_promise_is_read_back(void **unused) {
    (void)unused;
    api_case c;
    pith_encode_options o;
    api_open(&c, NULL, NULL);
    pith_image pictures[] = {api_waves(200, 150, 3, 8), api_waves(150, 130, 4, 8), api_waves(60, 70, 1, 8)};
    for (size_t i = 0; i < sizeof pictures / sizeof *pictures; i++) {
        for (int effort = 0; effort <= 2; effort++) {
            assert_int_equal(pith_encode_options_defaults(&o, sizeof o), PITH_OK);
            o.effort = effort;
            assert_int_equal(reads_of(&c, &pictures[i], &o), 0);
            o.quality = 80;
            assert_int_equal(reads_of(&c, &pictures[i], &o), 0);
            o.max_bytes = 4000;
            assert_int_equal(reads_of(&c, &pictures[i], &o), 0);
        }
        assert_int_equal(pith_encode_options_defaults(&o, sizeof o), PITH_OK);
        o.faithful = PITH_LEVEL_NORMAL;
        assert_int_equal(reads_of(&c, &pictures[i], &o), 1);
        free(pictures[i].pixels);
    }
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(only_a_promise_is_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
