/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Models of the built-in kind. */
#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "container/pith_format.h"
#include "model/texture_noise.h"
#include "networks/model_kind.h"

/* The latent of white and black is near +-24, and bytes reach +-31.875. */
#define PALETTE_UNIT 0.25f

static pith_status encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_encoder_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static pith_status decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_decoder_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static pith_status texture_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_texture_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static pith_status gradient_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return mini_gradient_plan(out, &m->config.mini, &m->env, h, w, diag);
}

static bool has_encoder(const pith_model *m) { return tensor_table_has_part(m->weights, "enc."); }

static pith_status read_model(pith_model *m, pith_diag *diag) {
    pith_status status = PITH_OK;
    mini_config *c = &m->config.mini;
    PITH_TRY(mini_config_read(c, m->weights, diag));
    if (has_encoder(m)) PITH_TRY(kind_check_plan(m, encoder_plan, 1, 1, diag));
    PITH_TRY(kind_check_plan(m, decoder_plan, 1, 1, diag));
    if (c->has_texture) PITH_TRY(kind_check_plan(m, texture_plan, 1, 1, diag));
    m->traits = (model_traits){
        .n_latent = c->n_latent,
        .log2_downscale = 3,
        .log2_step_q0 = c->log2_step_q0,
        .log2_step_q100 = c->log2_step_q100,
        .encoder_reach = mini_encoder_reach(c),
        .decoder_reach = mini_decoder_reach(c),
        .palette_unit = PALETTE_UNIT,
        .can_texture = c->has_texture,
        .memory = MODEL_DEFAULT_MEMORY,
    };
    _Static_assert(MINI_DOWNSCALE == 8, "log2_downscale above says 8");
    memcpy(m->traits.name, c->name, sizeof m->traits.name);
cleanup:
    return status;
}

static bool keeps_all(const model_window *w) { return w->keep_h == w->h && w->keep_w == w->w; }

static pith_status bind_encoder(model_session *s, const model_window *window, pith_diag *diag) {
    if (!has_encoder(s->model))
        return diag_set(diag, PITH_E_UNSUPPORTED, "the model has only a decoder: it cannot encode");
    return bound_net_prepare(&s->encoder, s->model, encoder_plan, window->h, window->w, diag);
}

static pith_status encode(model_session *s, const model_window *window, const float *pixels, float *latent,
                          pith_diag *diag) {
    (void)window;
    const nn_given in = {"image", pixels};
    const nn_binding out = {"latent", latent};
    return nn_run(s->encoder.net, &in, 1, &out, 1, diag);
}

/* ---- the decoder, whole or in parts ------------------------------------------------ */

static pith_status part_plan(nn_plan **out, const pith_model *m, uint32_t part, uint32_t h, uint32_t w,
                             pith_diag *diag) {
    return mini_decoder_part_plan(out, &m->config.mini, part, &m->env, h, w, diag);
}

static pith_status first_part_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return part_plan(out, m, 0, h, w, diag);
}

static pith_status second_part_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return part_plan(out, m, 1, h, w, diag);
}

static pith_status third_part_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, pith_diag *diag) {
    return part_plan(out, m, 2, h, w, diag);
}

static make_plan_fn *const part_plans[MINI_DECODER_PARTS] = {first_part_plan, second_part_plan, third_part_plan};

/* Positions of a window. */
typedef struct extent {
    uint32_t y, x, h, w;
} extent;

/* Kept positions and `reach`, an even number, more on both sides, from an even position on: as windows begin (tiles.h).
 * At an end of the window the extent is shifted, not shortened. */
static void widen(uint32_t *start, uint32_t *length, uint32_t reach, uint32_t window) {
    uint64_t wide = *length + 2 * (uint64_t)reach + 1;
    wide += (wide ^ window) & 1;
    *length = wide < window ? (uint32_t)wide : window;
    *start = *start > reach ? (*start - reach) & ~1u : 0;
    if (*start > window - *length) *start = window - *length;
}

