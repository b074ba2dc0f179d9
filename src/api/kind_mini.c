/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Models of the built-in kind. */
#include <math.h>
#include <string.h>

#include "api/model_kind.h"

/* The latent of white and black is near +-24, and bytes reach +-31.875. */
#define PALETTE_UNIT 0.25f

#define DEFAULT_MEMORY 1000000000u /* bytes of a call; said in pith.h and in the manual */

static pith_status encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_encoder_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static pith_status decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_decoder_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static pith_status read_model(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    mini_config *c = &m->config.mini;
    PITH_TRY(mini_config_read(c, m->weights, diag));
    PITH_TRY(kind_check_plan(m, encoder_plan, 1, 1, diag));
    PITH_TRY(kind_check_plan(m, decoder_plan, 1, 1, diag));
    m->traits = (model_traits){
        .n_latent = c->n_latent,
        .log2_downscale = 3,
        .log2_step_q0 = c->log2_step_q0,
        .log2_step_q100 = c->log2_step_q100,
        .encoder_reach = mini_encoder_reach(c),
        .decoder_reach = mini_decoder_reach(c),
        .palette_unit = PALETTE_UNIT,
        .memory = DEFAULT_MEMORY,
    };
    _Static_assert(MINI_DOWNSCALE == 8, "log2_downscale above says 8");
    memcpy(m->traits.name, c->name, sizeof m->traits.name);
cleanup:
    return status;
}

static pith_status bind_side(model_session *s, bool decoder, uint32_t h, uint32_t w, pith_diag *diag) {
    return decoder ? bound_net_prepare(&s->decoder, s->model, decoder_plan, h, w, diag)
                   : bound_net_prepare(&s->encoder, s->model, encoder_plan, h, w, diag);
}

static pith_status encode(model_session *s, uint32_t h, uint32_t w, const float *pixels, float *latent,
                          pith_diag *diag) {
    (void)h, (void)w;
    nn_binding in = {"image", (float *)(uintptr_t)pixels}, out = {"latent", latent}; /* inputs are only read */
    return nn_run(s->encoder.net, &in, 1, &out, 1, diag);
}

static pith_status decode(model_session *s, uint32_t h, uint32_t w, const float *latent, const model_decode_how *how,
                          float *pixels, pith_diag *diag) {
    const mini_config *c = &s->model->config.mini;
    const pith_alloc *alloc = &s->model->env.alloc;
    pith_status status = bind_side(s, true, h, w, diag);
    if (status != PITH_OK) return status;
    size_t positions = (size_t)h * w;
    float *steps = mem_alloc(alloc, positions, sizeof *steps);
    if (!steps) return diag_set(diag, PITH_E_NOMEM, "out of memory for a tile");
    /* The network is told the step it was trained with that is nearest. */
    float log2_step = fminf(fmaxf(log2f(how->step), c->log2_step_min), c->log2_step_max);
    for (size_t i = 0; i < positions; i++) steps[i] = log2_step;
    nn_binding in[] = {{"latent", (float *)(uintptr_t)latent}, {"log2_step", steps}}, out = {"image", pixels};
    status = nn_run(s->decoder.net, in, 2, &out, 1, diag);
    mem_free(alloc, steps);
    return status;
}

static pith_status memory(const pith_model *m, bool decoder, bool denoises, uint32_t h, uint32_t w, uint64_t *n_bytes,
                          pith_diag *diag) {
    (void)denoises;
    pith_status status = kind_plan_memory(m, decoder ? decoder_plan : encoder_plan, h, w, n_bytes, diag);
    *n_bytes += (uint64_t)h * w * sizeof(float); /* the plane of steps */
    return status;
}

/* The linear part of the decoder gives 8x8 pixels of each colour: here their mean. */
static pith_status preview_map(const pith_model *m, float *map, pith_diag *diag) {
    enum { N_PIXELS = MINI_DOWNSCALE * MINI_DOWNSCALE };
    const uint32_t n = m->config.mini.n_latent;
    const tensor *weight = tensor_table_find(m->weights, "dec.lin.weight");
    const tensor *bias = tensor_table_find(m->weights, "dec.lin.bias");
    float row[32], added[3 * N_PIXELS];
    /* Both were checked when the model was opened; n_latent is at most 32. */
    if (!weight || !bias || n > sizeof row / sizeof *row)
        return diag_set(diag, PITH_E_INTERNAL, "the model has no dec.lin");
    tensor_read_f32(bias, 0, sizeof added / sizeof *added, added);
    for (uint32_t c = 0; c < 3; c++) {
        float *to = map + (size_t)c * (n + 1);
        for (uint32_t k = 0; k < n; k++) to[k] = 0;
        to[n] = 0.5f;
        for (uint32_t i = c * N_PIXELS; i < (c + 1) * N_PIXELS; i++) {
            tensor_read_f32(weight, (uint64_t)i * n, n, row);
            for (uint32_t k = 0; k < n; k++) to[k] += row[k] / N_PIXELS;
            to[n] += added[i] / N_PIXELS;
        }
    }
    return PITH_OK;
}

static const char *const latent_prefixes[] = {"enc.", NULL};
static const char *const decoder_prefixes[] = {"dec.", NULL};

const model_kind model_kind_mini = {
    .name = "mini",
    .latent_prefixes = latent_prefixes,
    .decoder_prefixes = decoder_prefixes,
    .recognise = mini_recognise,
    .read = read_model,
    .bind = bind_side,
    .encode = encode,
    .decode = decode,
    .memory = memory,
    .preview_map = preview_map,
};
