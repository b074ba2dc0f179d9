/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Recipe 1, for pictures that are too large for Stable Diffusion's networks to see
 * at once: overlapping windows that are blended. What the networks compute about the
 * whole picture (the moments of group norms, and the keys and values of
 * self-attention) is gathered from all windows in earlier passes. See
 * doc/format.md, "Recipe 1". */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/env.h"
#include "networks/kind_sd1.h"
#include "picture/tiles.h"

#define MAX_SHARED (2 * SD_MAX_LEVELS * (2 * SD_MAX_BLOCKS + 2)) /* keys and values: more than any U-Net has */
#define MAX_OWN 3                                                /* other inputs or outputs of a network */
#define NAME_BYTES 16

const sd1_tiling sd1_recipe_1 = {.window = 128, .halo = 16, .n_keys = 32768, .first_passes = 3, .further_passes = 1};

/* Keys or values of one layer. */
typedef struct shared_layer {
    char noted_name[NAME_BYTES], taken_name[NAME_BYTES];
    uint32_t level; /* its sides are those of the latent, halved this many times */
    int64_t width;
    float *noted; /* of a window */
    float *taken; /* of the whole picture's samples */
} shared_layer;

struct sd1_tiles {
    model_session *session;
    sd1_plan_fn *plan;
    sd1_io io;
    const sd1_tiling *tiling;
    uint32_t h, w;
    tile_grid grid;
    uint32_t stride;   /* of sampled keys */
    uint32_t n_passes; /* made so far */
    bound_net net;     /* of the first pass, or of all others */
    size_t n_groups;
    nn_moments *own;            /* of each window's groups */
    nn_correction *corrections; /* the same */
    nn_sums *sums;              /* of the whole picture's groups */
    nn_moments *moments;        /* from them */
    shared_layer shared[MAX_SHARED];
    size_t n_shared;
    float *weights_y, *weights_x; /* tile_axis_weights */
    float *in, *out;              /* of a window */
};

static const pith_alloc *alloc_of(const sd1_tiles *t) { return &t->session->model->env.alloc; }

static size_t n_windows(const sd1_tiles *t) { return (size_t)t->grid.y.count * t->grid.x.count; }

/* ---- making ------------------------------------------------------------------------------ */

void sd1_tiles_free(sd1_tiles **tiles) {
    if (!tiles || !*tiles) return;
    sd1_tiles *t = *tiles;
    *tiles = NULL;
    const pith_alloc alloc = *alloc_of(t);
    bound_net_free(&t->net);
    for (size_t i = 0; i < t->n_shared; i++) {
        mem_free(&alloc, t->shared[i].noted);
        mem_free(&alloc, t->shared[i].taken);
    }
    void *const blocks[] = {t->own, t->corrections, t->sums, t->moments, t->weights_y, t->weights_x, t->in, t->out};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++) mem_free(&alloc, blocks[i]);
    mem_free(&alloc, t);
}

static block_share share_of(const sd1_tiles *t, bool takes) {
    return (block_share){.notes = true,
                         .takes = takes,
                         .h = t->grid.y.window,
                         .w = t->grid.x.window,
                         .whole_h = t->h,
                         .whole_w = t->w,
                         .stride = t->stride};
}

static pith_status bind(sd1_tiles *t, bool takes, pith_diag *diag) {
    pith_status status = PITH_OK;
    pith_model *m = t->session->model;
    block_share share = share_of(t, takes);
    bound_net_free(&t->net);
    PITH_TRY(t->plan(&t->net.plan, m, t->grid.y.window, t->grid.x.window, &share, diag));
    PITH_TRY(nn_bind(&t->net.net, t->net.plan, m->weights, m->backend, diag));
    nn_net_watch(t->net.net, &t->session->watch);
    model_drop_pages(m);
cleanup:
    if (status != PITH_OK) bound_net_free(&t->net);
    return status;
}