static extent kept_extent(const model_window *w) { return (extent){w->keep_y, w->keep_x, w->keep_h, w->keep_w}; }

/* The extent on which a part of the decoder is run. */
static extent part_extent(const mini_config *c, const model_window *window, uint32_t part) {
    extent e = kept_extent(window);
    uint32_t reach = 0;
    for (uint32_t i = part; i < MINI_DECODER_PARTS; i++) reach += mini_decoder_part_reach(c, i);
    reach += reach & 1;
    widen(&e.y, &e.h, reach, window->h);
    widen(&e.x, &e.w, reach, window->w);
    return e;
}

/* Copies what both extents share, in planes of `scale` x `scale` values per position. `to` may be `from` if it lies
 * inside. */
static void copy_planes(float *to, extent t, const float *from, extent f, size_t n_planes, uint32_t scale) {
    const uint32_t top = t.y > f.y ? t.y : f.y, left = t.x > f.x ? t.x : f.x;
    const uint32_t bottom = t.y + t.h < f.y + f.h ? t.y + t.h : f.y + f.h;
    const uint32_t right = t.x + t.w < f.x + f.w ? t.x + t.w : f.x + f.w;
    for (size_t c = 0; c < n_planes; c++)
        for (size_t y = (size_t)top * scale; y < (size_t)bottom * scale; y++) {
            const size_t to_row = (c * t.h * scale + y - (size_t)t.y * scale) * t.w + left - t.x;
            const size_t from_row = (c * f.h * scale + y - (size_t)f.y * scale) * f.w + left - f.x;
            memmove(to + to_row * scale, from + from_row * scale, (size_t)(right - left) * scale * sizeof *to);
        }
}

static size_t image_values(const mini_config *c, const model_window *window) {
    const extent last = part_extent(c, window, MINI_DECODER_PARTS - 1);
    return (size_t)last.h * last.w * 3 * MINI_DOWNSCALE * MINI_DOWNSCALE;
}

static size_t noise_values(const mini_config *c, const model_window *window) {
    const extent last = part_extent(c, window, MINI_DECODER_PARTS - 1);
    return (size_t)last.h * last.w * MINI_TEXTURE_NOISE * MINI_NOISE_SCALE * MINI_NOISE_SCALE;
}

/* The most values that a part hands on: features, most of them from the first part, and an image at the end. */
static size_t handed_values(const mini_config *c, const model_window *window) {
    const extent first = part_extent(c, window, 0);
    const size_t features = (size_t)first.h * first.w * c->width_w, image = image_values(c, window);
    return features > image ? features : image;
}

static pith_status bind_whole(model_session *s, const model_window *window, pith_diag *diag) {
    for (uint32_t i = 0; i < MINI_DECODER_PARTS; i++) bound_net_free(&s->decoder_parts[i]);
    bound_net_free(&s->texture);
    return bound_net_prepare(&s->decoder, s->model, decoder_plan, window->h, window->w, diag);
}

static pith_status bind_parts(model_session *s, const model_window *window, pith_diag *diag) {
    pith_status status = PITH_OK;
    bound_net_free(&s->decoder);
    for (uint32_t i = 0; i < MINI_DECODER_PARTS && status == PITH_OK; i++) {
        const extent e = part_extent(&s->model->config.mini, window, i);
        if (mini_decoder_part_reach(&s->model->config.mini, i) == 0) continue;
        status = bound_net_prepare(&s->decoder_parts[i], s->model, part_plans[i], e.h, e.w, diag);
    }
    return status;
}

static pith_status bind_decoder(model_session *s, const model_window *window, pith_diag *diag) {
    return keeps_all(window) ? bind_whole(s, window, diag) : bind_parts(s, window, diag);
}

