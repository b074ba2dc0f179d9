/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The networks of the built-in model, one line per layer, and their configuration. Networks are run by src/nn; tiles
 * are chosen elsewhere. */
#include "model/mini.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "container/pith_format.h"
#include "weights/quantised.h"

#define MAX_BLOCKS 64 /* most blocks of one width in an encoder or decoder */
#define PATCH_HIGH 4  /* pixels per position at 1/4 resolution, along each side */

/* ---- configuration ------------------------------------------------------------- */

bool mini_recognise(const tensor_table *weights) {
    const char *format = tensor_table_meta(weights, "format");
    return format && strcmp(format, "pith-mini") == 0;
}

static pith_status read_count(uint32_t *out, const tensor_table *weights, const char *key, uint32_t lowest,
                              uint32_t highest, pith_diag *diag) {
    const char *text = tensor_table_meta(weights, key);
    if (!text) return diag_set(diag, PITH_E_FORMAT, "model metadata lack \"%s\"", key);
    char *end = NULL;
    errno = 0;
    unsigned long value = text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
    if (!end || *end || errno || value < lowest || value > highest)
        return diag_set(diag, PITH_E_FORMAT, "model metadata: %s is \"%.20s\", must be %u to %u", key, text, lowest,
                        highest);
    *out = (uint32_t)value;
    return PITH_OK;
}

/* Parses digits with an optional sign and point. strtof would depend on the caller's locale. */
static bool parse_decimal(float *out, const char *text) {
    const char *at = text;
    double sign = 1, value = 0, place = 1;
    if (*at == '-' || *at == '+') sign = *at++ == '-' ? -1 : 1;
    size_t n_digits = 0;
    for (; *at >= '0' && *at <= '9' && n_digits < 9; at++, n_digits++) value = value * 10 + (*at - '0');
    if (*at == '.')
        for (at++; *at >= '0' && *at <= '9' && n_digits < 18; at++, n_digits++) value += (*at - '0') * (place /= 10);
    *out = (float)(sign * value);
    return n_digits > 0 && *at == '\0';
}

static pith_status read_log2_step(float *out, const tensor_table *weights, const char *key, pith_diag *diag) {
    const char *text = tensor_table_meta(weights, key);
    if (!text) return diag_set(diag, PITH_E_FORMAT, "model metadata lack \"%s\"", key);
    if (!parse_decimal(out, text) || !(fabsf(*out) <= 15))
        return diag_set(diag, PITH_E_FORMAT, "model metadata: %s is \"%.20s\", must be a number of -15 to 15", key,
                        text);
    return PITH_OK;
}

static pith_status check_version(const tensor_table *weights, pith_diag *diag) {
    const char *text = tensor_table_meta(weights, "format_version"), *known = quantised_format_version(weights);
    if (text && strcmp(text, known) == 0) return PITH_OK;
    return diag_set(diag, PITH_E_FORMAT, "model metadata: format_version is \"%.20s\", must be %s", text ? text : "",
                    known);
}

static pith_status read_name(char name[PITH_NAME_BYTES], const tensor_table *weights, pith_diag *diag) {
    const char *text = tensor_table_meta(weights, "name");
    if (!text || !ctr_name_is_legal(text))
        return diag_set(diag, PITH_E_FORMAT,
                        "model metadata: the name must be 1 to %d of a-z 0-9 . _ - and begin with a letter or digit",
                        PITH_NAME_BYTES - 1);
    snprintf(name, PITH_NAME_BYTES, "%s", text);
    return PITH_OK;
}