/* Allocates room for the keys and values that the plan notes. */
static pith_status make_shared(sd1_tiles *t, pith_diag *diag) {
    const block_share share = share_of(t, false);
    for (size_t i = 0; i < nn_plan_n_outputs(t->net.plan); i++) {
        nn_shape shape;
        const char *name = nn_plan_output(t->net.plan, i, &shape);
        if (!block_share_is_noted(name)) continue;
        if (t->n_shared == MAX_SHARED) return diag_set(diag, PITH_E_UNSUPPORTED, "more attention than can be tiled");
        shared_layer *l = &t->shared[t->n_shared++];
        snprintf(l->noted_name, sizeof l->noted_name, "%s", name);
        snprintf(l->taken_name, sizeof l->taken_name, "%s", name);
        l->taken_name[0] = (char)(name[0] - 'a' + 'A');
        l->level = block_share_level(&share, shape.h);
        l->width = shape.w;
        l->noted = mem_alloc(alloc_of(t), (size_t)shape.h, (size_t)shape.w * sizeof *l->noted);
        l->taken =
            mem_alloc(alloc_of(t), (size_t)block_share_samples(&share, l->level), (size_t)shape.w * sizeof *l->taken);
        if (!l->noted || !l->taken) return diag_set(diag, PITH_E_NOMEM, "out of memory for tiles");
    }
    return PITH_OK;
}

static pith_status make_room(sd1_tiles *t, pith_diag *diag) {
    const pith_alloc *alloc = alloc_of(t);
    const tile_axis *y = &t->grid.y, *x = &t->grid.x;
    const size_t window = (size_t)y->window * x->window, n_groups = t->n_groups = nn_plan_n_groups(t->net.plan);
    const size_t in = (size_t)t->io.n_in * t->io.in_scale * t->io.in_scale, scale = t->io.out_scale;
    const size_t out = (t->io.n_out * scale * scale) << t->io.has_logvar;
    const size_t groups = n_groups > 0 ? n_groups : 1;
    t->own = mem_alloc(alloc, n_windows(t), groups * sizeof *t->own);
    t->corrections = mem_alloc(alloc, n_windows(t), groups * sizeof *t->corrections);
    t->sums = mem_alloc(alloc, groups, sizeof *t->sums);
    t->moments = mem_alloc(alloc, groups, sizeof *t->moments);
    t->weights_y = mem_alloc(alloc, (size_t)y->count * y->window, scale * sizeof *t->weights_y);
    t->weights_x = mem_alloc(alloc, (size_t)x->count * x->window, scale * sizeof *t->weights_x);
    t->in = mem_alloc(alloc, window, in * sizeof *t->in);
    t->out = mem_alloc(alloc, window, out * sizeof *t->out);
    if (!t->own || !t->corrections || !t->sums || !t->moments || !t->weights_y || !t->weights_x || !t->in || !t->out)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for tiles");
    tile_axis_weights(y, t->io.out_scale, t->weights_y);
    tile_axis_weights(x, t->io.out_scale, t->weights_x);
    return PITH_OK;
}

static uint32_t choose_stride(uint32_t h, uint32_t w, uint32_t n_keys) {
    uint32_t stride = 1;
    block_share share = {.whole_h = h, .whole_w = w, .stride = 1};
    while (block_share_samples(&share, 0) > n_keys) share.stride = ++stride;
    return stride;
}

pith_status sd1_tiles_new(sd1_tiles **out, model_session *s, sd1_plan_fn *plan, const sd1_tiling *tiling,
                          const sd1_io *io, uint32_t h, uint32_t w, pith_diag *diag) {
    pith_status status = PITH_OK;
    sd1_tiles *t = mem_alloc(&s->model->env.alloc, 1, sizeof *t);
    *out = NULL;
    if (!t) return diag_set(diag, PITH_E_NOMEM, "out of memory for tiles");
    *t = (sd1_tiles){.session = s, .plan = plan, .io = *io, .tiling = tiling, .h = h, .w = w};
    t->grid = tile_grid_blended(w, h, tiling->window, tiling->halo);
    t->stride = choose_stride(h, w, tiling->n_keys);
    PITH_TRY(bind(t, false, diag));
    PITH_TRY(make_room(t, diag));
    PITH_TRY(make_shared(t, diag));
    *out = t;
    t = NULL;
cleanup:
    sd1_tiles_free(&t);
    return status;
}

