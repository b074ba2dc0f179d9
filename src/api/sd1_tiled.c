/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Recipe 1: pictures that are too large for Stable Diffusion's networks to see
 * at once. The statistics of all group norms come from one run over a reduced
 * copy and are the same for every tile; tiles overlap and are blended. In
 * doc/format.md, "Recipe 1". */
#include <math.h>
#include <string.h>

#include "api/env.h"
#include "api/kind_sd1.h"
#include "api/tiles.h"
#include "model/unet.h"
#include "model/vae.h"

#define MAX_SHARED (2 * SD_MAX_LEVELS * (2 * SD_MAX_BLOCKS + 2)) /* keys and values: more than any U-Net has */
#define MAX_OWN 3                                                /* inputs or outputs of a network besides */

const sd1_tiling sd1_recipe_1 = {.window = 128, .halo = 16, .reduced = 96, .block = 16};

/* A network bound twice: for the reduced copy and for a window. */
typedef struct tiled_net {
    bound_net reduced, window;
    double *stats;                 /* of group norms */
    nn_binding shared[MAX_SHARED]; /* keys and values of self-attention; data are owned */
    size_t n_shared;
    tile_grid grid;
    uint32_t h, w;                /* of the reduced copy */
    float *weights_y, *weights_x; /* tile_axis_weights */
    uint32_t scale;               /* samples of the output a position: 1 for latents, downscale for pictures */
    float *in, *out;              /* of a window or of the reduced copy, whichever is larger */
} tiled_net;

/* ---- the reduced copy ------------------------------------------------------------------- */

static uint32_t reduced_side(uint32_t side, uint32_t longer, uint32_t most) {
    const double reduced = longer > most ? (double)side * most / longer : (double)side;
    const uint32_t in_eights = (uint32_t)(reduced / 8 + 0.5) * 8;
    return in_eights > 8 ? in_eights : 8;
}

/* The sample of the whole that sample `at` of a reduced axis shows: the copy is put together
 * of blocks that lie evenly over the axis, the first at its beginning and the last at its end. */
static uint32_t shown(uint32_t at, uint32_t reduced, uint32_t whole, uint32_t block) {
    if (reduced >= whole) return at < whole ? at : whole - 1;
    if (block > reduced) block = reduced;
    const uint32_t n = reduced / block, i = at / block < n ? at / block : n - 1;
    const uint64_t room =
        whole - (reduced - (n - 1) * block); /* the last block is longer where `reduced` is no multiple */
    return (uint32_t)(n > 1 ? room * i / (n - 1) : room / 2) + at - i * block;
}

/* Single positions, so that the noise in a latent stays as strong as it is. */
static void reduce_latent(float *to, uint32_t to_h, uint32_t to_w, const float *from, uint32_t n, uint32_t h,
                          uint32_t w, uint32_t block) {
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t y = 0; y < to_h; y++)
            for (uint32_t x = 0; x < to_w; x++)
                *to++ = from[((size_t)c * h + shown(y, to_h, h, block)) * w + shown(x, to_w, w, block)];
}

/* Single pixels, for the same reason: means of several would lose the texture. */
static pith_status reduce_picture(float *to, uint32_t to_h, uint32_t to_w, const model_tiled_source *source, uint32_t h,
                                  uint32_t w, uint32_t block, const pith_alloc *alloc, pith_diag *diag) {
    float *row = mem_alloc(alloc, w, 3 * sizeof *row);
    if (!row) return diag_set(diag, PITH_E_NOMEM, "out of memory for the reduced picture");
    for (uint32_t y = 0; y < to_h; y++) {
        source->load(source->user, (pixel_rect){0, shown(y, to_h, h, block), w, 1}, row);
        for (uint32_t c = 0; c < 3; c++)
            for (uint32_t x = 0; x < to_w; x++)
                to[((size_t)c * to_h + y) * to_w + x] = row[(size_t)c * w + shown(x, to_w, w, block)];
    }
    mem_free(alloc, row);
    return PITH_OK;
}

/* ---- a network in tiles ------------------------------------------------------------------ */

static void tiled_net_free(tiled_net *t, const pith_alloc *alloc) {
    bound_net_free(&t->reduced);
    bound_net_free(&t->window);
    for (size_t i = 0; i < t->n_shared; i++) mem_free(alloc, t->shared[i].data);
    mem_free(alloc, t->stats);
    mem_free(alloc, t->weights_y);
    mem_free(alloc, t->weights_x);
    mem_free(alloc, t->in);
    mem_free(alloc, t->out);
    *t = (tiled_net){0};
}

