/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/latents_coder.h"

#include "search/latent_search.h"
#include "stages/palette_method.h"

void latents_coder_free(latents_coder *c) {
    slice_pool_free(&c->pool);
    if (c->env) mem_free(&c->env->alloc, c->symbols);
    c->symbols = NULL;
}

static pith_status make_room(latents_coder *c) {
    if (!c->symbols) c->symbols = mem_alloc(&c->env->alloc, latents_count(c->latents), sizeof *c->symbols);
    if (!c->symbols) return diag_set(c->diag, PITH_E_NOMEM, "out of memory for the latents");
    if (c->pool) return PITH_OK;
    return slice_pool_new(&c->pool, c->env, c->memory, c->head->n_latent, c->head->prior_id, ctr_slice_count(c->head),
                          c->job, c->diag);
}

static pith_status search_symbols(const latents_coder *c, const rate_control *rate, rate_wish wish, ctr_head *head) {
    const latent_search search = {.env = c->env,
                                  .job = c->job,
                                  .session = c->session,
                                  .diag = c->diag,
                                  .original = c->original,
                                  .memory = c->memory,
                                  .rate = rate,
                                  .latents = c->latents,
                                  .effort = c->effort,
                                  .span = c->search};
    return latent_search_run(&search, wish, head, c->symbols);
}

pith_status latents_code(latents_coder *c, rate_wish wish, bool search, coded_picture *out) {
    pith_status status = PITH_OK;
    const model_traits *traits = model_traits_of(model_session_model(c->session));
    out->latents.n_bytes = out->chroma.n_bytes = out->residual.n_bytes = out->exact.n_bytes = 0;
    out->head = *c->head;
    out->tint = c->tint;
    if (c->head->method == PITH_METHOD_PALETTE)
        return palette_write(&out->latents, &out->head, c->latents, traits->palette_unit, &c->env->alloc, c->diag);
    if (c->tint) wish.other_bytes += ctr_chunk_bytes(CTR_TINT_BYTES);
    PITH_TRY(make_room(c));
    const rate_control rate = {.env = c->env, .traits = traits, .pool = c->pool, .diag = c->diag, .span = c->coding};
    PITH_TRY(rate_choose(&rate, c->latents, wish, &out->head, c->symbols));
    if (search) PITH_TRY(search_symbols(c, &rate, wish, &out->head));
    PITH_TRY(rate_write_slices(&rate, c->latents, c->symbols, &out->head, &out->latents));
cleanup:
    return status;
}
