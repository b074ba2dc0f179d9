/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stable Diffusion 1.x: the codec's latent is in U-Net units (the mean, times
 * the latent scale). Decoding runs a few steps of the U-Net from the timestep
 * whose noise is that of the quantiser, then the autoencoder's decoder. */
#include <math.h>
#include <string.h>

#include "api/kind_sd1.h"
#include "model/text.h"
#include "model/unet.h"
#include "model/vae.h"

/* Steps of quality 0 and 100, in U-Net units, where a latent's deviation is about 1. */
#define LOG2_STEP_Q0 2.0f
#define LOG2_STEP_Q100 (-3.0f)

/* A megapixel is seen at once; larger pictures are recipe 1. */
#define MAX_WHOLE_POSITIONS (128u * 128u)

/* Where the published method runs the U-Net. */
static const uint32_t palette_timesteps[MODEL_PALETTE_STEPS] = {16, 1};

static pith_status encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return vae_encoder_plan(out, &m->config.sd1.vae, &m->env, h, w, diag);
}

static pith_status decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return vae_decoder_plan(out, &m->config.sd1.vae, &m->env, h, w, diag);
}

static pith_status denoiser_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return unet_plan(out, &m->config.sd1.unet, &m->env, h, w, diag);
}

static uint32_t log2_exact(uint32_t value) {
    uint32_t log2 = 0;
    while (value >> (log2 + 1)) log2++;
    return log2;
}

static bool recognise(const tensor_table *weights) { return vae_recognise(weights); }

static pith_status read_model(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    sd1_config *c = &m->config.sd1;
    const char *version = tensor_table_meta(m->weights, "format_version");
    if (model_is_converted(m->weights) && (!version || strcmp(version, MODEL_SD1_VERSION) != 0))
        return diag_set(diag, PITH_E_VERSION, "is a converted model of version %.20s, this library reads version %s",
                        version ? version : "?", MODEL_SD1_VERSION);
    PITH_TRY(vae_config_read(&c->vae, m->weights, diag));
    PITH_TRY(kind_check_plan(m, encoder_plan, 1, 1, diag));
    PITH_TRY(kind_check_plan(m, decoder_plan, 1, 1, diag));
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
    if (c->vae.n_latent > 32) {
        status =
            diag_set(diag, PITH_E_UNSUPPORTED, "a latent of %u channels, at most 32 can be coded", c->vae.n_latent);
        goto cleanup;
    }
    if (m->traits.can_denoise) {
        PITH_TRY(unet_config_read(&c->unet, m->weights, diag));
        uint32_t side = unet_granularity(&c->unet);
        PITH_TRY(kind_check_plan(m, denoiser_plan, side, side, diag));
    }
cleanup:
    return status;
}

/* ---- running --------------------------------------------------------------------------- */

static pith_status bind_side(model_session *s, bool decoder, uint32_t h, uint32_t w, pith_diag *diag) {
    return decoder ? bound_net_prepare(&s->decoder, s->model, decoder_plan, h, w, diag)
                   : bound_net_prepare(&s->encoder, s->model, encoder_plan, h, w, diag);
}

static size_t pixel_samples(const model_session *s, uint32_t h, uint32_t w) {
    return ((size_t)h * w * 3) << (2 * s->model->traits.log2_downscale);
}

static pith_status encode(model_session *s, uint32_t h, uint32_t w, const float *pixels, float *latent,
                          pith_diag *diag) {
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
    nn_binding in = {"image", image}, out[] = {{"mean", latent}, {"logvar", unused}};
    PITH_TRY(nn_run(s->encoder.net, &in, 1, out, 2, diag));
    for (size_t i = 0; i < n_latent; i++) latent[i] *= s->model->config.sd1.vae.latent_scale;
cleanup:
    mem_free(alloc, image);
    mem_free(alloc, unused);
    return status;
}

/* The empty prompt's context is the same for every picture: made once. */
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

/* A plane of h x w into one of at least as many rows and columns, the edge
 * repeated; or the upper left part back. */
