/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/few_colours.h"

#include <math.h>
#include <string.h>

#include "exact/fewer_colours.h"
#include "stages/exact_file.h"

/* A picture with more colours is a photo, which a few colours cannot show. */
#define FEW_COLOURS 4096u
#define PIXELS_A_COLOUR 10u

/* The numbers of colours that are tried. Each takes some 15 % more bytes than the one before. */
static const unsigned ladder[] = {2,  3,  4,  5,  6,  8,   10,  12,  16,  20,  24,  32,
                                  40, 48, 64, 80, 96, 128, 160, 192, 256, 384, 512, 1024};
#define N_RUNGS ((int)(sizeof ladder / sizeof *ladder))

/* Writes a whole file of `image` into `file`, or nothing if it would exceed max_bytes. */
static pith_status write_exact(trial *s, pith_image *image, uint64_t max_bytes, byte_writer *file, bool *fits) {
    pith_source source;
    const exact_file_wish wish = {.max_bytes = max_bytes,
                                  .memory = s->k->memory,
                                  .reduced = image->pixels != s->k->original->full.pixels || s->k->original->is_blurred,
                                  .drop_hidden = true,
                                  .job = s->k->job,
                                  .stage = s->stage,
                                  .span = {s->k->job->done, s->k->job->done}};
    file->n_bytes = 0;
    pith_source_from_image(&source, sizeof source, image);
    return exact_file_write(file, s->k->env, &source, &wish, fits, s->k->diag);
}

uint64_t exact_room(const trial *s) {
    const uint64_t others = s->k->other_bytes - s->k->alpha_bytes, max_bytes = s->k->options->max_bytes;
    return max_bytes > others ? max_bytes - others : 0;
}

/* Replaces `best` with this picture, which has this score, if its file fits. */
static pith_status keep_if_it_fits(trial *s, pith_image *image, double score, uint64_t max_bytes, attempt *best,
                                   bool *fits) {
    byte_writer file;
    bw_init(&file, &s->k->env->alloc);
    pith_status status = write_exact(s, image, max_bytes, &file, fits);
    if (status == PITH_OK && *fits) {
        bw_swap(&best->coded.exact, &file);
        best->score = score;
    }
    bw_free(&file);
    return status;
}

pith_status exact_if_it_fits(trial *s, uint64_t max_bytes, attempt *best, bool *fits) {
    pith_image full = s->k->original->full;
    return keep_if_it_fits(s, &full, 100, max_bytes, best, fits);
}

/* ---- fewer colours ---------------------------------------------------------------------------------- */

typedef struct reduction {
    trial *s;
    colour_set *set;   /* NULL: the picture has too many colours */
    pith_image result; /* in the format of the original */
} reduction;

static pith_status reduction_init(reduction *r, trial *s) {
    const pith_image *full = &s->k->original->full;
    *r = (reduction){s, NULL, *full};
    const uint64_t n_pixels = (uint64_t)full->format.width * full->format.height;
    if (full->format.bit_depth != 8) return PITH_OK;
    pith_status status = colours_new(&r->set, &s->k->env->alloc, full);
    r->result.pixels = NULL;
    if (r->set && colours_count(r->set) > FEW_COLOURS && colours_count(r->set) > n_pixels / PIXELS_A_COLOUR)
        colours_free(&r->set);
    if (status == PITH_OK && r->set) {
        r->result.pixels = mem_alloc(&s->k->env->alloc, full->format.height, full->stride_bytes);
        if (!r->result.pixels) status = PITH_E_NOMEM;
    }
    return status == PITH_OK ? status : diag_set(s->k->diag, status, "out of memory for the picture's colours");
}

static void reduction_free(reduction *r) {
    if (r->set) mem_free(&r->s->k->env->alloc, r->result.pixels);
    colours_free(&r->set);
}

static pith_status reduce(reduction *r, int rung) {
    colours_reduce(r->set, ladder[rung], &r->s->k->original->full, &r->result);
    return trial_look(r->s);
}

/* The number of rungs below the picture's number of colours. */
static int n_rungs_of(const reduction *r) {
    int n = 0;
    while (n < N_RUNGS && ladder[n] < colours_count(r->set)) n++;
    return n;
}

