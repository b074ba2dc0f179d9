/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Stochastic Gumbel annealing: each latent value is drawn as one of the two integers next to it. The probabilities
 * follow from the distances and sharpen as the search goes on. Adam moves the value down the gradient of distortion
 * and bits (Y. Yang, R. Bamler, S. Mandt, "Improving inference for neural image compression", 2020, section 3.2). The
 * search goes window by window; symbols outside a window's core stay fixed. */
#include "search/latent_search.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/env.h"
#include "base/exact_math.h"
#include "base/job.h"
#include "codec/lat_slope.h"
#include "fidelity/distortion.h"
#include "fidelity/ssimulacra2_error.h"
#include "picture/pixels.h"
#include "picture/tiles.h"

#define CORE_MOST 96u /* positions on each axis of a window whose values are moved */
#define CORE_LEAST 16u
#define HALO 8u /* positions around the core: what lies farther away hardly matters */

#define N_MENDS 4           /* at most */
#define RATE_LAST_PART 0.05 /* of the first rate: what Adam's rate falls to, linearly */
#define HEAT_FIRST 0.4      /* the temperature; it falls to .. */
#define HEAT_LAST 0.05
#define HEAT_MEND 0.15
#define MOMENTUM 0.9
#define SQUARE_MOMENTUM 0.95
#define INERT_PART 0.3   /* of the gradients' root mean square: values with smaller gradients hardly move */
#define CODE_EVERY 2     /* steps between two runs of the coder */
#define FREE_PART 0.3    /* of a search: until then the price of a bit is fixed */
#define PROBE_POWER 1.25 /* exponent: from the shrinkage of bytes in the probe to the expected one */
#define MEND_PRESSURE 6.0
#define AIM 0.994 /* of the bytes available */

#define WHOLE_PART 0.8 /* of the time, for the progress; the rest is for .. */
#define MEND_PART (0.2 / N_MENDS)

/* What the model was trained to minimise (train/config/mini-5.json). At a step s of the quantiser, squared errors are
 * weighted by s^-0.9, and a bit per pixel by s^1.5. */
static const fid_distortion_weights trained_weights = {.ms_ssim = 1, .l1 = 0.35f, .l2 = 3, .chroma = 24};
#define SSIMULACRA2_WEIGHT 0.005f
#define SQUARE_EXPONENT 0.9
#define BIT_PRICE 0.145
#define BIT_EXPONENT 1.5

/* What the last search of a window found. */
typedef struct window_state {
    double plain_bytes, plain_cost; /* with its plain symbols; 0: not searched yet */
    double bytes;                   /* now */
    double aim;                     /* bytes that it should have; 0: any number */
    double price;                   /* of a bit */
} window_state;

/* The length of a search. */
typedef struct schedule {
    int n_steps, n_probe, n_mend; /* of Adam: in a search; in the probe for the step; after a missed size */
    double rate_first;            /* in quantiser steps */
    double pressure;              /* how fast the price of a bit follows an excess of bits */
    double least_part;            /* of the bytes available: with fewer, the search goes on */
} schedule;

static const schedule brief = {20, 6, 6, 0.09, 3, 0.95}, thorough = {60, 16, 10, 0.07, 1, 0.98};

typedef struct search {
    const latent_search *k;
    const schedule *length;
    ctr_head head; /* has the step of the search */
    tile_grid grid;
    window_state *windows; /* row by row */
    float step;
    double part;                    /* of their plain symbols' bytes that all windows should have; 0: any */
    double usual_price;             /* of a bit, in distortion of the window, as the model was trained .. */
    double price;                   /* .. and now */
    double error;                   /* the last distortion */
    uint64_t noise;                 /* state of the generator */
    uint32_t h, w;                  /* of the window, in positions */
    size_t count;                   /* values of a window */
    float *moved;                   /* the picture's values, in steps, which the search moves */
    float *pixels;                  /* of the window: the original; three planes */
    float *values;                  /* of the window, in steps */
    float *drawn, *scaled;          /* the values that the networks see: in steps, and multiplied by the step */
    float *slope;                   /* derivative of each drawn value by its value */
    float *by_distortion, *by_bits; /* gradients with respect to `drawn` */
    float *mean, *square;           /* Adam's */
    uint8_t *fixed;                 /* true for values of the halo */
    int16_t *symbols;               /* of the window */
    int16_t *best;                  /* of the picture: the largest file that fits */
    lat_coder *coder;
    fid_distortion *distortion;
    fid_ssimulacra2 *ssimulacra2;
} search;

