/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Values derived from a header (latent size, slice grid), validity of its fields, and names. */
#include "container/pith_format.h"

#include <stdio.h>
#include <string.h>

#include "container/ctr_read.h"

/* ---- sizes -------------------------------------------------------------------- */

static uint32_t ceil_shift(uint32_t value, uint8_t shift) {
    return (uint32_t)(((uint64_t)value + (1u << shift) - 1u) >> shift);
}

static uint32_t slices_along(uint32_t length, uint32_t side) {
    return (uint32_t)(((uint64_t)length + side - 1u) / side);
}

static uint32_t slices_in(uint32_t width, uint32_t height, uint32_t side) {
    uint64_t n = (uint64_t)slices_along(width, side) * slices_along(height, side);
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

static ctr_rect slice_of(uint32_t width, uint32_t height, uint32_t side, uint32_t index) {
    uint32_t columns = slices_along(width, side);
    ctr_rect r = {.x = index % columns * side, .y = index / columns * side};
    r.width = width - r.x < side ? width - r.x : side;
    r.height = height - r.y < side ? height - r.y : side;
    return r;
}

pith_image_format ctr_picture_format(const ctr_head *head, uint8_t bit_depth) {
    return (pith_image_format){.width = head->width,
                               .height = head->height,
                               .n_channels = (uint8_t)((head->grey ? 1 : 3) + head->alpha),
                               .bit_depth = bit_depth == 16 ? 16 : 8};
}

uint32_t ctr_latent_width(const ctr_head *head) { return ceil_shift(head->width, head->log2_downscale); }

uint32_t ctr_latent_height(const ctr_head *head) { return ceil_shift(head->height, head->log2_downscale); }

static uint32_t slice_side(const ctr_head *head) {
    return head->method == PITH_METHOD_EXACT ? CTR_EXACT_SIDE : CTR_SLICE_SIDE;
}

uint32_t ctr_slice_count(const ctr_head *head) {
    if (head->method == PITH_METHOD_PALETTE) return 0;
    return slices_in(ctr_latent_width(head), ctr_latent_height(head), slice_side(head));
}

uint8_t ctr_slice_type(const ctr_head *head) {
    return head->method == PITH_METHOD_EXACT ? CTR_CHUNK_EXACT : CTR_CHUNK_LATENT;
}

ctr_rect ctr_slice_rect(const ctr_head *head, uint32_t index) {
    return slice_of(ctr_latent_width(head), ctr_latent_height(head), slice_side(head), index);
}

uint32_t ctr_alpha_count(const ctr_head *head) {
    return head->alpha && head->method != PITH_METHOD_EXACT ? slices_in(head->width, head->height, CTR_ALPHA_SLICE_SIDE)
                                                            : 0;
}

ctr_rect ctr_alpha_rect(const ctr_head *head, uint32_t index) {
    return slice_of(head->width, head->height, CTR_ALPHA_SLICE_SIDE, index);
}

static uint32_t residual_columns(const ctr_head *head) {
    return (uint32_t)(((uint64_t)head->width + CTR_RESIDUAL_SIDE - 1) / CTR_RESIDUAL_SIDE);
}

uint32_t ctr_residual_count(const ctr_head *head) {
    uint64_t rows = ((uint64_t)head->height + CTR_RESIDUAL_SIDE - 1) / CTR_RESIDUAL_SIDE;
    uint64_t n = head->residual ? residual_columns(head) * rows : 0;
    return n < UINT32_MAX ? (uint32_t)n : UINT32_MAX;
}

ctr_rect ctr_residual_rect(const ctr_head *head, uint32_t index) {
    uint32_t columns = residual_columns(head);
    ctr_rect r = {.x = index % columns * CTR_RESIDUAL_SIDE, .y = index / columns * CTR_RESIDUAL_SIDE};
    r.width = head->width - r.x < CTR_RESIDUAL_SIDE ? head->width - r.x : CTR_RESIDUAL_SIDE;
    r.height = head->height - r.y < CTR_RESIDUAL_SIDE ? head->height - r.y : CTR_RESIDUAL_SIDE;
    return r;
}

/* ---- names -------------------------------------------------------------------- */

static bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

bool ctr_name_is_legal(const char *name) {
    size_t n = 0;
    for (; name[n]; n++)
        if (n >= PITH_NAME_BYTES - 1 || !(is_alphanumeric(name[n]) || (n > 0 && strchr("._-", name[n])))) return false;
    return n > 0;
}

uint8_t ctr_mini_number(const char *name) {
    static const char PREFIX[] = "mini-";
    size_t prefix = sizeof PREFIX - 1;
    if (strncmp(name, PREFIX, prefix) != 0 || name[prefix] < '1' || name[prefix] > '9') return 0;
    unsigned number = 0;
    for (const char *p = name + prefix; *p; p++) {
        if (*p < '0' || *p > '9') return 0;
        number = number * 10 + (unsigned)(*p - '0');
        if (number > 127) return 0;
    }
    return (uint8_t)number;
}

void ctr_chunk_name(uint8_t type, char name[8]) {
    static const struct {
        uint8_t type;
        char name[5];
    } known[] = {
        {CTR_CHUNK_HEAD, "HEAD"},
        {CTR_CHUNK_LATENT, "LATN"},
        {CTR_CHUNK_ALPHA, "ALPH"},
        {CTR_CHUNK_PALETTE, "PALT"},
        {CTR_CHUNK_EXACT, "EXCT"},
        {CTR_CHUNK_RESIDUAL, "RESD"},
        {CTR_CHUNK_BOUND, "BOND"},
        {CTR_CHUNK_HASH, "HASH"},
        {CTR_CHUNK_TINT, "TINT"},
        {CTR_CHUNK_CHROMA, "CHRM"},
        {CTR_CHUNK_METADATA + (int)PITH_METADATA_ICC, "ICCP"},
        {CTR_CHUNK_METADATA + (int)PITH_METADATA_EXIF, "EXIF"},
        {CTR_CHUNK_METADATA + (int)PITH_METADATA_XMP, "XMPM"},
    };
    snprintf(name, 8, "?%02x", type);
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (known[i].type == type) snprintf(name, 8, "%s", known[i].name);
}

/* ---- validity ------------------------------------------------------------------ */

const char *ctr_head_fault(const ctr_head *head) {
    if (head->width == 0) return "width";
    if (head->height == 0) return "height";
    if (head->method < PITH_METHOD_LATENT || head->method > PITH_METHOD_EXACT) return "method";
    if (head->method == PITH_METHOD_EXACT) return head->residual ? "flags" : NULL;
    if (head->reduced) return "flags";
    if (head->log2_downscale > CTR_MAX_LOG2_DOWNSCALE) return "log2_downscale";
    if (head->n_latent == 0 || head->n_latent > CTR_MAX_LATENT || head->n_latent > 3u << (2 * head->log2_downscale))
        return "n_latent";
    if (head->step_index > CTR_MAX_STEP_INDEX) return "step_index";
    if (head->prior_id >= CTR_N_PRIORS || (head->method == PITH_METHOD_PALETTE && head->prior_id)) return "prior_id";
    if (!memchr(head->model_name, 0, sizeof head->model_name) || !ctr_name_is_legal(head->model_name))
        return "model_name";
    if (head->recipe >= CTR_N_RECIPES) return "recipe";
    return NULL;
}
