/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Encoding: pixels -> latents (network, tile by tile) -> choice of step
 * -> slices -> file. The encoder network runs once; rate_control.c chooses the step. */
#include <string.h>

#include "api/promise.h"
#include "base/env.h"
#include "base/job.h"
#include "base/sized.h"
#include "codec/lat_prior.h"
#include "container/ctr_write.h"
#include "networks/model.h"
#include "search/text_rounds.h"
#include "stages/encode_stage.h"
#include "stages/exact_file.h"
#include "stages/memory_plan.h"
#include "stages/metadata.h"
#include "stages/tint.h"

/* Larger pictures get no closed loop, unless a promise needs one. */
#define MAX_CLOSED_PIXELS 40000000u

struct pith_encoder {
    pith_env env;
    job job;                    /* of the current call */
    model_session *session;     /* NULL without a model */
    const model_traits *traits; /* of the session's model */
    pith_diag diag;
    pith_timing timing;
};

pith_status pith_encode_options_defaults(pith_encode_options *options, size_t struct_size) {
    static const pith_encode_options defaults = {
        .struct_size = sizeof defaults, .quality = 50, .method = PITH_METHOD_LATENT, .effort = 1};
    return sized_start(options, struct_size, &defaults, sizeof defaults);
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

pith_status pith_encoder_timing(const pith_encoder *encoder, pith_timing *timing) {
    if (!encoder || !timing) return PITH_E_ARG;
    return sized_give(timing, &encoder->timing, sizeof encoder->timing, "pith_timing", NULL);
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
    if ((o->extras & PITH_EXTRA_HASH) && !is_exact && !model_has_defined_samples(model_session_model(e->session)))
        return diag_set(&e->diag, PITH_E_ARG,
                        "a hash needs an engine whose samples are the same on every machine, not this one");
    if (o->extras & ~(uint64_t)PITH_EXTRA_HASH)
        return diag_set(&e->diag, PITH_E_UNSUPPORTED, "no such extra: 0x%llx", (unsigned long long)o->extras);
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

/* ---- the whole ---------------------------------------------------------------------------- */

/* Work space of one call. */
typedef struct encode_job {
    ctr_head head;
    latent_planes latents;
    uint64_t memory; /* bytes that the call may use */
    encode_stages stages;
    tile_grid grid;
    alpha_writer alpha;
    kept_source kept; /* only with a closed loop */
    ctr_tint tint;
    latents_coder coder;
    coded_picture coded;
    byte_writer after; /* chunks that follow the slices */
} encode_job;

static void job_free(encode_job *job, const pith_env *env) {
    const pith_alloc *alloc = &env->alloc;
    kept_source_free(&job->kept, env);
    latents_coder_free(&job->coder);
    alpha_writer_free(&job->alpha);
    coded_free(&job->coded);
    bw_free(&job->after);
    latents_free(&job->latents, alloc);
}

/* Bytes of the chunks that follow the slices but for alpha: metadata, and the hash of the finished file. */
static uint64_t after_bytes(const encode_job *job, const pith_encode_options *o) {
    return job->after.n_bytes + (o->extras & PITH_EXTRA_HASH ? ctr_chunk_bytes(CTR_HASH_BYTES) : 0);
}

/* Bytes of the ALPH chunks; 0 if the picture is opaque. */
static uint64_t alpha_bytes(const encode_job *job) { return job->alpha.seen_through ? job->alpha.chunks.n_bytes : 0; }

/* Large networks are too slow to run for every trial unless the caller asks for it. The loop
 * is also left out where it would take memory that the networks need more. */
static bool is_closed_loop(const pith_encoder *e, const pith_encode_options *o, const pith_image_format *f) {
    if (o->method != PITH_METHOD_LATENT) return false;
    if (o->faithful) return true;
    if (closed_loop_bytes(f) > memory_allowed(o->max_memory_bytes, model_session_model(e->session)) / 2) return false;
    if ((uint64_t)f->width * f->height > MAX_CLOSED_PIXELS) return false;
    return o->effort > (e->traits->max_whole_positions > 0 ? 1 : 0);
}

static pith_status pixels_to_latents(pith_encoder *e, encode_job *job, const pith_source *source,
                                     const pith_encode_options *o) {
    const encode_stage stage = {&e->env, &e->job,    e->session,          &e->diag,
                                source,  &job->grid, job->stages.network, &e->timing};
    pith_status status =
        alpha_writer_init(&job->alpha, &e->env.alloc, &source->format, o->quality, o->max_bytes, &e->diag);
    if (status == PITH_OK) status = encode_stage_run(&stage, &job->latents, &job->alpha);
    job->coder = (latents_coder){.env = &e->env,
                                 .job = &e->job,
                                 .session = e->session,
                                 .diag = &e->diag,
                                 .head = &job->head,
                                 .latents = &job->latents,
                                 .memory = job->memory,
                                 .effort = o->effort,
                                 .coding = job->stages.writing,
                                 .search = job->stages.search};
    return status;
}

static pith_status encode_open(pith_encoder *e, encode_job *job, const pith_source *source,
                               const pith_encode_options *o) {
    pith_status status = pixels_to_latents(e, job, source, o);
    if (status != PITH_OK) return status;
    const rate_wish wish = {o->quality, o->max_bytes, after_bytes(job, o) + alpha_bytes(job)};
    const double start = job_seconds();
    status = latents_code(&job->coder, wish, false, &job->coded);
    e->timing.coding_seconds = job_seconds() - start;
    return status;
}

static pith_status encode_closed(pith_encoder *e, encode_job *job, const pith_source *source,
                                 const pith_encode_options *o) {
    pith_status status = PITH_OK;
    kept_source *kept = &job->kept;
    PITH_TRY(kept_source_init(kept, &e->env, source, &e->diag));
    pith_source keeping = kept_source_as_source(kept);
    PITH_TRY(pixels_to_latents(e, job, &keeping, o));
    const double start = job_seconds();
    if (tint_find(kept, &job->tint)) job->coder.tint = &job->tint;
    job->coder.original = &kept->image;
    closed_loop loop = {.env = &e->env,
                        .job = &e->job,
                        .session = e->session,
                        .diag = &e->diag,
                        .original = kept,
                        .options = o,
                        .stages = job->stages,
                        .coder = &job->coder,
                        .other_bytes = after_bytes(job, o) + alpha_bytes(job),
                        .alpha_bytes = alpha_bytes(job),
                        .alpha_levels = alpha_writer_levels(&job->alpha),
                        .memory = job->memory};
    const text_rounds rounds = {&loop, kept, &job->grid, &job->latents, &job->tint};
    status = text_rounds_run(&rounds, &job->coded);
    e->timing.coding_seconds = job_seconds() - start;
cleanup:
    if ((uint64_t)job->grid.x.count * job->grid.y.count > 1) model_session_release(e->session);
    return status;
}

/* ---- the finished file ------------------------------------------------------------------- */

static finished_file finished(pith_encoder *e, const byte_writer *file, uint64_t memory) {
    model_session_release(e->session); /* the decoder makes its own */
    return (finished_file){&e->env, &e->job, model_session_model(e->session), memory, file};
}

static pith_status write_hash(pith_encoder *e, const pith_hash *hash, byte_writer *file) {
    ctr_write_chunk(file, CTR_CHUNK_HASH, hash->sha256, CTR_HASH_BYTES);
    return file->status == PITH_OK ? PITH_OK : diag_set(&e->diag, file->status, "out of memory for the file");
}

/* Checks the promise and appends the hash. One decoding serves both if the picture has 8 bits. */
static pith_status finish_file(pith_encoder *e, encode_job *job, const pith_encode_options *o, byte_writer *file) {
    pith_hash hash = {.struct_size = sizeof hash};
    const bool wants_hash = (o->extras & PITH_EXTRA_HASH) != 0;
    pith_status status = PITH_OK;
    if (o->faithful) {
        const promise p = {.file = finished(e, file, job->memory),
                           .original = &job->kept,
                           .bound = (float)job->coded.bound.bound / 65536};
        status = promise_check(&p, wants_hash && !job->head.deep ? &hash : NULL, &e->diag);
    }
    if (status != PITH_OK || !wants_hash) return status;
    if (!hash.is_made) {
        const uint64_t memory = memory_allowed(o->max_memory_bytes, model_session_model(e->session));
        const finished_file f = finished(e, file, memory);
        const uint8_t bit_depth = job->head.deep ? 16 : 8;
        job_free(job, &e->env); /* what took that memory */
        status = finished_file_hash(&f, bit_depth, &hash, &e->diag);
    }
    return status == PITH_OK ? write_hash(e, &hash, file) : status;
}

/* Chooses tiles for the memory that the closed loop leaves. */
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
    memory_plan plan = {model, &job->head, job->memory};
    return memory_plan_encode(&job->grid, &plan, format, &e->diag);
}

static pith_status encode_exact(pith_encoder *e, const pith_source *source, const pith_encode_options *o,
                                const byte_writer *after, byte_writer *file) {
    bool fits;
    const double start = job_seconds();
    const exact_file_wish wish = {.max_bytes = UINT64_MAX,
                                  .memory = o->max_memory_bytes,
                                  .job = &e->job,
                                  .stage = "coding",
                                  .span = {0, 1},
                                  .after = after};
    pith_status status = exact_file_write(file, &e->env, source, &wish, &fits, &e->diag);
    e->timing.coding_seconds = job_seconds() - start;
    if (status == PITH_OK && (o->extras & PITH_EXTRA_HASH)) {
        pith_hash hash = {.struct_size = sizeof hash};
        const uint64_t memory = o->max_memory_bytes ? o->max_memory_bytes : UINT64_MAX;
        const finished_file f = {&e->env, &e->job, NULL, memory, file};
        status = finished_file_hash(&f, source->format.bit_depth, &hash, &e->diag);
        if (status == PITH_OK) status = write_hash(e, &hash, file);
    }
    return status == PITH_OK ? job_report(&e->job, "coding", 1, &e->diag) : status;
}

pith_status pith_encode(pith_encoder *e, const pith_source *source, const pith_encode_options *options,
                        pith_bytes *out) {
    pith_status status = PITH_OK;
    encode_job job = {0};
    byte_writer file = {0};
    pith_encode_options o;
    pith_source from = {0};
    if (!e || !source || !out) return PITH_E_ARG;
    *out = (pith_bytes){0};
    diag_clear(&e->diag);
    e->timing = (pith_timing){0};
    job_start(&e->job, &e->env);
    if (e->session) model_session_work_for(e->session, &e->job);
    pith_encode_options_defaults(&o, sizeof o);
    bw_init(&file, &e->env.alloc);
    bw_init(&job.after, &e->env.alloc);
    coded_init(&job.coded, &e->env.alloc);
    PITH_TRY(sized_take(&from, sizeof from, source, "pith_source", &e->diag));
    source = &from;
    if (options) PITH_TRY(sized_take(&o, sizeof o, options, "pith_encode_options", &e->diag));

    PITH_TRY(check_arguments(e, source, &o));
    PITH_TRY(metadata_write(&job.after, &o, &e->env, &e->diag));
    if (o.lossless || o.method == PITH_METHOD_EXACT) {
        PITH_TRY(encode_exact(e, source, &o, &job.after, &file));
        *out = (pith_bytes){file.data, file.n_bytes};
        file.data = NULL;
        goto cleanup;
    }
    PITH_TRY(fill_head(e, &source->format, o.method, &job.head));
    const bool is_closed = is_closed_loop(e, &o, &source->format);
    job.stages = encode_stages_of(is_closed ? &o : NULL, model_session_model(e->session));
    PITH_TRY(plan_tiles(e, &job, &source->format, o.max_memory_bytes, is_closed));
    PITH_TRY(latents_init(&job.latents, &e->env.alloc, &job.head, &e->diag));
    PITH_TRY((is_closed ? encode_closed : encode_open)(e, &job, source, &o));
    PITH_TRY(coded_write(&job.coded, job.alpha.seen_through ? &job.alpha.chunks : NULL, &job.after, &file, &e->diag));
    PITH_TRY(finish_file(e, &job, &o, &file));
    PITH_TRY(job_report(&e->job, "coding", 1, &e->diag));
    *out = (pith_bytes){file.data, file.n_bytes};
    file.data = NULL;
cleanup:
    bw_free(&file);
    job_free(&job, &e->env);
    return job_end(&e->job, status, &e->diag);
}