/* ---- noise ------------------------------------------------------------------------ */

/* xorshift64* (S. Vigna, 2016): the same file each time. In (0, 1). */
static float next_noise(uint64_t *state) {
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return ((float)((*state * 0x2545F4914F6CDD1Du) >> 41) + 0.5f) / (float)(1u << 23);
}

/* ---- one step ----------------------------------------------------------------------- */

/* A value between two integers, drawn by its distances from them; `*slope`: its derivative. */
static float draw(float value, float heat, float noise, float *slope) {
    static const float least = 1e-4f;
    const float below = floorf(value);
    float up = value - below;
    const bool inside = up > least && up < 1 - least;
    up = fminf(fmaxf(up, least), 1 - least);
    const float down = 1 - up;
    const float logits = 0.5f * em_logf(up * (1 + up) / (down * (1 + down))) / heat;
    const float part = 1 / (1 + em_expf(-(logits + em_logf(noise / (1 - noise))) / heat));
    *slope = inside ? part * (1 - part) / (heat * heat) * (1 / (1 - up * up) + 1 / (1 - down * down)) : 0;
    return below + part;
}

static void draw_all(search *s, float heat) {
    for (size_t i = 0; i < s->count; i++) {
        s->slope[i] = 0;
        s->drawn[i] = s->fixed[i] ? s->values[i] : draw(s->values[i], heat, next_noise(&s->noise), &s->slope[i]);
        s->scaled[i] = s->drawn[i] * s->step;
    }
}

static pith_status distort(void *user, const float *decoded, float *gradient, pith_diag *diag) {
    search *s = user;
    s->error = fid_distortion_gradient(s->distortion, decoded, gradient);
    const pith_status status = job_look(s->k->job, diag);
    if (status != PITH_OK) return status;
    s->error += (double)SSIMULACRA2_WEIGHT *
                fid_ssimulacra2_add_gradient(s->ssimulacra2, decoded, SSIMULACRA2_WEIGHT, gradient);
    return PITH_OK;
}

/* Adam (D. Kingma, J. Ba, 2015) down the slope of what has been drawn; `n`: the number of the step, from 1.
 * The size of all gradients is part of its divisor: without it, values that do not matter would wander. */
static void move_all(search *s, int n, double rate) {
    const float price = (float)s->price, step = s->step;
    const float by_mean = (float)(rate / (1 - em_pow(MOMENTUM, n)));
    const float by_square = (float)(1 / (1 - em_pow(SQUARE_MOMENTUM, n)));
    double sum = 0, n_free = 0;
    for (size_t i = 0; i < s->count; i++) {
        const float g = (s->by_distortion[i] * step + s->by_bits[i] * price) * s->slope[i];
        s->mean[i] += (1 - (float)MOMENTUM) * (g - s->mean[i]);
        s->square[i] += (1 - (float)SQUARE_MOMENTUM) * (g * g - s->square[i]);
        sum += (double)s->square[i];
        n_free += s->fixed[i] ? 0 : 1;
    }
    const float inert = (float)(INERT_PART * sqrt((double)by_square * sum / n_free)) + FLT_MIN;
    for (size_t i = 0; i < s->count; i++)
        if (!s->fixed[i]) s->values[i] -= by_mean * s->mean[i] / (sqrtf(by_square * s->square[i]) + inert);
}