static pith_status bind_texture(model_session *s, const model_window *window, pith_diag *diag) {
    const extent e = part_extent(&s->model->config.mini, window, MINI_DECODER_PARTS - 1);
    return bound_net_prepare(&s->texture, s->model, texture_plan, e.h, e.w, diag);
}

/* Buffers of a decode; all owned. */
typedef struct decode_values {
    float *latent; /* of the extent of a part */
    float *steps;
    float *handed;          /* from part to part */
    float *noise, *texture; /* of the last part's extent; NULL without realism */
} decode_values;

/* Computes the texture for features at `e` in the window. */
static pith_status run_texture(model_session *s, extent e, const model_decode_how *how, const decode_values *v,
                               pith_diag *diag) {
    const nn_given in[] = {{"features", v->handed}, {"noise", v->noise}};
    const nn_binding out = {"texture", v->texture};
    texture_noise(v->noise, MINI_TEXTURE_NOISE, (how->y + e.y) * MINI_NOISE_SCALE, (how->x + e.x) * MINI_NOISE_SCALE,
                  e.h * MINI_NOISE_SCALE, e.w * MINI_NOISE_SCALE);
    return nn_run(s->texture.net, in, 2, &out, 1, diag);
}

static pith_status run_parts(model_session *s, const model_window *window, const model_decode_how *how,
                             const decode_values *v, float *pixels, pith_diag *diag) {
    pith_status status = PITH_OK;
    const mini_config *c = &s->model->config.mini;
    const extent first = part_extent(c, window, 0), second = part_extent(c, window, 1),
                 third = part_extent(c, window, 2);
    const nn_given latent[] = {{"latent", v->latent}, {"log2_step", v->steps}};
    const nn_given last[] = {{"features", v->handed}, latent[0]};
    const nn_binding features = {"features", v->handed}, image = {"image", v->handed};
    PITH_TRY(nn_run(s->decoder_parts[0].net, latent, 2, &features, 1, diag));
    copy_planes(v->handed, second, v->handed, first, c->width_w, 1);
    if (s->decoder_parts[1].net) PITH_TRY(nn_run(s->decoder_parts[1].net, last, 1, &features, 1, diag));
    copy_planes(v->handed, third, v->handed, second, c->width_w, 1);
    copy_planes(v->latent, third, v->latent, first, c->n_latent, 1);
    if (v->texture) PITH_TRY(run_texture(s, third, how, v, diag));
    PITH_TRY(nn_run(s->decoder_parts[2].net, last, 2, &image, 1, diag));
    const size_t n_values = v->texture ? image_values(c, window) : 0;
    for (size_t i = 0; i < n_values; i++) v->handed[i] += how->realism * v->texture[i];
    copy_planes(pixels, kept_extent(window), v->handed, third, 3, MINI_DOWNSCALE);
cleanup:
    return status;
}

/* Owned by the caller; NULL if out of memory. */
static float *plane_of_steps(const pith_model *m, size_t positions, float log2_step) {
    float *steps = mem_alloc(&m->env.alloc, positions, sizeof *steps);
    for (size_t i = 0; steps && i < positions; i++) steps[i] = log2_step;
    return steps;
}

/* The step given to the network: the nearest one that it was trained with. Steps are powers of 2 in 64ths
 * (doc/format.md, section 7), and the exact exponent is found again. */
static float told_step(const pith_model *m, float step) {
    const mini_config *c = &m->config.mini;
    return fminf(fmaxf(rintf(64 * em_log2f(step)) / 64, c->log2_step_min), c->log2_step_max);
}

