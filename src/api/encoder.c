/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Encoding: pixels -> latents (network, tile by tile) -> step chosen -> slices
 * -> file. The network runs once; the search for a size runs the coder alone. */
#include <math.h>
#include <string.h>

#include "api/env.h"
#include "api/latents.h"
#include "api/model.h"
#include "api/pixels.h"
#include "api/tiles.h"
#include "container/ctr_write.h"

/* The coarsest step that a search for a size may take, coarser than quality
 * 0's: beyond it hardly a symbol is left that is not 0. */
#define LOG2_STEP_COARSEST 6.0f

struct pith_encoder {
    pith_env env;
    model_session *session;
    const model_traits *traits; /* of the session's model */
    lat_coder *coder;
    pith_diag diag;
    pith_timing timing;
};

void pith_encode_options_defaults(pith_encode_options *options, size_t struct_size) {
    pith_encode_options defaults = {.struct_size = struct_size, .quality = 50};
    if (options) memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

pith_status pith_encoder_new(pith_encoder **out, const pith_env *env, pith_model *model, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    pith_encoder *e = NULL;
    if (why) diag_clear(why);
    if (!out || !model) return diag_set(why, PITH_E_ARG, "pith_encoder_new: an argument is NULL");
    *out = NULL;
    PITH_TRY(env_copy(&own, env, why));
    e = mem_alloc(&own.alloc, 1, sizeof *e);
    if (!e) return diag_set(why, PITH_E_NOMEM, "out of memory");
    e->env = own;
    e->traits = model_traits_of(model);
    PITH_TRY(model_session_new(&e->session, model, why));
    status = lat_coder_new(&e->coder, &e->env.alloc, e->traits->n_latent);
    if (status != PITH_OK) {
        diag_set(why, status, "out of memory");
        goto cleanup;
    }
    *out = e;
    e = NULL;
cleanup:
    pith_encoder_free(&e);
    return status;
}

void pith_encoder_free(pith_encoder **encoder) {
    if (!encoder || !*encoder) return;
    pith_encoder *e = *encoder;
    *encoder = NULL;
    model_session_free(&e->session);
    lat_coder_free(&e->coder);
    pith_alloc alloc = e->env.alloc;
    mem_free(&alloc, e);
}

const char *pith_encoder_message(const pith_encoder *encoder) { return encoder ? encoder->diag.message : ""; }

void pith_encoder_timing(const pith_encoder *encoder, pith_timing *timing) {
    if (encoder && timing) *timing = encoder->timing;
}

/* ---- pixels -> latents ---------------------------------------------------------------- */

/* Work space of one call. */
typedef struct encode_job {
    ctr_head head;
    latent_planes latents;
    row_band band;
    float *window_pixels, *window_latents;
    int16_t *symbols; /* as large as latents */
} encode_job;

static void job_free(encode_job *job, const pith_alloc *alloc) {
    band_free(&job->band, alloc);
    mem_free(alloc, job->window_pixels);
    mem_free(alloc, job->window_latents);
    mem_free(alloc, job->symbols);
    latents_free(&job->latents, alloc);
}

static pith_status check_arguments(pith_encoder *e, const pith_source *source, const pith_encode_options *o) {
    const pith_image_format *f = &source->format;
    if (!source->read_rows) return diag_set(&e->diag, PITH_E_ARG, "the source has no read_rows");
    if (f->bit_depth != 8 && f->bit_depth != 16)
        return diag_set(&e->diag, PITH_E_ARG, "samples of %u bits", f->bit_depth);
    if (f->n_channels == 2 || f->n_channels == 4)
        return diag_set(&e->diag, PITH_E_UNSUPPORTED, "alpha cannot be coded yet: composite the picture first");
    if (f->n_channels != 1 && f->n_channels != 3)
        return diag_set(&e->diag, PITH_E_ARG, "a picture of %u channels", f->n_channels);
    if (!(o->quality >= 0 && o->quality <= 100)) return diag_set(&e->diag, PITH_E_ARG, "quality must be 0 to 100");
    return env_check_picture(&e->env, f, &e->diag);
}

static pith_status fill_head(pith_encoder *e, const pith_image_format *f, ctr_head *head) {
    const model_traits *t = e->traits;
    *head = (ctr_head){
        .width = f->width,
        .height = f->height,
        .grey = f->n_channels == 1,
        .method = PITH_METHOD_LATENT,
        .n_latent = (uint8_t)t->n_latent,
        .log2_downscale = (uint8_t)t->log2_downscale,
    };
    memcpy(head->model_name, t->name, sizeof head->model_name);
    return model_latent_id(model_session_model(e->session), head->latent_id, &e->diag);
}

/* The encoder network over one window; its core goes to the latent planes. */
static pith_status run_window(pith_encoder *e, encode_job *job, const tile_grid *grid, tile_span tx, tile_span ty) {
    const uint32_t s = 1u << e->traits->log2_downscale, h = grid->y.window, w = grid->x.window;
    pixel_rect rect = {tx.window_start * s, ty.window_start * s, w * s, h * s};
    pixels_load(&job->band, rect, job->window_pixels);
    pith_status status = model_encode(e->session, h, w, job->window_pixels, job->window_latents, &e->diag);
    if (status != PITH_OK) return status;
    const latent_planes *l = &job->latents;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (uint32_t y = 0; y < ty.core_length; y++) {
            const float *from = job->window_latents + ((size_t)c * h + ty.core_start - ty.window_start + y) * w +
                                (tx.core_start - tx.window_start);
            float *to = l->values + ((size_t)c * l->height + ty.core_start + y) * l->width + tx.core_start;
            memcpy(to, from, tx.core_length * sizeof *to);
        }
    return PITH_OK;
}

static pith_status pixels_to_latents(pith_encoder *e, encode_job *job, const pith_source *source) {
    pith_status status = PITH_OK;
    const uint32_t s = 1u << e->traits->log2_downscale, height = source->format.height;
    tile_grid grid = tile_grid_make(job->latents.width, job->latents.height, e->traits->encoder_reach);
    size_t window = (size_t)grid.x.window * grid.y.window;
    double start = env_seconds();

    PITH_TRY(model_bind_encoder(e->session, grid.y.window, grid.x.window, &e->diag));
    e->timing.bind_seconds = env_seconds() - start;
    PITH_TRY(band_init(&job->band, &e->env.alloc, &source->format, grid.y.window * s, &e->diag));
    job->window_pixels = mem_alloc(&e->env.alloc, window, (size_t)3 * s * s * sizeof(float));
    job->window_latents = mem_alloc(&e->env.alloc, window, e->traits->n_latent * sizeof(float));
    if (!job->window_pixels || !job->window_latents) {
        status = diag_set(&e->diag, PITH_E_NOMEM, "out of memory for a tile");
        goto cleanup;
    }
    for (uint32_t j = 0; j < grid.y.count; j++) {
        tile_span ty = tile_axis_span(&grid.y, j);
        uint32_t last = (ty.window_start + grid.y.window) * s;
        PITH_TRY(band_read(&job->band, source, ty.window_start * s, last < height ? last : height, &e->diag));
        for (uint32_t i = 0; i < grid.x.count; i++) {
            PITH_TRY(env_report(&e->env, "encoding",
                                0.8 * ((double)j * grid.x.count + i) / ((double)grid.y.count * grid.x.count),
                                &e->diag));
            PITH_TRY(run_window(e, job, &grid, tile_axis_span(&grid.x, i), ty));
        }
    }
    e->timing.network_seconds = env_seconds() - start - e->timing.bind_seconds;
cleanup:
    /* The search for a size comes next and needs none of this. */
    band_free(&job->band, &e->env.alloc);
    mem_free(&e->env.alloc, job->window_pixels);
    mem_free(&e->env.alloc, job->window_latents);
    job->window_pixels = job->window_latents = NULL;
    return status;
}

/* ---- latents -> bytes -------------------------------------------------------------------- */

static void quantise_all(encode_job *job, uint32_t step_index) {
    const latent_planes *l = &job->latents;
    job->head.step_index = (uint16_t)step_index;
    lat_quantise(l->values, latents_count(l), lat_step(step_index), job->symbols);
}

/* Bytes of the whole file at a step. */
static pith_status file_cost(pith_encoder *e, encode_job *job, uint32_t step_index, uint64_t *n_bytes) {
    pith_status status = PITH_OK;
    quantise_all(job, step_index);
    *n_bytes = ctr_head_bytes(&job->head);
    for (uint32_t i = 0; i < ctr_slice_count(&job->head); i++) {
        uint64_t coded = 0;
        lat_block block = latents_slice(&job->latents, job->symbols, ctr_slice_rect(&job->head, i));
        PITH_TRY(lat_cost(e->coder, &block, &coded));
        *n_bytes += ctr_slice_bytes((size_t)coded);
    }
cleanup:
    return status == PITH_OK ? status : diag_set(&e->diag, status, "the latent coder failed");
}

/* A step tried by the search, and what its file costs. */
typedef struct tried_step {
    uint32_t index;
    double log_bytes;
    bool known; /* false: the end of the range, not tried */
} tried_step;

/* The next step to try, strictly between two: where the straight line through
 * the known ends meets the target (the logarithm of the size is nearly linear
 * in the index), or the middle. */
static uint32_t next_step(const tried_step *fine, const tried_step *coarse, double log_target, bool halve) {
    const double usual_slope = -0.0105; /* per index: the size halves in 66 of them */
    double guess = 0.5 * (fine->index + coarse->index);
    if (fine->known && coarse->known && !halve) {
        double slope = (coarse->log_bytes - fine->log_bytes) / (coarse->index - fine->index);
        if (slope < 0) guess = coarse->index + (log_target - coarse->log_bytes) / slope;
    } else if (fine->known && !halve) {
        guess = fine->index + (log_target - fine->log_bytes) / usual_slope + 2;
    } else if (coarse->known && !halve) {
        guess = coarse->index + (log_target - coarse->log_bytes) / usual_slope - 2;
    }
    guess = fmin(fmax(guess, fine->index + 1), coarse->index - 1);
    return (uint32_t)(guess + 0.5);
}

/* The finest step whose file has at most max_bytes. */
static pith_status find_step(pith_encoder *e, encode_job *job, uint64_t max_bytes, uint32_t *step_index) {
    pith_status status = PITH_OK;
    /* The ends lie one outside the legal range; `fine` is too large, `coarse` fits. */
    tried_step fine = {.index = lat_step_index_from_log2(e->traits->log2_step_q100) - 1};
    tried_step coarse = {.index = lat_step_index_from_log2(LOG2_STEP_COARSEST) + 1};
    uint32_t next = LAT_STEP_INDEX_ONE + 64; /* about 5 kB for 512x512 */
    uint64_t n_bytes = 0;

    for (int round = 0; coarse.index - fine.index > 1; round++) {
        PITH_TRY(env_report(&e->env, "choosing the quality", 0.8 + 0.15 * round / (round + 2), &e->diag));
        if (next <= fine.index || next >= coarse.index)
            next = next_step(&fine, &coarse, log((double)max_bytes), round % 4 == 3);
        PITH_TRY(file_cost(e, job, next, &n_bytes));
        *(n_bytes <= max_bytes ? &coarse : &fine) = (tried_step){next, log((double)n_bytes), true};
    }
    if (!coarse.known)
        status = diag_set(&e->diag, PITH_E_LIMIT, "cannot be made as small as %llu bytes: %llu is the least",
                          (unsigned long long)max_bytes, (unsigned long long)n_bytes);
    *step_index = coarse.index;
cleanup:
    return status;
}

static uint32_t step_of_quality(const model_traits *t, float quality) {
    return lat_step_index_from_log2(t->log2_step_q0 + (t->log2_step_q100 - t->log2_step_q0) * quality / 100);
}

static pith_status write_file(pith_encoder *e, encode_job *job, byte_writer *file) {
    pith_status status = PITH_OK;
    byte_writer coded;
    bw_init(&coded, &e->env.alloc);
    PITH_TRY(ctr_write_head(file, &job->head, &e->diag));
    for (uint32_t i = 0; i < ctr_slice_count(&job->head); i++) {
        lat_block block = latents_slice(&job->latents, job->symbols, ctr_slice_rect(&job->head, i));
        coded.n_bytes = 0;
        status = lat_encode(e->coder, &block, &coded);
        if (status == PITH_OK) status = coded.status;
        if (status != PITH_OK) {
            diag_set(&e->diag, status, "the latent coder failed");
            goto cleanup;
        }
        ctr_write_slice(file, lat_checksum(&block), coded.data, coded.n_bytes);
    }
    status = file->status;
    if (status != PITH_OK) diag_set(&e->diag, status, "out of memory for the file");
cleanup:
    bw_free(&coded);
    return status;
}

static pith_status latents_to_file(pith_encoder *e, encode_job *job, const pith_encode_options *o, byte_writer *file) {
    pith_status status = PITH_OK;
    double start = env_seconds();
    uint32_t step_index = step_of_quality(e->traits, o->quality);
    job->symbols = mem_alloc(&e->env.alloc, latents_count(&job->latents), sizeof *job->symbols);
    if (!job->symbols) {
        status = diag_set(&e->diag, PITH_E_NOMEM, "out of memory for the latents");
        goto cleanup;
    }
    if (o->max_bytes > 0) PITH_TRY(find_step(e, job, o->max_bytes, &step_index));
    quantise_all(job, step_index);
    PITH_TRY(env_report(&e->env, "coding", 0.95, &e->diag));
    PITH_TRY(write_file(e, job, file));
    PITH_TRY(env_report(&e->env, "coding", 1, &e->diag));
cleanup:
    e->timing.coding_seconds = env_seconds() - start;
    return status;
}

pith_status pith_encode(pith_encoder *e, const pith_source *source, const pith_encode_options *options,
                        pith_bytes *out) {
    pith_status status = PITH_OK;
    encode_job job = {0};
    byte_writer file = {0};
    pith_encode_options o;
    if (!e || !source || !out) return PITH_E_ARG;
    *out = (pith_bytes){0};
    diag_clear(&e->diag);
    e->timing = (pith_timing){0};
    pith_encode_options_defaults(&o, sizeof o);
    if (options) memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    bw_init(&file, &e->env.alloc);

    PITH_TRY(check_arguments(e, source, &o));
    PITH_TRY(fill_head(e, &source->format, &job.head));
    PITH_TRY(latents_init(&job.latents, &e->env.alloc, &job.head, &e->diag));
    PITH_TRY(pixels_to_latents(e, &job, source));
    PITH_TRY(latents_to_file(e, &job, &o, &file));
    *out = (pith_bytes){file.data, file.n_bytes};
    file.data = NULL;
cleanup:
    bw_free(&file);
    job_free(&job, &e->env.alloc);
    return status;
}