/* The bytes of the window with its values rounded. `with_slope`: also their gradient, into `by_bits`. */
static pith_status rounded_bytes(search *s, bool with_slope, double *n_bytes) {
    const lat_block block = {s->symbols, s->head.n_latent, s->h, s->w, s->w, (size_t)s->h * s->w};
    uint64_t exact = 0;
    lat_quantise(s->values, s->count, 1, s->symbols);
    const pith_status status =
        with_slope ? lat_slope(s->coder, &block, s->values, s->by_bits, &exact) : lat_cost(s->coder, &block, &exact);
    *n_bytes = (double)exact;
    if (status == PITH_OK || status == PITH_E_ABORTED) return status; /* the message is already set */
    return diag_set(s->k->diag, status, "the latent coder failed");
}

/* With the values rounded: the distortion plus the cost of the bytes. */
static pith_status rounded_cost(search *s, double *n_bytes, double *cost) {
    const nn_caller caller = {distort, s};
    pith_status status = rounded_bytes(s, false, n_bytes);
    if (status != PITH_OK) return status;
    for (size_t i = 0; i < s->count; i++) s->scaled[i] = (float)s->symbols[i] * s->step;
    status = model_gradient(s->k->session, s->h, s->w, s->scaled, s->step, &caller, s->by_distortion, s->k->diag);
    *cost = s->error + s->usual_price * 8 * *n_bytes;
    return status;
}

typedef struct annealing {
    int n_steps, n_done; /* in all, and how many of them are done */
    double heat_first, rate_first;
    double free_part; /* of the steps: until then the number of bytes is not controlled */
} annealing;

/* `done` of the whole search is over; this is `part` of it. */
static pith_status anneal(search *s, const annealing *a, double aim, double done, double part) {
    pith_status status = PITH_OK;
    const nn_caller caller = {distort, s};
    double n_bytes;
    memset(s->mean, 0, s->count * sizeof *s->mean);
    memset(s->square, 0, s->count * sizeof *s->square);
    for (int i = 0; i < a->n_done; i++) {
        const double passed = (double)i / a->n_steps;
        PITH_TRY(job_report(s->k->job, "searching", span_at(s->k->span, done + part * passed), s->k->diag));
        if (i % CODE_EVERY == 0) {
            PITH_TRY(rounded_bytes(s, true, &n_bytes));
            if (aim > 0 && passed >= a->free_part)
                s->price *= fmin(fmax(em_pow(n_bytes / aim, s->length->pressure), 0.8), 1.25);
        }
        draw_all(s, (float)(a->heat_first + (HEAT_LAST - a->heat_first) * passed));
        PITH_TRY(model_gradient(s->k->session, s->h, s->w, s->scaled, s->step, &caller, s->by_distortion, s->k->diag));
        move_all(s, i + 1, a->rate_first * fmax(1 - passed, RATE_LAST_PART));
    }
cleanup:
    return status;
}

/* ---- windows -------------------------------------------------------------------------- */

/* Loads three planes of the original. */
static void load_pixels(const search *s, pixel_rect rect) {
    const pith_image *image = s->k->original;
    const row_band all = {.format = image->format,
                          .rows = (uint8_t *)image->pixels, /* only read */
                          .stride_bytes = image->stride_bytes,
                          .n_columns = image->format.width,
                          .n_rows = image->format.height};
    pixels_load(&all, rect, s->pixels);
}

/* Copies the picture's values into the window. Those outside the core are rounded and stay fixed. */
static void load_values(search *s, tile_span tx, tile_span ty) {
    const latent_planes *l = s->k->latents;
    for (size_t i = 0; i < s->count; i++) {
        const size_t c = i / ((size_t)s->h * s->w), y = i / s->w % s->h, x = i % s->w;
        const size_t row = ty.window_start + y, column = tx.window_start + x;
        const float value = s->moved[(c * l->height + row) * l->width + column];
        s->fixed[i] = row < ty.core_start || row >= ty.core_start + ty.core_length || column < tx.core_start ||
                      column >= tx.core_start + tx.core_length;
        s->values[i] = s->fixed[i] ? roundf(value) : value;
    }
}