pith_status mini_config_read(mini_config *config, const tensor_table *weights, pith_diag *diag) {
    pith_status status = PITH_OK;
    mini_config c = {0};
    uint32_t downscale = 0;
    PITH_TRY(check_version(weights, diag));
    PITH_TRY(read_name(c.name, weights, diag));
    PITH_TRY(read_count(&downscale, weights, "downscale", MINI_DOWNSCALE, MINI_DOWNSCALE, diag));
    PITH_TRY(read_count(&c.n_latent, weights, "latent_channels", 1, CTR_MAX_LATENT, diag));
    PITH_TRY(read_count(&c.width_h, weights, "width_h", 1, 4096, diag));
    PITH_TRY(read_count(&c.width_w, weights, "width_w", 1, 4096, diag));
    PITH_TRY(read_count(&c.n_enc_high, weights, "n_enc_high", 0, MAX_BLOCKS, diag));
    PITH_TRY(read_count(&c.n_enc_low, weights, "n_enc_low", 0, MAX_BLOCKS, diag));
    PITH_TRY(read_count(&c.n_dec_low, weights, "n_dec_low", 0, MAX_BLOCKS, diag));
    PITH_TRY(read_count(&c.n_dec_high, weights, "n_dec_high", 0, MAX_BLOCKS, diag));
    PITH_TRY(read_log2_step(&c.log2_step_min, weights, "log2_step_min", diag));
    PITH_TRY(read_log2_step(&c.log2_step_max, weights, "log2_step_max", diag));
    PITH_TRY(read_log2_step(&c.log2_step_q0, weights, "log2_step_q0", diag));
    PITH_TRY(read_log2_step(&c.log2_step_q100, weights, "log2_step_q100", diag));
    c.has_texture = tensor_table_find(weights, "real.tail.0.weight") != NULL;
    if (c.log2_step_min > c.log2_step_max || c.log2_step_q0 <= c.log2_step_q100)
        status = diag_set(diag, PITH_E_FORMAT, "model metadata: the ranges of steps are upside down");
    else
        *config = c;
cleanup:
    return status;
}

static uint32_t positions(uint32_t pixels) { return (pixels + MINI_DOWNSCALE - 1) / MINI_DOWNSCALE; }

/* A 3x3 convolution reaches one position to each side, a residual block two. */
uint32_t mini_encoder_reach(const mini_config *c) {
    uint32_t high = (1 + 2 * c->n_enc_high + 1) * PATCH_HIGH; /* the last 1 is for the stride-2 convolution */
    uint32_t low = (2 * c->n_enc_low + 1) * MINI_DOWNSCALE;
    return positions(high + low);
}

/* Blocks at 1/8 resolution in the decoder's first part; the second part has the others. */
static uint32_t blocks_of_first_part(const mini_config *c) { return c->n_dec_low / 2; }

uint32_t mini_decoder_part_reach(const mini_config *c, uint32_t part) {
    const uint32_t n_first = blocks_of_first_part(c);
    if (part == 0) return 1 + 2 * n_first;
    if (part == 1) return 2 * (c->n_dec_low - n_first);
    return positions(MINI_DOWNSCALE + (2 * c->n_dec_high + 1) * PATCH_HIGH);
}

uint32_t mini_decoder_reach(const mini_config *c) {
    uint32_t reach = 0;
    for (uint32_t part = 0; part < MINI_DECODER_PARTS; part++) reach += mini_decoder_part_reach(c, part);
    return reach;
}

/* ---- networks --------------------------------------------------------------------- */

/* Inputs of a residual block's convolutions, needed by the backward pass. */
typedef struct block_values {
    nn_val a, b;
} block_values;

/* x + b(relu(a(relu(x)))) */
static nn_val res_block(nn_plan *p, nn_val x, int64_t width, block_values *kept) {
    kept->a = nn_act(p, x, NN_RELU);
    kept->b = nn_act(p, nn_conv(p, kept->a, "a", NN_CONV3, width), NN_RELU);
    return nn_add(p, nn_conv(p, kept->b, "b", NN_CONV3, width), x);
}

/* Blocks numbered from `first` in the current scope. `kept`: one entry per block, or NULL. */
static nn_val res_blocks(nn_plan *p, nn_val x, uint32_t first, uint32_t count, int64_t width, block_values *kept) {
    block_values forgotten;
    for (uint32_t i = 0; i < count; i++) {
        nn_enter(p, "%u", first + i);
        x = res_block(p, x, width, kept ? &kept[i] : &forgotten);
        nn_leave(p);
    }
    return x;
}

/* A convolution numbered like a layer of a PyTorch Sequential. */
static nn_val numbered_conv(nn_plan *p, nn_val x, uint32_t number, nn_conv_kind kind, int64_t c_out) {
    char key[16];
    snprintf(key, sizeof key, "%u", number);
    return nn_conv(p, x, key, kind, c_out);
}

static void describe_encoder(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_val image = nn_input(p, "image", (nn_shape){1, 3, h * MINI_DOWNSCALE, w * MINI_DOWNSCALE});
    nn_val x = nn_scale(p, image, 1, -0.5f);
    uint32_t layer = 1; /* layer 0 is the unshuffle, which has no weights */

    nn_enter(p, "enc");
    nn_val linear = nn_conv(p, nn_pixel_unshuffle(p, x, MINI_DOWNSCALE), "lin", NN_CONV1, c->n_latent);
    nn_enter(p, "net");
    x = nn_pixel_unshuffle(p, x, PATCH_HIGH);
    x = numbered_conv(p, x, layer++, NN_CONV3, c->width_h);
    x = res_blocks(p, x, layer, c->n_enc_high, c->width_h, NULL);
    layer += c->n_enc_high;
    x = numbered_conv(p, x, layer++, NN_CONV3_STRIDE2, c->width_w);
    x = res_blocks(p, x, layer, c->n_enc_low, c->width_w, NULL);
    layer += c->n_enc_low;
    x = numbered_conv(p, x, layer, NN_CONV3, c->n_latent);
    nn_leave(p);
    nn_leave(p);
    nn_output(p, "latent", nn_add(p, x, linear));
}