static void extend(float *to, uint32_t to_h, uint32_t to_w, const float *from, uint32_t h, uint32_t w) {
    for (uint32_t y = 0; y < to_h; y++)
        for (uint32_t x = 0; x < to_w; x++)
            to[(size_t)y * to_w + x] = from[(size_t)(y < h ? y : h - 1) * w + (x < w ? x : w - 1)];
}

/* The whole latent at once. */
static pith_status estimate_whole(void *user, const sd1_estimate *e, pith_diag *diag) {
    model_session *s = user;
    pith_status status = bound_net_prepare(&s->denoiser, s->model, denoiser_plan, e->h, e->w, diag);
    if (status != PITH_OK) return status;
    nn_binding in[] = {{"latent", (float *)(uintptr_t)e->x}, /* inputs are only read */
                       {"timestep", e->embedding},
                       {"context", (float *)(uintptr_t)e->context}};
    nn_binding out = {"eps", e->eps};
    return nn_run(s->denoiser.net, in, 3, &out, 1, diag);
}

/* The timesteps of a decode; 0 when there is too little noise for one. */
static uint32_t choose_timesteps(uint32_t *timesteps, const sd_schedule *schedule, const model_decode_how *how) {
    if (how->is_palette) {
        memcpy(timesteps, palette_timesteps, sizeof palette_timesteps);
        return MODEL_PALETTE_STEPS;
    }
    /* Rounding to a step spreads the error evenly: its variance is step^2 / 12. */
    const uint32_t start = schedule_start(schedule, (double)how->step * (double)how->step / 12);
    return schedule_steps(timesteps, start, how->n_steps);
}

/* Work space of denoising. */
typedef struct denoise_job {
    sd_schedule *schedule;
    uint32_t *timesteps;
    float *eps, *embedding;
    sd1_estimator *estimator;
    void *user;
} denoise_job;

/* DDIM from the quantiser's noise down to none; x [n_latent, h, w] in place. */
static pith_status denoise(model_session *s, const denoise_job *j, uint32_t h, uint32_t w, float *x,
                           const model_decode_how *how, pith_diag *diag) {
    pith_status status = PITH_OK;
    const unet_config *u = &s->model->config.sd1.unet;
    const size_t count = (size_t)h * w * u->n_latent;
    sd1_estimate e = {.h = h, .w = w, .x = x, .embedding = j->embedding, .eps = j->eps};
    schedule_init(j->schedule);
    const uint32_t n = choose_timesteps(j->timesteps, j->schedule, how);
    if (n == 0) goto cleanup;
    PITH_TRY(empty_context(s->model, &e.context, diag));
    /* The published method takes the dithered latent for the noisy one as it is. */
    if (!how->is_palette)
        for (size_t i = 0; i < count; i++) x[i] *= sqrtf(j->schedule->alphas_cumprod[j->timesteps[0]]);
    for (uint32_t i = 0; i < n; i++) {
        float alpha, next;
        schedule_step_alphas(j->schedule, j->timesteps, n, i, &alpha, &next);
        schedule_timestep_embedding(j->embedding, u->c_base, (float)j->timesteps[i]);
        PITH_TRY(j->estimator(j->user, &e, diag));
        schedule_ddim_step(x, j->eps, count, alpha, next);
    }
    /* The last step ends at alphas_cumprod[0], which is a little less than 1. */
    if (!how->is_palette)
        for (size_t i = 0; i < count; i++) x[i] /= sqrtf(j->schedule->alphas_cumprod[0]);
cleanup:
    return status;
}

