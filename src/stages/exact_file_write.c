/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads, codes and appends the picture band by band. A band has as many rows of slices as keep all threads busy and fit
 * into memory. */
#include <inttypes.h>

#include "base/job.h"
#include "container/ctr_write.h"
#include "exact/exact_coder.h"
#include "stages/exact_file.h"
#include "stages/slice_pool.h"

_Static_assert(CTR_EXACT_SIDE == EXACT_MAX_SIDE, "a slice fits a coder");

typedef struct coded_slice {
    byte_writer bytes;
    uint16_t checksum;
    bool fits;
} coded_slice;

/* Work space of one call. */
typedef struct write_job {
    const exact_file_wish *wish;
    ctr_head head;
    pith_image_format format;
    slice_pool *pool;
    uint32_t slice_height, slice_width; /* the largest */
    uint32_t columns, rows_at_once;     /* of slices */
    uint8_t *band;
    size_t stride_bytes;
    coded_slice *coded; /* of a band */
    uint32_t first;     /* slice of the band */
    uint64_t bytes_left;
} write_job;

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static void free_coder(void **coder) {
    exact_coder *c = *coder;
    exact_coder_free(&c);
    *coder = NULL;
}

static pith_status make_coder(void *user, void **out, const pith_alloc *alloc, watch watch, pith_diag *diag) {
    const write_job *job = user;
    exact_coder *coder = NULL;
    if (exact_coder_new(&coder, alloc, job->slice_height, job->slice_width, job->format.n_channels) != PITH_OK)
        return diag_set(diag, PITH_E_NOMEM, "out of memory for the coder");
    exact_coder_watch(coder, watch);
    *out = coder;
    return PITH_OK;
}

static ctr_head head_of(const pith_image_format *f, bool reduced) {
    return (ctr_head){.width = f->width,
                      .height = f->height,
                      .grey = f->n_channels < 3,
                      .alpha = f->n_channels % 2 == 0,
                      .deep = f->bit_depth == 16,
                      .reduced = reduced,
                      .method = PITH_METHOD_EXACT};
}

/* Chooses the number of coders and the height of a band. */
static pith_status job_init(write_job *job, const pith_env *env, pith_diag *diag) {
    const pith_image_format *f = &job->format;
    const uint64_t memory = job->wish->memory ? job->wish->memory : EXACT_FILE_MEMORY;
    job->slice_height = least(f->height, EXACT_MAX_SIDE);
    job->slice_width = least(f->width, EXACT_MAX_SIDE);
    job->columns = (f->width - 1) / EXACT_MAX_SIDE + 1;
    job->stride_bytes = (size_t)f->width * f->n_channels * (f->bit_depth / 8u);
    const uint32_t rows = (f->height - 1) / EXACT_MAX_SIDE + 1, n_slices = ctr_slice_count(&job->head);
    const uint64_t of_row = (uint64_t)job->slice_height * job->stride_bytes;
    const uint64_t of_coder = exact_coder_bytes(job->slice_height, job->slice_width, job->format.n_channels);
    uint32_t n_coders = slice_pool_threads(env, n_slices);
    while (n_coders > 1 && n_coders * of_coder + of_row > memory / 2) n_coders--;
    if (n_coders * of_coder + of_row > memory)
        return diag_set(diag, PITH_E_LIMIT,
                        "coding a picture of %ux%u exactly takes %" PRIu64 " bytes, %" PRIu64 " are allowed", f->width,
                        f->height, n_coders * of_coder + of_row, memory);
    job->rows_at_once = least((n_coders - 1) / job->columns + 1, rows);
    while (job->rows_at_once > 1 && n_coders * of_coder + job->rows_at_once * of_row > memory) job->rows_at_once--;
    job->band = mem_alloc(&env->alloc, (size_t)job->rows_at_once * job->slice_height, job->stride_bytes);
    job->coded = mem_alloc(&env->alloc, (size_t)job->rows_at_once * job->columns, sizeof *job->coded);
    if (!job->band || !job->coded) return diag_set(diag, PITH_E_NOMEM, "out of memory for the picture's rows");
    const slice_coders coders = {make_coder, free_coder, job, least(n_coders, n_slices)};
    return slice_pool_new_with(&job->pool, env, &coders, job->wish->job, diag);
}

