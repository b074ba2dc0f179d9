/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Names: every dialect becomes the canonical one, and what is not a model for
 * Pith is called by its name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "networks/sd_weights.h"
#include "sd_case.h"
#include "temp_file.h"
#include "weights/dialects.h"
#include "weights/prediction.h"
#include "weights/safetensors.h"
#include "weights/weights_open.h"

static pith_env env;
static random_sd whole;              /* every part, of the published depths */
static const uint8_t bytes[1 << 20]; /* enough for the widest tensor */

static int setup(void **state) {
    (void)state;
    pith_env_defaults(&env, sizeof env);
    const vae_config vae = sd_case_vae(32);
    unet_config unet = sd_case_unet(32);
    text_config text = sd_case_text();
    const taesd_config taesd = sd_case_taesd();
    unet.c_context = text.c = text.c_mlp = 64;
    text.n_tokens = 4;
    text.n_heads = 1;
    if (!random_sd_new(&whole, 1, TENSOR_F16)) return -1;
    sd_case_add_vae(&whole, &vae);
    sd_case_add_unet(&whole, &unet);
    sd_case_add_text(&whole, &text);
    sd_case_add_taesd(&whole, &taesd);
    return 0;
}

static int teardown(void **state) {
    (void)state;
    random_sd_free(&whole);
    return 0;
}

/* ---- tables -------------------------------------------------------------------------------- */

static tensor_table *new_table(void) {
    tensor_table *table = NULL;
    assert_int_equal(tensor_table_new(&table, &env), PITH_OK);
    return table;
}

static void add(tensor_table *table, const char *name, uint32_t rank, const uint64_t *shape) {
    tensor t = {.name = name, .type = TENSOR_F16, .rank = rank, .n_elements = 1, .data = bytes};
    for (uint32_t i = 0; i < rank; i++) t.n_elements *= t.shape[i] = shape[i];
    t.n_bytes = 2 * t.n_elements;
    assert_true(t.n_bytes <= sizeof bytes);
    assert_int_equal(tensor_table_add(table, &t), PITH_OK);
}

/* A part's tensors, with `prefix` in the place of the canonical one. */
static void add_part(tensor_table *table, const char *part, const char *prefix) {
    for (size_t i = 0; i < tensor_table_count(whole.table); i++) {
        const tensor *t = tensor_table_at(whole.table, i);
        char name[256];
        if (strncmp(t->name, part, strlen(part)) != 0) continue;
        snprintf(name, sizeof name, "%s%s", prefix, t->name + strlen(part));
        add(table, name, t->rank, t->shape);
    }
}

/* All parts, with one tensor as `changed` is, or without it. */
static tensor_table *whole_but(const char *name, const tensor *changed) {
    tensor_table *table = new_table();
    for (size_t i = 0; i < tensor_table_count(whole.table); i++) {
        const tensor *t = tensor_table_at(whole.table, i);
        const bool is_it = strcmp(t->name, name) == 0;
        if (!is_it || changed) assert_int_equal(tensor_table_add(table, is_it ? changed : t), PITH_OK);
    }
    return table;
}

static size_t count_part(const char *part) {
    size_t n = 0;
    for (size_t i = 0; i < tensor_table_count(whole.table); i++)
        n += !strncmp(tensor_table_at(whole.table, i)->name, part, strlen(part));
    return n;
}

/* Writes it as a file and forgets it. */
static void write_and_free(tensor_table *table, const char *name) {
    pith_diag diag = {0};
    if (safetensors_write(temp_path(name), table, &env, &diag) != PITH_OK) fail_msg("%s", diag.message);
    tensor_table_free(&table);
}

static tensor_table *open_good(const char *name) {
    tensor_table *table = NULL;
    pith_diag diag = {0};
    if (sd_weights_open(&table, &env, temp_path(name), &diag) != PITH_OK) fail_msg("%s: %s", name, diag.message);
    return table;
}

