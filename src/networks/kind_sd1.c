/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stable Diffusion 1.x. The codec's latent is in U-Net units (the mean times the
 * latent scale). Decoding runs a few steps of the U-Net, beginning at the timestep
 * with as much noise as the quantiser's, then the autoencoder's decoder. */
#include <math.h>
#include <string.h>

#include "container/pith_format.h"
#include "model/taesd.h"
#include "model/text.h"
#include "model/unet.h"
#include "model/vae.h"
#include "networks/kind_sd1.h"
#include "picture/tiles.h"
#include "weights/dialects.h"
#include "weights/weights_open.h"

/* Steps of quality 0 and 100, in U-Net units, where a latent's deviation is about 1. */
#define LOG2_STEP_Q0 2.0f
#define LOG2_STEP_Q100 (-3.0f)

/* Up to a megapixel is seen at once; larger pictures use recipe 1. */
#define MAX_WHOLE_POSITIONS (128u * 128u)

static bool is_large(uint32_t h, uint32_t w) { return (uint64_t)h * w > MAX_WHOLE_POSITIONS; }

/* The timesteps at which the published method runs the U-Net. */
static const uint32_t palette_timesteps[MODEL_PALETTE_STEPS] = {16, 1};

pith_status sd1_encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                             pith_diag *diag) {
    const sd1_config *c = &m->config.sd1;
    if (!c->is_tiny) return vae_encoder_plan_shared(out, &c->vae, &m->env, h, w, share, diag);
    *out = NULL;
    if (!tensor_table_has_part(m->weights, PART_TAESD_ENCODER))
        return diag_set(diag, PITH_E_MODEL_SHAPE, "TAESD's encoder is not there, only its decoder");
    return taesd_encoder_plan(out, &c->taesd, &m->env, h, w, diag);
}

pith_status sd1_decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                             pith_diag *diag) {
    const sd1_config *c = &m->config.sd1;
    if (!c->is_tiny) return vae_decoder_plan_shared(out, &c->vae, &m->env, h, w, share, diag);
    *out = NULL;
    if (!tensor_table_has_part(m->weights, PART_TAESD_DECODER))
        return diag_set(diag, PITH_E_MODEL_SHAPE, "TAESD's decoder is not there, only its encoder");
    return taesd_decoder_plan(out, &c->taesd, &m->env, h, w, diag);
}

pith_status sd1_denoiser_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                              pith_diag *diag) {
    return unet_plan_shared(out, &m->config.sd1.unet, &m->env, h, w, share, diag);
}

/* For whole pictures. */
static pith_status encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return sd1_encoder_plan(out, m, h, w, NULL, diag);
}

static pith_status decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return sd1_decoder_plan(out, m, h, w, NULL, diag);
}

static pith_status denoiser_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return sd1_denoiser_plan(out, m, h, w, NULL, diag);
}

static uint32_t log2_exact(uint32_t value) {
    uint32_t log2 = 0;
    while (value >> (log2 + 1)) log2++;
    return log2;
}

static bool recognise(const tensor_table *weights) { return vae_recognise(weights); }

/* Reads TAESD, which has the latents of config.sd1.vae. */
static pith_status read_tiny(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    sd1_config *c = &m->config.sd1;
    PITH_TRY(taesd_config_read(&c->taesd, m->weights, diag));
    if (c->taesd.n_latent != c->vae.n_latent || vae_downscale(&c->vae) != TAESD_DOWNSCALE)
        return diag_set(diag, PITH_E_MODEL_MISMATCH,
                        "TAESD's latent has %u channels at 1/%u of the picture, the model's %u at 1/%u",
                        c->taesd.n_latent, TAESD_DOWNSCALE, c->vae.n_latent, vae_downscale(&c->vae));
    if (tensor_table_has_part(m->weights, PART_TAESD_ENCODER)) PITH_TRY(kind_check_plan(m, encoder_plan, 1, 1, diag));
    if (tensor_table_has_part(m->weights, PART_TAESD_DECODER)) PITH_TRY(kind_check_plan(m, decoder_plan, 1, 1, diag));
cleanup:
    return status;
}

