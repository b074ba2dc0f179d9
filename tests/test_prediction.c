/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a U-Net predicts is read from the notes that tools make of it, and taken
 * for what it is; one that cannot be run does not matter without it. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "api_case.h"
#include "model/schedule.h"
#include "model/text.h"
#include "networks/model_kind.h"
#include "sd_case.h"
#include "temp_file.h"
#include "weights/prediction.h"
#include "weights/quantised.h"
#include "weights/safetensors.h"

static random_sd sd;       /* an autoencoder, a U-Net that makes nothing but zeros, a text encoder of the right names */
static random_sd complete; /* the same with a U-Net that does something, and a constant for the empty prompt */

static tensor *find(const random_sd *r, const char *name) {
    tensor *t = (tensor *)(uintptr_t)tensor_table_find(r->table, name);
    assert_non_null(t);
    return t;
}

static void make(random_sd *r) {
    const vae_config vae = sd_case_vae(32);
    const unet_config unet = sd_case_unet(32);
    const uint64_t prompt[] = {unet.n_context, unet.c_context};
    assert_true(random_sd_new(r, 11, TENSOR_F16));
    sd_case_add_vae(r, &vae);
    sd_case_add_unet(r, &unet);
    assert_true(random_sd_add(r, TEXT_EMPTY_PROMPT_KEY, 2, prompt));
}

static int setup(void **state) {
    (void)state;
    static const char *const last[] = {"unet.out.2.weight", "unet.out.2.bias"};
    make(&sd);
    make(&complete);
    for (int i = 0; i < 2; i++) {
        const tensor *t = find(&sd, last[i]);
        memset((uint8_t *)(uintptr_t)t->data, 0, t->n_bytes);
    }
    return 0;
}

static int teardown(void **state) {
    (void)state;
    random_sd_free(&sd);
    random_sd_free(&complete);
    return 0;
}

static void write_table(const char *name, const tensor_table *table) {
    pith_env env;
    pith_diag why = {0};
    pith_env_defaults(&env, sizeof env);
    if (safetensors_write(temp_path(name), table, &env, &why) != PITH_OK) fail_msg("%s", why.message);
}

/* A file of ours, with one more entry of metadata. */
static void write_own(const char *name, random_sd *r, const char *key, const char *value) {
    assert_int_equal(tensor_table_set_meta(r->table, "format", MODEL_SD1_FORMAT), PITH_OK);
    assert_int_equal(tensor_table_set_meta(r->table, "format_version", FORMAT_VERSION_PLAIN), PITH_OK);
    assert_int_equal(tensor_table_set_meta(r->table, PREDICTION_KEY, PREDICTION_EPSILON), PITH_OK);
    assert_int_equal(tensor_table_set_meta(r->table, ZERO_SNR_KEY, "false"), PITH_OK);
    if (key) assert_int_equal(tensor_table_set_meta(r->table, key, value), PITH_OK);
    write_table(name, r->table);
}

/* ---- notes ------------------------------------------------------------------------------- */

/* The text encoder is left out: only the notes are looked at. */
static pith_model *open_marked(const char *const *marks, const char *spec) {
    static const uint8_t value[2] = {0};
    pith_model *model = NULL;
    pith_diag why = {0};
    tensor_table *table = random_sd_as_original(&sd);
    assert_non_null(table);
    for (; *marks; marks++) {
        const bool is_empty = (*marks)[0] != 's';
        tensor t = {.name = *marks, .type = TENSOR_F16, .rank = 1, .shape = {!is_empty}, .n_elements = !is_empty};
        t.n_bytes = 2 * t.n_elements;
        t.data = is_empty ? NULL : value;
        assert_int_equal(tensor_table_add(table, &t), PITH_OK);
    }
    if (spec) assert_int_equal(tensor_table_set_meta(table, "modelspec.prediction_type", spec), PITH_OK);
    write_table("marked.safetensors", table);
    if (pith_model_open(&model, NULL, temp_path("marked.safetensors"), &why) != PITH_OK) fail_msg("%s", why.message);
    tensor_table_free(&table);
    return model;
}

