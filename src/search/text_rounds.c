/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/text_rounds.h"

#include "search/blur_text.h"
#include "stages/encode_stage.h"
#include "stages/tint.h"

/* Each costs another run of the encoder network. The text that is furthest from readable goes first: the bytes it
 * frees may save the rest. */
static const float blur_margins[] = {0.05f, 0};
#define N_BLURS ((uint32_t)(sizeof blur_margins / sizeof *blur_margins))

/* Text that may be blurred. Only with a size: with a quality, the bytes are there. Not in pictures of 16 bits or with
 * transparency. (A size excludes a promise.) */
static pith_status find_text(const closed_loop *k, fid_lines *text) {
    const pith_encode_options *o = k->options;
    if (o->max_bytes == 0 || k->coder->head->deep || k->alpha_bytes > 0) return PITH_OK;
    pith_status status = fid_lines_find(text, &k->env->alloc, &k->original->image);
    for (size_t i = 0; status == PITH_OK && i < o->n_protect; i++) {
        const pith_area *a = &o->protect[i];
        fid_lines_forget(text, &(fid_rect){a->x, a->y, a->width, a->height});
    }
    return status == PITH_OK ? status : diag_set(k->diag, status, "out of memory for lines of text");
}

static pith_status encode_again(const text_rounds *r) {
    const closed_loop *k = r->loop;
    pith_source source;
    pith_timing unused = {0};
    alpha_writer none = {0}; /* the picture is opaque */
    pith_status status = pith_source_from_image(&source, sizeof source, &r->kept->image);
    const encode_stage stage = {k->env, k->job, k->session, k->diag, &source, r->grid, {k->job->done, k->job->done},
                                &unused};
    if (status == PITH_OK) status = encode_stage_run(&stage, r->latents, &none);
    k->coder->tint = tint_find(r->kept, r->tint) ? r->tint : NULL;
    return status;
}

/* *any: some text was lost and has been blurred. */
static pith_status blur_lost_text(const text_rounds *r, fid_lines *text, float margin, bool *any) {
    const pith_env *env = r->loop->env;
    pith_status status = PITH_OK;
    uint8_t *lost = mem_alloc(&env->alloc, text->across, text->down);
    if (!lost) return diag_set(r->loop->diag, PITH_E_NOMEM, "out of memory for lines of text");
    *any = fid_lines_take_lost(text, margin, lost) > 0;
    if (*any) {
        kept_source_drop_opacity(r->kept, env);
        r->kept->is_blurred = true;
        blur_blocks(&r->kept->image, lost, text->across, text->down);
        status = encode_again(r);
    }
    mem_free(&env->alloc, lost);
    return status;
}

/* Which text survives is known only after coding. So the picture is coded without a search for symbols, lost text is
 * blurred, and the rest is coded again; the search comes last. */
static pith_status run_with_text(const text_rounds *r, fid_lines *text, coded_picture *best) {
    closed_loop *k = r->loop;
    const encode_stages whole = k->stages;
    pith_status status = PITH_OK;
    bool any = true;
    uint32_t n_tried = 0; /* of the margins */
    k->text = text->n_text > 0 ? text : NULL;
    k->stages.search = (span){0};
    for (uint32_t i = 0; any; i++) {
        k->stages.loop =
            (span){span_at(whole.loop, (double)i / (N_BLURS + 1)), span_at(whole.loop, (i + 1.0) / (N_BLURS + 1))};
        PITH_TRY(closed_loop_run(k, best));
        for (any = false; n_tried < N_BLURS && !any; n_tried++)
            PITH_TRY(blur_lost_text(r, text, blur_margins[n_tried], &any));
        k->text = text->n_text > 0 ? text : NULL;
    }
    k->stages = whole;
    if (whole.search.to > 0 && best->exact.n_bytes == 0) PITH_TRY(closed_loop_run(k, best));
cleanup:
    return status;
}

pith_status text_rounds_run(const text_rounds *r, coded_picture *best) {
    fid_lines text = {0};
    pith_status status = find_text(r->loop, &text);
    if (status == PITH_OK) status = text.n_text > 0 ? run_with_text(r, &text, best) : closed_loop_run(r->loop, best);
    fid_lines_free(&text, &r->loop->env->alloc);
    return status;
}
