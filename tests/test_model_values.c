/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* No picture is lost to numbers that are none: a weight that is not finite is
 * named, in whatever tensor it is, and so is what networks make of weights
 * that are too large. */
#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "model/text.h"
#include "sd_case.h"
#include "temp_file.h"
#include "weights/safetensors.h"

/* ---- bits --------------------------------------------------------------------------- */

static bool is_finite_among_others(tensor_type type, uint32_t bits) {
    enum { N = 37, AT = 29 };
    const size_t size = type == TENSOR_F32 ? 4 : 2;
    uint8_t data[4 * N + 1] = {0};
    for (size_t k = 0; k < size; k++) data[1 + AT * size + k] = (uint8_t)(bits >> (8 * k));
    tensor t = {
        .name = "t", .type = type, .rank = 1, .shape = {N}, .n_elements = N, .data = data + 1, .n_bytes = N * size};
    pith_diag why = {0};
    const bool is_finite = tensor_check_finite(&t, &why) == PITH_OK;
    assert_int_equal(tensor_is_finite(&t, 0, N), is_finite);
    assert_true(tensor_is_finite(&t, 0, AT) && tensor_is_finite(&t, AT + 1, N - AT - 1));
    assert_int_equal(tensor_is_finite(&t, AT, 1), is_finite);
    if (!is_finite) assert_non_null(strstr(why.message, "tensor t: value 29 is not finite ("));
    return is_finite;
}

static void bits_tell_what_is_finite(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 65536; h++) {
        assert_int_equal(is_finite_among_others(TENSOR_F16, h), isfinite(f16_to_f32((uint16_t)h)));
        float wide;
        const uint32_t bits = h << 16;
        memcpy(&wide, &bits, sizeof wide);
        assert_int_equal(is_finite_among_others(TENSOR_BF16, h), isfinite(wide));
        assert_int_equal(is_finite_among_others(TENSOR_F32, bits), isfinite(wide));
    }
    assert_false(is_finite_among_others(TENSOR_F32, 0x7f800001)); /* a NaN of low bits alone */
    assert_true(is_finite_among_others(TENSOR_F32, 0x7f7fffff));
}

/* ---- networks ------------------------------------------------------------------------- */

typedef struct one_layer {
    float weight[2][4], bias[2];
    tensor_table *table;
} one_layer;

static void layer_open(one_layer *l) {
    tensor weight = {.name = "a.weight",
                     .type = TENSOR_F32,
                     .rank = 2,
                     .shape = {2, 4},
                     .n_elements = 8,
                     .data = (const uint8_t *)l->weight,
                     .n_bytes = sizeof l->weight};
    tensor bias = {.name = "a.bias",
                   .type = TENSOR_F32,
                   .rank = 1,
                   .shape = {2},
                   .n_elements = 2,
                   .data = (const uint8_t *)l->bias,
                   .n_bytes = sizeof l->bias};
    assert_int_equal(tensor_table_new(&l->table, NULL), PITH_OK);
    assert_int_equal(tensor_table_add(l->table, &weight), PITH_OK);
    assert_int_equal(tensor_table_add(l->table, &bias), PITH_OK);
}

/* Binds the layer and runs it on ones; the first fault of either. */
static pith_status run_layer(const one_layer *l, const char *name, pith_diag *why) {
    pith_env env;
    nn_backend *backend = NULL;
    nn_net *net = NULL;
    float x[4] = {1, 1, 1, 1}, y[2];
    nn_plan *plan = nn_plan_new(NULL);
    nn_output(plan, "y", nn_linear(plan, nn_input(plan, "x", (nn_shape){1, 1, 1, 4}), "a", 2, true));
    assert_int_equal(nn_plan_finish(plan, NULL), PITH_OK);
    pith_env_defaults(&env, sizeof env);
    assert_int_equal(nn_backend_new(&backend, &env, name, NULL), PITH_OK);
    *why = (pith_diag){0};
    pith_status status = nn_bind(&net, plan, l->table, backend, why);
    if (status == PITH_OK) status = nn_run(net, &(nn_given){"x", x}, 1, &(nn_binding){"y", y}, 1, why);
    nn_net_free(&net);
    nn_backend_free(&backend);
    nn_plan_free(&plan);
    return status;
}