static void assert_not_opened(const char *name, const char *expected) {
    tensor_table *table = NULL;
    pith_diag diag = {0};
    assert_int_not_equal(sd_weights_open(&table, &env, temp_path(name), &diag), PITH_OK);
    assert_null(table);
    if (!strstr(diag.message, expected)) fail_msg("\"%s\" says nothing of \"%s\"", diag.message, expected);
}

/* ---- names ------------------------------------------------------------------------------------ */

static void plans_ask_for_as_many_tensors_as_the_public_files_have(void **state) {
    (void)state;
    assert_int_equal(count_part(PART_VAE), 248);
    assert_int_equal(count_part(PART_UNET), 686);
    assert_int_equal(count_part(PART_TEXT), 196);
    assert_int_equal(count_part(PART_TAESD_ENCODER), 67);
    assert_int_equal(count_part(PART_TAESD_DECODER), 67);
}

typedef struct pair {
    dialect_hint hint;
    const char *from, *to;
} pair;

static const pair PAIRS[] = {
    {DIALECT_ANY, "first_stage_model.encoder.conv_in.weight", "vae.encoder.conv_in.weight"},
    {DIALECT_ANY, "encoder.down.1.block.0.nin_shortcut.bias", "vae.encoder.down.1.block.0.nin_shortcut.bias"},
    {DIALECT_ANY, "quant_conv.weight", "vae.quant_conv.weight"},
    {DIALECT_ANY, "model.diffusion_model.out.2.bias", "unet.out.2.bias"},
    {DIALECT_ANY, "cond_stage_model.transformer.text_model.final_layer_norm.weight", "text.final_layer_norm.weight"},
    {DIALECT_ANY, "cond_stage_model.transformer.encoder.layers.11.mlp.fc1.bias", "text.encoder.layers.11.mlp.fc1.bias"},
    {DIALECT_VAE, "encoder.conv_in.weight", "vae.encoder.conv_in.weight"},
    {DIALECT_VAE, "encoder.conv_norm_out.bias", "vae.encoder.norm_out.bias"},
    {DIALECT_VAE, "encoder.mid_block.resnets.0.conv1.weight", "vae.encoder.mid.block_1.conv1.weight"},
    {DIALECT_VAE, "decoder.mid_block.resnets.1.norm2.weight", "vae.decoder.mid.block_2.norm2.weight"},
    {DIALECT_VAE, "decoder.mid_block.attentions.0.group_norm.weight", "vae.decoder.mid.attn_1.norm.weight"},
    {DIALECT_VAE, "decoder.mid_block.attentions.0.query.weight", "vae.decoder.mid.attn_1.q.weight"},
    {DIALECT_VAE, "decoder.mid_block.attentions.0.key.weight", "vae.decoder.mid.attn_1.k.weight"},
    {DIALECT_VAE, "decoder.mid_block.attentions.0.value.bias", "vae.decoder.mid.attn_1.v.bias"},
    {DIALECT_VAE, "decoder.mid_block.attentions.0.proj_attn.weight", "vae.decoder.mid.attn_1.proj_out.weight"},
    {DIALECT_VAE, "encoder.mid_block.attentions.0.to_q.weight", "vae.encoder.mid.attn_1.q.weight"},
    {DIALECT_VAE, "encoder.mid_block.attentions.0.to_k.bias", "vae.encoder.mid.attn_1.k.bias"},
    {DIALECT_VAE, "encoder.mid_block.attentions.0.to_v.weight", "vae.encoder.mid.attn_1.v.weight"},
    {DIALECT_VAE, "encoder.mid_block.attentions.0.to_out.0.bias", "vae.encoder.mid.attn_1.proj_out.bias"},
    {DIALECT_VAE, "encoder.down_blocks.2.resnets.0.conv_shortcut.weight",
     "vae.encoder.down.2.block.0.nin_shortcut.weight"},
    {DIALECT_VAE, "encoder.down_blocks.3.resnets.1.conv2.bias", "vae.encoder.down.3.block.1.conv2.bias"},
    {DIALECT_VAE, "encoder.down_blocks.0.downsamplers.0.conv.weight", "vae.encoder.down.0.downsample.conv.weight"},
    {DIALECT_VAE, "decoder.up_blocks.0.resnets.2.norm1.weight", "vae.decoder.up.3.block.2.norm1.weight"},
    {DIALECT_VAE, "decoder.up_blocks.3.resnets.0.conv_shortcut.weight", "vae.decoder.up.0.block.0.nin_shortcut.weight"},
    {DIALECT_VAE, "decoder.up_blocks.2.upsamplers.0.conv.bias", "vae.decoder.up.1.upsample.conv.bias"},
    {DIALECT_ANY, "decoder.up_blocks.2.upsamplers.0.conv.bias", "vae.decoder.up.1.upsample.conv.bias"},
    {DIALECT_UNET, "time_embedding.linear_2.weight", "unet.time_embed.2.weight"},
    {DIALECT_UNET, "conv_in.weight", "unet.input_blocks.0.0.weight"},
    {DIALECT_UNET, "conv_norm_out.weight", "unet.out.0.weight"},
    {DIALECT_UNET, "down_blocks.0.resnets.1.time_emb_proj.weight", "unet.input_blocks.2.0.emb_layers.1.weight"},
    {DIALECT_UNET, "down_blocks.2.attentions.1.proj_in.weight", "unet.input_blocks.8.1.proj_in.weight"},
    {DIALECT_UNET, "down_blocks.1.downsamplers.0.conv.bias", "unet.input_blocks.6.0.op.bias"},
    {DIALECT_UNET, "down_blocks.3.resnets.1.conv2.weight", "unet.input_blocks.11.0.out_layers.3.weight"},
    {DIALECT_UNET, "mid_block.resnets.1.norm1.weight", "unet.middle_block.2.in_layers.0.weight"},
    {DIALECT_UNET, "mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.bias",
     "unet.middle_block.1.transformer_blocks.0.attn2.to_out.0.bias"},
    {DIALECT_UNET, "up_blocks.1.attentions.0.transformer_blocks.0.ff.net.0.proj.weight",
     "unet.output_blocks.3.1.transformer_blocks.0.ff.net.0.proj.weight"},
    {DIALECT_UNET, "up_blocks.3.resnets.2.conv_shortcut.weight", "unet.output_blocks.11.0.skip_connection.weight"},
    {DIALECT_UNET, "up_blocks.0.upsamplers.0.conv.weight", "unet.output_blocks.2.1.conv.weight"},
    {DIALECT_UNET, "up_blocks.2.upsamplers.0.conv.weight", "unet.output_blocks.8.2.conv.weight"},
    {DIALECT_TEXT, "text_model.encoder.layers.0.self_attn.q_proj.weight",
     "text.encoder.layers.0.self_attn.q_proj.weight"},
    {DIALECT_ANY, "0.weight", "taesd_encoder.0.weight"},
    {DIALECT_ANY, "1.weight", "taesd_decoder.1.weight"},
    {DIALECT_ANY, "taesd_decoder.19.bias", "taesd_decoder.19.bias"},
    {DIALECT_ANY, "encoder.layers.14.bias", "taesd_encoder.14.bias"},
    {DIALECT_VAE, "decoder.layers.2.conv.4.weight", "taesd_decoder.3.conv.4.weight"},
};