static pith_status decode_in_parts(model_session *s, const model_window *window, const float *latent,
                                   const model_decode_how *how, float *pixels, pith_diag *diag) {
    const mini_config *c = &s->model->config.mini;
    const pith_alloc *alloc = &s->model->env.alloc;
    const extent all = {0, 0, window->h, window->w}, first = part_extent(c, window, 0);
    const size_t positions = (size_t)first.h * first.w;
    const bool textures = how->realism > 0;
    pith_status status = PITH_OK;
    decode_values v = {mem_alloc(alloc, positions, c->n_latent * sizeof(float)),
                       plane_of_steps(s->model, positions, told_step(s->model, how->step)),
                       mem_alloc(alloc, handed_values(c, window), sizeof(float)),
                       textures ? mem_alloc(alloc, noise_values(c, window), sizeof(float)) : NULL,
                       textures ? mem_alloc(alloc, image_values(c, window), sizeof(float)) : NULL};
    if (v.latent && v.steps && v.handed && (!textures || (v.noise && v.texture))) {
        copy_planes(v.latent, first, latent, all, c->n_latent, 1);
        status = run_parts(s, window, how, &v, pixels, diag);
    } else {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for a tile");
    }
    float *const owned[] = {v.latent, v.steps, v.handed, v.noise, v.texture};
    for (size_t i = 0; i < sizeof owned / sizeof *owned; i++) mem_free(alloc, owned[i]);
    return status;
}

static pith_status decode_whole(model_session *s, const model_window *window, const float *latent,
                                const model_decode_how *how, float *pixels, pith_diag *diag) {
    const pith_alloc *alloc = &s->model->env.alloc;
    float *steps = plane_of_steps(s->model, (size_t)window->h * window->w, told_step(s->model, how->step));
    if (!steps) return diag_set(diag, PITH_E_NOMEM, "out of memory for a tile");
    const nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    const nn_binding out = {"image", pixels};
    pith_status status = nn_run(s->decoder.net, in, 2, &out, 1, diag);
    mem_free(alloc, steps);
    return status;
}

static pith_status decode(model_session *s, const model_window *window, const float *latent,
                          const model_decode_how *how, float *pixels, pith_diag *diag) {
    const bool textures = how->realism > 0, in_parts = textures || !keeps_all(window);
    pith_status status = in_parts ? bind_parts(s, window, diag) : bind_whole(s, window, diag);
    if (status == PITH_OK && textures) status = bind_texture(s, window, diag);
    if (status != PITH_OK) return status;
    return in_parts ? decode_in_parts(s, window, latent, how, pixels, diag)
                    : decode_whole(s, window, latent, how, pixels, diag);
}

static pith_status parts_memory(const pith_model *m, bool textures, const model_window *window, uint64_t *n_bytes,
                                pith_diag *diag) {
    pith_status status = PITH_OK;
    const mini_config *c = &m->config.mini;
    const extent first = part_extent(c, window, 0);
    uint64_t part = 0, arena = 0, largest_arena = 0;
    *n_bytes = ((uint64_t)first.h * first.w * (c->n_latent + 1) + handed_values(c, window)) * sizeof(float);
    for (uint32_t i = 0; i < MINI_DECODER_PARTS; i++) {
        const extent e = part_extent(c, window, i);
        if (mini_decoder_part_reach(c, i) == 0) continue;
        PITH_TRY(kind_plan_memory(m, part_plans[i], e.h, e.w, &part, &arena, diag));
        *n_bytes += part - arena;
        if (arena > largest_arena) largest_arena = arena;
    }
    if (textures) {
        const extent last = part_extent(c, window, MINI_DECODER_PARTS - 1);
        PITH_TRY(kind_plan_memory(m, texture_plan, last.h, last.w, &part, &arena, diag));
        *n_bytes += part - arena + (noise_values(c, window) + image_values(c, window)) * sizeof(float);
        if (arena > largest_arena) largest_arena = arena;
    }
    *n_bytes += largest_arena;
cleanup:
    return status;
}

static pith_status memory(const pith_model *m, model_work work, const model_window *window, uint64_t *n_bytes,
                          pith_diag *diag) {
    const bool textures = work == MODEL_TEXTURES;
    if (work != MODEL_ENCODES && (textures || !keeps_all(window)))
        return parts_memory(m, textures, window, n_bytes, diag);
    pith_status status = kind_plan_memory(m, work == MODEL_ENCODES ? encoder_plan : decoder_plan, window->h, window->w,
                                          n_bytes, NULL, diag);
    *n_bytes += (uint64_t)window->h * window->w * sizeof(float); /* the plane of steps */
    return status;
}