static void every_engine_names_the_weight(void **state) {
    (void)state;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    pith_diag why;
    for (const char *const *name = nn_backend_list(); *name; name++)
        for (int i = 0; i < 3; i++) {
            one_layer l = {.weight = {{1, 2, 3, 4}, {5, 6, 7, 8}}};
            layer_open(&l);
            assert_int_equal(run_layer(&l, *name, &why), PITH_OK);
            l.weight[1][3] = bad[i];
            assert_int_equal(run_layer(&l, *name, &why), PITH_E_MODEL_VALUES);
            assert_non_null(strstr(why.message, "tensor a.weight: value 7 is not finite"));
            l.weight[1][3] = 0;
            l.bias[0] = bad[i];
            assert_int_equal(run_layer(&l, *name, &why), PITH_E_MODEL_VALUES);
            assert_non_null(strstr(why.message, "tensor a.bias: value 0 is not finite"));
            tensor_table_free(&l.table);
        }
}

static void an_output_that_is_not_finite_is_an_error(void **state) {
    (void)state;
    pith_diag why;
    for (const char *const *name = nn_backend_list(); *name; name++) {
        one_layer l = {.weight = {{FLT_MAX, FLT_MAX, 0, 0}, {0}}};
        layer_open(&l);
        assert_int_equal(run_layer(&l, *name, &why), PITH_E_MODEL_VALUES);
        assert_string_equal(why.message, "the network's output is not finite (y)");
        l.weight[0][1] = 0;
        assert_int_equal(run_layer(&l, *name, &why), PITH_OK);
        tensor_table_free(&l.table);
    }
}

/* ---- models ----------------------------------------------------------------------------- */

static uint8_t *read_file(const char *path, size_t *n_bytes) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    *n_bytes = (size_t)ftell(file);
    rewind(file);
    uint8_t *data = malloc(*n_bytes);
    assert_non_null(data);
    assert_int_equal(fread(data, 1, *n_bytes, file), *n_bytes);
    fclose(file);
    return data;
}

static void fill(tensor *t, uint16_t half, uint64_t first) {
    uint8_t *data = (uint8_t *)(uintptr_t)t->data;
    for (uint64_t i = first; i < t->n_elements; i++) {
        const float wide = f16_to_f32(half);
        uint32_t bits;
        memcpy(&bits, &wide, sizeof bits);
        for (size_t k = 0; k < 4 && t->type == TENSOR_F32; k++) data[4 * i + k] = (uint8_t)(bits >> (8 * k));
        for (size_t k = 0; k < 2 && t->type == TENSOR_F16; k++) data[2 * i + k] = (uint8_t)(half >> (8 * k));
    }
}

static pith_status try_encode(api_case *c, const pith_image *picture, pith_bytes *file) {
    pith_source source;
    pith_encode_options o;
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    pith_source_from_image(&source, sizeof source, picture);
    return pith_encode(c->encoder, &source, &o, file);
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

static pith_status try_decode(api_case *c, pith_bytes file, const pith_decode_options *o) {
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = ignore_rows};
    assert_int_equal(pith_decoder_open(c->decoder, file.data, file.n_bytes), PITH_OK);
    return pith_decode(c->decoder, c->model, o, &sink);
}

static const char *tiny_path(void) {
    static char path[4096];
    snprintf(path, sizeof path, "%s/tests/data/mini_tiny.safetensors", getenv("PITH_SOURCE_DIR"));
    return path;
}

typedef struct tiny_case {
    uint8_t *data; /* of the model's file */
    size_t n_bytes;
    tensor_table *table; /* of the data */
    pith_image picture;
    pith_bytes file; /* what the right model makes of it */
} tiny_case;

static void tiny_open(tiny_case *t) {
    api_case c;
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    t->data = read_file(tiny_path(), &t->n_bytes);
    assert_int_equal(safetensors_read(&t->table, &env, t->data, t->n_bytes, NULL), PITH_OK);
    t->picture = api_waves(40, 24, 3, 8);
    api_open(&c, NULL, NULL);
    t->file = api_encode(&c, &t->picture, NULL);
    api_close(&c);
}