/* What the depths of diffusers' files are counted by. */
static void add_depths(tensor_table *table) {
    char name[64];
    for (int i = 0; i < 4; i++) {
        snprintf(name, sizeof name, "decoder.up_blocks.%d.", i);
        add(table, name, 0, NULL);
        snprintf(name, sizeof name, i < 3 ? "up_blocks.0.resnets.%d." : "up_blocks.2.attentions.", i);
        add(table, name, 0, NULL);
    }
}

static void names_of_every_dialect_become_canonical(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof PAIRS / sizeof PAIRS[0]; i++) {
        tensor_table *from = new_table(), *to = new_table();
        assert_non_null(tensor_table_find(whole.table, PAIRS[i].to));
        add(from, PAIRS[i].from, 1, (uint64_t[]){2});
        add_depths(from);
        assert_int_equal(dialects_apply(to, from, PAIRS[i].hint, NULL), PITH_OK);
        if (!tensor_table_find(to, PAIRS[i].to)) fail_msg("%s does not become %s", PAIRS[i].from, PAIRS[i].to);
        assert_int_equal(tensor_table_count(to), 1);
        tensor_table_free(&from);
        tensor_table_free(&to);
    }
}

static void names_that_only_look_alike_are_left_out(void **state) {
    (void)state;
    static const char *const others[] = {"model_ema.diffusion_modelout2bias",
                                         "betas",
                                         "model.diffusion_model.out.2.weights",
                                         "decoder.up_blocks.00.resnets.0.conv1.weight",
                                         "decoder.up_blocks.103.resnets.0.conv1.weight",
                                         "decoder.up_blocks..resnets.0.conv1.weight",
                                         "encoder.block.0.layer.0.SelfAttention.q.weight",
                                         "first_stage_model.loss.logvar",
                                         "cond_stage_model.transformer.text_model.embeddings.position_ids",
                                         "2.weight.x",
                                         "99.weight",
                                         "first_stage_model."};
    tensor_table *from = new_table(), *to = new_table();
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) add(from, others[i], 1, (uint64_t[]){2});
    assert_int_equal(dialects_apply(to, from, DIALECT_ANY, NULL), PITH_OK);
    assert_int_equal(tensor_table_count(to), 0);
    tensor_table_free(&from);
    tensor_table_free(&to);
}