static pith_status read_autoencoder(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    if (m->config.sd1.is_tiny) return read_tiny(m, diag);
    PITH_TRY(vae_config_read(&m->config.sd1.vae, m->weights, diag));
    PITH_TRY(kind_check_plan(m, encoder_plan, 1, 1, diag));
    PITH_TRY(kind_check_plan(m, decoder_plan, 1, 1, diag));
cleanup:
    return status;
}

static pith_status read_model(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    sd1_config *c = &m->config.sd1;
    PITH_TRY(model_check_version(m->weights, diag));
    PITH_TRY(read_autoencoder(m, diag));
    m->traits = (model_traits){
        .name = "sd1",
        .n_latent = c->vae.n_latent,
        .log2_downscale = log2_exact(vae_downscale(&c->vae)),
        .log2_step_q0 = LOG2_STEP_Q0,
        .log2_step_q100 = LOG2_STEP_Q100,
        .encoder_reach = MODEL_REACH_ALL,
        .decoder_reach = MODEL_REACH_ALL,
        .max_whole_positions = MAX_WHOLE_POSITIONS,
        .can_denoise = unet_recognise(m->weights),
        .palette_unit = c->vae.latent_scale * c->vae.latent_scale, /* of the mean: latent_scale */
    };
    if (c->vae.n_latent > CTR_MAX_LATENT) {
        status = diag_set(diag, PITH_E_UNSUPPORTED, "a latent of %u channels, at most %u can be coded", c->vae.n_latent,
                          CTR_MAX_LATENT);
        goto cleanup;
    }
    if (m->traits.can_denoise) {
        PITH_TRY(unet_config_read(&c->unet, m->weights, diag));
        if (c->unet.n_latent != c->vae.n_latent)
            return diag_set(diag, PITH_E_MODEL_SHAPE, "the U-Net takes %u latent channels, the autoencoder makes %u",
                            c->unet.n_latent, c->vae.n_latent);
        m->traits.denoiser_varies =
            unet_is_int8(m->weights) || unet_fault(m->weights) || weights_missing_text(m->weights);
        uint32_t side = unet_granularity(&c->unet);
        PITH_TRY(kind_check_plan(m, denoiser_plan, side, side, diag));
    }
cleanup:
    return status;
}

/* ---- running --------------------------------------------------------------------------- */

/* Networks for windows are bound when they are run. */
static pith_status bind_encoder(model_session *s, const model_window *window, pith_diag *diag) {
    const uint32_t h = window->h, w = window->w;
    return is_large(h, w) ? PITH_OK : bound_net_prepare(&s->encoder, s->model, encoder_plan, h, w, diag);
}

static pith_status bind_decoder(model_session *s, const model_window *window, pith_diag *diag) {
    const uint32_t h = window->h, w = window->w;
    return is_large(h, w) ? PITH_OK : bound_net_prepare(&s->decoder, s->model, decoder_plan, h, w, diag);
}

static size_t pixel_samples(const model_session *s, uint32_t h, uint32_t w) {
    return ((size_t)h * w * 3) << (2 * s->model->traits.log2_downscale);
}

/* TAESD makes the latent in U-Net units. */
static pith_status run_tiny_encoder(model_session *s, const float *image, float *latent, pith_diag *diag) {
    const nn_given in = {"image", image};
    const nn_binding out = {"latent", latent};
    return nn_run(s->encoder.net, &in, 1, &out, 1, diag);
}

