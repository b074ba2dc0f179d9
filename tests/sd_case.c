/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Random Stable Diffusions; see sd_case.h. */
#include "sd_case.h"

#include <stdio.h>
#include <stdlib.h>

static void need(bool is_right, const char *what, const pith_diag *why) {
    if (is_right) return;
    fprintf(stderr, "%s: %s\n", what, why && why->message[0] ? why->message : "out of memory");
    exit(1);
}

vae_config sd_case_vae(uint32_t width) {
    return (vae_config){.n_levels = 4,
                        .n_blocks = 2,
                        .c_base = width,
                        .c = {width, 2 * width, 4 * width, 4 * width},
                        .n_latent = 4,
                        .n_moments = 8,
                        .n_groups = 32,
                        .norm_epsilon = 1e-6f,
                        .latent_scale = 0.18215f};
}

unet_config sd_case_unet(uint32_t width) {
    return (unet_config){.n_levels = 4,
                         .n_blocks = 2,
                         .c_base = width,
                         .c_time = 4 * width,
                         .c = {width, 2 * width, 4 * width, 4 * width},
                         .has_attention = {true, true, true, false},
                         .has_middle = true,
                         .n_latent = 4,
                         .c_context = 768,
                         .n_context = 77,
                         .n_heads = 8,
                         .n_groups = 32,
                         .res_epsilon = 1e-5f,
                         .attention_epsilon = 1e-6f,
                         .layer_epsilon = 1e-5f};
}

text_config sd_case_text(void) {
    return (text_config){.n_layers = 12,
                         .c = 768,
                         .c_mlp = 3072,
                         .n_tokens = 49408,
                         .n_positions = 77,
                         .n_heads = 12,
                         .layer_epsilon = 1e-5f};
}

taesd_config sd_case_taesd(void) { return (taesd_config){.c = 64, .n_latent = 4}; }

static void add(random_sd *r, nn_plan *plan) {
    need(random_sd_add_plan(r, plan), "random weights", NULL);
    nn_plan_free(&plan);
}

void sd_case_add_vae(random_sd *r, const vae_config *config) {
    pith_diag why = {0};
    nn_plan *plan = NULL;
    need(vae_encoder_plan(&plan, config, NULL, 1, 1, &why) == PITH_OK, "encoder", &why);
    add(r, plan);
    need(vae_decoder_plan(&plan, config, NULL, 1, 1, &why) == PITH_OK, "decoder", &why);
    add(r, plan);
}

void sd_case_add_unet(random_sd *r, const unet_config *config) {
    const uint32_t side = unet_granularity(config);
    pith_diag why = {0};
    nn_plan *plan = NULL;
    need(unet_plan(&plan, config, NULL, side, side, &why) == PITH_OK, "U-Net", &why);
    add(r, plan);
}

void sd_case_add_text(random_sd *r, const text_config *config) {
    const uint64_t tokens[] = {config->n_tokens, config->c}, positions[] = {config->n_positions, config->c};
    pith_diag why = {0};
    nn_plan *plan = NULL;
    need(text_plan(&plan, config, NULL, &why) == PITH_OK, "text encoder", &why);
    add(r, plan);
    need(random_sd_add(r, "text.embeddings.token_embedding.weight", 2, tokens), "random weights", NULL);
    need(random_sd_add(r, "text.embeddings.position_embedding.weight", 2, positions), "random weights", NULL);
}

void sd_case_add_taesd(random_sd *r, const taesd_config *config) {
    pith_diag why = {0};
    nn_plan *plan = NULL;
    need(taesd_encoder_plan(&plan, config, NULL, 1, 1, &why) == PITH_OK, "tiny encoder", &why);
    add(r, plan);
    need(taesd_decoder_plan(&plan, config, NULL, 1, 1, &why) == PITH_OK, "tiny decoder", &why);
    add(r, plan);
}

sd_net sd_net_open(nn_plan *plan, const tensor_table *weights, const char *backend) {
    sd_net n = {.plan = plan};
    pith_diag why = {0};
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    need(nn_backend_new(&n.backend, &env, backend, &why) == PITH_OK, "backend", &why);
    need(nn_bind(&n.net, plan, weights, n.backend, &why) == PITH_OK, "bind", &why);
    return n;
}

void sd_net_run(const sd_net *net, const nn_given *inputs, size_t n_inputs, const nn_binding *outputs,
                size_t n_outputs) {
    pith_diag why = {0};
    need(nn_run(net->net, inputs, n_inputs, outputs, n_outputs, &why) == PITH_OK, "run", &why);
}

void sd_net_close(sd_net *net) {
    nn_net_free(&net->net);
    nn_backend_free(&net->backend);
    nn_plan_free(&net->plan);
}