static void what_no_plan_asks_for_is_left_out(void **state) {
    (void)state;
    static const char *const others[] = {"vae.encoder.mid.attn_1.q.lora.weight", "unet.out.1.weight",
                                         "text.embeddings.position_ids.weight"};
    tensor_table *table = whole_but("", NULL);
    pith_diag diag = {0};
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) add(table, others[i], 1, (uint64_t[]){2});
    if (sd_weights_keep(&table, &env, &diag) != PITH_OK) fail_msg("%s", diag.message);
    assert_int_equal(tensor_table_count(table), tensor_table_count(whole.table));
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) assert_null(tensor_table_find(table, others[i]));
    tensor_table_free(&table);
}

static void linear_layers_and_one_by_one_convolutions_are_the_same(void **state) {
    (void)state;
    static const struct {
        const char *name;
        uint32_t rank, expected; /* 0: refused */
        uint64_t shape[4];
    } cases[] = {
        {"vae.encoder.mid.attn_1.q.weight", 2, 4, {128, 128, 0, 0}},
        {"vae.encoder.mid.attn_1.q.weight", 4, 4, {128, 128, 1, 1}},
        {"vae.encoder.down.1.block.0.nin_shortcut.weight", 2, 4, {64, 32, 0, 0}},
        {"vae.quant_conv.weight", 2, 4, {8, 8, 0, 0}},
        {"unet.middle_block.1.proj_in.weight", 2, 4, {128, 128, 0, 0}},
        {"unet.time_embed.0.weight", 4, 2, {128, 32, 1, 1}},
        {"unet.time_embed.0.weight", 4, 0, {128, 32, 3, 3}},
        {"unet.time_embed.0.bias", 2, 0, {128, 1, 0, 0}},
        {"unet.output_blocks.0.0.emb_layers.1.weight", 4, 2, {128, 128, 1, 1}},
        {"vae.encoder.conv_in.weight", 3, 0, {32, 3, 9, 0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tensor t = {.name = cases[i].name, .type = TENSOR_F16, .rank = cases[i].rank, .n_elements = 1, .data = bytes};
        for (uint32_t d = 0; d < t.rank; d++) t.n_elements *= t.shape[d] = cases[i].shape[d];
        t.n_bytes = 2 * t.n_elements;
        tensor_table *table = whole_but(t.name, &t);
        pith_diag diag = {0};
        pith_status status = sd_weights_keep(&table, &env, &diag);
        if (cases[i].expected == 0) {
            assert_int_equal(status, PITH_E_MODEL_SHAPE);
            assert_non_null(strstr(diag.message, cases[i].name));
        } else {
            if (status != PITH_OK) fail_msg("%s", diag.message);
            const tensor *kept = tensor_table_find(table, t.name);
            assert_int_equal(kept->rank, cases[i].expected);
            if (kept->rank == 4) assert_true(kept->shape[2] == 1 && kept->shape[3] == 1);
        }
        tensor_table_free(&table);
    }
}

static void what_cannot_be_used_is_refused_only_where_it_is_needed(void **state) {
    (void)state;
    for (int kind = 0; kind < 3; kind++) {
        tensor t = {.name = "vae.quant_conv.bias", .type = TENSOR_OTHER, .rank = 1, .shape = {8}, .n_elements = 8};
        if (kind != 1) t.fault = "is no plain tensor";
        if (kind == 2) t.name = "vae.encoder.mid.loss.bias";
        tensor_table *table = whole_but(kind == 2 ? "" : t.name, &t);
        if (kind == 2) assert_int_equal(tensor_table_add(table, &t), PITH_OK);
        pith_diag diag = {0};
        assert_int_equal(sd_weights_keep(&table, &env, &diag), kind == 2 ? PITH_OK : PITH_E_UNSUPPORTED);
        if (kind == 0) assert_non_null(strstr(diag.message, "no plain tensor"));
        if (kind == 1) assert_non_null(strstr(diag.message, "not F32, F16, BF16 or F8"));
        tensor_table_free(&table);
    }
}

static void two_tensors_for_one_place_are_refused(void **state) {
    (void)state;
    tensor_table *from = new_table(), *to = new_table();
    add(from, "first_stage_model.quant_conv.bias", 1, (uint64_t[]){8});
    add(from, "quant_conv.bias", 1, (uint64_t[]){8});
    pith_diag diag = {0};
    assert_int_equal(dialects_apply(to, from, DIALECT_ANY, &diag), PITH_E_FORMAT);
    assert_non_null(strstr(diag.message, "quant_conv.bias"));
    tensor_table_free(&from);
    tensor_table_free(&to);
}

/* ---- files -------------------------------------------------------------------------------------- */

static void whole_checkpoints_and_lone_autoencoders_are_opened(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add_part(table, PART_VAE, "first_stage_model.");
    add_part(table, PART_UNET, "model.diffusion_model.");
    add_part(table, PART_TEXT, "cond_stage_model.transformer.text_model.");
    add(table, "alphas_cumprod", 1, (uint64_t[]){1000});
    add(table, "model_ema.decay", 0, NULL);
    add(table, "lora_unet_mid.lora_down.weight", 2, (uint64_t[]){2, 2}); /* beside a whole model */
    write_and_free(table, "whole.safetensors");
    table = open_good("whole.safetensors");
    assert_int_equal(tensor_table_count(table), 248 + 686 + 196);
    assert_null(weights_missing_text(table));
    assert_true(tensor_table_file_bytes(table) > 0);
    tensor_table_free(&table);

    table = new_table();
    add_part(table, PART_VAE, "");
    write_and_free(table, "vae.safetensors");
    table = open_good("vae.safetensors");
    assert_int_equal(tensor_table_count(table), 248);
    assert_null(weights_missing_text(table));
    tensor_table_free(&table);
}

static char last_warning[512];

static void keep_warning(void *user, pith_log_level level, const char *text) {
    (void)user;
    if (level == PITH_LOG_WARNING) snprintf(last_warning, sizeof last_warning, "%s", text);
}

static void a_missing_text_encoder_is_told(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add_part(table, PART_VAE, "first_stage_model.");
    add_part(table, PART_UNET, "model.diffusion_model.");
    write_and_free(table, "no_text.safetensors");
    env.log.message = keep_warning;
    table = open_good("no_text.safetensors");
    env.log.message = NULL;
    assert_non_null(strstr(last_warning, "text encoder is missing"));
    assert_non_null(strstr(last_warning, "--steps 0"));
    assert_string_equal(weights_missing_text(table), last_warning);
    tensor_table_free(&table);
}

static void files_of_our_own_pass_unchanged(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add(table, "enc.whatever", 1, (uint64_t[]){2});
    assert_int_equal(tensor_table_set_meta(table, "format", "pith-mini"), PITH_OK);
    write_and_free(table, "own.safetensors");
    table = open_good("own.safetensors");
    assert_non_null(tensor_table_find(table, "enc.whatever"));
    assert_string_equal(tensor_table_meta(table, "format"), "pith-mini");
    tensor_table_free(&table);
}

static void both_files_of_taesd_are_found_from_either(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add_part(table, PART_TAESD_ENCODER, "");
    write_and_free(table, "taesd_encoder.safetensors");
    table = open_good("taesd_encoder.safetensors"); /* one half alone */
    assert_int_equal(tensor_table_count(table), 67);
    tensor_table_free(&table);
    table = new_table();
    add_part(table, PART_TAESD_DECODER, "");
    write_and_free(table, "taesd_decoder.safetensors");
    for (int i = 0; i < 3; i++) { /* the folder too */
        table = open_good(i == 2 ? "" : i ? "taesd_decoder.safetensors" : "taesd_encoder.safetensors");
        assert_int_equal(tensor_table_count(table), 134);
        tensor_table_free(&table);
    }
    remove(temp_path("taesd_encoder.safetensors"));
    remove(temp_path("taesd_decoder.safetensors"));
}

/* ---- folders --------------------------------------------------------------------------------------- */

static void write_text(const char *name, const char *text) { temp_write(name, text, strlen(text)); }

static void make_folder(const char *name) { assert_int_equal(mkdir(temp_path(name), 0777), 0); }

static void remove_all(const char *const *paths) {
    for (; *paths; paths++) remove(temp_path(*paths));
}

static void assert_meta(const tensor_table *table, const char *key, const char *value) {
    const char *found = tensor_table_meta(table, key);
    if (value && found)
        assert_non_null(strstr(found, value));
    else
        assert_true(!value && !found);
}

static void assert_scheduler(const char *prediction, const char *zero_snr, const char *fault, const char *text) {
    write_text("f/scheduler/scheduler_config.json", text);
    tensor_table *table = open_good("f");
    assert_meta(table, PREDICTION_KEY, prediction);
    assert_meta(table, ZERO_SNR_KEY, zero_snr);
    assert_meta(table, UNET_FAULT_KEY, fault);
    tensor_table_free(&table);
}

static void folders_are_opened_part_by_part(void **state) {
    (void)state;
    static const char vae[] = "f/vae/diffusion_pytorch_model.fp16.safetensors";
    static const char text[] = "f/text_encoder/model.safetensors";
    static const char config[] = "f/vae/config.json";
    make_folder("f");
    make_folder("f/vae");
    assert_not_opened("f", "vae/diffusion_pytorch_model.safetensors");
    tensor_table *table = new_table();
    add_part(table, PART_VAE, "");
    write_and_free(table, vae);
    make_folder("f/text_encoder");
    table = new_table();
    add_part(table, PART_TEXT, "text_model.");
    write_and_free(table, text);
    write_text(config, "{\"scaling_factor\": 0.18215}");
    table = open_good("f");
    assert_int_equal(tensor_table_count(table), 248 + 196);
    tensor_table_free(&table);
    table = open_good("f/vae"); /* the part's own folder */
    assert_int_equal(tensor_table_count(table), 248);
    tensor_table_free(&table);

    write_text(config, "{\"scaling_factor\": 0.13025}");
    assert_not_opened("f", "vae/config.json: scaling_factor is 0.13025");
    write_text(config, "{not JSON");
    make_folder("f/scheduler");
    assert_scheduler(NULL, NULL, NULL, "{not JSON");
    assert_scheduler("epsilon", NULL, NULL, "{\"prediction_type\": \"epsilon\", \"beta_start\": 0.00085}");
    assert_scheduler("v_prediction", NULL, NULL, "{\"prediction_type\": \"v_prediction\", \"beta_end\": 0.012}");
    assert_scheduler("sample", "true", NULL, "{\"prediction_type\": \"sample\", \"rescale_betas_zero_snr\": true}");
    assert_scheduler(NULL, NULL, "a beta_schedule of linear", "{\"beta_schedule\": \"linear\", \"beta_start\": 9}");
    assert_scheduler(NULL, NULL, "a beta_end of 0.02", "{\"beta_schedule\": \"scaled_linear\", \"beta_end\": 0.02}");
    assert_scheduler(NULL, NULL, "num_train_timesteps of 4", "{\"num_train_timesteps\": 4}");
    make_folder("f/unet");
    write_text("f/unet/diffusion_pytorch_model.safetensors.index.json", "{}");
    assert_not_opened("f", "unet/diffusion_pytorch_model.safetensors.index.json: is cut into several files");
    write_text("f/unet/diffusion_pytorch_model.safetensors", "short");
    assert_not_opened("f", "unet/diffusion_pytorch_model.safetensors: safetensors");
    remove_all((const char *const[]){
        "f/unet/diffusion_pytorch_model.safetensors", "f/unet/diffusion_pytorch_model.safetensors.index.json", "f/unet",
        "f/scheduler/scheduler_config.json", "f/scheduler", config, text, "f/text_encoder", vae, "f/vae", "f", NULL});
}

static void a_folder_of_the_hugging_face_cache_leads_to_its_snapshot(void **state) {
    (void)state;
    static const char file[] = "m/snapshots/abc123/diffusion_pytorch_model.safetensors";
    make_folder("m");
    make_folder("m/refs");
    make_folder("m/snapshots");
    make_folder("m/snapshots/abc123");
    write_text("m/refs/main", "abc123");
    tensor_table *table = new_table();
    add_part(table, PART_VAE, "");
    write_and_free(table, file);
    table = open_good("m");
    assert_int_equal(tensor_table_count(table), 248);
    tensor_table_free(&table);
    write_text("m/refs/main", "../../..");
    assert_not_opened("m", "is a folder without a model");
    remove_all((const char *const[]){file, "m/snapshots/abc123", "m/snapshots", "m/refs/main", "m/refs", "m", NULL});
}

/* ---- what a file is ----------------------------------------------------------------------------------- */

#define ATTN2 "transformer_blocks.0.attn2.to_k.weight"

static void other_families_are_called_by_their_names(void **state) {
    (void)state;
    static const struct {
        const char *key;
        uint32_t rank;
        uint64_t shape[4];
        const char *expected;
    } cases[] = {
        {"model.diffusion_model.input_blocks.0.0.weight", 4, {320, 9, 3, 3}, "inpainting"},
        {"model.diffusion_model.input_blocks.0.0.weight", 4, {320, 8, 3, 3}, "instruct-pix2pix"},
        {"model.diffusion_model.input_blocks.1.1." ATTN2, 2, {320, 1024}, "Stable Diffusion 2.x"},
        {"cond_stage_model.model.ln_final.weight", 1, {1024}, "Stable Diffusion 2.x"},
        {"model.diffusion_model.label_emb.0.0.weight", 2, {2, 2}, "SDXL"},
        {"conditioner.embedders.1.model.ln_final.weight", 1, {2}, "SDXL"},
        {"model.diffusion_model.joint_blocks.0.context_block.adaLN_modulation.1.weight",
         2,
         {2, 2},
         "Stable Diffusion 3.x"},
        {"double_blocks.0.img_attn.norm.key_norm.scale", 1, {2}, "Flux"},
        {"model.diffusion_model.double_blocks.0.img_attn.norm.key_norm.scale", 1, {2}, "Flux"},
        {"control_model.input_blocks.0.0.weight", 4, {320, 4, 3, 3}, "ControlNet"},
        {"controlnet_cond_embedding.conv_in.weight", 4, {16, 3, 3, 3}, "ControlNet"},
        {"lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q.lora_down.weight", 2, {4, 320}, "LoRA"},
        {"unet.down_blocks.0.attentions.0.to_q.lora_A.weight", 2, {4, 320}, "LoRA"},
        {"down_blocks.0.attentions.0." ATTN2, 2, {320, 768}, "a U-Net alone"},
        {"down_blocks.0.attentions.0." ATTN2, 2, {320, 1024}, "Stable Diffusion 2.x"},
        {"model.diffusion_model.input_blocks.0.0.weight", 4, {320, 4, 3, 3}, "a U-Net alone"},
        {"encoder.conv_out.weight", 4, {32, 512, 3, 3}, "autoencoder of Stable Diffusion 3.x or Flux"},
        {"14.weight", 4, {16, 64, 3, 3}, "16 latent channels of TAESD"},
        {"encoder.conv_in.weight", 4, {128, 3, 3, 3}, "the autoencoder: model has no tensor vae.encoder.down.0"},
        {"emb_params", 2, {2, 768}, "textual inversion"},
        {"text_model.embeddings.token_embedding.weight", 2, {2, 768}, "a text encoder alone"},
        {"something.else", 1, {2}, "no model that Pith knows"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        tensor_table *table = new_table();
        add(table, cases[i].key, cases[i].rank, cases[i].shape);
        if (!strcmp(cases[i].key, "14.weight")) add(table, "0.weight", 4, (uint64_t[]){64, 3, 3, 3});
        write_and_free(table, "other.safetensors");
        assert_not_opened("other.safetensors", cases[i].expected);
    }
    write_and_free(new_table(), "other.safetensors");
    assert_not_opened("other.safetensors", "holds no tensors");
}

/* A telling tensor wins over all that such a file shares with a 1.x model. */
static void relatives_are_told_although_most_is_the_same(void **state) {
    (void)state;
    tensor_table *table = new_table();
    add_part(table, PART_VAE, "first_stage_model.");
    add_part(table, PART_UNET, "model.diffusion_model.");
    add(table, "model.diffusion_model.label_emb.0.0.weight", 2, (uint64_t[]){2, 2});
    write_and_free(table, "sdxl.safetensors");
    assert_not_opened("sdxl.safetensors", "is an SDXL model");
}

static void pruned_files_are_told_by_what_they_lack(void **state) {
    (void)state;
    for (size_t i = 0; i < tensor_table_count(whole.table); i += 7) { /* many of each part */
        const char *left_out = tensor_table_at(whole.table, i)->name;
        tensor_table *table = whole_but(left_out, NULL);
        pith_diag diag = {0};
        assert_int_equal(sd_weights_keep(&table, &env, &diag), PITH_E_MODEL_SHAPE);
        if (!strstr(diag.message, left_out)) fail_msg("\"%s\" says nothing of \"%s\"", diag.message, left_out);
        tensor_table_free(&table);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plans_ask_for_as_many_tensors_as_the_public_files_have),
        cmocka_unit_test(names_of_every_dialect_become_canonical),
        cmocka_unit_test(names_that_only_look_alike_are_left_out),
        cmocka_unit_test(what_no_plan_asks_for_is_left_out),
        cmocka_unit_test(linear_layers_and_one_by_one_convolutions_are_the_same),
        cmocka_unit_test(what_cannot_be_used_is_refused_only_where_it_is_needed),
        cmocka_unit_test(two_tensors_for_one_place_are_refused),
        cmocka_unit_test(whole_checkpoints_and_lone_autoencoders_are_opened),
        cmocka_unit_test(a_missing_text_encoder_is_told),
        cmocka_unit_test(files_of_our_own_pass_unchanged),
        cmocka_unit_test(both_files_of_taesd_are_found_from_either),
        cmocka_unit_test(folders_are_opened_part_by_part),
        cmocka_unit_test(a_folder_of_the_hugging_face_cache_leads_to_its_snapshot),
        cmocka_unit_test(other_families_are_called_by_their_names),
        cmocka_unit_test(relatives_are_told_although_most_is_the_same),
        cmocka_unit_test(pruned_files_are_told_by_what_they_lack),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