/* One network over all windows, for recipe 1. */
static pith_status run_tiled(model_session *s, sd1_plan_fn *plan, const sd1_io *io, uint32_t h, uint32_t w,
                             const float *in, float *out, double from, double to, pith_diag *diag) {
    sd1_tiles *tiles = NULL;
    pith_status status = sd1_tiles_new(&tiles, s, plan, &sd1_recipe_1, io, h, w, diag);
    if (status == PITH_OK) status = sd1_tiles_run(tiles, in, out, from, to, diag);
    sd1_tiles_free(&tiles);
    return status;
}

static pith_status encode_tiled(model_session *s, uint32_t h, uint32_t w, const float *pixels, float *latent,
                                pith_diag *diag) {
    const model_traits *t = &s->model->traits;
    const bool is_tiny = s->model->config.sd1.is_tiny;
    const sd1_io io = {.in = "image",
                       .out = is_tiny ? "latent" : "mean",
                       .n_in = 3,
                       .n_out = t->n_latent,
                       .in_scale = 1u << t->log2_downscale,
                       .out_scale = 1,
                       .has_logvar = !is_tiny,
                       .in_mul = 2,
                       .in_add = -1,
                       .out_mul = is_tiny ? 1 : s->model->config.sd1.vae.latent_scale};
    model_session_begin(s, 0.8); /* the rest is coding */
    return run_tiled(s, sd1_encoder_plan, &io, h, w, pixels, latent, 0, 1, diag);
}

static pith_status encode(model_session *s, const model_window *window, const float *pixels, float *latent,
                          pith_diag *diag) {
    const uint32_t h = window->h, w = window->w;
    if (is_large(h, w)) return encode_tiled(s, h, w, pixels, latent, diag);
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &s->model->env.alloc;
    const size_t n_pixels = pixel_samples(s, h, w), n_latent = (size_t)h * w * s->model->traits.n_latent;
    float *image = mem_alloc(alloc, n_pixels, sizeof *image);
    float *unused = mem_alloc(alloc, n_latent, sizeof *unused); /* the variances: the mean is coded */
    if (!image || !unused) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the picture");
        goto cleanup;
    }
    for (size_t i = 0; i < n_pixels; i++) image[i] = 2 * pixels[i] - 1;
    if (s->model->config.sd1.is_tiny) {
        status = run_tiny_encoder(s, image, latent, diag);
        goto cleanup;
    }
    const nn_given in = {"image", image};
    const nn_binding out[] = {{"mean", latent}, {"logvar", unused}};
    PITH_TRY(nn_run(s->encoder.net, &in, 1, out, 2, diag));
    for (size_t i = 0; i < n_latent; i++) latent[i] *= s->model->config.sd1.vae.latent_scale;
cleanup:
    mem_free(alloc, image);
    mem_free(alloc, unused);
    return status;
}

/* The empty prompt's context is the same for every picture, so it is made only once. */
static pith_status empty_context(pith_model *m, const float **context, pith_diag *diag) {
    const unet_config *u = &m->config.sd1.unet;
    pith_status status = PITH_OK;
    pthread_mutex_lock(&m->lock);
    if (!m->context) {
        float *values = mem_alloc(&m->env.alloc, (size_t)u->n_context * u->c_context, sizeof *values);
        status = values ? text_empty_context(values, u->n_context, u->c_context, m->weights, m->backend, &m->env, diag)
                        : diag_set(diag, PITH_E_NOMEM, "out of memory for the context");
        if (status == PITH_OK)
            m->context = values;
        else
            mem_free(&m->env.alloc, values);
    }
    *context = m->context;
    pthread_mutex_unlock(&m->lock);
    return status;
}

/* Copies a plane of h x w into one of at least as many rows and columns, repeating
 * the edge; or copies the upper left part back. */
static void extend(float *to, uint32_t to_h, uint32_t to_w, const float *from, uint32_t h, uint32_t w) {
    for (uint32_t y = 0; y < to_h; y++)
        for (uint32_t x = 0; x < to_w; x++)
            to[(size_t)y * to_w + x] = from[(size_t)(y < h ? y : h - 1) * w + (x < w ? x : w - 1)];
}