/* The linear part of the decoder makes 8x8 pixels of each colour. The map takes their mean. */
static pith_status preview_map(const pith_model *m, float *map, pith_diag *diag) {
    enum { N_PIXELS = MINI_DOWNSCALE * MINI_DOWNSCALE };
    const uint32_t n = m->config.mini.n_latent;
    const tensor *weight = tensor_table_find(m->weights, "dec.lin.weight");
    const tensor *bias = tensor_table_find(m->weights, "dec.lin.bias");
    float row[CTR_MAX_LATENT], added[3 * N_PIXELS];
    /* Both were checked when the model was opened. */
    if (!weight || !bias || n > sizeof row / sizeof *row)
        return diag_set(diag, PITH_E_INTERNAL, "the model has no dec.lin");
    pith_status status = tensor_check_finite(weight, diag);
    if (status == PITH_OK) status = tensor_check_finite(bias, diag);
    if (status != PITH_OK) return status;
    tensor_read_f32(bias, 0, sizeof added / sizeof *added, added);
    for (uint32_t c = 0; c < 3; c++) {
        float *to = map + (size_t)c * (n + 1);
        for (uint32_t k = 0; k < n; k++) to[k] = 0;
        to[n] = 0.5f;
        for (uint32_t i = c * N_PIXELS; i < (c + 1) * N_PIXELS; i++) {
            tensor_read_f32(weight, (uint64_t)i * n, n, row);
            for (uint32_t k = 0; k < n; k++) to[k] += row[k] / (float)N_PIXELS;
            to[n] += added[i] / (float)N_PIXELS;
        }
    }
    return PITH_OK;
}

/* ---- gradients --------------------------------------------------------------------------------- */

static pith_status search_memory(const pith_model *m, uint32_t h, uint32_t w, uint64_t *n_bytes, pith_diag *diag) {
    pith_status status = kind_plan_memory(m, gradient_plan, h, w, n_bytes, NULL, diag);
    *n_bytes += (uint64_t)h * w * sizeof(float);
    return status;
}

static pith_status gradient_of(model_session *s, uint32_t h, uint32_t w, const float *latent, float step,
                               const nn_caller *distortion, float *gradient, pith_diag *diag) {
    pith_status status = bound_net_prepare(&s->gradient, s->model, gradient_plan, h, w, diag);
    if (status != PITH_OK) return status;
    float *steps = plane_of_steps(s->model, (size_t)h * w, told_step(s->model, step));
    if (!steps) return diag_set(diag, PITH_E_NOMEM, "out of memory for a gradient");
    const nn_given in[] = {{"latent", latent}, {"log2_step", steps}};
    const nn_binding out = {"gradient", gradient};
    nn_net_call(s->gradient.net, distortion);
    status = nn_run(s->gradient.net, in, 2, &out, 1, diag);
    mem_free(&s->model->env.alloc, steps);
    return status;
}

static const char *const latent_prefixes[] = {"enc.", NULL};
static const char *const decoder_prefixes[] = {"dec.", NULL};
static const char *const pixel_prefixes[] = {"dec.", "real.", NULL};

const model_kind model_kind_mini = {
    .name = "mini",
    .engine = "exact",
    .latent_prefixes = latent_prefixes,
    .decoder_prefixes = decoder_prefixes,
    .pixel_prefixes = pixel_prefixes,
    .recognise = mini_recognise,
    .read = read_model,
    .bind_encoder = bind_encoder,
    .bind_decoder = bind_decoder,
    .encode = encode,
    .decode = decode,
    .memory = memory,
    .preview_map = preview_map,
    .gradient = gradient_of,
    .search_memory = search_memory,
};
