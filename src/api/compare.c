/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith_compare: two pictures in, figures out. The measures themselves are in src/fidelity. */
#include <inttypes.h>
#include <math.h>

#include "base/env.h"
#include "base/job.h"
#include "base/sized.h"
#include "fidelity/ms_ssim.h"
#include "fidelity/psnr.h"
#include "fidelity/ssimulacra2.h"
#include "fidelity/tile_error.h"
#include "picture/whole_picture.h"

_Static_assert(PITH_TILE == FID_TILE, "one size of tiles");
_Static_assert(PITH_LEVEL_STRICT == (int)FID_STRICT && PITH_LEVEL_LOOSE == (int)FID_LOOSE, "one numbering of levels");

#define ALL_MEASURES (PITH_MEASURE_PSNR | PITH_MEASURE_MS_SSIM | PITH_MEASURE_SSIMULACRA2 | PITH_MEASURE_TILES)

float pith_level_bound(pith_level level) { return fid_level_bound((fid_level)level); }

pith_status pith_compare_options_defaults(pith_compare_options *options, size_t struct_size) {
    static const pith_compare_options defaults = {.struct_size = sizeof defaults, .measures = ALL_MEASURES};
    return sized_start(options, struct_size, &defaults, sizeof defaults);
}

/* One call. `result` holds the worst figures so far. */
typedef struct comparison {
    pith_env env;
    job job;
    pith_diag *why;
    pith_compare_options options;
    pith_compare_result result;
    pith_source sources[2]; /* the original, the decoded picture */
    pith_image pictures[2]; /* as they were read */
    pith_image opaque[2];   /* on a background, if either has alpha */
} comparison;

/* ---- arguments --------------------------------------------------------------------- */

static pith_status check_source(const comparison *c, const pith_source *source) {
    const pith_image_format *f = &source->format;
    if (!source->read_rows) return diag_set(c->why, PITH_E_ARG, "a source has no read_rows");
    if (f->bit_depth != 8 && f->bit_depth != 16)
        return diag_set(c->why, PITH_E_ARG, "samples of %u bits", f->bit_depth);
    if (f->n_channels < 1 || f->n_channels > 4)
        return diag_set(c->why, PITH_E_ARG, "a picture of %u channels", f->n_channels);
    return env_check_picture(&c->env, f, c->why);
}

static pith_status check(const comparison *c) {
    const pith_image_format *a = &c->sources[0].format, *b = &c->sources[1].format;
    const pith_compare_options *o = &c->options;
    const uint64_t n_tiles = (uint64_t)fid_tiles_across(a->width) * fid_tiles_across(a->height);
    pith_status status = check_source(c, &c->sources[0]);
    if (status == PITH_OK) status = check_source(c, &c->sources[1]);
    if (status != PITH_OK) return status;
    if (a->width != b->width || a->height != b->height)
        return diag_set(c->why, PITH_E_ARG, "%" PRIu32 "x%" PRIu32 " pixels, the other has %" PRIu32 "x%" PRIu32,
                        a->width, a->height, b->width, b->height);
    if (o->measures & ~(uint32_t)ALL_MEASURES)
        return diag_set(c->why, PITH_E_UNSUPPORTED, "a measure that this version of the library does not have");
    if (o->tiles && !(o->measures & PITH_MEASURE_TILES))
        return diag_set(c->why, PITH_E_ARG, "room for tiles, which are not to be measured");
    if (o->tiles && o->n_tiles != n_tiles)
        return diag_set(c->why, PITH_E_ARG, "room for %zu tiles, there are %" PRIu64, o->n_tiles, n_tiles);
    return PITH_OK;
}

/* ---- measures ---------------------------------------------------------------------- */

static void note_lesser(double *worst, double figure) {
    if (isnan(*worst) || figure < *worst) *worst = figure;
}

/* Keeps the worse of two tiles when the second background is measured. */
static void note_tile(pith_tile *worst, const fid_tile *tile, bool is_first) {
    const float sure = is_first || tile->sure > worst->sure ? tile->sure : worst->sure;
    if (is_first || tile->error > worst->error) *worst = (pith_tile){tile->error, tile->sure, tile->x, tile->y};
    worst->sure = sure;
}

static pith_status measure_rows(comparison *c, const pith_image *a, const pith_image *b, bool is_first) {
    const uint32_t across = fid_tiles_across(a->format.width), down = fid_tiles_across(a->format.height);
    const fid_rows rows_a = {a->pixels, a->stride_bytes, 0, a->format.height};
    const fid_rows rows_b = {b->pixels, b->stride_bytes, 0, b->format.height};
    const pith_alloc *alloc = &c->env.alloc;
    pith_status status = PITH_OK;
    fid_meter *meter = NULL;
    fid_tile *row = mem_alloc(alloc, across, sizeof *row);
    if (!row) return PITH_E_NOMEM;
    PITH_TRY(fid_meter_new(&meter, alloc, a->format.width, a->format.height, a->format.n_channels));
    for (uint32_t ty = 0; ty < down && status == PITH_OK; ty++) {
        fid_measure_tiles(meter, &rows_a, &rows_b, ty, 0, across, row);
        for (uint32_t tx = 0; tx < across; tx++) {
            c->result.worst_tile = fmax(c->result.worst_tile, (double)row[tx].error); /* fmax ignores the initial NaN */
            if (c->options.tiles) note_tile(&c->options.tiles[(size_t)ty * across + tx], &row[tx], is_first);
        }
        status = job_look(&c->job, c->why);
    }
cleanup:
    fid_meter_free(&meter);
    mem_free(alloc, row);
    return status;
}