/* The timesteps of a decode, at most how->n_steps of them; 0 if there is too little noise for one. */
static uint32_t choose_timesteps(uint32_t *timesteps, const sd_schedule *schedule, const model_decode_how *how) {
    if (how->is_palette) {
        memcpy(timesteps, palette_timesteps, sizeof palette_timesteps);
        return MODEL_PALETTE_STEPS;
    }
    /* Rounding to a step spreads the error evenly: its variance is step^2 / 12. */
    const uint32_t start = schedule_start(schedule, (double)how->step * (double)how->step / 12);
    return schedule_steps(timesteps, start, how->n_steps);
}

/* Runs the U-Net over a latent of one size, step after step: whole or in windows. */
typedef struct estimator {
    model_session *session;
    uint32_t h, w;
    nn_given more[2]; /* the timestep's embedding and the context */
    sd1_tiles *tiles; /* only for a large latent */
} estimator;

static pith_status estimator_init(estimator *e, pith_diag *diag) {
    const uint32_t n = e->session->model->traits.n_latent;
    if (!is_large(e->h, e->w))
        return bound_net_prepare(&e->session->denoiser, e->session->model, denoiser_plan, e->h, e->w, diag);
    const sd1_io io = {.in = "latent",
                       .out = "eps",
                       .n_in = n,
                       .n_out = n,
                       .in_scale = 1,
                       .out_scale = 1,
                       .more = e->more,
                       .n_more = 2,
                       .in_mul = 1,
                       .out_mul = 1};
    return sd1_tiles_new(&e->tiles, e->session, sd1_denoiser_plan, &sd1_recipe_1, &io, e->h, e->w, diag);
}

/* Runs step `index` of n. */
static pith_status estimate(estimator *e, float *x, float *eps, uint32_t index, uint32_t n, pith_diag *diag) {
    const double from = (double)index / n, to = (index + 1.0) / n;
    if (e->tiles) return sd1_tiles_run(e->tiles, x, eps, 0.5 * from, 0.5 * to, diag);
    const nn_given in[] = {{"latent", x}, e->more[0], e->more[1]};
    const nn_binding out = {"eps", eps};
    return nn_run(e->session->denoiser.net, in, 3, &out, 1, diag);
}

/* DDIM from the quantiser's noise down to none; x [n_latent, h, w] in place. */
static pith_status denoise(model_session *s, uint32_t h, uint32_t w, float *x, const model_decode_how *how,
                           pith_diag *diag) {
    pith_status status = PITH_OK;
    const unet_config *u = &s->model->config.sd1.unet;
    const pith_alloc *alloc = &s->model->env.alloc;
    const size_t count = (size_t)h * w * u->n_latent;
    const float *context = NULL;
    estimator e = {.session = s, .h = h, .w = w};
    sd_schedule *schedule = mem_alloc(alloc, 1, sizeof *schedule);
    uint32_t *timesteps = mem_alloc(alloc, how->n_steps, sizeof *timesteps), n = 0;
    float *eps = mem_alloc(alloc, count, sizeof *eps), *embedding = mem_alloc(alloc, u->c_base, sizeof *embedding);
    if (!schedule || !timesteps || !eps || !embedding) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the denoiser");
        goto cleanup;
    }
    (u->is_zero_snr ? schedule_init_zero_snr : schedule_init)(schedule);
    n = choose_timesteps(timesteps, schedule, how);
    if (n == 0) goto cleanup;
    PITH_TRY(empty_context(model_own_networks(s->model), &context, diag));
    e.more[0] = (nn_given){"timestep", embedding};
    e.more[1] = (nn_given){"context", context};
    PITH_TRY(estimator_init(&e, diag));
    /* The published method uses the dithered latent as the noisy one, unchanged. */
    if (!how->is_palette)
        for (size_t i = 0; i < count; i++) x[i] *= sqrtf(schedule->alphas_cumprod[timesteps[0]]);
    for (uint32_t i = 0; i < n; i++) {
        float alpha, next;
        schedule_step_alphas(schedule, timesteps, n, i, &alpha, &next);
        schedule_timestep_embedding(embedding, u->c_base, (float)timesteps[i]);
        PITH_TRY(estimate(&e, x, eps, i, n, diag));
        if (u->predicts_v) schedule_noise_of_v(eps, x, count, alpha);
        schedule_ddim_step(x, eps, count, alpha, next);
    }
    /* The last step ends at alphas_cumprod[0], which is a little less than 1. */
    if (!how->is_palette)
        for (size_t i = 0; i < count; i++) x[i] /= sqrtf(schedule->alphas_cumprod[0]);