/* Stores the core's values: those of the search, or the encoder's if they are no better. */
static void store_values(const search *s, tile_span tx, tile_span ty, bool is_better) {
    const latent_planes *l = s->k->latents;
    for (size_t i = 0; i < s->count; i++) {
        const size_t c = i / ((size_t)s->h * s->w), y = i / s->w % s->h, x = i % s->w;
        const size_t at = (c * l->height + ty.window_start + y) * l->width + tx.window_start + x;
        if (!s->fixed[i]) s->moved[at] = is_better ? s->values[i] : l->values[at] / s->step;
    }
}

static pith_status search_window(search *s, const annealing *a, tile_span tx, tile_span ty, window_state *state,
                                 double done, double part) {
    pith_status status = PITH_OK;
    const uint32_t scale = 1u << s->head.log2_downscale, width = s->w * scale, height = s->h * scale;
    const double pixels = (double)width * height, step = (double)s->step;
    fid_distortion_weights weights = trained_weights;
    weights.l2 *= (float)em_pow(step, -SQUARE_EXPONENT);
    double cost = 0;
    s->usual_price = BIT_PRICE * em_pow(step, BIT_EXPONENT) / pixels;
    load_pixels(s, (pixel_rect){tx.window_start * scale, ty.window_start * scale, width, height});
    load_values(s, tx, ty);
    status = fid_distortion_new(&s->distortion, &s->k->env->alloc, s->pixels, height, width, weights);
    if (status != PITH_OK) return diag_set(s->k->diag, status, "out of memory for the search");
    status = fid_ssimulacra2_new(&s->ssimulacra2, &s->k->env->alloc, s->pixels, height, width);
    if (status != PITH_OK) PITH_TRY(diag_set(s->k->diag, status, "out of memory for the search"));
    if (!(state->plain_bytes > 0)) {
        PITH_TRY(rounded_cost(s, &state->plain_bytes, &state->plain_cost));
        state->aim = s->part * state->plain_bytes;
        state->price = s->usual_price;
    }
    s->price = state->price;
    PITH_TRY(anneal(s, a, state->aim, done, part));
    state->price = s->price;
    PITH_TRY(rounded_cost(s, &state->bytes, &cost));
    store_values(s, tx, ty, cost < state->plain_cost);
    if (!(cost < state->plain_cost)) state->bytes = state->plain_bytes;
cleanup:
    fid_distortion_free(&s->distortion);
    fid_ssimulacra2_free(&s->ssimulacra2);
    return status;
}

static pith_status search_all(search *s, const annealing *a, double done, double part, int16_t *symbols) {
    pith_status status = PITH_OK;
    const uint32_t across = s->grid.x.count, n_windows = across * s->grid.y.count;
    for (uint32_t i = 0; i < n_windows; i++)
        PITH_TRY(search_window(s, a, tile_axis_span(&s->grid.x, i % across), tile_axis_span(&s->grid.y, i / across),
                               &s->windows[i], done + part * i / n_windows, part / n_windows));
    lat_quantise(s->moved, latents_count(s->k->latents), 1, symbols);
cleanup:
    return status;
}

/* ---- room ---------------------------------------------------------------------------------- */

#define ARRAYS 8 /* arrays of floats, each as large as a window's values */

/* Bytes that a search of windows of this size takes. */
static pith_status window_bytes(const search *s, uint32_t h, uint32_t w, uint64_t *n_bytes) {
    const uint64_t scale = 1u << s->head.log2_downscale, area = (uint64_t)h * w;
    pith_status status = model_search_memory(model_session_model(s->k->session), h, w, n_bytes, s->k->diag);
    *n_bytes += area * s->head.n_latent * (ARRAYS * sizeof(float) + 1 + sizeof(int16_t)) +
                3 * area * scale * scale * sizeof(float) +
                fid_distortion_bytes((uint32_t)(h * scale), (uint32_t)(w * scale)) +
                fid_ssimulacra2_bytes((uint32_t)(h * scale), (uint32_t)(w * scale));
    return status;
}

