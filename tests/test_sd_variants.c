/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stable Diffusions of other widths and depths, as distilled ones have them:
 * they load from every format, code pictures, and a tensor that one of them
 * lacks is named. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "api_case.h"
#include "model/text.h"
#include "networks/sd_weights.h"
#include "sd_case.h"
#include "sd_files.h"
#include "temp_file.h"
#include "weights/dialects.h"

#define SEED 3
#define CONTEXT 64

typedef struct variant {
    const char *what;
    vae_config vae;
    unet_config unet;
} variant;

#define N_VARIANTS 4

static void make_variants(variant v[N_VARIANTS]) {
    for (int i = 0; i < N_VARIANTS; i++) v[i] = (variant){.vae = sd_case_vae(32), .unet = sd_case_unet(32)};
    v[0].what = "fewer blocks in the U-Net";
    v[0].unet.n_blocks = 1;
    v[1].what = "no middle, a level less, attention in the last one";
    v[1].unet.n_blocks = 1;
    v[1].unet.has_middle = false;
    v[1].unet.n_levels = 3;
    v[1].unet.c[3] = 0;
    v[2].what = "more blocks, other widths, attention at one level only";
    v[2].unet.n_blocks = 3;
    v[2].unet.n_levels = 3;
    v[2].unet.c_base = 64;
    v[2].unet.c_time = 96;
    memcpy(v[2].unet.c, (uint32_t[]){32, 96, 64, 0}, 4 * sizeof(uint32_t));
    v[2].unet.has_attention[0] = v[2].unet.has_attention[2] = false;
    v[2].vae.n_blocks = 3;
    v[3].what = "an autoencoder of fewer levels and blocks, one level of a U-Net";
    v[3].vae.n_blocks = 1;
    v[3].vae.n_levels = 3;
    v[3].vae.n_moments = 12;
    memcpy(v[3].vae.c, (uint32_t[]){64, 32, 96, 0}, 4 * sizeof(uint32_t));
    v[3].unet.n_levels = 1;
    memset(v[3].unet.c + 1, 0, 3 * sizeof(uint32_t));
    memset(v[3].unet.has_attention + 1, 0, 3 * sizeof(bool));
    for (int i = 0; i < N_VARIANTS; i++) v[i].unet.c_context = CONTEXT;
}

/* Its tensors, with a small text encoder where asked. */
static random_sd tensors_of(const variant *v, bool has_text) {
    text_config text = sd_case_text();
    random_sd r;
    text.n_layers = 2;
    text.n_heads = 1;
    text.n_tokens = 4;
    text.c = CONTEXT;
    text.c_mlp = 96;
    assert_true(random_sd_new(&r, SEED, TENSOR_F16));
    sd_case_add_vae(&r, &v->vae);
    sd_case_add_unet(&r, &v->unet);
    if (has_text) sd_case_add_text(&r, &text);
    return r;
}

/* ---- formats ---------------------------------------------------------------------------- */

static void assert_opened(const char *name, const variant *v, const tensor_table *expected) {
    pith_env env;
    pith_diag why = {0};
    tensor_table *found = NULL;
    pith_env_defaults(&env, sizeof env);
    env.log.message = NULL;
    if (sd_weights_open(&found, &env, temp_path(name), &why) != PITH_OK)
        fail_msg("%s: %s: %s", v->what, name, why.message);
    assert_int_equal(tensor_table_count(found), tensor_table_count(expected));
    for (size_t i = 0; i < tensor_table_count(expected); i++) {
        const tensor *a = tensor_table_at(expected, i), *b = tensor_table_at(found, i);
        assert_string_equal(a->name, b->name);
        assert_int_equal(a->rank, b->rank);
        assert_memory_equal(a->shape, b->shape, a->rank * sizeof *a->shape);
        assert_memory_equal(a->data, b->data, a->n_bytes);
    }
    tensor_table_free(&found);
}

static void remove_folder(const char *name) {
    static const char *const parts[] = {"vae", "unet"};
    char path[128];
    for (size_t i = 0; i < 2; i++) {
        snprintf(path, sizeof path, "%s/%s/config.json", name, parts[i]);
        (void)remove(temp_path(path));
        snprintf(path, sizeof path, "%s/%s/diffusion_pytorch_model.safetensors", name, parts[i]);
        (void)remove(temp_path(path));
        snprintf(path, sizeof path, "%s/%s", name, parts[i]);
        (void)rmdir(temp_path(path));
    }
    snprintf(path, sizeof path, "%s/model_index.json", name);
    (void)remove(temp_path(path));
    (void)rmdir(temp_path(name));
}

static void variants_load_from_every_format(void **state) {
    (void)state;
    variant all[N_VARIANTS];
    make_variants(all);
    for (int i = 0; i < N_VARIANTS; i++) {
        random_sd whole = tensors_of(&all[i], true), r = tensors_of(&all[i], false);
        sd_write_original(temp_path("a.safetensors"), &whole, NULL);
        assert_opened("a.safetensors", &all[i], whole.table);
        sd_write_ckpt(temp_path("a.ckpt"), &whole, true);
        assert_opened("a.ckpt", &all[i], whole.table);
        for (int is_new = 0; is_new < 2; is_new++) {
            sd_write_diffusers(temp_path("d"), &r, is_new);
            assert_opened("d", &all[i], r.table);
            remove_folder("d");
        }
        random_sd_free(&r);
        random_sd_free(&whole);
    }
}

