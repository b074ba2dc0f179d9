/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Ways of coding a picture are tried, measured, and the best is kept. What the
 * network makes of a file of latents is asked of a decoder like any other. */
#include "api/closed_loop.h"

#include <math.h>
#include <string.h>

#include "api/env.h"
#include "api/model.h"
#include "container/ctr_write.h"
#include "fidelity/tile_error.h"
#include "residual/residual_coder.h"

#define STEP_FIRST 28u    /* of the residual, where a search begins */
#define STEP_FAITHFUL 26u /* where mending tiles begins .. */
#define N_ROUNDS 24       /* .. and how often it goes on */
#define NEAR_ENOUGH 0.94  /* of the bytes there are */
#define WEIGHT_USUAL 16u  /* res_options.weights */
#define Q_NEAR_LOSSLESS 95.0f
#define TILE_SHARE 0.3 /* of the score by which bytes are shared out */

/* ---- the original ---------------------------------------------------------------------- */

pith_status kept_source_init(kept_source *k, const pith_env *env, const pith_source *source, pith_diag *diag) {
    const pith_image_format *f = &source->format;
    *k = (kept_source){.source = source, .stride_bytes = (size_t)f->width * f->n_channels};
    k->pixels = mem_alloc(&env->alloc, f->height, k->stride_bytes);
    return k->pixels ? PITH_OK : diag_set(diag, PITH_E_NOMEM, "out of memory for the picture");
}

void kept_source_free(kept_source *k, const pith_env *env) {
    mem_free(&env->alloc, k->pixels);
    *k = (kept_source){0};
}

static pith_status keep_rows(void *user, uint32_t y, uint32_t n_rows, void *rows, size_t stride_bytes) {
    kept_source *k = user;
    pith_status status = k->source->read_rows(k->source->user, y, n_rows, rows, stride_bytes);
    for (uint32_t j = 0; status == PITH_OK && j < n_rows; j++) {
        uint8_t *to = k->pixels + (size_t)(y + j) * k->stride_bytes;
        const uint8_t *from = (const uint8_t *)rows + j * stride_bytes;
        if (k->source->format.bit_depth == 8) {
            memcpy(to, from, k->stride_bytes);
            continue;
        }
        for (size_t i = 0; i < k->stride_bytes; i++) {
            uint16_t v;
            memcpy(&v, from + 2 * i, sizeof v);
            to[i] = (uint8_t)((v * 255u + 32767u) / 65535u);
        }
    }
    return status;
}

pith_source kept_source_as_source(kept_source *k) { return (pith_source){k->source->format, keep_rows, k}; }

/* ---- one way of coding ------------------------------------------------------------------- */

/* A file: latents, a residual, and what they make. */
typedef struct attempt {
    byte_writer latents, residual; /* a whole file; RESD chunks, none when empty */
    uint8_t *network, *result;     /* 8-bit pictures */
    double score;
} attempt;

/* A call's work space. */
typedef struct loop_state {
    const closed_loop *k;
    pith_image original;
    size_t picture_bytes;
    pith_decoder *decoder;
    res_coder *coder;
    ctr_recipe recipe;
    uint8_t *tile_weights; /* one a tile of FID_TILE, res_options.weights; NULL = none */
    fid_tile *tiles;       /* room to measure them */
    uint32_t tiles_across, tiles_down;
    bool is_drawn;
    unsigned step; /* a good guess for the next search */
} loop_state;

static pith_status attempt_init(attempt *a, const loop_state *s) {
    const pith_alloc *alloc = &s->k->env->alloc;
    *a = (attempt){0};
    bw_init(&a->latents, alloc);
    bw_init(&a->residual, alloc);
    a->network = mem_alloc(alloc, s->picture_bytes, 1);
    a->result = mem_alloc(alloc, s->picture_bytes, 1);
    if (a->network && a->result) return PITH_OK;
    return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for the picture");
}