static nn_val latent_input(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    return nn_input(p, "latent", (nn_shape){1, c->n_latent, h, w});
}

static nn_val features_input(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    return nn_input(p, "features", (nn_shape){1, c->width_w, h, w});
}

static nn_val decoder_head(nn_plan *p, const mini_config *c, nn_val latent) {
    const nn_shape s = nn_shape_of(p, latent);
    nn_val log2_step = nn_input(p, "log2_step", (nn_shape){1, 1, s.h, s.w});
    return nn_conv(p, nn_concat(p, latent, log2_step), "head", NN_CONV3, c->width_w);
}

static nn_val decoder_low(nn_plan *p, const mini_config *c, nn_val x, uint32_t first, uint32_t end,
                          block_values *kept) {
    nn_enter(p, "low");
    x = res_blocks(p, x, first, end - first, c->width_w, kept);
    nn_leave(p);
    return x;
}

/* Features at 1/8 resolution -> features at 1/4. */
static nn_val go_up(nn_plan *p, const mini_config *c, nn_val x) {
    return nn_pixel_shuffle(p, nn_conv(p, x, "up.0", NN_CONV3, 4 * (int64_t)c->width_h), 2);
}

static nn_val high_blocks(nn_plan *p, const mini_config *c, nn_val x, uint32_t first, uint32_t end,
                          block_values *kept) {
    nn_enter(p, "high");
    x = res_blocks(p, x, first, end - first, c->width_h, kept);
    nn_leave(p);
    return x;
}

static nn_val pixels_of(nn_plan *p, nn_val x) {
    return nn_pixel_shuffle(p, nn_conv(p, x, "tail.0", NN_CONV3, 3 * PATCH_HIGH * PATCH_HIGH), PATCH_HIGH);
}

static nn_val decoder_end(nn_plan *p, const mini_config *c, nn_val x, nn_val latent, block_values *kept) {
    x = pixels_of(p, high_blocks(p, c, go_up(p, c, x), 0, c->n_dec_high, kept));
    nn_val linear = nn_pixel_shuffle(p, nn_conv(p, latent, "lin", NN_CONV1, 3 * 64), MINI_DOWNSCALE);
    return nn_scale(p, nn_add(p, x, linear), 1, 0.5f);
}

static void describe_decoder(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_val latent = latent_input(p, c, h, w);
    nn_enter(p, "dec");
    nn_val x = decoder_low(p, c, decoder_head(p, c, latent), 0, c->n_dec_low, NULL);
    x = decoder_end(p, c, x, latent, NULL);
    nn_leave(p);
    nn_output(p, "image", x);
}

static void describe_first_part(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_enter(p, "dec");
    nn_val x = decoder_head(p, c, latent_input(p, c, h, w));
    x = decoder_low(p, c, x, 0, blocks_of_first_part(c), NULL);
    nn_leave(p);
    nn_output(p, "features", x);
}

static void describe_second_part(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_enter(p, "dec");
    nn_val x = decoder_low(p, c, features_input(p, c, h, w), blocks_of_first_part(c), c->n_dec_low, NULL);
    nn_leave(p);
    nn_output(p, "features", x);
}

static void describe_third_part(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_val latent = latent_input(p, c, h, w);
    nn_enter(p, "dec");
    nn_val x = decoder_end(p, c, features_input(p, c, h, w), latent, NULL);
    nn_leave(p);
    nn_output(p, "image", x);
}

static void describe_texture(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    nn_val features = features_input(p, c, h, w);
    nn_val noise = nn_input(p, "noise", (nn_shape){1, MINI_TEXTURE_NOISE, h * MINI_NOISE_SCALE, w * MINI_NOISE_SCALE});
    nn_enter(p, "real");
    nn_val x = high_blocks(p, c, go_up(p, c, features), 0, c->n_dec_high / 2, NULL);
    nn_val drawn = nn_mul(p, nn_conv(p, x, "gain", NN_CONV1, MINI_TEXTURE_NOISE), noise);
    x = nn_add(p, nn_conv(p, drawn, "mix", NN_CONV1, c->width_h), x);
    x = pixels_of(p, high_blocks(p, c, x, c->n_dec_high / 2, c->n_dec_high, NULL));
    nn_leave(p);
    nn_output(p, "texture", x);
}