/* ---- one window ---------------------------------------------------------------------------- */

static void cut_window(const sd1_tiles *t, tile_span tx, tile_span ty, const float *from) {
    const size_t s = t->io.in_scale, h = t->grid.y.window * s, w = t->grid.x.window * s;
    for (size_t c = 0; c < t->io.n_in; c++)
        for (size_t y = 0; y < h; y++)
            memcpy(t->in + (c * h + y) * w,
                   from + ((c * t->h * s) + ty.window_start * s + y) * t->w * s + tx.window_start * s,
                   w * sizeof *from);
    for (size_t k = 0; k < t->io.n_in * h * w; k++) t->in[k] = t->in[k] * t->io.in_mul + t->io.in_add;
}

/* Adds the window's result; `to` began as zeros. */
static void blend(const sd1_tiles *t, uint32_t i, uint32_t j, float *to) {
    const size_t s = t->io.out_scale, h = t->grid.y.window * s, w = t->grid.x.window * s;
    const size_t y0 = tile_axis_span(&t->grid.y, j).window_start * s,
                 x0 = tile_axis_span(&t->grid.x, i).window_start * s;
    const float *wy = t->weights_y + j * h, *wx = t->weights_x + i * w;
    for (size_t c = 0; c < t->io.n_out; c++)
        for (size_t y = 0; y < h; y++) {
            const float *from = t->out + (c * h + y) * w;
            float *row = to + (c * t->h * s + y0 + y) * t->w * s + x0;
            for (size_t x = 0; x < w; x++) row[x] += wy[y] * wx[x] * (from[x] * t->io.out_mul + t->io.out_add);
        }
}

/* Keeps the window's keys and values at the samples in its core. */
static void keep_samples(sd1_tiles *t, tile_span tx, tile_span ty) {
    const block_share share = share_of(t, true);
    for (size_t k = 0; k < t->n_shared; k++) {
        const shared_layer *l = &t->shared[k];
        const uint32_t lv = l->level, window_w = t->grid.x.window >> lv;
        const uint32_t rows = block_share_axis(t->h, share.stride, lv),
                       columns = block_share_axis(t->w, share.stride, lv);
        for (uint32_t i = 0; i < rows; i++) {
            const uint32_t y = block_share_at(t->h, share.stride, lv, i);
            if (y < ty.core_start >> lv || y >= (ty.core_start + ty.core_length) >> lv) continue;
            for (uint32_t j = 0; j < columns; j++) {
                const uint32_t x = block_share_at(t->w, share.stride, lv, j);
                if (x < tx.core_start >> lv || x >= (tx.core_start + tx.core_length) >> lv) continue;
                const size_t at = (size_t)(y - (ty.window_start >> lv)) * window_w + (x - (tx.window_start >> lv));
                memcpy(l->taken + ((size_t)i * columns + j) * (size_t)l->width, l->noted + at * (size_t)l->width,
                       (size_t)l->width * sizeof *l->noted);
            }
        }
    }
}