static void attempt_free(attempt *a, const loop_state *s) {
    bw_free(&a->latents);
    bw_free(&a->residual);
    mem_free(&s->k->env->alloc, a->network);
    mem_free(&s->k->env->alloc, a->result);
    *a = (attempt){0};
}

static pith_image image_of(const loop_state *s, uint8_t *pixels) {
    pith_image image = s->original;
    image.pixels = pixels;
    return image;
}

static pith_status measure_tiles(const loop_state *s, const attempt *a) {
    const pith_image_format *f = &s->original.format;
    fid_meter *meter;
    pith_status status = fid_meter_new(&meter, &s->k->env->alloc, f->width, f->height, f->n_channels);
    if (status != PITH_OK) return diag_set(s->k->diag, status, "out of memory for measuring");
    fid_measure(meter, s->original.pixels, s->original.stride_bytes, a->result, s->original.stride_bytes, s->tiles);
    fid_meter_free(&meter);
    return PITH_OK;
}

/* Likeness everywhere, less what single tiles lack. */
static pith_status measure(const loop_state *s, attempt *a) {
    pith_image image = image_of(s, a->result);
    const uint32_t n = s->tiles_across * s->tiles_down;
    double sum = 0;
    pith_status status = measure_tiles(s, a);
    for (uint32_t i = 0; i < n; i++) sum += (double)fminf(s->tiles[i].error, 1);
    a->score = closed_score(&s->k->env->alloc, &s->original, &image) - TILE_SHARE * sum / n;
    return status;
}

/* Latents, and the network's picture of them; no residual yet. */
static pith_status make_latents(loop_state *s, attempt *a, uint64_t max_bytes) {
    const closed_loop *k = s->k;
    pith_sink sink;
    pith_image image = image_of(s, a->network);
    a->latents.n_bytes = a->residual.n_bytes = 0;
    pith_status status = k->write_latents(k->user, k->options->quality, max_bytes, &a->latents);
    if (status != PITH_OK) return status;
    status = pith_decoder_open(s->decoder, a->latents.data, a->latents.n_bytes);
    pith_sink_to_image(&sink, &image);
    if (status == PITH_OK) status = pith_decode(s->decoder, k->model, NULL, &sink);
    if (status != PITH_OK) return diag_set(k->diag, status, "%s", pith_decoder_message(s->decoder));
    memcpy(a->result, a->network, s->picture_bytes);
    return PITH_OK;
}

/* The weights of a slice's blocks of 8x8 from those of the tiles. */
static const uint8_t *slice_weights(const loop_state *s, ctr_rect r, uint8_t *out) {
    if (!s->tile_weights) return NULL;
    uint32_t across = (r.width + 7) / 8, down = (r.height + 7) / 8;
    for (uint32_t y = 0; y < down; y++)
        for (uint32_t x = 0; x < across; x++)
            out[y * across + x] =
                s->tile_weights[(r.y + y * 8) / FID_TILE * s->tiles_across + (r.x + x * 8) / FID_TILE];
    return out;
}

/* A residual at a step, with the weights that stand. */
static pith_status make_residual(const loop_state *s, attempt *a, unsigned step) {
    const pith_image_format *f = &s->original.format;
    ctr_head head = {.width = f->width, .height = f->height, .residual = true};
    uint8_t weights[RES_SLICE_SIDE / 8 * (RES_SLICE_SIDE / 8)];
    pith_status status = PITH_OK;
    bool any = false;
    byte_writer coded;
    bw_init(&coded, &s->k->env->alloc);
    a->residual.n_bytes = 0;
    memcpy(a->result, a->network, s->picture_bytes);
    for (uint32_t i = 0; i < ctr_residual_count(&head); i++) {
        ctr_rect r = ctr_residual_rect(&head, i);
        size_t at = r.y * s->original.stride_bytes + (size_t)r.x * f->n_channels;
        res_view original = {(uint8_t *)s->original.pixels + at, s->original.stride_bytes, r.width, r.height,
                             f->n_channels};
        res_view result = original;
        result.samples = a->result + at;
        res_options o = {.step_index = step, .predictions = true, .weights = slice_weights(s, r, weights)};
        coded.n_bytes = 0;
        status = res_encode(s->coder, &original, &result, &o, &coded);
        if (status != PITH_OK) break;
        any = any || coded.n_bytes > 0;
        ctr_write_residual(&a->residual, i == 0 ? &s->recipe : NULL, coded.data, coded.n_bytes);
    }
    if (!any) a->residual.n_bytes = 0;
    if (status == PITH_OK) status = a->residual.status;
    bw_free(&coded);
    return status == PITH_OK ? status : diag_set(s->k->diag, status, "the residual coder failed");
}

