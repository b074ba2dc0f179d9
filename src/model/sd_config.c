/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads configurations from shapes. Every dimension used is bounded here; nn_plan_check checks that all tensors agree
 * with them. */
#include "model/sd_config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "weights/prediction.h"

#define MAX_WIDTH 16384u
#define MAX_TOKENS 1000000u
#define MAX_TEXT_LAYERS 64u
#define MAX_ENTRIES (SD_MAX_LEVELS * (SD_MAX_BLOCKS + 1)) /* entries in one half of the U-Net */
#define N_GROUPS 32u
#define N_UNET_HEADS 8u
#define C_TEXT_HEAD 64u /* features of each head of CLIP, at every width */
#define N_CONTEXT 77u
#define C_CONTEXT_SD2 1024u
#define LATENT_SCALE 0.18215f

#define MAX_NAME_BYTES 96

/* ---- dimensions of tensors ---------------------------------------------------- */

/* True if some tensor's name begins with this: a layer may exist although one of its tensors is missing. */
__attribute__((format(printf, 2, 3))) static bool has(const tensor_table *weights, const char *format, ...) {
    char name[MAX_NAME_BYTES];
    va_list args;
    va_start(args, format);
    vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return tensor_table_has_part(weights, name);
}

/* One more than the highest number, below `most`, that follows `list` in a name; 0 if there is none. */
static uint32_t count_layers(const tensor_table *weights, const char *list, uint32_t most) {
    char name[MAX_NAME_BYTES + 16];
    for (uint32_t n = most; n > 0; n--) {
        snprintf(name, sizeof name, "%s%u.", list, n - 1);
        if (tensor_table_has_part(weights, name)) return n;
    }
    return 0;
}

/* Reads dimension `axis` (1..highest) of a tensor of rank `rank`. A matrix may also be stored as a 1x1
 * convolution. */
static pith_status read_dim(uint32_t *out, const tensor_table *weights, const char *name, uint32_t rank, uint32_t axis,
                            uint32_t highest, pith_diag *diag) {
    const tensor *t = tensor_table_find(weights, name);
    if (!t) return diag_set(diag, PITH_E_MODEL_SHAPE, "model has no tensor %s", name);
    if (t->rank != rank && !(rank == 2 && t->rank == 4 && t->shape[2] == 1 && t->shape[3] == 1))
        return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s has %u dimensions, must have %u", name, t->rank, rank);
    if (t->shape[axis] < 1 || t->shape[axis] > highest)
        return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s: dimension %u is %llu, must be 1 to %u", name, axis,
                        (unsigned long long)t->shape[axis], highest);
    *out = (uint32_t)t->shape[axis];
    return PITH_OK;
}

/* Reads the output channels of a convolution, which must be a multiple of the group count. */
static pith_status read_channels(uint32_t *out, const tensor_table *weights, const char *name, pith_diag *diag) {
    pith_status status = PITH_OK;
    PITH_TRY(read_dim(out, weights, name, 4, 0, MAX_WIDTH, diag));
    if (*out % N_GROUPS)
        status = diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s makes %u channels, must be a multiple of %u", name, *out,
                          N_GROUPS);
cleanup:
    return status;
}

static pith_status must_be(uint32_t found, uint32_t wanted, const char *name, const char *what, pith_diag *diag) {
    if (found == wanted) return PITH_OK;
    return diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s: %u %s, must be %u", name, found, what, wanted);
}

/* ---- autoencoder ------------------------------------------------------------------ */

uint32_t vae_downscale(const vae_config *c) { return 1u << (c->n_levels - 1); }

bool vae_recognise(const tensor_table *weights) { return has(weights, "vae."); }

/* Largest number of blocks on a level, under a prefix such as "vae.encoder.down.". */
static uint32_t count_vae_blocks(const tensor_table *weights, const char *levels) {
    char list[MAX_NAME_BYTES];
    uint32_t most = 0;
    for (uint32_t lv = 0; lv < SD_MAX_LEVELS; lv++) {
        snprintf(list, sizeof list, "%s%u.block.", levels, lv);
        const uint32_t n = count_layers(weights, list, SD_MAX_BLOCKS + 2);
        if (n > most) most = n;
    }
    return most;
}