static pith_status measure_tiles(comparison *c, const pith_image *a, const pith_image *b, bool is_first) {
    pith_status status = PITH_OK;
    pith_image bytes[2] = {*a, *b};
    const uint8_t n_channels =
        a->format.n_channels > b->format.n_channels ? a->format.n_channels : b->format.n_channels;
    PITH_TRY(whole_picture_bytes(&bytes[0], &c->env, a, n_channels, c->why));
    PITH_TRY(whole_picture_bytes(&bytes[1], &c->env, b, n_channels, c->why));
    PITH_TRY(measure_rows(c, &bytes[0], &bytes[1], is_first));
cleanup:
    if (bytes[0].pixels != a->pixels) mem_free(&c->env.alloc, bytes[0].pixels);
    if (bytes[1].pixels != b->pixels) mem_free(&c->env.alloc, bytes[1].pixels);
    return status;
}

static pith_status report(comparison *c, double done) { return job_report(&c->job, "comparing", done, c->why); }

/* For pictures without alpha. `part` is the share of the whole call's progress. */
static pith_status measure(comparison *c, const pith_image *a, const pith_image *b, span part, bool is_first) {
    pith_status status = PITH_OK;
    const uint32_t measures = c->options.measures;
    const pith_alloc *alloc = &c->env.alloc;
    const watch watch = job_watch(&c->job);
    double figure;
    if (measures & PITH_MEASURE_PSNR) note_lesser(&c->result.psnr_db, fid_psnr(a, b));
    PITH_TRY(report(c, span_at(part, 0.05)));
    if (measures & PITH_MEASURE_MS_SSIM) {
        PITH_TRY(fid_ms_ssim(&figure, alloc, a, b, watch));
        note_lesser(&c->result.ms_ssim, figure);
    }
    PITH_TRY(report(c, span_at(part, 0.4)));
    if (measures & PITH_MEASURE_SSIMULACRA2) {
        PITH_TRY(fid_ssimulacra2_score(&figure, alloc, a, b, watch));
        note_lesser(&c->result.ssimulacra2, figure);
    }
    PITH_TRY(report(c, span_at(part, 0.9)));
    if (measures & PITH_MEASURE_TILES) PITH_TRY(measure_tiles(c, a, b, is_first));
cleanup:
    if (status == PITH_E_NOMEM) diag_set(c->why, status, "out of memory to compare pictures");
    return status;
}

static pith_status measure_composed(comparison *c, span part) {
    pith_status status = PITH_OK;
    for (int i = 0; i < 2; i++) PITH_TRY(whole_picture_opaque(&c->opaque[i], &c->env, &c->pictures[i], c->why));
    for (int on_white = 1; on_white >= 0; on_white--) {
        for (int i = 0; i < 2; i++) whole_picture_compose(&c->opaque[i], &c->pictures[i], on_white);
        const span half = {span_at(part, on_white ? 0 : 0.5), span_at(part, on_white ? 0.5 : 1)};
        PITH_TRY(measure(c, &c->opaque[0], &c->opaque[1], half, on_white));
    }
cleanup:
    return status;
}

static pith_status compare(comparison *c) {
    pith_status status = PITH_OK;
    const span part = {0.1, 1};
    PITH_TRY(check(c));
    for (int i = 0; i < 2; i++) {
        PITH_TRY(report(c, 0.05 * i));
        PITH_TRY(whole_picture_read(&c->pictures[i], &c->env, &c->sources[i], &c->job, c->why));
    }
    const bool has_alpha = c->pictures[0].format.n_channels % 2 == 0 || c->pictures[1].format.n_channels % 2 == 0;
    PITH_TRY(has_alpha ? measure_composed(c, part) : measure(c, &c->pictures[0], &c->pictures[1], part, true));
    PITH_TRY(report(c, 1));
cleanup:
    for (int i = 0; i < 2; i++) {
        mem_free(&c->env.alloc, c->pictures[i].pixels);
        mem_free(&c->env.alloc, c->opaque[i].pixels);
    }
    return status;
}

pith_status pith_compare(const pith_env *env, const pith_source *original, const pith_source *decoded,
                         const pith_compare_options *options, pith_compare_result *result, pith_diag *why) {
    pith_status status = PITH_OK;
    comparison c = {.why = why, .result = {.psnr_db = NAN, .ms_ssim = NAN, .ssimulacra2 = NAN, .worst_tile = NAN}};
    const pith_compare_result nothing = c.result;
    if (why) diag_clear(why);
    if (!original || !decoded || !result) return diag_set(why, PITH_E_ARG, "pith_compare: an argument is NULL");
    PITH_TRY(env_copy(&c.env, env, why));
    pith_compare_options_defaults(&c.options, sizeof c.options);
    PITH_TRY(sized_give(result, &nothing, sizeof nothing, "pith_compare_result",
                        why)); /* a bad size is reported before the work begins */
    PITH_TRY(sized_take(&c.sources[0], sizeof c.sources[0], original, "pith_source", why));
    PITH_TRY(sized_take(&c.sources[1], sizeof c.sources[1], decoded, "pith_source", why));
    if (options) PITH_TRY(sized_take(&c.options, sizeof c.options, options, "pith_compare_options", why));
    job_start(&c.job, &c.env);
    PITH_TRY(job_end(&c.job, compare(&c), why));
    PITH_TRY(sized_give(result, &c.result, sizeof c.result, "pith_compare_result", why));
cleanup:
    return status;
}