/* ---- into a number of bytes ------------------------------------------------------------------ */

/* The finest residual that fits beside the attempt's latents, in few trials;
 * `spare` is work space of the same kind. */
static pith_status fit_residual(loop_state *s, attempt *a, attempt *spare, uint64_t max_bytes, int n_trials) {
    pith_status status = PITH_OK;
    double room = (double)(max_bytes - a->latents.n_bytes);
    unsigned low = 0, high = 64, step = s->step; /* low: too many bytes below it; high: fits from it on */
    memcpy(spare->network, a->network, s->picture_bytes);
    for (int i = 0; i < n_trials && low < high; i++) {
        PITH_TRY(make_residual(s, spare, step));
        double n = (double)spare->residual.n_bytes;
        bool fits = n <= room;
        if (fits) {
            byte_writer t = a->residual;
            a->residual = spare->residual;
            spare->residual = t;
            memcpy(a->result, spare->result, s->picture_bytes);
            s->step = high = step;
            if (n >= NEAR_ENOUGH * room || step == 0) break;
        } else {
            low = step + 1;
        }
        if (low >= high) break;
        /* Bytes go down by about an eighth with each index. */
        double guess = step + log((n + 20) / (0.98 * room + 20)) / 0.115 + (fits ? 0 : 0.5);
        guess = fmin(fmax(floor(guess + 0.5), low), fits ? high - 1.0 : fmin(high - 1.0, 63));
        step = (unsigned)guess;
    }
cleanup:
    return status;
}

static void swap(attempt *a, attempt *b) {
    attempt t = *a;
    *a = *b;
    *b = t;
}

/* A share of the bytes for the latents, the rest for a residual. */
static pith_status try_share(loop_state *s, attempt *a, attempt *spare, double share, int n_trials, bool *possible) {
    uint64_t max_bytes = s->k->options->max_bytes;
    pith_status status = make_latents(s, a, (uint64_t)((double)max_bytes * share));
    *possible = status == PITH_OK;
    if (status == PITH_E_LIMIT) {
        diag_clear(s->k->diag);
        return PITH_OK;
    }
    if (status == PITH_OK && share < 1) status = fit_residual(s, a, spare, max_bytes, n_trials);
    return status == PITH_OK ? measure(s, a) : status;
}

static pith_status fit_bytes(loop_state *s, attempt *best, attempt *other, attempt *spare) {
    static const double shares[] = {0.05, 0.4, 0.7};
    const int n_shares = s->k->options->effort > 1 ? 3 : s->is_drawn ? 2 : 0;
    pith_status status = PITH_OK;
    bool possible;
    if (n_shares == 0) return s->k->write_latents(s->k->user, 0, s->k->options->max_bytes, &best->latents);
    PITH_TRY(try_share(s, best, spare, 1, 0, &possible));
    if (!possible) best->score = -1;
    for (int i = 0; i < n_shares; i++) {
        PITH_TRY(env_report(s->k->env, "sharing out the bytes", 0.8 + 0.04 * i, s->k->diag));
        PITH_TRY(try_share(s, other, spare, shares[i], s->k->options->effort > 1 ? 7 : 3, &possible));
        if (!possible) continue;
        if (other->score > best->score) swap(best, other);
    }
    if (best->score < 0) status = s->k->write_latents(s->k->user, 0, s->k->options->max_bytes, &best->latents);
cleanup:
    return status;
}