/* Tries the highest rung that fits and the one below it, as scores do not rise with every colour. */
pith_status colours_to_size(trial *s, uint64_t max_bytes, attempt *best) {
    pith_status status = PITH_OK;
    reduction r;
    byte_writer file;
    bool fits;
    int low = -1, high; /* fits, does not */
    bw_init(&file, &s->k->env->alloc);
    PITH_TRY(reduction_init(&r, s));
    if (!r.set) goto cleanup;
    high = n_rungs_of(&r);
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        PITH_TRY(reduce(&r, middle));
        PITH_TRY(write_exact(s, &r.result, max_bytes, &file, &fits));
        *(fits ? &low : &high) = middle;
    }
    for (int rung = low; rung >= 0 && rung > low - 2; rung--) {
        double score;
        PITH_TRY(reduce(&r, rung));
        PITH_TRY(trial_score_of(s, &r.result, &score));
        if (score > best->score) PITH_TRY(keep_if_it_fits(s, &r.result, score, max_bytes, best, &fits));
    }
cleanup:
    reduction_free(&r);
    bw_free(&file);
    return status;
}

pith_status colours_to_score(trial *s, double target, attempt *best) {
    pith_status status = PITH_OK;
    reduction r;
    double score = -INFINITY, reached = -INFINITY;
    bool fits;
    int low = -1, high; /* does not reach it, does */
    PITH_TRY(reduction_init(&r, s));
    if (!r.set) goto cleanup;
    high = n_rungs_of(&r);
    while (high - low > 1) {
        const int middle = (low + high) / 2;
        PITH_TRY(reduce(&r, middle));
        PITH_TRY(trial_score_of(s, &r.result, &score));
        if (score >= target) reached = score;
        *(score >= target ? &high : &low) = middle;
    }
    if (reached == -INFINITY) goto cleanup; /* only the full set of colours reaches it */
    PITH_TRY(reduce(&r, high));
    const uint64_t max_bytes = best->score >= target ? attempt_bytes(s, best) - 1 : UINT64_MAX;
    PITH_TRY(keep_if_it_fits(s, &r.result, reached, max_bytes, best, &fits));
cleanup:
    reduction_free(&r);
    return status;
}

/* ---- fewer levels --------------------------------------------------------------------------------------- */

/* Rounds to the nearest multiple of a step that is below 65536. */
static void round_samples(const pith_image *from, uint32_t step, const pith_image *to) {
    const size_t n = (size_t)from->format.width * from->format.n_channels;
    const uint32_t top = 65535 / step * step;
    for (uint32_t y = 0; y < from->format.height; y++) {
        const uint16_t *in = (const uint16_t *)(const void *)((const uint8_t *)from->pixels + y * from->stride_bytes);
        uint16_t *out = (uint16_t *)(void *)((uint8_t *)to->pixels + y * to->stride_bytes);
        for (size_t i = 0; i < n; i++) {
            uint32_t v = (in[i] + step / 2) / step * step;
            out[i] = (uint16_t)(v < top ? v : top);
        }
    }
}

pith_status levels_of_step(trial *s, uint32_t step, uint64_t max_bytes, attempt *best, bool *fits) {
    const pith_alloc *alloc = &s->k->env->alloc;
    pith_image rounded = s->k->original->full;
    if (step <= 1) return exact_if_it_fits(s, max_bytes, best, fits);
    rounded.pixels = mem_alloc(alloc, rounded.format.height, rounded.stride_bytes);
    if (!rounded.pixels) return diag_set(s->k->diag, PITH_E_NOMEM, "out of memory for the picture");
    round_samples(&s->k->original->full, step, &rounded);
    pith_status status = keep_if_it_fits(s, &rounded, 100, max_bytes, best, fits);
    mem_free(alloc, rounded.pixels);
    return status;
}

pith_status levels_to_size(trial *s, uint64_t max_bytes, attempt *best, bool *fits) {
    static const uint32_t steps[] = {65535 / 255, 192, 128, 96, 64, 48, 32, 24, 16, 12, 8, 6, 4, 3, 2, 1};
    const int n = (int)(sizeof steps / sizeof *steps);
    int low = -1, high = n; /* fits, does not */
    *fits = false;
    for (int next = 0; high - low > 1; next = (low + high) / 2) {
        bool does = false;
        pith_status status = levels_of_step(s, steps[next], max_bytes, best, &does);
        if (status != PITH_OK) return status;
        *fits = *fits || does;
        *(does ? &low : &high) = next;
        if (low < 0) break; /* not even 8 bits */
    }
    return PITH_OK;
}