/* Takes the larger of the two halves; if the other lacks a tensor, its plan reports that. */
static pith_status read_vae_levels(vae_config *c, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    char name[MAX_NAME_BYTES];
    const uint32_t n_down = count_layers(weights, "vae.encoder.down.", SD_MAX_LEVELS + 1);
    const uint32_t n_up = count_layers(weights, "vae.decoder.up.", SD_MAX_LEVELS + 1);
    const uint32_t n_encoder = count_vae_blocks(weights, "vae.encoder.down.");
    const uint32_t n_decoder = count_vae_blocks(weights, "vae.decoder.up.");
    c->n_levels = n_down > n_up ? n_down : n_up;
    c->n_blocks = n_encoder + 1 > n_decoder ? n_encoder : n_decoder - 1;
    if (c->n_levels > SD_MAX_LEVELS || c->n_blocks > SD_MAX_BLOCKS)
        return diag_set(diag, PITH_E_UNSUPPORTED, "autoencoder: more than %d levels, or %d residual blocks a level",
                        SD_MAX_LEVELS, SD_MAX_BLOCKS);
    for (uint32_t lv = 0; lv < c->n_levels || lv == 0; lv++) {
        snprintf(name, sizeof name, "vae.encoder.down.%u.block.0.conv1.weight", lv);
        PITH_TRY(read_channels(&c->c[lv], weights, name, diag));
    }
cleanup:
    return status;
}

pith_status vae_config_read(vae_config *config, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    vae_config c = {.n_groups = N_GROUPS, .norm_epsilon = 1e-6f, .latent_scale = LATENT_SCALE};
    uint32_t n_colours = 0, n_quantised = 0;
    PITH_TRY(read_channels(&c.c_base, weights, "vae.encoder.conv_in.weight", diag));
    PITH_TRY(read_dim(&n_colours, weights, "vae.encoder.conv_in.weight", 4, 1, MAX_WIDTH, diag));
    PITH_TRY(must_be(n_colours, 3, "vae.encoder.conv_in.weight", "input channels", diag));
    PITH_TRY(read_vae_levels(&c, weights, diag));
    PITH_TRY(read_dim(&c.n_moments, weights, "vae.encoder.conv_out.weight", 4, 0, MAX_WIDTH, diag));
    PITH_TRY(read_dim(&n_quantised, weights, "vae.quant_conv.weight", 2, 0, MAX_WIDTH, diag));
    c.n_latent = n_quantised / 2;
    if (c.n_moments % 2 || n_quantised % 2)
        status = diag_set(diag, PITH_E_MODEL_SHAPE, "tensor vae.quant_conv.weight is [%u, %u, 1, 1], must be even",
                          n_quantised, c.n_moments);
    else
        *config = c;
cleanup:
    return status;
}

/* ---- U-Net ------------------------------------------------------------------------- */

uint32_t unet_granularity(const unet_config *c) { return 1u << (c->n_levels - 1); }

bool unet_recognise(const tensor_table *weights) { return has(weights, "unet."); }

bool unet_is_int8(const tensor_table *weights) {
    for (size_t i = 0; i < tensor_table_count(weights); i++) {
        const tensor *t = tensor_table_at(weights, i);
        if (t->scales && strncmp(t->name, "unet.", 5) == 0) return true;
    }
    return false;
}

/* Index in "unet.input_blocks." of a level's first block. */
static uint32_t first_block(const unet_config *c, uint32_t level) { return 1 + level * (c->n_blocks + 1); }

/* True if either half has attention on this level; the blocks of one half correspond to those of the other. */
static bool has_attention(const unet_config *c, uint32_t level, const tensor_table *weights) {
    for (uint32_t b = 0; b < c->n_blocks; b++)
        if (has(weights, "unet.input_blocks.%u.1.", first_block(c, level) + b)) return true;
    for (uint32_t b = 0; b <= c->n_blocks; b++)
        if (has(weights, "unet.output_blocks.%u.1.norm.", (c->n_levels - 1 - level) * (c->n_blocks + 1) + b))
            return true;
    return false;
}