pith_status sd1_denoise(model_session *s, uint32_t h, uint32_t w, float *latent, const model_decode_how *how,
                        sd1_estimator *estimator, void *user, pith_diag *diag) {
    pith_status status = PITH_OK;
    const unet_config *u = &s->model->config.sd1.unet;
    const uint32_t side = unet_granularity(u), n = u->n_latent;
    const uint32_t padded_h = (h + side - 1) / side * side, padded_w = (w + side - 1) / side * side;
    const size_t plane = (size_t)h * w, padded_plane = (size_t)padded_h * padded_w;
    const pith_alloc *alloc = &s->model->env.alloc;
    float *padded = mem_alloc(alloc, n * padded_plane, sizeof *padded);
    denoise_job j = {.schedule = mem_alloc(alloc, 1, sizeof *j.schedule),
                     .timesteps = mem_alloc(alloc, how->n_steps, sizeof *j.timesteps),
                     .eps = mem_alloc(alloc, n * padded_plane, sizeof *j.eps),
                     .embedding = mem_alloc(alloc, u->c_base, sizeof *j.embedding),
                     .estimator = estimator,
                     .user = user};
    if (!padded || !j.schedule || !j.timesteps || !j.eps || !j.embedding) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for the denoiser");
        goto cleanup;
    }
    for (uint32_t c = 0; c < n; c++) extend(padded + c * padded_plane, padded_h, padded_w, latent + c * plane, h, w);
    PITH_TRY(denoise(s, &j, padded_h, padded_w, padded, how, diag));
    for (uint32_t c = 0; c < n; c++) extend(latent + c * plane, h, w, padded + c * padded_plane, padded_h, padded_w);
cleanup:
    mem_free(alloc, padded);
    mem_free(alloc, j.schedule);
    mem_free(alloc, j.timesteps);
    mem_free(alloc, j.eps);
    mem_free(alloc, j.embedding);
    return status;
}

static pith_status decode(model_session *s, uint32_t h, uint32_t w, const float *latent, const model_decode_how *how,
                          float *pixels, pith_diag *diag) {
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &s->model->env.alloc;
    const size_t n_pixels = pixel_samples(s, h, w), n_latent = (size_t)h * w * s->model->traits.n_latent;
    float *x = mem_alloc(alloc, n_latent, sizeof *x);
    if (!x) return diag_set(diag, PITH_E_NOMEM, "out of memory for the latent");
    memcpy(x, latent, n_latent * sizeof *x);
    if (how->n_steps > 0) {
        /* One network's weights in memory at a time. */
        bound_net_free(&s->decoder);
        nn_backend_trim(s->model->backend);
        PITH_TRY(sd1_denoise(s, h, w, x, how, estimate_whole, s, diag));
        bound_net_free(&s->denoiser);
        nn_backend_trim(s->model->backend);
    }
    PITH_TRY(bound_net_prepare(&s->decoder, s->model, decoder_plan, h, w, diag));
    nn_binding in = {"latent", x}, out = {"image", pixels};
    PITH_TRY(nn_run(s->decoder.net, &in, 1, &out, 1, diag));
    for (size_t i = 0; i < n_pixels; i++) pixels[i] = 0.5f * pixels[i] + 0.5f;
cleanup:
    mem_free(alloc, x);
    return status;
}

static pith_status encode_tiled(model_session *s, const model_tiled_source *source, uint32_t h, uint32_t w,
                                float *latent, pith_diag *diag) {
    return sd1_encode_tiled(s, &sd1_recipe_1, source, h, w, latent, diag);
}

static pith_status decode_tiled(model_session *s, uint32_t h, uint32_t w, const float *latent,
                                const model_decode_how *how, const model_tiled_sink *sink, pith_diag *diag) {
    return sd1_decode_tiled(s, &sd1_recipe_1, h, w, latent, how, sink, diag);
}

static const char *const latent_prefixes[] = {"vae.encoder.", "vae.quant_conv.", NULL};
static const char *const decoder_prefixes[] = {"vae.decoder.", "vae.post_quant_conv.", "unet.", NULL};

const model_kind model_kind_sd1 = {
    .name = "sd1",
    .latent_prefixes = latent_prefixes,
    .decoder_prefixes = decoder_prefixes,
    .recognise = recognise,
    .read = read_model,
    .bind = bind_side,
    .encode = encode,
    .decode = decode,
    .encode_tiled = encode_tiled,
    .decode_tiled = decode_tiled,
};