/* ---- to a quality, and faithfully ------------------------------------------------------------- */

/* Tiles worse than this are mended at a quality; less than 0: all. */
static float worst_at(float quality) {
    if (quality >= Q_NEAR_LOSSLESS) return -1;
    return 1.0f - 0.75f * quality / Q_NEAR_LOSSLESS;
}

static unsigned step_at(float quality) {
    if (quality >= Q_NEAR_LOSSLESS) return (unsigned)(9 - (quality - Q_NEAR_LOSSLESS) + 0.5f);
    return (unsigned)(36 - 24 * quality / Q_NEAR_LOSSLESS + 0.5f);
}

static pith_status fit_quality(loop_state *s, attempt *a) {
    pith_status status = PITH_OK;
    const float quality = s->k->options->quality, worst = worst_at(quality);
    const uint32_t n = s->tiles_across * s->tiles_down;
    uint32_t n_chosen = 0;
    PITH_TRY(make_latents(s, a, 0));
    s->step = step_at(quality);
    if (!s->is_drawn && worst >= 0) return PITH_OK; /* the network's kind of picture */
    PITH_TRY(measure_tiles(s, a));
    for (uint32_t i = 0; i < n; i++) {
        s->tile_weights[i] = s->tiles[i].error > worst ? WEIGHT_USUAL : 0;
        n_chosen += s->tile_weights[i] > 0;
    }
    if (n_chosen > 0) PITH_TRY(make_residual(s, a, s->step));
cleanup:
    return status;
}

/* More weight for a tile, and some for those beside it that have none: what is
 * in them shows in its error. */
static void press(loop_state *s, uint32_t tile) {
    uint8_t *w = &s->tile_weights[tile];
    uint32_t column = tile % s->tiles_across, row = tile / s->tiles_across;
    for (uint32_t y = row > 0 ? row - 1 : 0; *w == 255 && y <= row + 1 && y < s->tiles_down; y++)
        for (uint32_t x = column > 0 ? column - 1 : 0; x <= column + 1 && x < s->tiles_across; x++) {
            uint8_t *beside = &s->tile_weights[y * s->tiles_across + x];
            if (*beside < 64) *beside = 64;
        }
    *w = *w == 0 ? WEIGHT_USUAL + 8 : *w < 128 ? (uint8_t)(*w * 2) : 255;
}

static pith_status keep_promise(loop_state *s, attempt *a, ctr_bound *bound) {
    const fid_level level = (fid_level)s->k->options->faithful;
    const float most = fid_level_bound(level);
    const uint32_t n = s->tiles_across * s->tiles_down;
    pith_status status = PITH_OK;
    if (s->step > STEP_FAITHFUL) s->step = STEP_FAITHFUL;
    for (int round = 0; round < N_ROUNDS; round++) {
        uint32_t n_over = 0;
        float worst = 0;
        PITH_TRY(env_report(s->k->env, "keeping the promise", 0.85 + 0.1 * round / N_ROUNDS, s->k->diag));
        PITH_TRY(measure_tiles(s, a));
        for (uint32_t i = 0; i < n; i++) {
            if (s->tiles[i].error > worst) worst = s->tiles[i].error;
            if (s->tiles[i].sure <= most) continue;
            n_over++;
            press(s, i);
        }
        *bound = (ctr_bound){(uint8_t)level, (uint32_t)lroundf(most * 65536), (uint32_t)lroundf(worst * 65536)};
        if (n_over == 0) return PITH_OK;
        if (round % 3 == 2) s->step = s->step > 4 ? s->step - 4 : 0;
        PITH_TRY(make_residual(s, a, s->step));
    }
    status = diag_set(s->k->diag, PITH_E_LIMIT, "the bound of the level cannot be kept on this picture");
cleanup:
    return status;
}