/* A plan that notes or takes what is shared. */
typedef pith_status make_shared_fn(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                                   pith_diag *diag);

static pith_status encoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                                pith_diag *diag) {
    return vae_encoder_plan_shared(out, &m->config.sd1.vae, &m->env, h, w, share, diag);
}

static pith_status decoder_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                                pith_diag *diag) {
    return vae_decoder_plan_shared(out, &m->config.sd1.vae, &m->env, h, w, share, diag);
}

static pith_status denoiser_plan(nn_plan **out, const pith_model *m, uint32_t h, uint32_t w, block_share *share,
                                 pith_diag *diag) {
    return unet_plan_shared(out, &m->config.sd1.unet, &m->env, h, w, share, diag);
}

static pith_status bind_shared(bound_net *net, pith_model *m, make_shared_fn *make, uint32_t h, uint32_t w,
                               block_share share, pith_diag *diag) {
    pith_status status = PITH_OK;
    PITH_TRY(make(&net->plan, m, h, w, &share, diag));
    PITH_TRY(nn_bind(&net->net, net->plan, m->weights, m->backend, diag));
    tensor_table_drop_pages(m->weights);
cleanup:
    return status;
}

static bool is_shared(const char *name) {
    return (name[0] == 'k' || name[0] == 'v') && name[1] >= '0' && name[1] <= '9';
}

/* Room for the keys and values that the reduced copy's network notes. */
static pith_status make_room(tiled_net *t, const pith_alloc *alloc, pith_diag *diag) {
    const nn_plan *plan = t->reduced.plan;
    for (size_t i = 0; i < nn_plan_n_outputs(plan); i++) {
        nn_shape shape;
        const char *name = nn_plan_output(plan, i, &shape);
        if (!is_shared(name)) continue;
        if (t->n_shared == MAX_SHARED) return diag_set(diag, PITH_E_UNSUPPORTED, "more attention than can be tiled");
        float *data = mem_alloc(alloc, (size_t)shape.h * (size_t)shape.w, sizeof *data);
        if (!data) return diag_set(diag, PITH_E_NOMEM, "out of memory for tiles");
        t->shared[t->n_shared++] = (nn_binding){name, data};
    }
    return PITH_OK;
}

/* Over the reduced copy, which notes, or over a window, which takes. */
static pith_status run_shared(const tiled_net *t, const bound_net *net, const nn_binding *inputs, size_t n_in,
                              const nn_binding *outputs, size_t n_out, pith_diag *diag) {
    nn_binding in[MAX_OWN + MAX_SHARED], out[MAX_OWN + MAX_SHARED];
    memcpy(in, inputs, n_in * sizeof *in);
    memcpy(out, outputs, n_out * sizeof *out);
    const bool notes = net == &t->reduced;
    memcpy(notes ? out + n_out : in + n_in, t->shared, t->n_shared * sizeof *t->shared);
    return nn_run(net->net, in, n_in + (notes ? 0 : t->n_shared), out, n_out + (notes ? t->n_shared : 0), diag);
}

