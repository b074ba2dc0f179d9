/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The caller's environment. */
#include "base/env.h"

#include "base/sized.h"

static const pith_env env_of_defaults = {
    .struct_size = sizeof env_of_defaults,
    .max_dimension = 65535u,
    .max_pixels = 100000000u,
    .max_file_bytes = (uint64_t)1 << 30,
    .max_chunk_bytes = 64u << 20,
    .max_metadata_bytes = 4u << 20,
    .max_model_bytes = (uint64_t)16 << 30,
    .max_tensor_bytes = (uint64_t)1 << 30,
    .max_tensors = 65536u,
    .max_chunks = 100000u,
};

pith_status pith_env_defaults(pith_env *env, size_t struct_size) {
    return sized_start(env, struct_size, &env_of_defaults, sizeof env_of_defaults);
}

pith_status env_copy(pith_env *out, const pith_env *env, pith_diag *diag) {
    *out = env_of_defaults;
    if (!env) return PITH_OK;
    pith_status status = sized_take(out, sizeof *out, env, "pith_env", diag);
    if (status != PITH_OK) return status;
    if (!out->alloc.alloc != !out->alloc.free)
        return diag_set(diag, PITH_E_ARG, "pith_alloc has only one of its two functions");
    if (!(out->max_seconds >= 0)) return diag_set(diag, PITH_E_ARG, "max_seconds is %g", out->max_seconds);
    if (out->threads < 0) return diag_set(diag, PITH_E_ARG, "threads is %d", out->threads);
    return PITH_OK;
}

pith_status env_check_picture(const pith_env *env, const pith_image_format *f, pith_diag *diag) {
    if (f->width == 0 || f->height == 0) return diag_set(diag, PITH_E_ARG, "picture of %ux%u", f->width, f->height);
    if (f->width > env->max_dimension || f->height > env->max_dimension)
        return diag_set(diag, PITH_E_LIMIT, "picture of %ux%u, the limit is %u a side", f->width, f->height,
                        env->max_dimension);
    if ((uint64_t)f->width * f->height > env->max_pixels)
        return diag_set(diag, PITH_E_LIMIT, "picture of %ux%u, the limit is %llu pixels", f->width, f->height,
                        (unsigned long long)env->max_pixels);
    return PITH_OK;
}

void pith_bytes_free(const pith_env *env, pith_bytes *bytes) {
    if (!bytes) return;
    const bool has_alloc = env && env->struct_size >= offsetof(pith_env, log);
    mem_free(has_alloc ? &env->alloc : NULL, bytes->data);
    *bytes = (pith_bytes){0};
}