cleanup:
    sd1_tiles_free(&e.tiles);
    mem_free(alloc, schedule);
    mem_free(alloc, timesteps);
    mem_free(alloc, eps);
    mem_free(alloc, embedding);
    return status;
}

static pith_status check_denoiser(const pith_model *m, pith_diag *diag) {
    const char *fault = unet_fault(m->weights);
    return fault ? diag_set(diag, PITH_E_MODEL_SHAPE, "the model's U-Net %.150s: decode without it (--steps 0)", fault)
                 : PITH_OK;
}

/* The U-Net needs sides that are multiples of its granularity. */
static pith_status denoise_padded(model_session *s, uint32_t h, uint32_t w, float *latent, const model_decode_how *how,
                                  pith_diag *diag) {
    const uint32_t side = unet_granularity(&s->model->config.sd1.unet), n = s->model->traits.n_latent;
    const uint32_t padded_h = (h + side - 1) / side * side, padded_w = (w + side - 1) / side * side;
    const pith_alloc *alloc = &s->model->env.alloc;
    float *padded = mem_alloc(alloc, (size_t)n * padded_h * padded_w, sizeof *padded);
    if (!padded) return diag_set(diag, PITH_E_NOMEM, "out of memory for the denoiser");
    for (uint32_t c = 0; c < n; c++)
        extend(padded + (size_t)c * padded_h * padded_w, padded_h, padded_w, latent + (size_t)c * h * w, h, w);
    pith_status status = denoise(s, padded_h, padded_w, padded, how, diag);
    for (uint32_t c = 0; c < n; c++)
        extend(latent + (size_t)c * h * w, h, w, padded + (size_t)c * padded_h * padded_w, padded_h, padded_w);
    mem_free(alloc, padded);
    return status;
}

static pith_status decode_tiled(model_session *s, uint32_t h, uint32_t w, const float *x, float *pixels, double from,
                                pith_diag *diag) {
    const model_traits *t = &s->model->traits;
    const sd1_io io = {.in = "latent",
                       .out = "image",
                       .n_in = t->n_latent,
                       .n_out = 3,
                       .in_scale = 1,
                       .out_scale = 1u << t->log2_downscale,
                       .in_mul = 1,
                       .out_mul = 0.5f,
                       .out_add = 0.5f};
    return run_tiled(s, sd1_decoder_plan, &io, h, w, x, pixels, from, 1, diag);
}