/* ---- the whole -------------------------------------------------------------------------------- */

/* The latents' file with what a header says of a residual, then the residual. */
static pith_status write_whole(const loop_state *s, const attempt *a, const ctr_bound *bound, byte_writer *file) {
    ctr_file latents;
    pith_status status = ctr_read(&latents, a->latents.data, a->latents.n_bytes, s->k->env, s->k->diag);
    if (status != PITH_OK) return status;
    latents.head.residual = a->residual.n_bytes > 0;
    size_t rest = latents.chunks[1].offset;
    status = ctr_write_head(file, &latents.head, s->k->diag);
    bw_bytes(file, a->latents.data + rest, a->latents.n_bytes - rest);
    if (a->residual.n_bytes > 0) bw_bytes(file, a->residual.data, a->residual.n_bytes);
    if (bound->level) ctr_write_bound(file, bound);
    if (status == PITH_OK && file->status != PITH_OK)
        status = diag_set(s->k->diag, file->status, "out of memory for the file");
    ctr_file_free(&latents, s->k->env);
    return status;
}

static pith_status state_init(loop_state *s, const closed_loop *k) {
    const pith_image_format *f = &k->original->source->format;
    pith_env quiet = *k->env; /* progress is the whole encoder's */
    quiet.progress.report = NULL;
    *s = (loop_state){.k = k, .picture_bytes = k->original->stride_bytes * f->height, .step = STEP_FIRST};
    s->original = (pith_image){*f, k->original->pixels, k->original->stride_bytes};
    s->original.format.bit_depth = 8;
    s->tiles_across = fid_tiles_across(f->width);
    s->tiles_down = fid_tiles_across(f->height);
    s->is_drawn = closed_is_drawn(&s->original);
    s->tiles = mem_alloc(&k->env->alloc, (size_t)s->tiles_across * s->tiles_down, sizeof *s->tiles);
    if (!s->tiles) return diag_set(k->diag, PITH_E_NOMEM, "out of memory for measuring");
    pith_status status = pith_decoder_new(&s->decoder, &quiet, k->diag);
    if (status != PITH_OK) return status;
    if (res_coder_new(&s->coder, &k->env->alloc, true) != PITH_OK)
        return diag_set(k->diag, PITH_E_NOMEM, "out of memory for the residual");
    return model_decoder_id(k->model, s->recipe.decoder_id, k->diag);
}

static void state_free(loop_state *s) {
    pith_decoder_free(&s->decoder);
    res_coder_free(&s->coder);
    mem_free(&s->k->env->alloc, s->tile_weights);
    mem_free(&s->k->env->alloc, s->tiles);
}

pith_status closed_loop_run(const closed_loop *k, byte_writer *file) {
    pith_status status = PITH_OK;
    loop_state s = {.k = k};
    attempt attempts[3] = {0};
    ctr_bound bound = {0};
    PITH_TRY(state_init(&s, k));
    bool to_size = k->options->max_bytes > 0;
    for (int i = 0; i < (to_size ? 3 : 1); i++) PITH_TRY(attempt_init(&attempts[i], &s));
    if (to_size) {
        PITH_TRY(fit_bytes(&s, &attempts[0], &attempts[1], &attempts[2]));
    } else {
        s.tile_weights = mem_alloc(&k->env->alloc, (size_t)s.tiles_across * s.tiles_down, 1);
        if (!s.tile_weights) {
            status = diag_set(k->diag, PITH_E_NOMEM, "out of memory for measuring");
            goto cleanup;
        }
        PITH_TRY(fit_quality(&s, &attempts[0]));
        if (k->options->faithful) PITH_TRY(keep_promise(&s, &attempts[0], &bound));
    }
    PITH_TRY(write_whole(&s, &attempts[0], &bound, file));
cleanup:
    for (int i = 0; i < 3; i++) attempt_free(&attempts[i], &s);
    state_free(&s);
    return status;
}