/* Both halves have n_blocks + 1 entries per level; on the way down the last one halves the picture. */
static pith_status read_unet_levels(unet_config *c, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    char name[MAX_NAME_BYTES];
    const uint32_t n_down = count_layers(weights, "unet.input_blocks.", MAX_ENTRIES + 1);
    const uint32_t n_up = count_layers(weights, "unet.output_blocks.", MAX_ENTRIES + 1);
    const uint32_t n = n_down > n_up ? n_down : n_up;
    uint32_t n_entries = 1;
    while (n_entries < n && !has(weights, "unet.input_blocks.%u.0.op.", n_entries)) n_entries++;
    c->n_blocks = n_entries > 1 ? n_entries - 1 : 1;
    c->n_levels = (n + c->n_blocks) / (c->n_blocks + 1);
    if (c->n_blocks > SD_MAX_BLOCKS || c->n_levels > SD_MAX_LEVELS)
        return diag_set(diag, PITH_E_UNSUPPORTED, "U-Net: more than %d levels, or %d residual blocks a level",
                        SD_MAX_LEVELS, SD_MAX_BLOCKS);
    for (uint32_t lv = 0; lv < c->n_levels; lv++) {
        snprintf(name, sizeof name, "unet.input_blocks.%u.0.in_layers.2.weight", first_block(c, lv));
        PITH_TRY(read_channels(&c->c[lv], weights, name, diag));
        c->has_attention[lv] = has_attention(c, lv, weights);
    }
cleanup:
    return status;
}

/* Reads the width of the context from the first cross-attention found. */
static pith_status read_context(unet_config *c, const tensor_table *weights, pith_diag *diag) {
    char scope[MAX_NAME_BYTES] = "unet.middle_block.1", name[MAX_NAME_BYTES + 48];
    for (uint32_t level = c->n_levels; level-- > 0;)
        if (c->has_attention[level]) snprintf(scope, sizeof scope, "unet.input_blocks.%u.1", first_block(c, level));
    snprintf(name, sizeof name, "%s.transformer_blocks.0.attn2.to_k.weight", scope);
    pith_status status = read_dim(&c->c_context, weights, name, 2, 1, MAX_WIDTH, diag);
    if (status == PITH_OK && has(weights, "%s.transformer_blocks.1.", scope))
        status = diag_set(diag, PITH_E_UNSUPPORTED, "U-Net: more than one transformer block a layer");
    if (status == PITH_OK && c->c_context == C_CONTEXT_SD2)
        status = diag_set(diag, PITH_E_UNSUPPORTED, "U-Net: a context of %u features: Stable Diffusion 2.x, not 1.x",
                          C_CONTEXT_SD2);
    return status;
}

static bool is_meta(const tensor_table *weights, const char *key, const char *value) {
    const char *text = tensor_table_meta(weights, key);
    return text && strcmp(text, value) == 0;
}

const char *unet_fault(const tensor_table *weights) {
    const bool is_known = !tensor_table_meta(weights, PREDICTION_KEY) ||
                          is_meta(weights, PREDICTION_KEY, PREDICTION_EPSILON) ||
                          is_meta(weights, PREDICTION_KEY, PREDICTION_V);
    if (!is_known) return "predicts neither the noise nor v";
    return tensor_table_meta(weights, UNET_FAULT_KEY);
}