/* ---- gradients ------------------------------------------------------------------------ */

/* Backward pass through blocks 0 .. count-1 of the current scope: gradient with respect to their output -> to their
 * input. */
static nn_val res_blocks_adjoint(nn_plan *p, nn_val g, uint32_t count, int64_t width, const block_values *kept) {
    for (uint32_t i = count; i-- > 0;) {
        nn_enter(p, "%u", i);
        nn_val inner = nn_relu_adjoint(p, nn_conv_adjoint(p, g, "b", NN_CONV3, width), kept[i].b);
        inner = nn_relu_adjoint(p, nn_conv_adjoint(p, inner, "a", NN_CONV3, width), kept[i].a);
        g = nn_add(p, inner, g);
        nn_leave(p);
    }
    return g;
}

static nn_val decoder_adjoint(nn_plan *p, const mini_config *c, nn_val image, const block_values *low,
                              const block_values *high) {
    nn_val linear = nn_conv_adjoint(p, nn_pixel_unshuffle(p, image, MINI_DOWNSCALE), "lin", NN_CONV1, c->n_latent);
    nn_val g = nn_conv_adjoint(p, nn_pixel_unshuffle(p, image, PATCH_HIGH), "tail.0", NN_CONV3, c->width_h);
    nn_enter(p, "high");
    g = res_blocks_adjoint(p, g, c->n_dec_high, c->width_h, high);
    nn_leave(p);
    g = nn_conv_adjoint(p, nn_pixel_unshuffle(p, g, 2), "up.0", NN_CONV3, c->width_w);
    nn_enter(p, "low");
    g = res_blocks_adjoint(p, g, c->n_dec_low, c->width_w, low);
    nn_leave(p);
    g = nn_conv_adjoint(p, g, "head", NN_CONV3, (int64_t)c->n_latent + 1);
    return nn_add(p, nn_slice_channels(p, g, 0, c->n_latent), linear);
}

static void describe_gradient(nn_plan *p, const mini_config *c, int64_t h, int64_t w) {
    block_values low[MAX_BLOCKS], high[MAX_BLOCKS];
    nn_val latent = latent_input(p, c, h, w);
    nn_enter(p, "dec");
    nn_val x = decoder_low(p, c, decoder_head(p, c, latent), 0, c->n_dec_low, low);
    nn_val image = decoder_end(p, c, x, latent, high);
    nn_val gradient = decoder_adjoint(p, c, nn_call(p, image), low, high);
    nn_leave(p);
    nn_output(p, "gradient", gradient);
}

/* ---- plans ------------------------------------------------------------------------------ */

typedef void describe_fn(nn_plan *p, const mini_config *c, int64_t h, int64_t w);

static pith_status make_plan(nn_plan **out, describe_fn *describe, const mini_config *config, const pith_env *env,
                             uint32_t h, uint32_t w, pith_diag *diag) {
    nn_plan *p = nn_plan_new(env);
    if (!p) return diag_set(diag, PITH_E_NOMEM, "out of memory");
    describe(p, config, h, w);
    pith_status status = nn_plan_finish(p, diag);
    if (status != PITH_OK) nn_plan_free(&p);
    *out = p;
    return status;
}

pith_status mini_encoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) {
    return make_plan(out, describe_encoder, config, env, h, w, diag);
}

pith_status mini_decoder_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) {
    return make_plan(out, describe_decoder, config, env, h, w, diag);
}

pith_status mini_decoder_part_plan(nn_plan **out, const mini_config *config, uint32_t part, const pith_env *env,
                                   uint32_t h, uint32_t w, pith_diag *diag) {
    static describe_fn *const parts[MINI_DECODER_PARTS] = {describe_first_part, describe_second_part,
                                                           describe_third_part};
    return make_plan(out, parts[part], config, env, h, w, diag);
}

pith_status mini_texture_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                              pith_diag *diag) {
    return make_plan(out, describe_texture, config, env, h, w, diag);
}

pith_status mini_gradient_plan(nn_plan **out, const mini_config *config, const pith_env *env, uint32_t h, uint32_t w,
                               pith_diag *diag) {
    return make_plan(out, describe_gradient, config, env, h, w, diag);
}