static void notes_of_single_files_are_read(void **state) {
    (void)state;
    static const struct {
        const char *marks[3], *spec;
        bool predicts_v, is_zero_snr, is_at_fault;
    } cases[] = {
        {{NULL}, NULL, false, false, false},
        {{"v_pred"}, NULL, true, false, false},
        {{"v_pred", "ztsnr"}, NULL, true, true, false},
        {{"ztsnr"}, NULL, false, true, false},
        {{"model.diffusion_model.v_pred", "model.diffusion_model.ztsnr"}, NULL, true, true, false},
        {{"not_v_pred", "ztsnr_not"}, NULL, false, false, false},
        {{NULL}, "v", true, false, false},
        {{NULL}, "epsilon", false, false, false},
        {{NULL}, "x0", false, false, true},
        {{"scaled_fp8"}, NULL, false, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        pith_model *model = open_marked(cases[i].marks, cases[i].spec);
        assert_true(model->traits.can_denoise);
        assert_int_equal(model->config.sd1.unet.predicts_v, cases[i].predicts_v);
        assert_int_equal(model->config.sd1.unet.is_zero_snr, cases[i].is_zero_snr);
        assert_int_equal(unet_fault(model->weights) != NULL, cases[i].is_at_fault);
        pith_model_free(&model);
    }
}

static void a_configuration_beside_the_file_is_read(void **state) {
    (void)state;
    static const struct {
        const char *text;
        bool predicts_v;
    } cases[] = {
        {"model:\n  params:\n    parameterization: \"v\"\n    linear_start: 0.00085\n", true},
        {"parameterization: v # as trained\r\n", true},
        {"a: b\nparameterization: 'v'", true},
        {"parameterization: \"eps\"\n", false},
        {"parameterization: \"velocity\"\n", false},
        {"# parameterization: \"v\"\nxparameterization: v\nparameterization v", false},
        {"parameterization:", false},
        {"\n", false},
    };
    static const char *const none[] = {NULL};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        temp_write("marked.yaml", cases[i].text, strlen(cases[i].text));
        pith_model *model = open_marked(none, NULL);
        assert_int_equal(model->config.sd1.unet.predicts_v, cases[i].predicts_v);
        pith_model_free(&model);
    }
    assert_int_equal(remove(temp_path("marked.yaml")), 0);
}

static void a_converted_file_keeps_the_notes(void **state) {
    (void)state;
    pith_diag why = {0};
    for (int zero_snr = 0; zero_snr < 2; zero_snr++) {
        pith_model *model = NULL, *copy = NULL;
        write_own("v.safetensors", &complete, PREDICTION_KEY, PREDICTION_V);
        if (zero_snr) assert_int_equal(tensor_table_set_meta(complete.table, ZERO_SNR_KEY, "true"), PITH_OK);
        write_table("v.safetensors", complete.table);
        assert_int_equal(pith_model_open(&model, NULL, temp_path("v.safetensors"), &why), PITH_OK);
        if (pith_model_convert(model, NULL, PITH_PRECISION_FP16, temp_path("copy.safetensors"), &why) != PITH_OK)
            fail_msg("%s", why.message);
        assert_int_equal(pith_model_open(&copy, NULL, temp_path("copy.safetensors"), &why), PITH_OK);
        assert_true(copy->config.sd1.unet.predicts_v);
        assert_int_equal(copy->config.sd1.unet.is_zero_snr, zero_snr);
        pith_model_free(&copy);
        pith_model_free(&model);
    }
}

/* ---- what is made of them ------------------------------------------------------------------ */

#define H 3
#define W 5
#define N_LATENT ((size_t)4 * H * W)
#define N_PIXELS ((size_t)3 * H * W * 64)

static void decode(pith_model *model, const float *latent, float step, uint32_t n_steps, float *pixels) {
    model_session *s = NULL;
    pith_diag why = {0};
    const model_window window = model_whole_window(H, W);
    const model_decode_how how = {.step = step, .n_steps = n_steps};
    assert_int_equal(model_session_new(&s, model, &why), PITH_OK);
    if (model_decode(s, &window, latent, &how, pixels, &why) != PITH_OK) fail_msg("%s", why.message);
    model_session_free(&s);
}

/* A U-Net that makes zeros says that there is no noise, or, of v, how much of the latent is noise: then what is left
 * is the latent times a number that is known. */
static double left_of_a_latent(bool predicts_v, bool is_zero_snr, float step, uint32_t n_steps) {
    sd_schedule s;
    uint32_t timesteps[8];
    (is_zero_snr ? schedule_init_zero_snr : schedule_init)(&s);
    const uint32_t n = schedule_steps(timesteps, schedule_start(&s, (double)step * (double)step / 12), n_steps);
    assert_int_equal(n, n_steps);
    double factor = sqrt((double)s.alphas_cumprod[timesteps[0]]);
    for (uint32_t i = 0; i < n; i++) {
        float alpha, next;
        schedule_step_alphas(&s, timesteps, n, i, &alpha, &next);
        const double a = (double)alpha, b = (double)next;
        factor *= predicts_v ? sqrt(a * b) + sqrt((1 - a) * (1 - b)) : sqrt(b / a);
    }
    return factor / sqrt((double)s.alphas_cumprod[0]);
}