pith_status unet_config_read(unet_config *config, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    uint32_t n_in = 0;
    unet_config c = {.n_context = N_CONTEXT,
                     .n_heads = N_UNET_HEADS,
                     .n_groups = N_GROUPS,
                     .res_epsilon = 1e-5f,
                     .attention_epsilon = 1e-6f,
                     .layer_epsilon = 1e-5f};
    PITH_TRY(read_channels(&c.c_base, weights, "unet.input_blocks.0.0.weight", diag));
    PITH_TRY(read_dim(&n_in, weights, "unet.input_blocks.0.0.weight", 4, 1, MAX_WIDTH, diag));
    PITH_TRY(read_dim(&c.n_latent, weights, "unet.out.2.weight", 4, 0, MAX_WIDTH, diag));
    if (n_in != c.n_latent)
        return diag_set(diag, PITH_E_UNSUPPORTED, "U-Net takes %u channels and makes %u: made for %s", n_in, c.n_latent,
                        n_in == 2 * c.n_latent + 1 ? "inpainting" : "another task");
    PITH_TRY(read_dim(&c.c_time, weights, "unet.time_embed.0.weight", 2, 0, MAX_WIDTH, diag));
    PITH_TRY(read_unet_levels(&c, weights, diag));
    c.predicts_v = is_meta(weights, PREDICTION_KEY, PREDICTION_V);
    c.is_zero_snr = is_meta(weights, ZERO_SNR_KEY, "true");
    c.has_middle = has(weights, "unet.middle_block.");
    PITH_TRY(read_context(&c, weights, diag));
    *config = c;
cleanup:
    return status;
}

/* ---- text encoder --------------------------------------------------------------------- */

bool text_recognise(const tensor_table *weights) {
    return has(weights, "text.embeddings.") || has(weights, "text.encoder.");
}

pith_status text_config_read(text_config *config, const tensor_table *weights, pith_diag *diag) {
    static const char tokens[] = "text.embeddings.token_embedding.weight";
    pith_status status = PITH_OK;
    text_config c = {.layer_epsilon = 1e-5f};
    PITH_TRY(read_dim(&c.n_tokens, weights, tokens, 2, 0, MAX_TOKENS, diag));
    PITH_TRY(read_dim(&c.c, weights, tokens, 2, 1, MAX_WIDTH, diag));
    PITH_TRY(read_dim(&c.n_positions, weights, "text.embeddings.position_embedding.weight", 2, 0, MAX_WIDTH, diag));
    PITH_TRY(read_dim(&c.c_mlp, weights, "text.encoder.layers.0.mlp.fc1.weight", 2, 0, MAX_WIDTH, diag));
    c.n_layers = count_layers(weights, "text.encoder.layers.", MAX_TEXT_LAYERS + 1);
    if (c.n_layers > MAX_TEXT_LAYERS)
        return diag_set(diag, PITH_E_UNSUPPORTED, "text encoder: more than %u layers", MAX_TEXT_LAYERS);
    c.n_heads = c.c / C_TEXT_HEAD;
    if (c.c % C_TEXT_HEAD || c.n_tokens < 2)
        status =
            diag_set(diag, PITH_E_MODEL_SHAPE, "tensor %s is [%u, %u], must be at least 2 rows of whole heads of %u",
                     tokens, c.n_tokens, c.c, C_TEXT_HEAD);
    else
        *config = c;
cleanup:
    return status;
}

/* ---- tiny autoencoder -------------------------------------------------------------------- */

bool taesd_recognise(const tensor_table *weights) {
    return has(weights, "taesd_encoder.") || has(weights, "taesd_decoder.");
}

/* Either half may be missing: the original is two files. */
pith_status taesd_config_read(taesd_config *config, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    taesd_config c = {0};
    if (has(weights, "taesd_encoder.")) {
        PITH_TRY(read_dim(&c.c, weights, "taesd_encoder.0.weight", 4, 0, MAX_WIDTH, diag));
        PITH_TRY(read_dim(&c.n_latent, weights, "taesd_encoder.14.weight", 4, 0, MAX_WIDTH, diag));
    } else {
        PITH_TRY(read_dim(&c.c, weights, "taesd_decoder.1.weight", 4, 0, MAX_WIDTH, diag));
        PITH_TRY(read_dim(&c.n_latent, weights, "taesd_decoder.1.weight", 4, 1, MAX_WIDTH, diag));
    }
    *config = c;
cleanup:
    return status;
}
