/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Encoding: pixels -> latents (network, tile by tile) -> step chosen -> slices
 * -> file. The network runs once; choosing the step is rate_control.c's. */
#include <string.h>

#include "api/alpha.h"
#include "api/alpha_fill.h"
#include "api/blur_text.h"
#include "api/closed_loop.h"
#include "api/env.h"
#include "api/exact_file.h"
#include "api/flat_window.h"
#include "api/latent_search.h"
#include "api/latents.h"
#include "api/memory_plan.h"
#include "api/metadata.h"
#include "api/model.h"
#include "api/palette_method.h"
#include "api/pixels.h"
#include "api/rate_control.h"
#include "api/tiles.h"
#include "api/tint.h"
#include "codec/lat_prior.h"
#include "container/ctr_write.h"

/* Larger pictures are not kept for the closed loop, unless a promise asks for it. */
#define MAX_CLOSED_PIXELS 40000000u

struct pith_encoder {
    pith_env env;
    env_clock clock;
    model_session *session;     /* NULL without a model */
    const model_traits *traits; /* of the session's model */
    pith_diag diag;
    pith_timing timing;
};

void pith_encode_options_defaults(pith_encode_options *options, size_t struct_size) {
    pith_encode_options defaults = {
        .struct_size = struct_size, .quality = 50, .method = PITH_METHOD_LATENT, .effort = 1};
    if (options) memcpy(options, &defaults, struct_size < sizeof defaults ? struct_size : sizeof defaults);
}