static void v_is_taken_for_what_it_is(void **state) {
    (void)state;
    float latent[N_LATENT], scaled[N_LATENT], *got = malloc(N_PIXELS * sizeof *got),
                                              *expected = malloc(N_PIXELS * sizeof *expected);
    random_sd_values(latent, N_LATENT, 5, "latent", 0, 1);
    for (int kind = 0; kind < 4; kind++)
        for (uint32_t n_steps = 1; n_steps <= 3; n_steps++) {
            const bool predicts_v = kind & 1, is_zero_snr = kind & 2;
            const float step = 2.5f;
            pith_model *model = NULL;
            write_own("zeros.safetensors", &sd, ZERO_SNR_KEY, is_zero_snr ? "true" : "false");
            if (predicts_v) assert_int_equal(tensor_table_set_meta(sd.table, PREDICTION_KEY, PREDICTION_V), PITH_OK);
            write_table("zeros.safetensors", sd.table);
            assert_int_equal(pith_model_open(&model, NULL, temp_path("zeros.safetensors"), NULL), PITH_OK);
            const double factor = left_of_a_latent(predicts_v, is_zero_snr, step, n_steps);
            for (size_t i = 0; i < N_LATENT; i++) scaled[i] = (float)(factor * (double)latent[i]);
            decode(model, latent, step, n_steps, got);
            decode(model, scaled, step, 0, expected);
            double worst = 0;
            for (size_t i = 0; i < N_PIXELS; i++) worst = fmax(worst, fabs((double)got[i] - (double)expected[i]));
            print_message("v %d, zero SNR %d, %u steps: latents times %.4f, off by %.1e\n", predicts_v, is_zero_snr,
                          n_steps, factor, worst);
            assert_true(worst < 1e-4);
            assert_true(predicts_v == (fabs(factor - 1) > 0.01));
            pith_model_free(&model);
        }
    free(got);
    free(expected);
}

static pith_status ignore_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    (void)user, (void)y, (void)n_rows, (void)rows, (void)stride_bytes;
    return PITH_OK;
}

/* By size, by quality, with a residual: files are made, and decode without the U-Net. */
static void code_without_the_unet(const char *path, const char *fault) {
    api_case c;
    pith_encode_options how;
    pith_decode_options back;
    pith_sink sink = {.struct_size = sizeof sink, .write_rows = ignore_rows};
    pith_image picture = api_waves(72, 40, 3, 8);
    api_open(&c, path, NULL);
    for (int kind = 0; kind < 3; kind++) {
        pith_encode_options_defaults(&how, sizeof how);
        pith_decode_options_defaults(&back, sizeof back);
        if (kind == 0) how.effort = 0;
        if (kind == 1) how.max_bytes = 2000;
        if (kind == 2) how.faithful = PITH_LEVEL_LOOSE;
        pith_bytes file = api_encode(&c, &picture, &how);
        back.steps = 0;
        assert_int_equal(pith_decoder_open(c.decoder, file.data, file.n_bytes), PITH_OK);
        pith_info info = {.struct_size = sizeof info};
        assert_int_equal(pith_decoder_info(c.decoder, &info), PITH_OK);
        assert_true(info.method == PITH_METHOD_LATENT && (kind != 2 || info.n_residual_bytes > 0));
        if (pith_decode(c.decoder, c.model, &back, &sink) != PITH_OK) fail_msg("%s", pith_decoder_message(c.decoder));
        back.steps = 2;
        pith_bytes latents = kind == 2 ? api_encode(&c, &picture, NULL) : file; /* a promise is for its own steps */
        assert_int_equal(pith_decoder_open(c.decoder, latents.data, latents.n_bytes), PITH_OK);
        assert_int_equal(pith_decode(c.decoder, c.model, &back, &sink), PITH_E_MODEL_SHAPE);
        assert_non_null(strstr(pith_decoder_message(c.decoder), fault));
        if (kind == 2) pith_bytes_free(&c.env, &latents);
        pith_bytes_free(&c.env, &file);
    }
    api_close(&c);
    free(picture.pixels);
}

static void a_unet_that_cannot_be_run_does_not_matter_without_it(void **state) {
    (void)state;
    static const char *const none[] = {NULL};
    pith_model *model = NULL;
    pith_diag why = {0};
    write_own("x0.safetensors", &complete, PREDICTION_KEY, "sample");
    code_without_the_unet(temp_path("x0.safetensors"),
                          "the model's U-Net predicts neither the noise nor v: decode without it (--steps 0)");
    assert_int_equal(pith_model_open(&model, NULL, temp_path("x0.safetensors"), &why), PITH_OK);
    assert_int_equal(pith_model_convert(model, NULL, PITH_PRECISION_FP16, temp_path("no.safetensors"), &why),
                     PITH_E_UNSUPPORTED);
    assert_string_equal(why.message, "has a U-Net that predicts neither the noise nor v");
    pith_model_free(&model);
    model = open_marked(none, NULL); /* without a text encoder, or what stands for it */
    pith_model_free(&model);
    code_without_the_unet(temp_path("marked.safetensors"), "neither a text encoder nor");
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notes_of_single_files_are_read),
        cmocka_unit_test(a_configuration_beside_the_file_is_read),
        cmocka_unit_test(a_converted_file_keeps_the_notes),
        cmocka_unit_test(v_is_taken_for_what_it_is),
        cmocka_unit_test(a_unet_that_cannot_be_run_does_not_matter_without_it),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