static void job_free(write_job *job, const pith_env *env) {
    slice_pool_free(&job->pool);
    mem_free(&env->alloc, job->band);
    mem_free(&env->alloc, job->coded);
}

/* Runs on any thread. */
static pith_status encode_slice(void *user, void *coder, uint32_t i, pith_diag *diag) {
    const write_job *job = user;
    const ctr_rect r = ctr_slice_rect(&job->head, job->first + i);
    const uint32_t top = ctr_slice_rect(&job->head, job->first).y;
    coded_slice *to = &job->coded[i];
    const exact_block block = {.height = r.height,
                               .width = r.width,
                               .n_channels = job->format.n_channels,
                               .bit_depth = job->format.bit_depth,
                               .samples = job->band + (r.y - top) * job->stride_bytes +
                                          (size_t)r.x * job->format.n_channels * (job->format.bit_depth / 8u),
                               .stride_bytes = job->stride_bytes};
    const exact_wish wish = {job->bytes_left, job->wish->drop_hidden};
    const pith_status status = exact_encode(coder, &block, &wish, &to->bytes, &to->fits, &to->checksum);
    return status == PITH_OK ? PITH_OK : diag_set(diag, status, "the exact coder failed");
}

/* Appends the coded slices unless they exceed the size. */
static bool append(write_job *job, uint32_t count, byte_writer *file) {
    uint64_t n = 0;
    bool fits = true;
    for (uint32_t i = 0; i < count; i++) {
        fits = fits && job->coded[i].fits;
        n += ctr_slice_bytes(job->coded[i].bytes.n_bytes);
    }
    if (!fits || n > job->bytes_left) return false;
    job->bytes_left -= n;
    for (uint32_t i = 0; i < count; i++) {
        const coded_slice *s = &job->coded[i];
        ctr_write_exact(file, s->checksum, s->bytes.data, s->bytes.n_bytes);
    }
    return true;
}

static pith_status write_band(write_job *job, const pith_source *source, uint32_t y, byte_writer *file, bool *fits,
                              pith_diag *diag) {
    const uint32_t height = job->format.height, n_rows = least(height - y, job->rows_at_once * EXACT_MAX_SIDE);
    const uint32_t count = ((n_rows - 1) / EXACT_MAX_SIDE + 1) * job->columns;
    const exact_file_wish *w = job->wish;
    const span span = {span_at(w->span, (double)y / height), span_at(w->span, (double)(y + n_rows) / height)};
    pith_status status = source->read_rows(source->user, y, n_rows, job->band, job->stride_bytes);
    if (status != PITH_OK) return diag_set(diag, status, "reading pixels failed at row %u", y);
    job->first = y / EXACT_MAX_SIDE * job->columns;
    for (uint32_t i = 0; i < count; i++) bw_init(&job->coded[i].bytes, slice_pool_alloc(job->pool));
    status = slice_pool_run(job->pool, count, encode_slice, job, w->stage, span, diag);
    *fits = status == PITH_OK && append(job, count, file);
    for (uint32_t i = 0; i < count; i++) bw_free(&job->coded[i].bytes);
    return status;
}

pith_status exact_file_write(byte_writer *file, const pith_env *env, const pith_source *source,
                             const exact_file_wish *wish, bool *fits, pith_diag *diag) {
    pith_status status = PITH_OK;
    write_job job = {.wish = wish, .head = head_of(&source->format, wish->reduced), .format = source->format};
    const uint64_t fixed = ctr_head_bytes(&job.head) + (wish->after ? wish->after->n_bytes : 0);
    *fits = wish->max_bytes > fixed;
    if (!*fits) return PITH_OK;
    job.bytes_left = wish->max_bytes - fixed;
    PITH_TRY(job_init(&job, env, diag));
    PITH_TRY(ctr_write_head(file, &job.head, diag));
    for (uint32_t y = 0; y < job.format.height && *fits; y += job.rows_at_once * EXACT_MAX_SIDE)
        PITH_TRY(write_band(&job, source, y, file, fits, diag));
    if (*fits && wish->after) bw_bytes(file, wish->after->data, wish->after->n_bytes);
    if (!*fits) bw_free(file);
    if (file->status != PITH_OK) status = diag_set(diag, file->status, "out of memory for the file");
cleanup:
    job_free(&job, env);
    return status;
}