/* Chooses the largest windows that fit. */
static pith_status choose_grid(search *s) {
    const latent_planes *l = s->k->latents;
    uint64_t n_bytes = 0;
    for (uint32_t core = CORE_MOST; core >= CORE_LEAST; core /= 2) {
        s->grid = tile_grid_make(l->width, l->height, (tile_reach){core, core, HALO});
        pith_status status = window_bytes(s, s->grid.y.window, s->grid.x.window, &n_bytes);
        if (status != PITH_OK) return status;
        n_bytes += latents_count(l) * (sizeof(float) + sizeof(int16_t));
        if (n_bytes <= s->k->memory) return PITH_OK;
    }
    return diag_set(s->k->diag, PITH_E_LIMIT, "effort %d needs %llu megabytes more than there are to take",
                    s->k->effort, (unsigned long long)((n_bytes - s->k->memory) / 1000000 + 1));
}

static pith_status search_init(search *s) {
    const pith_alloc *alloc = &s->k->env->alloc;
    const uint32_t scale = 1u << s->head.log2_downscale;
    const size_t all = latents_count(s->k->latents);
    pith_status status = choose_grid(s);
    if (status != PITH_OK) return status;
    s->h = s->grid.y.window;
    s->w = s->grid.x.window;
    s->count = (size_t)s->h * s->w * s->head.n_latent;
    s->windows = mem_alloc(alloc, (size_t)s->grid.x.count * s->grid.y.count, sizeof *s->windows);
    s->moved = mem_alloc(alloc, all, sizeof *s->moved);
    s->pixels = mem_alloc(alloc, (size_t)s->h * s->w, (size_t)3 * scale * scale * sizeof *s->pixels);
    s->values = mem_alloc(alloc, s->count, ARRAYS * sizeof *s->values);
    s->fixed = mem_alloc(alloc, s->count, 1);
    s->symbols = mem_alloc(alloc, s->count, sizeof *s->symbols);
    s->best = mem_alloc(alloc, all, sizeof *s->best);
    if (!s->windows || !s->moved || !s->pixels || !s->values || !s->fixed || !s->symbols || !s->best)
        return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for the search");
    float **const parts[] = {&s->drawn, &s->scaled, &s->slope, &s->by_distortion, &s->by_bits, &s->mean, &s->square};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) *parts[i] = s->values + (i + 1) * s->count;
    status = lat_coder_new(&s->coder, alloc, s->head.n_latent);
    if (status == PITH_OK) status = lat_coder_use_prior(s->coder, s->head.prior_id);
    if (status != PITH_OK) return diag_set(s->k->diag, status, "no coder for the search");
    lat_coder_watch(s->coder, job_watch(s->k->job));
    return PITH_OK;
}

static void search_free(search *s) {
    const pith_alloc *alloc = &s->k->env->alloc;
    mem_free(alloc, s->windows);
    mem_free(alloc, s->moved);
    mem_free(alloc, s->pixels);
    mem_free(alloc, s->values);
    mem_free(alloc, s->fixed);
    mem_free(alloc, s->symbols);
    mem_free(alloc, s->best);
    lat_coder_free(&s->coder);
}

/* ---- the whole -------------------------------------------------------------------------------- */

/* The first `n_done` steps of a search. */
static annealing part_of_search(const schedule *l, int n_done) {
    return (annealing){l->n_steps, n_done, HEAT_FIRST, l->rate_first, FREE_PART};
}

static annealing mending(const schedule *l) {
    return (annealing){l->n_mend, l->n_mend, HEAT_MEND, l->rate_first / 3, 0};
}

static void start(search *s) {
    s->step = lat_step(s->head.step_index);
    s->noise = 0x9E3779B97F4A7C15u;
    for (size_t i = 0; i < latents_count(s->k->latents); i++) s->moved[i] = s->k->latents->values[i] / s->step;
    memset(s->windows, 0, (size_t)s->grid.x.count * s->grid.y.count * sizeof *s->windows);
}