static pith_status decode(model_session *s, const model_window *window, const float *latent,
                          const model_decode_how *how, float *pixels, pith_diag *diag) {
    pith_status status = PITH_OK;
    const uint32_t h = window->h, w = window->w;
    const pith_alloc *alloc = &s->model->env.alloc;
    const size_t n_pixels = pixel_samples(s, h, w), n_latent = (size_t)h * w * s->model->traits.n_latent;
    float *x = mem_alloc(alloc, n_latent, sizeof *x);
    if (!x) return diag_set(diag, PITH_E_NOMEM, "out of memory for the latent");
    memcpy(x, latent, n_latent * sizeof *x);
    model_session_begin(s, 1);
    if (how->n_steps > 0) {
        PITH_TRY(check_denoiser(s->model, diag));
        /* Only one network's weights are kept in memory at a time. */
        bound_net_free(&s->decoder);
        nn_backend_trim(s->model->backend);
        PITH_TRY(denoise_padded(s, h, w, x, how, diag));
        bound_net_free(&s->denoiser);
        nn_backend_trim(s->model->backend);
    }
    if (is_large(h, w)) {
        status = decode_tiled(s, h, w, x, pixels, how->n_steps > 0 ? 0.5 : 0, diag);
        goto cleanup;
    }
    PITH_TRY(bound_net_prepare(&s->decoder, s->model, decoder_plan, h, w, diag));
    const nn_given in = {"latent", x};
    const nn_binding out = {"image", pixels};
    PITH_TRY(nn_run(s->decoder.net, &in, 1, &out, 1, diag));
    for (size_t i = 0; i < n_pixels; i++) pixels[i] = 0.5f * pixels[i] + 0.5f;
cleanup:
    mem_free(alloc, x);
    return status;
}

static pith_status memory(const pith_model *m, model_work work, const model_window *window, uint64_t *n_bytes,
                          pith_diag *diag) {
    uint32_t h = window->h, w = window->w;
    if (is_large(h, w)) { /* what the windows share is small compared with them */
        const tile_grid grid = tile_grid_blended(w, h, sd1_recipe_1.window, sd1_recipe_1.halo);
        h = grid.y.window;
        w = grid.x.window;
    }
    pith_status status =
        kind_plan_memory(m, work == MODEL_ENCODES ? encoder_plan : decoder_plan, h, w, n_bytes, NULL, diag);
    if (status != PITH_OK || work != MODEL_DENOISES || !m->traits.can_denoise) return status;
    const uint32_t side = unet_granularity(&m->config.sd1.unet);
    uint64_t denoiser = 0;
    status = kind_plan_memory(m, denoiser_plan, (h + side - 1) / side * side, (w + side - 1) / side * side, &denoiser,
                              NULL, diag);
    if (denoiser > *n_bytes) *n_bytes = denoiser;
    return status;
}

/* Red, green and blue, -1 to 1, from latents in U-Net units: a well-known fit for the
 * autoencoder of Stable Diffusion 1.x. */
static const float preview_rgb[4][3] = {{0.3512f, 0.2297f, 0.3227f},
                                        {0.3250f, 0.4974f, 0.2350f},
                                        {-0.2829f, 0.1762f, 0.2721f},
                                        {-0.2120f, -0.2616f, -0.7177f}};

static pith_status preview_map(const pith_model *m, float *map, pith_diag *diag) {
    const uint32_t n = m->config.sd1.vae.n_latent;
    if (n != sizeof preview_rgb / sizeof *preview_rgb)
        return diag_set(diag, PITH_E_UNSUPPORTED, "a model with %u latent channels has no preview", n);
    for (uint32_t c = 0; c < 3; c++) {
        for (uint32_t k = 0; k < n; k++) map[c * (n + 1) + k] = 0.5f * preview_rgb[k][c];
        map[c * (n + 1) + n] = 0.5f;
    }
    return PITH_OK;
}

static const char *const latent_prefixes[] = {"vae.encoder.", "vae.quant_conv.", NULL};
static const char *const decoder_prefixes[] = {"vae.decoder.", "vae.post_quant_conv.", PART_TAESD_DECODER, "unet.",
                                               NULL};
static const char *const pixel_prefixes[] = {"vae.decoder.", "vae.post_quant_conv.", PART_TAESD_DECODER, NULL};

const model_kind model_kind_sd1 = {
    .name = "sd1",
    .latent_prefixes = latent_prefixes,
    .decoder_prefixes = decoder_prefixes,
    .pixel_prefixes = pixel_prefixes,
    .recognise = recognise,
    .read = read_model,
    .bind_encoder = bind_encoder,
    .bind_decoder = bind_decoder,
    .encode = encode,
    .decode = decode,
    .memory = memory,
    .preview_map = preview_map,
};
