/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Latent planes of a whole picture. */
#include "stages/latents.h"

pith_status latents_init(latent_planes *l, const pith_alloc *alloc, const ctr_head *head, pith_diag *diag) {
    ctr_rect all = {.width = ctr_latent_width(head), .height = ctr_latent_height(head)};
    return latents_init_part(l, alloc, head, all, diag);
}

/* Grows [*first, *first + *length) to whole slices. */
static void grow(uint32_t *first, uint32_t *length, uint32_t whole) {
    uint32_t end = *first + *length;
    end = (end + CTR_SLICE_SIDE - 1) / CTR_SLICE_SIDE * CTR_SLICE_SIDE;
    *first -= *first % CTR_SLICE_SIDE;
    *length = (end < whole ? end : whole) - *first;
}

ctr_rect latents_extent(const ctr_head *head, ctr_rect needed) {
    grow(&needed.x, &needed.width, ctr_latent_width(head));
    grow(&needed.y, &needed.height, ctr_latent_height(head));
    return needed;
}

pith_status latents_init_part(latent_planes *l, const pith_alloc *alloc, const ctr_head *head, ctr_rect needed,
                              pith_diag *diag) {
    size_t count = 0;
    needed = latents_extent(head, needed);
    *l = (latent_planes){
        .n_channels = head->n_latent, .height = needed.height, .width = needed.width, .x = needed.x, .y = needed.y};
    if (size_mul(&count, l->height, l->width) && size_mul(&count, count, l->n_channels))
        l->values = mem_alloc(alloc, count, sizeof *l->values);
    if (l->values) return PITH_OK;
    return diag_set(diag, PITH_E_NOMEM, "out of memory for a latent of %ux%ux%u", l->n_channels, l->height, l->width);
}

bool latents_hold(const latent_planes *l, ctr_rect slice) {
    return slice.x >= l->x && slice.y >= l->y && slice.x + slice.width <= l->x + l->width &&
           slice.y + slice.height <= l->y + l->height;
}

void latents_free(latent_planes *l, const pith_alloc *alloc) {
    mem_free(alloc, l->values);
    *l = (latent_planes){0};
}

size_t latents_count(const latent_planes *l) { return (size_t)l->n_channels * l->height * l->width; }

lat_block latents_slice(const latent_planes *l, int16_t *symbols, ctr_rect rect) {
    return (lat_block){
        .symbols = symbols + (size_t)(rect.y - l->y) * l->width + (rect.x - l->x),
        .n_channels = l->n_channels,
        .height = rect.height,
        .width = rect.width,
        .row_stride = l->width,
        .plane_stride = (size_t)l->height * l->width,
    };
}