/* in_samples and out_samples: a position's, all channels together. */
static pith_status tiled_net_init(tiled_net *t, pith_model *m, make_shared_fn *make, const sd1_tiling *tiling,
                                  uint32_t h, uint32_t w, size_t in_samples, size_t out_samples, uint32_t scale,
                                  pith_diag *diag) {
    pith_status status = PITH_OK;
    const pith_alloc *alloc = &m->env.alloc;
    const uint32_t longer = h > w ? h : w;
    *t = (tiled_net){.grid = tile_grid_blended(w, h, tiling->window, tiling->halo), .scale = scale};
    t->h = reduced_side(h, longer, tiling->reduced);
    t->w = reduced_side(w, longer, tiling->reduced);
    const size_t window = (size_t)t->grid.y.window * t->grid.x.window, reduced = (size_t)t->h * t->w;
    const size_t positions = window > reduced ? window : reduced;
    block_share share = {.here = (int64_t)reduced, .there = (int64_t)reduced};
    PITH_TRY(bind_shared(&t->reduced, m, make, t->h, t->w, share, diag));
    PITH_TRY(make_room(t, alloc, diag));
    share.takes = true;
    share.here = (int64_t)window;
    PITH_TRY(bind_shared(&t->window, m, make, t->grid.y.window, t->grid.x.window, share, diag));
    t->stats = mem_alloc(alloc, nn_plan_stats_count(t->window.plan), sizeof *t->stats);
    t->weights_y = mem_alloc(alloc, (size_t)t->grid.y.count * t->grid.y.window, scale * sizeof *t->weights_y);
    t->weights_x = mem_alloc(alloc, (size_t)t->grid.x.count * t->grid.x.window, scale * sizeof *t->weights_x);
    t->in = mem_alloc(alloc, positions, in_samples * sizeof *t->in);
    t->out = mem_alloc(alloc, positions, out_samples * sizeof *t->out);
    if (!t->stats || !t->weights_y || !t->weights_x || !t->in || !t->out) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for tiles");
        goto cleanup;
    }
    tile_axis_weights(&t->grid.y, scale, t->weights_y);
    tile_axis_weights(&t->grid.x, scale, t->weights_x);
    nn_net_set_stats(t->reduced.net, NN_STATS_NOTE, t->stats);
    nn_net_set_stats(t->window.net, NN_STATS_TAKE, t->stats);
cleanup:
    if (status != PITH_OK) tiled_net_free(t, alloc);
    return status;
}

/* Planes that windows are blended into; their first row is row `first` of the whole. */
typedef struct blend_target {
    float *planes;
    uint32_t n_planes, height, width, first;
} blend_target;

/* Adds t->out, the result of tile (i, j). */
static void blend(const tiled_net *t, uint32_t i, uint32_t j, const blend_target *to) {
    const uint32_t h = t->grid.y.window * t->scale, w = t->grid.x.window * t->scale;
    const uint32_t y0 = tile_axis_span(&t->grid.y, j).window_start * t->scale - to->first;
    const uint32_t x0 = tile_axis_span(&t->grid.x, i).window_start * t->scale;
    const float *wy = t->weights_y + (size_t)j * h, *wx = t->weights_x + (size_t)i * w;
    for (uint32_t c = 0; c < to->n_planes; c++)
        for (uint32_t y = 0; y < h; y++) {
            const float *from = t->out + ((size_t)c * h + y) * w;
            float *row = to->planes + ((size_t)c * to->height + y0 + y) * to->width + x0;
            for (uint32_t x = 0; x < w; x++) row[x] += wy[y] * wx[x] * from[x];
        }
}

/* The window of tile (i, j) out of planes of the whole latent. */
static void cut_window(const tiled_net *t, uint32_t i, uint32_t j, const float *from, uint32_t n, uint32_t height,
                       uint32_t width) {
    const uint32_t h = t->grid.y.window, w = t->grid.x.window;
    const uint32_t y0 = tile_axis_span(&t->grid.y, j).window_start, x0 = tile_axis_span(&t->grid.x, i).window_start;
    for (uint32_t c = 0; c < n; c++)
        for (uint32_t y = 0; y < h; y++)
            memcpy(t->in + ((size_t)c * h + y) * w, from + ((size_t)c * height + y0 + y) * width + x0,
                   w * sizeof *from);
}

/* ---- encoding ------------------------------------------------------------------------------ */

/* t->in: a picture in [0, 1]; t->out: the mean in U-Net units, then what is not used. */
static pith_status run_encoder(const tiled_net *t, const bound_net *net, const pith_model *m, uint32_t h, uint32_t w,
                               pith_diag *diag) {
    const size_t n_latent = (size_t)h * w * m->traits.n_latent, n_pixels = ((size_t)h * w * 3)
                                                                           << (2 * m->traits.log2_downscale);
    for (size_t k = 0; k < n_pixels; k++) t->in[k] = 2 * t->in[k] - 1;
    nn_binding in = {"image", t->in}, out[] = {{"mean", t->out}, {"logvar", t->out + n_latent}};
    pith_status status = run_shared(t, net, &in, 1, out, 2, diag);
    for (size_t k = 0; k < n_latent; k++) t->out[k] *= m->config.sd1.vae.latent_scale;
    return status;
}