static void tiny_close(tiny_case *t) {
    tensor_table_free(&t->table);
    free(t->data);
    free(t->picture.pixels);
    pith_bytes_free(NULL, &t->file);
}

/* With each tensor in turn: neither is a file made that nobody could see, nor a picture. */
static void every_tensor_of_the_built_in_model_is_looked_at(void **state) {
    (void)state;
    tiny_case t;
    tiny_open(&t);
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    for (size_t i = 0; i < tensor_table_count(t.table); i++) {
        char what[128];
        tensor *one = (tensor *)(uintptr_t)tensor_table_at(t.table, i);
        uint8_t *kept = malloc(one->n_bytes);
        memcpy(kept, one->data, one->n_bytes);
        fill(one, 0x7e00, one->n_elements - 1);
        temp_write("bad.safetensors", t.data, t.n_bytes);
        memcpy((uint8_t *)(uintptr_t)one->data, kept, one->n_bytes);
        free(kept);
        snprintf(what, sizeof what, "tensor %.80s: value %llu is not finite (NaN)", one->name,
                 (unsigned long long)one->n_elements - 1);
        api_case c;
        pith_bytes file = {0};
        pith_diag why = {0};
        api_open(&c, temp_path("bad.safetensors"), NULL);
        assert_int_equal(try_encode(&c, &t.picture, &file), PITH_E_MODEL_VALUES);
        assert_null(file.data);
        assert_string_equal(pith_encoder_message(c.encoder), what);
        o.realism = strncmp(one->name, "real.", 5) == 0 ? 1 : 0;
        assert_int_equal(try_decode(&c, t.file, &o), PITH_E_MODEL_VALUES);
        assert_string_equal(pith_decoder_message(c.decoder), what);
        assert_int_equal(pith_model_check_values(c.model, NULL, &why), PITH_E_MODEL_VALUES);
        assert_string_equal(why.message, what);
        api_close(&c);
    }
    tiny_close(&t);
}

/* The preview, for which no network runs, too. */
static void a_preview_is_not_made_of_what_is_no_number(void **state) {
    (void)state;
    tiny_case t;
    tiny_open(&t);
    tensor *bias = (tensor *)(uintptr_t)tensor_table_find(t.table, "dec.lin.bias");
    assert_non_null(bias);
    fill(bias, 0xfc00, bias->n_elements - 1);
    temp_write("bad.safetensors", t.data, t.n_bytes);
    api_case c;
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    o.preview = 1;
    api_open(&c, temp_path("bad.safetensors"), NULL);
    assert_int_equal(try_decode(&c, t.file, &o), PITH_E_MODEL_VALUES);
    assert_non_null(strstr(pith_decoder_message(c.decoder), "tensor dec.lin.bias: value "));
    api_close(&c);
    tiny_close(&t);
}

/* Every weight of a half of the network as large as binary16 has them: it grows beyond all numbers from layer to
 * layer. */
static void outputs_of_the_built_in_model_are_looked_at(void **state) {
    (void)state;
    static const char *const halves[] = {"enc.", "dec."};
    for (int half = 0; half < 2; half++) {
        tiny_case t;
        tiny_open(&t);
        for (size_t i = 0; i < tensor_table_count(t.table); i++) {
            tensor *one = (tensor *)(uintptr_t)tensor_table_at(t.table, i);
            if (strncmp(one->name, halves[half], 4) == 0) fill(one, 0x7bff, 0);
        }
        temp_write("bad.safetensors", t.data, t.n_bytes);
        api_case c;
        pith_bytes file = {0};
        api_open(&c, temp_path("bad.safetensors"), NULL);
        if (half == 0) {
            assert_int_equal(try_encode(&c, &t.picture, &file), PITH_E_MODEL_VALUES);
            assert_string_equal(pith_encoder_message(c.encoder), "the network's output is not finite (latent)");
        } else {
            assert_int_equal(try_decode(&c, t.file, NULL), PITH_E_MODEL_VALUES);
            assert_string_equal(pith_decoder_message(c.decoder), "the network's output is not finite (image)");
        }
        assert_null(file.data);
        api_close(&c);
        tiny_close(&t);
    }
}

