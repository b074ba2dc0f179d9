/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Calls keep to the memory that they are given, or say that they cannot. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"

/* An allocator that knows how many bytes are in use, and how many ever were. */
typedef struct meter {
    size_t n_live, n_peak;
} meter;

#define HEAD 64 /* keeps the alignment that malloc gives */

static void *meter_alloc(void *user, size_t n_bytes) {
    meter *m = user;
    uint8_t *block = malloc(n_bytes + HEAD);
    if (!block) return NULL;
    memcpy(block, &n_bytes, sizeof n_bytes);
    m->n_live += n_bytes;
    if (m->n_live > m->n_peak) m->n_peak = m->n_live;
    return block + HEAD;
}

static void meter_free(void *user, void *block) {
    meter *m = user;
    size_t n_bytes;
    if (!block) return;
    memcpy(&n_bytes, (uint8_t *)block - HEAD, sizeof n_bytes);
    m->n_live -= n_bytes;
    free((uint8_t *)block - HEAD);
}

/* One thread: the meter has no lock. */
static void open_metered(api_case *c, meter *m) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    env.threads = 1;
    env.alloc = (pith_alloc){meter_alloc, meter_free, m};
    *m = (meter){0};
    api_open(c, NULL, &env);
}

static size_t peak_of_encode(const pith_image *p, uint64_t memory, pith_bytes *file, api_case *c, meter *m) {
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;               /* where memory is short no loop is closed */
    o.extras = PITH_EXTRA_HASH; /* the finished file is decoded in the same memory */
    o.max_memory_bytes = memory;
    open_metered(c, m);
    *file = api_encode(c, p, &o);
    return m->n_peak;
}

static size_t peak_of_decode(pith_bytes file, uint64_t memory, uint8_t depth, float realism, pith_image *q) {
    api_case c;
    meter m;
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.max_memory_bytes = memory;
    o.realism = realism;
    open_metered(&c, &m);
    *q = api_decode(&c, file, &o, depth);
    api_close(&c);
    return m.n_peak;
}

static int difference(const pith_image *a, const pith_image *b) {
    int most = 0, one = a->format.bit_depth == 16 ? 257 : 1;
    for (uint32_t y = 0; y < a->format.height; y++)
        for (uint32_t x = 0; x < a->format.width; x++)
            for (uint32_t c = 0; c < a->format.n_channels; c++) {
                int d = abs((int)api_sample(a, y, x, c) - (int)api_sample(b, y, x, c));
                if (d > most) most = d;
            }
    return most / one;
}

/* Every budget from the least on; pictures do not depend on it, but for the last bit of a latent. */
static void calls_keep_to_their_memory(void **state) {
    static const struct {
        uint32_t width, height;
        uint8_t n_channels, depth;
        float realism;
        uint64_t budgets[4];
    } cases[] = {
        {2600, 1500, 3, 8, 0, {16000000, 24000000, 60000000, 1000000000}},
        {1500, 2600, 4, 16, 0, {40000000, 80000000, 0, 0}},
        {9000, 300, 1, 8, 0, {16000000, 20000000, 0, 0}},
        {2600, 1500, 3, 8, 0.5f, {24000000, 60000000, 1000000000, 0}},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pith_image p = api_waves(cases[i].width, cases[i].height, cases[i].n_channels, cases[i].depth), whole = {0};
        if (p.format.n_channels == 4)
            for (uint32_t y = 0; y < 1000; y++) api_set_sample(&p, y, y, 3, 0);
        pith_bytes file = {0};
        api_case c;
        meter m;
        (void)peak_of_encode(&p, 0, &file, &c, &m);
        (void)peak_of_decode(file, 0, cases[i].depth, cases[i].realism, &whole);
        pith_bytes_free(&c.env, &file);
        api_close(&c);
        for (size_t k = 0; k < 4 && cases[i].budgets[k]; k++) {
            const uint64_t budget = cases[i].budgets[k];
            pith_image q = {0};
            size_t peak = peak_of_encode(&p, budget, &file, &c, &m);
            if (peak > budget) fail_msg("case %zu: %zu bytes to encode, %zu allowed", i, peak, (size_t)budget);
            peak = peak_of_decode(file, budget, cases[i].depth, cases[i].realism, &q);
            if (peak > budget) fail_msg("case %zu: %zu bytes to decode, %zu allowed", i, peak, (size_t)budget);
            int most = difference(&whole, &q);
            if (most > 2) fail_msg("case %zu: a sample differs by %d with %zu bytes", i, most, (size_t)budget);
            free(q.pixels);
            pith_bytes_free(&c.env, &file);
            api_close(&c);
        }
        free(p.pixels);
        free(whole.pixels);
    }
}

static void too_little_memory_is_an_error_that_says_how_much(void **state) {
    (void)state;
    api_case c;
    api_open(&c, NULL, NULL);
    pith_image p = api_waves(2600, 1500, 3, 8);
    pith_source source;
    pith_bytes file = {0};
    pith_encode_options e;
    pith_encode_options_defaults(&e, sizeof e);
    e.effort = 0; /* where memory is short no loop is closed */
    e.max_memory_bytes = 5000000;
    pith_source_from_image(&source, sizeof source, &p);
    assert_int_equal(pith_encode(c.encoder, &source, &e, &file), PITH_E_LIMIT);
    assert_non_null(strstr(pith_encoder_message(c.encoder), "of 2600x1500 pixels takes"));
    assert_non_null(strstr(pith_encoder_message(c.encoder), "of which 5 MB are allowed"));
    assert_null(file.data);

    file = api_encode(&c, &p, NULL);
    pith_sink sink;
    pith_decode_options d;
    pith_decode_options_defaults(&d, sizeof d);
    d.max_memory_bytes = 5000000;
    pith_sink_to_image(&sink, sizeof sink, &p);
    assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
    assert_int_equal(pith_decode(c.decoder, c.model, &d, &sink), PITH_E_LIMIT);
    assert_non_null(strstr(pith_decoder_message(c.decoder), "of which 5 MB are allowed"));
    d.max_memory_bytes = 12000000; /* not enough for all of it, but for a part */
    assert_int_equal(pith_decode(c.decoder, c.model, &d, &sink), PITH_E_LIMIT);
    d.region = (pith_area){100, 100, 200, 200};
    pith_image q = api_decode(&c, file, &d, 8);
    assert_int_equal(q.format.width, 200);
    free(q.pixels);
    pith_bytes_free(&c.env, &file);
    free(p.pixels);
    api_close(&c);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(calls_keep_to_their_memory),
        cmocka_unit_test(too_little_memory_is_an_error_that_says_how_much),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