/* A search needs fewer bytes than rounding does, so it should begin with a finer step. A probe of the middle window
 * tells how much finer. */
static pith_status choose_step(search *s, rate_wish wish, int16_t *symbols) {
    pith_status status = PITH_OK;
    const uint32_t x = s->grid.x.count / 2, y = s->grid.y.count / 2;
    window_state *middle = &s->windows[y * s->grid.x.count + x];
    const annealing probe = part_of_search(s->length, s->length->n_probe);
    PITH_TRY(search_window(s, &probe, tile_axis_span(&s->grid.x, x), tile_axis_span(&s->grid.y, y), middle, 0, 0));
    const double part = fmin(fmax(middle->bytes / middle->plain_bytes, 0.5), 1);
    wish.max_bytes = (uint64_t)(AIM / em_pow(part, PROBE_POWER) * (double)wish.max_bytes);
    PITH_TRY(rate_choose(s->k->rate, s->k->latents, wish, &s->head, symbols));
    start(s);
cleanup:
    return status;
}

/* Searches until the file has at most `max_bytes` and hardly fewer. The largest file that fits wins. */
static pith_status search_to_size(search *s, uint64_t max_bytes, uint64_t other_bytes, int16_t *symbols, bool *fits) {
    pith_status status = PITH_OK;
    const latent_search *k = s->k;
    const size_t all = latents_count(k->latents);
    uint64_t n_bytes = 0, best_bytes = 0;
    PITH_TRY(rate_file_bytes(k->rate, k->latents, symbols, &s->head, other_bytes, &n_bytes));
    s->part = AIM * (double)max_bytes / (double)n_bytes;
    for (int i = 0; i <= N_MENDS; i++) {
        const annealing a = i ? mending(s->length) : part_of_search(s->length, s->length->n_steps);
        PITH_TRY(search_all(s, &a, i ? WHOLE_PART + MEND_PART * (i - 1) : 0, i ? MEND_PART : WHOLE_PART, symbols));
        PITH_TRY(rate_file_bytes(k->rate, k->latents, symbols, &s->head, other_bytes, &n_bytes));
        if (n_bytes <= max_bytes && n_bytes > best_bytes) {
            best_bytes = n_bytes;
            memcpy(s->best, symbols, all * sizeof *symbols);
        }
        if ((double)best_bytes >= s->length->least_part * (double)max_bytes) break;
        const double excess = (double)n_bytes / (AIM * (double)max_bytes);
        for (uint32_t w = 0; w < s->grid.x.count * s->grid.y.count; w++) {
            s->windows[w].aim = s->windows[w].bytes / excess;
            s->windows[w].price *= fmin(fmax(em_pow(excess, MEND_PRESSURE), 0.5), 2);
        }
    }
    *fits = best_bytes > 0;
    if (*fits) memcpy(symbols, s->best, all * sizeof *symbols);
cleanup:
    return status;
}

pith_status latent_search_run(const latent_search *k, rate_wish wish, ctr_head *head, int16_t *symbols) {
    pith_status status = PITH_OK;
    search s = {.k = k, .head = *head, .length = k->effort > 2 ? &thorough : &brief};
    bool fits = true;
    model_session_release(k->session); /* the encoder network is not needed any more */
    PITH_TRY(search_init(&s));
    start(&s);
    if (wish.max_bytes > 0) {
        PITH_TRY(choose_step(&s, wish, symbols));
        PITH_TRY(search_to_size(&s, wish.max_bytes, wish.other_bytes, symbols, &fits));
    } else {
        const annealing whole = part_of_search(s.length, s.length->n_steps);
        PITH_TRY(search_all(&s, &whole, 0, 1, symbols));
    }
    if (fits)
        *head = s.head;
    else /* back to the plain symbols of the original step */
        lat_quantise(k->latents->values, latents_count(k->latents), lat_step(head->step_index), symbols);
cleanup:
    search_free(&s);
    model_session_release(k->session);
    return status;
}