static pith_status run_window(sd1_tiles *t, tile_span tx, tile_span ty, size_t index, pith_diag *diag) {
    const tile_grid *g = &t->grid;
    nn_given in[MAX_OWN + MAX_SHARED] = {{t->io.in, t->in}};
    nn_binding out[MAX_OWN + MAX_SHARED] = {{t->io.out, t->out}};
    size_t n_in = 1, n_out = 1;
    for (size_t k = 0; k < t->io.n_more; k++) in[n_in++] = t->io.more[k];
    if (t->io.has_logvar)
        out[n_out++] = (nn_binding){"logvar", t->out + (size_t)t->io.n_out * g->y.window * g->x.window};
    for (size_t k = 0; k < t->n_shared; k++) {
        out[n_out++] = (nn_binding){t->shared[k].noted_name, t->shared[k].noted};
        if (t->n_passes > 0) in[n_in++] = (nn_given){t->shared[k].taken_name, t->shared[k].taken};
    }
    const nn_shared_norms norms = {.taken = t->n_passes == 1 ? t->moments : NULL,
                                   .corrections = t->n_passes > 1 ? t->corrections + index * t->n_groups : NULL,
                                   .own = t->own + index * t->n_groups,
                                   .gathered = t->sums,
                                   .part = {.row = ty.core_start - ty.window_start,
                                            .n_rows = ty.core_length,
                                            .column = tx.core_start - tx.window_start,
                                            .n_columns = tx.core_length,
                                            .height = g->y.window,
                                            .width = g->x.window}};
    nn_net_share_norms(t->net.net, t->n_groups > 0 ? &norms : NULL);
    return nn_run(t->net.net, in, n_in, out, n_out, diag);
}

/* ---- passes over all windows ------------------------------------------------------------------ */

/* How each window's moments differ from the whole picture's. */
static void find_corrections(sd1_tiles *t) {
    for (size_t k = 0; k < t->n_groups; k++) {
        const nn_sums *s = &t->sums[k];
        const double mean = s->sum / s->count;
        t->moments[k] = (nn_moments){mean, s->square / s->count - mean * mean};
    }
    for (size_t i = 0; i < n_windows(t); i++)
        for (size_t k = 0; k < t->n_groups; k++)
            t->corrections[i * t->n_groups + k] = nn_correction_of(&t->own[i * t->n_groups + k], &t->moments[k]);
}

/* Runs one pass over all windows. `out` NULL: only gathers what the windows share. Moments take effect in the next
 * pass, keys and values at once. */
static pith_status make_pass(sd1_tiles *t, const float *in, float *out, double from, double to, pith_diag *diag) {
    pith_status status = PITH_OK;
    memset(t->sums, 0, t->n_groups * sizeof *t->sums);
    for (uint32_t j = 0; j < t->grid.y.count; j++)
        for (uint32_t i = 0; i < t->grid.x.count; i++) {
            const size_t index = (size_t)j * t->grid.x.count + i;
            const tile_span ty = tile_axis_span(&t->grid.y, j), tx = tile_axis_span(&t->grid.x, i);
            PITH_TRY(
                model_session_advance(t->session, from + (to - from) * (double)index / (double)n_windows(t), diag));
            cut_window(t, tx, ty, in);
            PITH_TRY(run_window(t, tx, ty, index, diag));
            if (out)
                blend(t, i, j, out);
            else
                keep_samples(t, tx, ty);
        }
    find_corrections(t);
    t->n_passes++;
cleanup:
    return status;
}

static pith_status make_first_passes(sd1_tiles *t, const float *in, uint32_t n, double from, double to,
                                     pith_diag *diag) {
    pith_status status = PITH_OK;
    for (uint32_t k = 0; k < n; k++) {
        PITH_TRY(make_pass(t, in, NULL, from + (to - from) * k / n, from + (to - from) * (k + 1) / n, diag));
        if (t->n_passes == 1) PITH_TRY(bind(t, true, diag));
    }
cleanup:
    return status;
}

pith_status sd1_tiles_run(sd1_tiles *t, const float *in, float *out, double from, double to, pith_diag *diag) {
    pith_status status = PITH_OK;
    const size_t scale = t->io.out_scale;
    const bool sees_all = t->n_groups > 0 || t->n_shared > 0;
    const uint32_t before = !sees_all ? 0 : t->n_passes > 0 ? t->tiling->further_passes : t->tiling->first_passes;
    const double middle = from + (to - from) * before / (before + 1);
    PITH_TRY(make_first_passes(t, in, before, from, middle, diag));
    memset(out, 0, (size_t)t->h * t->w * scale * scale * t->io.n_out * sizeof *out);
    PITH_TRY(make_pass(t, in, out, middle, to, diag));
cleanup:
    return status;
}