pith_status sd1_encode_tiled(model_session *s, const sd1_tiling *tiling, const model_tiled_source *source, uint32_t h,
                             uint32_t w, float *latent, pith_diag *diag) {
    pith_status status = PITH_OK;
    pith_model *m = s->model;
    const pith_alloc *alloc = &m->env.alloc;
    const uint32_t d = 1u << m->traits.log2_downscale, n = m->traits.n_latent;
    tiled_net t = {0};
    PITH_TRY(tiled_net_init(&t, m, encoder_plan, tiling, h, w, (size_t)3 * d * d, (size_t)2 * n, 1, diag));
    PITH_TRY(reduce_picture(t.in, t.h * d, t.w * d, source, h * d, w * d, tiling->block * d, alloc, diag));
    PITH_TRY(run_encoder(&t, &t.reduced, m, t.h, t.w, diag));
    nn_net_free(&t.reduced.net);
    memset(latent, 0, (size_t)n * h * w * sizeof *latent);
    const blend_target to = {latent, n, h, w, 0};
    for (uint32_t j = 0; j < t.grid.y.count; j++)
        for (uint32_t i = 0; i < t.grid.x.count; i++) {
            const uint32_t y0 = tile_axis_span(&t.grid.y, j).window_start,
                           x0 = tile_axis_span(&t.grid.x, i).window_start;
            const double tiles = t.grid.y.count * t.grid.x.count, done = (j * t.grid.x.count + i) / tiles;
            PITH_TRY(source->progress(source->watcher, done));
            source->load(source->user, (pixel_rect){x0 * d, y0 * d, t.grid.x.window * d, t.grid.y.window * d}, t.in);
            PITH_TRY(run_encoder(&t, &t.window, m, t.grid.y.window, t.grid.x.window, diag));
            blend(&t, i, j, &to);
        }
cleanup:
    tiled_net_free(&t, alloc);
    return status;
}

/* ---- denoising ------------------------------------------------------------------------------ */

typedef struct denoiser {
    model_session *session;
    const sd1_tiling *tiling;
    const model_tiled_sink *sink; /* for its progress */
    tiled_net net;
    uint32_t n_done, n_steps;
} denoiser;

static pith_status run_denoiser(const tiled_net *t, const bound_net *net, const sd1_estimate *e, pith_diag *diag) {
    nn_binding in[] = {{"latent", t->in}, {"timestep", e->embedding}, {"context", (float *)(uintptr_t)e->context}};
    nn_binding out = {"eps", t->out};
    return run_shared(t, net, in, 3, &out, 1, diag);
}

/* One step's estimate, tile by tile; statistics of every step are its own. */
static pith_status estimate_tiled(void *user, const sd1_estimate *whole, pith_diag *diag) {
    pith_status status = PITH_OK;
    denoiser *d = user;
    tiled_net *t = &d->net;
    pith_model *m = d->session->model;
    const uint32_t n = m->traits.n_latent;
    if (!t->stats) PITH_TRY(tiled_net_init(t, m, denoiser_plan, d->tiling, whole->h, whole->w, n, n, 1, diag));
    reduce_latent(t->in, t->h, t->w, whole->x, n, whole->h, whole->w, d->tiling->block);
    PITH_TRY(run_denoiser(t, &t->reduced, whole, diag));
    memset(whole->eps, 0, (size_t)n * whole->h * whole->w * sizeof *whole->eps);
    const blend_target to = {whole->eps, n, whole->h, whole->w, 0};
    for (uint32_t j = 0; j < t->grid.y.count; j++)
        for (uint32_t i = 0; i < t->grid.x.count; i++) {
            const double tiles = t->grid.y.count * t->grid.x.count, done = (j * t->grid.x.count + i) / tiles;
            PITH_TRY(d->sink->progress(d->sink->user, 0.5 * (d->n_done + done) / d->n_steps));
            cut_window(t, i, j, whole->x, n, whole->h, whole->w);
            PITH_TRY(run_denoiser(t, &t->window, whole, diag));
            blend(t, i, j, &to);
        }
    d->n_done++;
cleanup:
    return status;
}

/* ---- decoding ------------------------------------------------------------------------------- */

/* t->in: a latent; t->out: the picture, about [0, 1]. */
static pith_status run_decoder(const tiled_net *t, const bound_net *net, size_t n_pixels, pith_diag *diag) {
    nn_binding in = {"latent", t->in}, out = {"image", t->out};
    pith_status status = run_shared(t, net, &in, 1, &out, 1, diag);
    for (size_t k = 0; k < n_pixels; k++) t->out[k] = 0.5f * t->out[k] + 0.5f;
    return status;
}

