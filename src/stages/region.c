/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "stages/region.h"

static bool inside(uint32_t first, uint32_t length, uint32_t whole) {
    return length > 0 && length <= whole && first <= whole - length;
}

/* Tiles that cover the positions of pixels [first, first + length). */
static tile_axis axis_of(uint32_t first, uint32_t length, uint32_t whole, uint8_t shift, uint32_t core, uint32_t halo) {
    uint32_t start = first >> shift, end = ((first + length - 1) >> shift) + 1;
    return tile_axis_part(start, end - start, whole, core, halo);
}

pith_status region_make(region *r, const pith_area *wanted, const ctr_head *head, tile_reach reach, pith_diag *diag) {
    const uint8_t shift = head->log2_downscale;
    uint32_t right, bottom;
    r->whole_windows = false;
    r->pixels = (pixel_rect){0, 0, head->width, head->height};
    if (wanted->width > 0 || wanted->height > 0)
        r->pixels = (pixel_rect){wanted->x, wanted->y, wanted->width, wanted->height};
    const pixel_rect *p = &r->pixels;
    if (!inside(p->x, p->width, head->width) || !inside(p->y, p->height, head->height))
        return diag_set(diag, PITH_E_ARG, "the region %ux%u+%u+%u is not inside the picture of %ux%u", p->width,
                        p->height, p->x, p->y, head->width, head->height);
    r->tiles.x = axis_of(p->x, p->width, ctr_latent_width(head), shift, reach.core_x, reach.halo);
    r->tiles.y = axis_of(p->y, p->height, ctr_latent_height(head), shift, reach.core_y, reach.halo);
    tile_axis_reach(&r->tiles.x, &r->latents.x, &right);
    tile_axis_reach(&r->tiles.y, &r->latents.y, &bottom);
    r->latents.width = right - r->latents.x;
    r->latents.height = bottom - r->latents.y;
    return PITH_OK;
}

model_window region_window(const region *r, uint32_t column, uint32_t row) {
    const tile_axis *x = &r->tiles.x, *y = &r->tiles.y;
    if (r->whole_windows) return model_whole_window(y->window, x->window);
    model_window window = {.h = y->window, .w = x->window};
    window.keep_h = tile_axis_kept(y, tile_axis_span(y, row), &window.keep_y);
    window.keep_w = tile_axis_kept(x, tile_axis_span(x, column), &window.keep_x);
    return window;
}