/* ---- what is missing ----------------------------------------------------------------------- */

static void every_tensor_that_is_missing_is_named(void **state) {
    (void)state;
    variant all[N_VARIANTS];
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    make_variants(all);
    for (int i = 0; i < N_VARIANTS; i++) {
        random_sd r = tensors_of(&all[i], true);
        for (size_t left_out = 0; left_out < tensor_table_count(r.table); left_out++) {
            const char *name = tensor_table_at(r.table, left_out)->name;
            tensor_table *table = NULL;
            pith_diag why = {0};
            assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
            for (size_t k = 0; k < tensor_table_count(r.table); k++)
                if (k != left_out) assert_int_equal(tensor_table_add(table, tensor_table_at(r.table, k)), PITH_OK);
            if (sd_weights_keep(&table, &env, &why) != PITH_E_MODEL_SHAPE || !strstr(why.message, name))
                fail_msg("%s without %s: \"%s\"", all[i].what, name, why.message);
            tensor_table_free(&table);
        }
        random_sd_free(&r);
    }
}

/* ---- coding --------------------------------------------------------------------------------- */

static void assert_same_pixels(const pith_image *a, const pith_image *b) {
    assert_int_equal(a->stride_bytes, b->stride_bytes);
    assert_memory_equal(a->pixels, b->pixels, a->stride_bytes * a->format.height);
}

static void variants_code_pictures(void **state) {
    (void)state;
    variant all[N_VARIANTS];
    make_variants(all);
    for (int i = 0; i < N_VARIANTS; i++) {
        random_sd whole = tensors_of(&all[i], true), r = tensors_of(&all[i], false);
        api_case c, other;
        pith_decode_options o;
        pith_decode_options_defaults(&o, sizeof o);
        sd_write_original(temp_path("a.safetensors"), &whole, NULL);
        sd_write_diffusers(temp_path("d"), &r, true);
        api_open(&c, temp_path("a.safetensors"), NULL);
        api_open(&other, temp_path("d"), NULL);
        pith_image p = api_waves(40, 24, 3, 8);
        pith_bytes file = api_encode(&c, &p, NULL);
        o.steps = 0;
        pith_image plain = api_decode(&c, file, &o, 8), same = api_decode(&other, file, &o, 8);
        o.steps = 2;
        pith_image denoised = api_decode(&c, file, &o, 8);
        assert_same_pixels(&plain, &same);
        assert_memory_not_equal(plain.pixels, denoised.pixels, plain.stride_bytes * plain.format.height);
        free(p.pixels);
        free(plain.pixels);
        free(same.pixels);
        free(denoised.pixels);
        pith_bytes_free(&c.env, &file);
        api_close(&c);
        api_close(&other);
        remove_folder("d");
        random_sd_free(&r);
        random_sd_free(&whole);
    }
}

/* ---- parts that do not fit ------------------------------------------------------------------- */

static void assert_no_model(const char *name, const char *says) {
    pith_model *model = NULL;
    pith_diag why = {0};
    assert_int_not_equal(pith_model_open(&model, NULL, temp_path(name), &why), PITH_OK);
    assert_null(model);
    if (!strstr(why.message, says)) fail_msg("\"%s\" says nothing of \"%s\"", why.message, says);
}

static void parts_of_different_latents_or_contexts_are_refused(void **state) {
    (void)state;
    static const uint64_t prompt[] = {77, CONTEXT};
    variant v = {.vae = sd_case_vae(32), .unet = sd_case_unet(32)};
    v.unet.c_context = CONTEXT;
    v.unet.n_latent = 6;
    random_sd r = tensors_of(&v, false);
    sd_write_original(temp_path("a.safetensors"), &r, NULL);
    assert_no_model("a.safetensors", "6 latent channels of the U-Net, not 4");
    assert_true(random_sd_add(&r, TEXT_EMPTY_PROMPT_KEY, 2, prompt));
    sd_write_own(temp_path("own.safetensors"), &r);
    assert_no_model("own.safetensors", "the U-Net takes 6 latent channels, the autoencoder makes 4");
    random_sd_free(&r);
    v.unet.n_latent = 4;
    v.unet.c_context = 96;
    r = tensors_of(&v, true);
    sd_write_original(temp_path("a.safetensors"), &r, NULL);
    assert_no_model("a.safetensors", "text encoder makes 77 positions of 64 features, U-Net takes 77 of 96");
    random_sd_free(&r);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(variants_load_from_every_format),
        cmocka_unit_test(every_tensor_that_is_missing_is_named),
        cmocka_unit_test(variants_code_pictures),
        cmocka_unit_test(parts_of_different_latents_or_contexts_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