/* A band of rows as high as a window, moving down: `band` keeps the rows from `first` on. */
static void move_band(blend_target *band, uint32_t first) {
    const uint32_t gone = first - band->first;
    for (uint32_t c = 0; c < band->n_planes; c++) {
        float *plane = band->planes + (size_t)c * band->height * band->width;
        memmove(plane, plane + (size_t)gone * band->width, (size_t)(band->height - gone) * band->width * sizeof *plane);
        memset(plane + (size_t)(band->height - gone) * band->width, 0, (size_t)gone * band->width * sizeof *plane);
    }
    band->first = first;
}

static pith_status decode_rows(const tiled_net *t, const float *latent, uint32_t n, uint32_t h, uint32_t w,
                               blend_target *band, double done, const model_tiled_sink *sink, pith_diag *diag) {
    pith_status status = PITH_OK;
    for (uint32_t j = 0; j < t->grid.y.count; j++) {
        for (uint32_t i = 0; i < t->grid.x.count; i++) {
            const double tiles = t->grid.y.count * t->grid.x.count, at = (j * t->grid.x.count + i) / tiles;
            PITH_TRY(sink->progress(sink->user, done + (1 - done) * at));
            cut_window(t, i, j, latent, n, h, w);
            PITH_TRY(run_decoder(t, &t->window, (size_t)3 * band->height * t->grid.x.window * t->scale, diag));
            blend(t, i, j, band);
        }
        /* What no window below reaches is whole. */
        const uint32_t next = j + 1 < t->grid.y.count ? tile_axis_span(&t->grid.y, j + 1).window_start : h;
        PITH_TRY(sink->rows(sink->user, band->first, next * t->scale - band->first, band->planes, band->height,
                            band->width));
        if (next < h) move_band(band, next * t->scale);
    }
cleanup:
    return status;
}

pith_status sd1_decode_tiled(model_session *s, const sd1_tiling *tiling, uint32_t h, uint32_t w, const float *latent,
                             const model_decode_how *how, const model_tiled_sink *sink, pith_diag *diag) {
    pith_status status = PITH_OK;
    pith_model *m = s->model;
    const pith_alloc *alloc = &m->env.alloc;
    const uint32_t d = 1u << m->traits.log2_downscale, n = m->traits.n_latent;
    denoiser u = {.session = s, .tiling = tiling, .sink = sink, .n_steps = how->n_steps};
    tiled_net t = {0};
    blend_target band = {.n_planes = 3, .width = w * d};
    float *x = mem_alloc(alloc, (size_t)n * h * w, sizeof *x);
    if (!x) return diag_set(diag, PITH_E_NOMEM, "out of memory for the latent");
    memcpy(x, latent, (size_t)n * h * w * sizeof *x);
    /* One network's weights in memory at a time. */
    bound_net_free(&s->decoder);
    nn_backend_trim(m->backend);
    if (how->n_steps > 0) PITH_TRY(sd1_denoise(s, h, w, x, how, estimate_tiled, &u, diag));
    tiled_net_free(&u.net, alloc);
    nn_backend_trim(m->backend);

    PITH_TRY(tiled_net_init(&t, m, decoder_plan, tiling, h, w, n, (size_t)3 * d * d, d, diag));
    reduce_latent(t.in, t.h, t.w, x, n, h, w, tiling->block);
    PITH_TRY(run_decoder(&t, &t.reduced, (size_t)3 * d * d * t.h * t.w, diag));
    nn_net_free(&t.reduced.net);
    band.height = t.grid.y.window * d;
    band.planes = mem_alloc(alloc, (size_t)3 * band.height, band.width * sizeof *band.planes);
    if (!band.planes) {
        status = diag_set(diag, PITH_E_NOMEM, "out of memory for rows of tiles");
        goto cleanup;
    }
    PITH_TRY(decode_rows(&t, x, n, h, w, &band, how->n_steps > 0 ? 0.5 : 0, sink, diag));
cleanup:
    tiled_net_free(&u.net, alloc);
    tiled_net_free(&t, alloc);
    mem_free(alloc, band.planes);
    mem_free(alloc, x);
    return status;
}