pith_status pith_encoder_new(pith_encoder **out, const pith_env *env, pith_model *model, pith_diag *why) {
    pith_status status = PITH_OK;
    pith_env own;
    pith_encoder *e = NULL;
    if (why) diag_clear(why);
    if (!out) return diag_set(why, PITH_E_ARG, "pith_encoder_new: an argument is NULL");
    *out = NULL;
    PITH_TRY(env_copy(&own, env, why));
    e = mem_alloc(&own.alloc, 1, sizeof *e);
    if (!e) return diag_set(why, PITH_E_NOMEM, "out of memory");
    e->env = own;
    if (model) {
        e->traits = model_traits_of(model);
        PITH_TRY(model_session_new(&e->session, model, why));
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
    uint64_t memory; /* bytes that the call may take */
    int effort;
    encode_stages stages;
    tile_grid grid;
    row_band band;
    alpha_writer alpha;
    float *window_pixels, *window_opacity;        /* the last of pictures with alpha */
    float *window_latents[MEMORY_ENCODE_BUFFERS]; /* of the first, an inner and the last window of a line */
    flat_window flat[MEMORY_ENCODE_BUFFERS];      /* what is in them */
    int16_t *symbols;                             /* as large as latents */
    bool has_tint;
    ctr_tint tint;
    byte_writer after; /* chunks that follow the slices */
} encode_job;

static void free_window_latents(encode_job *job, const pith_alloc *alloc) {
    for (size_t i = 0; i < MEMORY_ENCODE_BUFFERS; i++) {
        mem_free(alloc, job->window_latents[i]);
        job->window_latents[i] = NULL;
    }
}

static void job_free(encode_job *job, const pith_alloc *alloc) {
    band_free(&job->band, alloc);
    mem_free(alloc, job->window_pixels);
    free_window_latents(job, alloc);
    mem_free(alloc, job->window_opacity);
    alpha_writer_free(&job->alpha);
    mem_free(alloc, job->symbols);
    bw_free(&job->after);
    latents_free(&job->latents, alloc);
}

static pith_status check_arguments(pith_encoder *e, const pith_source *source, const pith_encode_options *o) {
    const pith_image_format *f = &source->format;
    if (!source->read_rows) return diag_set(&e->diag, PITH_E_ARG, "the source has no read_rows");
    if (f->bit_depth != 8 && f->bit_depth != 16)
        return diag_set(&e->diag, PITH_E_ARG, "samples of %u bits", f->bit_depth);
    if (f->n_channels < 1 || f->n_channels > 4)
        return diag_set(&e->diag, PITH_E_ARG, "a picture of %u channels", f->n_channels);
    if (o->effort < 0 || o->effort > 3) return diag_set(&e->diag, PITH_E_ARG, "effort must be 0 to 3");
    if (o->faithful < PITH_LEVEL_NONE || o->faithful > PITH_LEVEL_STRICT)
        return diag_set(&e->diag, PITH_E_ARG, "no such level of faithfulness");
    if (o->faithful && o->method != PITH_METHOD_LATENT)
        return diag_set(&e->diag, PITH_E_ARG, "a palette can promise nothing");
    if (o->faithful && o->max_bytes) return diag_set(&e->diag, PITH_E_ARG, "a promise and a size exclude each other");
    if (!(o->quality >= 0 && o->quality <= 100)) return diag_set(&e->diag, PITH_E_ARG, "quality must be 0 to 100");
    const bool is_exact = o->lossless || o->method == PITH_METHOD_EXACT;
    if (is_exact && (o->max_bytes || o->faithful || o->method == PITH_METHOD_PALETTE))
        return diag_set(&e->diag, PITH_E_ARG, "what is lossless has one quality, and what size that takes");
    if (!is_exact && !e->session) return diag_set(&e->diag, PITH_E_ARG, "only what is lossless needs no model");
    if (o->method != PITH_METHOD_LATENT && o->method != PITH_METHOD_PALETTE && o->method != PITH_METHOD_EXACT)
        return diag_set(&e->diag, PITH_E_ARG, "method %d is not known", (int)o->method);
    if (o->method == PITH_METHOD_PALETTE && o->max_bytes > 0)
        return diag_set(&e->diag, PITH_E_ARG, "a palette has no quality: its size cannot be chosen");
    pith_status status = env_check_picture(&e->env, f, &e->diag);
    if (status == PITH_OK && o->n_protect > 0 && !o->protect)
        status = diag_set(&e->diag, PITH_E_ARG, "no areas to protect");
    for (size_t i = 0; status == PITH_OK && i < o->n_protect; i++) {
        const pith_area *a = &o->protect[i];
        bool inside = a->width > 0 && a->width <= f->width && a->x <= f->width - a->width && a->height > 0 &&
                      a->height <= f->height && a->y <= f->height - a->height;
        if (!inside)
            status =
                diag_set(&e->diag, PITH_E_ARG, "the area %u,%u,%u,%u to protect is not inside the picture of %ux%u",
                         a->x, a->y, a->width, a->height, f->width, f->height);
    }
    return status;
}

static pith_status fill_head(pith_encoder *e, const pith_image_format *f, pith_method method, ctr_head *head) {
    const model_traits *t = e->traits;
    *head = (ctr_head){
        .width = f->width,
        .height = f->height,
        .grey = f->n_channels < 3,
        .deep = f->bit_depth == 16,
        .method = (uint8_t)method,
        .n_latent = (uint8_t)t->n_latent,
        .log2_downscale = (uint8_t)t->log2_downscale,
    };
    head->recipe = model_recipe(t, ctr_latent_width(head), ctr_latent_height(head));
    memcpy(head->model_name, t->name, sizeof head->model_name);
    pith_status status = model_latent_id(model_session_model(e->session), head->latent_id, &e->diag);
    if (status == PITH_OK) status = model_check_decoder(model_session_model(e->session), &e->diag);
    if (method == PITH_METHOD_LATENT) head->prior_id = lat_prior_for(head->latent_id);
    return status;
}

static pith_status load_window(pith_encoder *e, encode_job *job, pixel_rect rect) {
    pixels_load(&job->band, rect, job->window_pixels);
    if (!job->window_opacity) return PITH_OK;
    pixels_load_alpha(&job->band, rect, job->window_opacity);
    return alpha_fill(job->window_pixels, job->window_opacity, rect.height, rect.width, &e->env.alloc, &e->diag);
}

/* Room for one window. */
static pith_status job_init(pith_encoder *e, encode_job *job, const pith_image_format *format, const tile_grid *grid,
                            const pith_encode_options *o) {
    const uint32_t s = 1u << e->traits->log2_downscale;
    const size_t window = (size_t)grid->x.window * grid->y.window;
    const pith_alloc *alloc = &e->env.alloc;
    pith_status status = band_init(&job->band, alloc, format, grid->y.window * s, &e->diag);
    if (status == PITH_OK) status = alpha_writer_init(&job->alpha, alloc, format, o->quality, o->max_bytes, &e->diag);
    if (status != PITH_OK) return status;
    job->window_pixels = mem_alloc(alloc, window, (size_t)3 * s * s * sizeof(float));
    bool has_all = job->window_pixels != NULL;
    for (size_t i = 0; i < MEMORY_ENCODE_BUFFERS && i < grid->x.count; i++) {
        job->window_latents[i] = mem_alloc(alloc, window, e->traits->n_latent * sizeof(float));
        has_all = has_all && job->window_latents[i];
    }
    bool has_alpha = format->n_channels % 2 == 0;
    if (has_alpha) job->window_opacity = mem_alloc(alloc, window, (size_t)s * s * sizeof(float));
    if (has_all && (job->window_opacity || !has_alpha)) return PITH_OK;
    return diag_set(&e->diag, PITH_E_NOMEM, "out of memory for a tile");
}

static model_window window_of(const tile_grid *grid, tile_span tx, tile_span ty) {
    model_window w = {.h = grid->y.window, .w = grid->x.window};
    w.keep_h = tile_axis_kept(&grid->y, ty, &w.keep_y);
    w.keep_w = tile_axis_kept(&grid->x, tx, &w.keep_x);
    return w;
}

/* The encoder network over one window; its core goes to the latent planes. */
static pith_status run_window(pith_encoder *e, encode_job *job, const tile_grid *grid, uint32_t column, tile_span ty) {
    const tile_span tx = tile_axis_span(&grid->x, column);
    const size_t buffer = column == 0 ? 0 : column + 1 < grid->x.count || grid->x.count == 2 ? 1 : 2;
    float *latents = job->window_latents[buffer];
    flat_window *flat = &job->flat[buffer];
    const uint32_t s = 1u << e->traits->log2_downscale, h = grid->y.window, w = grid->x.window;
    pixel_rect rect = {tx.window_start * s, ty.window_start * s, w * s, h * s};
    pith_status status = load_window(e, job, rect);
    if (status != PITH_OK) return status;
    const model_window window = window_of(grid, tx, ty);
    if (!flat_window_take(flat, &window, job->window_pixels, 3, (size_t)rect.width * rect.height))
        status = model_encode(e->session, &window, job->window_pixels, latents, &e->diag);
    if (status != PITH_OK) return status;
    const latent_planes *l = &job->latents;
    for (uint32_t c = 0; c < l->n_channels; c++)
        for (uint32_t y = 0; y < ty.core_length; y++) {
            const float *from =
                latents + ((size_t)c * h + ty.core_start - ty.window_start + y) * w + (tx.core_start - tx.window_start);
            float *to = l->values + ((size_t)c * l->height + ty.core_start + y) * l->width + tx.core_start;
            memcpy(to, from, tx.core_length * sizeof *to);
        }
    return PITH_OK;
}

static pith_status pixels_to_latents(pith_encoder *e, encode_job *job, const pith_source *source,
                                     const pith_encode_options *o) {
    pith_status status = PITH_OK;
    const uint32_t s = 1u << e->traits->log2_downscale, height = source->format.height;
    const tile_grid grid = job->grid;
    const double n_windows = (double)grid.y.count * grid.x.count, start = env_seconds();

    const model_window first = window_of(&grid, tile_axis_span(&grid.x, 0), tile_axis_span(&grid.y, 0));
    PITH_TRY(model_bind_encoder(e->session, &first, &e->diag));
    e->timing.bind_seconds = env_seconds() - start;
    PITH_TRY(job_init(e, job, &source->format, &grid, o));
    for (uint32_t j = 0; j < grid.y.count; j++) {
        tile_span ty = tile_axis_span(&grid.y, j);
        uint32_t last = (ty.window_start + grid.y.window) * s;
        PITH_TRY(band_read(&job->band, source, ty.window_start * s, last < height ? last : height, &e->diag));
        PITH_TRY(alpha_writer_take(&job->alpha, &job->band, &e->diag));
        for (uint32_t i = 0; i < grid.x.count; i++) {
            PITH_TRY(model_session_report(e->session, &e->env, "encoding",
                                          env_span_at(job->stages.network, (j * (double)grid.x.count + i) / n_windows),
                                          &e->diag));
            PITH_TRY(run_window(e, job, &grid, i, ty));
        }
    }
    job->head.alpha = job->alpha.seen_through; /* all opaque is no alpha */
    e->timing.network_seconds = env_seconds() - start - e->timing.bind_seconds;
cleanup:
    /* The search for a size comes next and needs none of this. The network of a picture in one piece is kept for the
     * next one of its size. */
    if (n_windows > 1) model_session_release(e->session);
    band_free(&job->band, &e->env.alloc);
    mem_free(&e->env.alloc, job->window_pixels);
    free_window_latents(job, &e->env.alloc);
    mem_free(&e->env.alloc, job->window_opacity);
    job->window_pixels = job->window_opacity = NULL;
    return status;
}

/* ---- latents -> bytes -------------------------------------------------------------------- */

/* Appends a file of latents and a tint alone, of at most `max_bytes` if that is not 0. `original`: for a search of the
 * symbols, or NULL. */
static pith_status latents_to_file(pith_encoder *e, encode_job *job, rate_wish wish, const pith_image *original,
                                   byte_writer *file) {
    pith_status status = PITH_OK;
    rate_control rate = {.env = &e->env, .traits = e->traits, .diag = &e->diag, .span = job->stages.writing};
    if (job->head.method == PITH_METHOD_PALETTE)
        return palette_write(file, &job->head, &job->latents, e->traits->palette_unit, &e->env.alloc, &e->diag);
    if (!job->symbols) job->symbols = mem_alloc(&e->env.alloc, latents_count(&job->latents), sizeof *job->symbols);
    if (!job->symbols) return diag_set(&e->diag, PITH_E_NOMEM, "out of memory for the latents");
    PITH_TRY(slice_pool_new(&rate.pool, &e->env, job->memory, job->head.n_latent, job->head.prior_id,
                            ctr_slice_count(&job->head), &e->diag));
    PITH_TRY(rate_choose(&rate, &job->latents, wish, &job->head, job->symbols));
    if (original) {
        const latent_search search = {.env = &e->env,
                                      .session = e->session,
                                      .diag = &e->diag,
                                      .original = original,
                                      .memory = job->memory,
                                      .rate = &rate,
                                      .latents = &job->latents,
                                      .effort = job->effort,
                                      .span = job->stages.search};
        PITH_TRY(latent_search_run(&search, wish, &job->head, job->symbols));
    }
    PITH_TRY(ctr_write_head(file, &job->head, &e->diag));
    PITH_TRY(rate_write_slices(&rate, &job->latents, job->symbols, &job->head, file));
    if (job->has_tint) ctr_write_tint(file, &job->tint);
cleanup:
    slice_pool_free(&rate.pool);
    return status;
}

typedef struct latents_writer {
    pith_encoder *encoder;
    encode_job *job;
    uint64_t other_bytes; /* of the whole file */
    const pith_image *original;
} latents_writer;

static pith_status write_latents(void *user, float quality, uint64_t max_bytes, bool search, byte_writer *file) {
    latents_writer *w = user;
    const size_t tint_bytes = w->job->has_tint ? ctr_chunk_bytes(CTR_TINT_BYTES) : 0;
    const rate_wish wish = {quality, max_bytes, w->other_bytes + tint_bytes};
    return latents_to_file(w->encoder, w->job, wish, search ? w->original : NULL, file);
}

/* Large networks take too long to be run for every trial unasked; nor is memory
 * taken from the networks that they need more. */
static bool is_closed_loop(const pith_encoder *e, const pith_encode_options *o, const pith_image_format *f) {
    if (o->method != PITH_METHOD_LATENT) return false;
    if (o->faithful) return true;
    if (closed_loop_bytes(f) > memory_allowed(o->max_memory_bytes, model_session_model(e->session)) / 2) return false;
    if ((uint64_t)f->width * f->height > MAX_CLOSED_PIXELS) return false;
    return o->effort > (e->traits->max_whole_positions > 0 ? 1 : 0);
}

static pith_status encode_open(pith_encoder *e, encode_job *job, const pith_source *source,
                               const pith_encode_options *o, byte_writer *file) {
    pith_status status = PITH_OK;
    PITH_TRY(pixels_to_latents(e, job, source, o));
    double start = env_seconds();
    rate_wish wish = {o->quality, o->max_bytes, job->after.n_bytes};
    if (job->head.alpha) wish.other_bytes += job->alpha.chunks.n_bytes;
    status = latents_to_file(e, job, wish, NULL, file);
    e->timing.coding_seconds = env_seconds() - start;
cleanup:
    return status;
}

/* ---- the closed loop ------------------------------------------------------------------------- */

/* Each has the encoder network see the picture again. Text that is lost by far goes first: others may then be kept. */
static const float blur_margins[] = {0.05f, 0};
#define N_BLURS ((uint32_t)(sizeof blur_margins / sizeof *blur_margins))

/* Text that may be blurred: to a size alone, as who asks for a quality has the bytes. Nothing is of 16 bits, nor told
 * of what is seen through. (A size excludes a promise.) */
static pith_status find_text(pith_encoder *e, const encode_job *job, const kept_source *kept,
                             const pith_encode_options *o, fid_lines *text) {
    if (o->max_bytes == 0 || job->head.deep || job->head.alpha) return PITH_OK;
    pith_status status = fid_lines_find(text, &e->env.alloc, &kept->image);
    for (size_t i = 0; status == PITH_OK && i < o->n_protect; i++) {
        const pith_area *a = &o->protect[i];
        fid_lines_forget(text, &(fid_rect){a->x, a->y, a->width, a->height});
    }
    return status == PITH_OK ? status : diag_set(&e->diag, status, "out of memory for lines of text");
}

/* Latents of the picture without the text that was lost; *any: some was. */
static pith_status blur_lost_text(pith_encoder *e, encode_job *job, kept_source *kept, const pith_encode_options *o,
                                  fid_lines *text, float margin, bool *any) {
    pith_status status = PITH_OK;
    pith_source source;
    uint8_t *lost = mem_alloc(&e->env.alloc, text->across, text->down);
    if (!lost) return diag_set(&e->diag, PITH_E_NOMEM, "out of memory for lines of text");
    *any = fid_lines_take_lost(text, margin, lost) > 0;
    if (*any) {
        kept_source_drop_opacity(kept, &e->env);
        blur_blocks(&kept->image, lost, text->across, text->down);
        pith_source_from_image(&source, &kept->image);
        alpha_writer_free(&job->alpha);
        const pith_timing first = e->timing;
        status = pixels_to_latents(e, job, &source, o);
        job->has_tint = tint_find(kept, &job->tint);
        e->timing = first; /* the time of this is the coding's */
    }
    mem_free(&e->env.alloc, lost);
    return status;
}

static pith_status run_loop(pith_encoder *e, encode_job *job, const kept_source *kept, const pith_encode_options *o,
                            fid_lines *text, byte_writer *file, bool *is_exact) {
    latents_writer writer = {e, job, job->after.n_bytes, &kept->image};
    const bool alpha = job->head.alpha;
    if (alpha) writer.other_bytes += job->alpha.chunks.n_bytes;
    closed_loop loop = {.env = &e->env,
                        .model = model_session_model(e->session),
                        .diag = &e->diag,
                        .original = kept,
                        .options = o,
                        .stages = job->stages,
                        .has_tint = job->has_tint,
                        .alpha = alpha,
                        .other_bytes = writer.other_bytes,
                        .alpha_bytes = writer.other_bytes - job->after.n_bytes,
                        .alpha_levels = alpha_writer_levels(&job->alpha),
                        .text = text->n_text > 0 ? text : NULL,
                        .memory = job->memory,
                        .write_latents = write_latents,
                        .user = &writer};
    job->head.alpha = false; /* in the trials */
    file->n_bytes = 0;
    pith_status status = closed_loop_run(&loop, file, is_exact);
    job->head.alpha = alpha && !*is_exact;
    return status;
}

/* The text that the picture keeps is known once it is coded, without a search for symbols; what it cannot keep is
 * blurred and the rest coded again, with one. */
static pith_status run_loops_with_text(pith_encoder *e, encode_job *job, kept_source *kept,
                                       const pith_encode_options *o, fid_lines *text, byte_writer *file,
                                       bool *is_exact) {
    const encode_stages whole = job->stages;
    pith_status status = PITH_OK;
    bool any = true;
    uint32_t n_tried = 0; /* of the margins */
    for (uint32_t i = 0; any; i++) {
        job->stages.loop = (env_span){env_span_at(whole.loop, (double)i / (N_BLURS + 1)),
                                      env_span_at(whole.loop, (i + 1.0) / (N_BLURS + 1))};
        job->stages.search = (env_span){0};
        PITH_TRY(run_loop(e, job, kept, o, text, file, is_exact));
        job->stages.network = (env_span){job->stages.loop.to, job->stages.loop.to};
        for (any = false; n_tried < N_BLURS && !any; n_tried++)
            PITH_TRY(blur_lost_text(e, job, kept, o, text, blur_margins[n_tried], &any));
    }
    job->stages = whole;
    if (whole.search.to > 0 && !*is_exact) PITH_TRY(run_loop(e, job, kept, o, text, file, is_exact));
cleanup:
    return status;
}

static pith_status encode_closed(pith_encoder *e, encode_job *job, const pith_source *source,
                                 const pith_encode_options *o, byte_writer *file) {
    pith_status status = PITH_OK;
    kept_source kept = {0};
    fid_lines text = {0};
    bool is_exact = false;
    PITH_TRY(kept_source_init(&kept, &e->env, source, &e->diag));
    pith_source keeping = kept_source_as_source(&kept);
    PITH_TRY(pixels_to_latents(e, job, &keeping, o));
    double start = env_seconds();
    job->has_tint = tint_find(&kept, &job->tint);
    PITH_TRY(find_text(e, job, &kept, o, &text));
    PITH_TRY((text.n_text > 0 ? run_loops_with_text(e, job, &kept, o, &text, file, &is_exact)
                              : run_loop(e, job, &kept, o, &text, file, &is_exact)));
    e->timing.coding_seconds = env_seconds() - start;
cleanup:
    fid_lines_free(&text, &e->env.alloc);
    kept_source_free(&kept, &e->env);
    return status;
}

/* The tiles, in what memory the closed loop leaves. */
static pith_status plan_tiles(pith_encoder *e, encode_job *job, const pith_image_format *format, uint64_t memory,
                              bool is_closed) {
    const pith_model *model = model_session_model(e->session);
    job->memory = memory_allowed(memory, model);
    if (is_closed && job->memory != UINT64_MAX) {
        uint64_t taken = closed_loop_bytes(format);
        if (taken >= job->memory)
            return diag_set(&e->diag, PITH_E_LIMIT,
                            "comparing a picture of %ux%u with what comes of it takes %llu bytes, "
                            "%llu are allowed",
                            format->width, format->height, (unsigned long long)taken, (unsigned long long)job->memory);
        job->memory -= taken;
    }
    memory_plan plan = {&e->env, model, &job->head, job->memory};
    return memory_plan_encode(&job->grid, &plan, format, &e->diag);
}

static pith_status make_file(pith_encoder *e, encode_job *job, const pith_source *source, const pith_encode_options *o,
                             bool is_closed, byte_writer *file) {
    pith_status status = PITH_OK;
    PITH_TRY((is_closed ? encode_closed : encode_open)(e, job, source, o, file));
    if (job->head.alpha) bw_bytes(file, job->alpha.chunks.data, job->alpha.chunks.n_bytes);
    bw_bytes(file, job->after.data, job->after.n_bytes);
    status = file->status;
    if (status != PITH_OK) {
        diag_set(&e->diag, status, "out of memory for the file");
        goto cleanup;
    }
    PITH_TRY(env_report(&e->env, "coding", 1, &e->diag));
cleanup:
    return status;
}

static pith_status encode_exact(pith_encoder *e, const pith_source *source, const pith_encode_options *o,
                                const byte_writer *after, byte_writer *file) {
    bool fits;
    const double start = env_seconds();
    const exact_file_wish wish = {
        .max_bytes = UINT64_MAX, .memory = o->max_memory_bytes, .stage = "coding", .span = {0, 1}, .after = after};
    pith_status status = exact_file_write(file, &e->env, source, &wish, &fits, &e->diag);
    e->timing.coding_seconds = env_seconds() - start;
    return status == PITH_OK ? env_report(&e->env, "coding", 1, &e->diag) : status;
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
    env_clock_start(&e->clock, &e->env);
    pith_encode_options_defaults(&o, sizeof o);
    if (options) memcpy(&o, options, options->struct_size < sizeof o ? options->struct_size : sizeof o);
    bw_init(&file, &e->env.alloc);
    bw_init(&job.after, &e->env.alloc);
    job.effort = o.effort;

    PITH_TRY(check_arguments(e, source, &o));
    PITH_TRY(metadata_write(&job.after, &o, &e->env.limits, &e->diag));
    if (o.lossless || o.method == PITH_METHOD_EXACT) {
        PITH_TRY(encode_exact(e, source, &o, &job.after, &file));
        *out = (pith_bytes){file.data, file.n_bytes};
        file.data = NULL;
        goto cleanup;
    }
    PITH_TRY(fill_head(e, &source->format, o.method, &job.head));
    const bool is_closed = is_closed_loop(e, &o, &source->format);
    job.stages = closed_loop_stages(is_closed ? &o : NULL, model_session_model(e->session));
    PITH_TRY(plan_tiles(e, &job, &source->format, o.max_memory_bytes, is_closed));
    PITH_TRY(latents_init(&job.latents, &e->env.alloc, &job.head, &e->diag));
    PITH_TRY(make_file(e, &job, source, &o, is_closed, &file));
    *out = (pith_bytes){file.data, file.n_bytes};
    file.data = NULL;
cleanup:
    bw_free(&file);
    job_free(&job, &e->env.alloc);
    return status;
}