/* ---- Stable Diffusion ----------------------------------------------------------------------- */

static void write_sd1(const char *name, const random_sd *r) {
    pith_env env;
    pith_diag why = {0};
    pith_env_defaults(&env, sizeof env);
    if (safetensors_write(temp_path(name), r->table, &env, &why) != PITH_OK) fail_msg("%s", why.message);
}

static void each_part_of_stable_diffusion_is_looked_at_where_it_is_used(void **state) {
    (void)state;
    static const struct {
        const char *name;
        bool when_encoding, without_steps;
    } tensors[] = {
        {"vae.encoder.mid.attn_1.q.weight", true, true},
        {"vae.decoder.up.3.block.2.conv2.bias", true, true},
        {"vae.post_quant_conv.weight", true, true},
        {"unet.middle_block.1.transformer_blocks.0.attn2.to_v.weight", false, false},
        {TEXT_EMPTY_PROMPT_KEY, false, false},
    };
    const vae_config vae = sd_case_vae(32);
    const unet_config unet = sd_case_unet(32);
    const uint64_t prompt[] = {unet.n_context, unet.c_context};
    random_sd r;
    api_case c;
    pith_decode_options o;
    pith_decode_options_defaults(&o, sizeof o);
    assert_true(random_sd_new(&r, 3, TENSOR_F16));
    sd_case_add_vae(&r, &vae);
    sd_case_add_unet(&r, &unet);
    assert_true(random_sd_add(&r, TEXT_EMPTY_PROMPT_KEY, 2, prompt));
    assert_int_equal(tensor_table_set_meta(r.table, "format", "pith-sd1"), PITH_OK);
    assert_int_equal(tensor_table_set_meta(r.table, "format_version", "1"), PITH_OK);
    write_sd1("sd.safetensors", &r);
    pith_image picture = api_waves(40, 24, 3, 8);
    api_open(&c, temp_path("sd.safetensors"), NULL);
    pith_bytes right = api_encode(&c, &picture, NULL);
    o.steps = 2;
    assert_int_equal(try_decode(&c, right, &o), PITH_OK);
    api_close(&c);
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        pith_bytes file = {0};
        tensor *one = (tensor *)(uintptr_t)tensor_table_find(r.table, tensors[i].name);
        assert_non_null(one);
        uint16_t kept, bad = 0x7c00;
        memcpy(&kept, one->data, sizeof kept);
        memcpy((uint8_t *)(uintptr_t)one->data, &bad, sizeof bad);
        write_sd1("bad.safetensors", &r);
        memcpy((uint8_t *)(uintptr_t)one->data, &kept, sizeof kept);
        api_open(&c, temp_path("bad.safetensors"), NULL);
        assert_int_equal(try_encode(&c, &picture, &file), tensors[i].when_encoding ? PITH_E_MODEL_VALUES : PITH_OK);
        pith_bytes_free(NULL, &file);
        o.steps = 0;
        assert_int_equal(try_decode(&c, right, &o), tensors[i].without_steps ? PITH_E_MODEL_VALUES : PITH_OK);
        o.steps = 2;
        assert_int_equal(try_decode(&c, right, &o), PITH_E_MODEL_VALUES);
        assert_non_null(strstr(pith_decoder_message(c.decoder), tensors[i].name));
        assert_non_null(strstr(pith_decoder_message(c.decoder), "value 0 is not finite (infinity)"));
        api_close(&c);
    }
    pith_bytes_free(NULL, &right);
    free(picture.pixels);
    random_sd_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bits_tell_what_is_finite),
        cmocka_unit_test(every_engine_names_the_weight),
        cmocka_unit_test(an_output_that_is_not_finite_is_an_error),
        cmocka_unit_test(every_tensor_of_the_built_in_model_is_looked_at),
        cmocka_unit_test(a_preview_is_not_made_of_what_is_no_number),
        cmocka_unit_test(outputs_of_the_built_in_model_are_looked_at),
        cmocka_unit_test(each_part_of_stable_diffusion_is_looked_at_where_it_is_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
