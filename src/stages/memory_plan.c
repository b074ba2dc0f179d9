/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Counts the memory that the stages of encoder.c and decoder.c hold at any one time. */
#include "stages/memory_plan.h"

#include <stdlib.h>

#include "stages/latents.h"
#include "stages/slice_pool.h"

/* Small objects and the coders of alpha. */
#define ALWAYS_BYTES (4u << 20)
#define LARGEST_FILE_PART 4u /* a file being written takes at most a byte for this many pixels */

/* The most new positions of a tile on one axis. Of all pairs whose windows are not too large, and for which there is
 * memory, that is taken with the fewest positions to compute, margins included. */
static const uint32_t tile_sides[] = {1024, 512, 384, 256, 192, 128, 96, 64, 48, 32};
#define N_TILE_SIDES (sizeof tile_sides / sizeof *tile_sides)
#define N_TILE_SHAPES (N_TILE_SIDES * N_TILE_SIDES)

/* Positions of a window. A call cannot stop until the current layer is done (tests/test_cancel.c), and a window takes
 * some 9 kB a position where it is the whole picture: 440 MB at most. */
#define LARGEST_WINDOW 49000u

uint64_t memory_allowed(uint64_t wanted, const pith_model *model) {
    uint64_t n = wanted ? wanted : model_traits_of(model)->memory;
    return n ? n : UINT64_MAX;
}

static uint64_t largest(uint64_t a, uint64_t b) { return a > b ? a : b; }

static uint64_t row_bytes(uint32_t width, uint32_t n_channels, uint32_t bit_depth) {
    return (uint64_t)width * n_channels * (bit_depth == 16 ? 2 : 1);
}

/* Bytes of one row of alpha slices. */
static uint64_t alpha_rows(uint32_t width) { return (uint64_t)CTR_ALPHA_SLICE_SIDE * width * sizeof(uint16_t); }

/* A window's latents and the pixels of its kept part. With alpha, also its opacities and the levels of alpha_fill. */
static uint64_t window_bytes(const ctr_head *head, const model_window *w, bool fills_alpha) {
    const uint64_t planes = 3 + (fills_alpha ? 3 : 0); /* 1 + 5 / 3 for the last, rounded up */
    const uint64_t pixels = ((uint64_t)w->keep_h * w->keep_w) << (2 * head->log2_downscale);
    return ((uint64_t)w->h * w->w * head->n_latent + planes * pixels) * sizeof(float);
}

/* Of as many coders as there may be, lest the tiles depend on the number of cores: what alpha_fill gives depends on the
 * tiles. */
static uint64_t coder_bytes(const memory_plan *plan) {
    const ctr_head *head = plan->head;
    const uint32_t n = slice_pool_most_coders(plan->allowed, head->n_latent, ctr_slice_count(head));
    return n * (uint64_t)lat_coder_bytes(head->n_latent);
}

static pith_status refuse(const memory_plan *plan, const char *what, uint32_t width, uint32_t height, uint64_t needed,
                          pith_diag *diag) {
    return diag_set(diag, PITH_E_LIMIT, "%s of %ux%u pixels takes %.0f MB of memory, of which %.0f MB are allowed",
                    what, width, height, 1e-6 * (double)needed + 0.5, 1e-6 * (double)plan->allowed);
}

/* ---- shapes of tiles --------------------------------------------------------------------- */

typedef struct tile_shape {
    tile_reach reach;
    uint64_t window, all; /* positions of a window, and of all windows */
} tile_shape;

static int by_cost(const void *a, const void *b) {
    const tile_shape *s = a, *t = b;
    const bool s_large = s->window > LARGEST_WINDOW, t_large = t->window > LARGEST_WINDOW;
    if (s_large != t_large) return s_large ? 1 : -1;
    if (s->all != t->all) return s->all < t->all ? -1 : 1;
    if (s->window != t->window) return s->window < t->window ? -1 : 1;
    return s->reach.core_x < t->reach.core_x ? 1 : -1;
}

/* All shapes of tiles for a part of a picture, those with the least work first. */
static void list_shapes(tile_shape shapes[N_TILE_SHAPES], const tile_grid *part, uint32_t halo) {
    const tile_axis *x = &part->x, *y = &part->y;
    for (size_t i = 0; i < N_TILE_SHAPES; i++) {
        const tile_reach reach = {tile_sides[i % N_TILE_SIDES], tile_sides[i / N_TILE_SIDES], halo};
        const tile_axis across = tile_axis_part(x->first, x->length, x->whole, reach.core_x, halo);
        const tile_axis down = tile_axis_part(y->first, y->length, y->whole, reach.core_y, halo);
        const uint64_t window = (uint64_t)across.window * down.window;
        shapes[i] = (tile_shape){reach, window, window * across.count * down.count};
    }
    qsort(shapes, N_TILE_SHAPES, sizeof *shapes, by_cost);
}

/* ---- encoding --------------------------------------------------------------------------- */

static pith_status encode_need(const memory_plan *plan, const tile_grid *grid, const pith_image_format *f,
                               uint64_t *n_bytes, pith_diag *diag) {
    const ctr_head *head = plan->head;
    const bool has_alpha = f->n_channels % 2 == 0;
    const uint64_t symbols = (uint64_t)ctr_latent_width(head) * ctr_latent_height(head) * head->n_latent;
    uint64_t network = 0;
    model_window window = {.h = grid->y.window, .w = grid->x.window};
    window.keep_h = tile_axis_kept(&grid->y, tile_axis_span(&grid->y, 0), &window.keep_y);
    window.keep_w = tile_axis_kept(&grid->x, tile_axis_span(&grid->x, 0), &window.keep_x);
    pith_status status = model_network_memory(plan->model, MODEL_ENCODES, &window, &network, diag);
    const uint32_t more = (grid->x.count < MEMORY_ENCODE_BUFFERS ? grid->x.count : MEMORY_ENCODE_BUFFERS) - 1;
    network += (uint64_t)more * window.h * window.w * head->n_latent * sizeof(float);
    network += window_bytes(head, &window, has_alpha) + (has_alpha ? alpha_rows(f->width) : 0);
    network += ((uint64_t)grid->y.window << head->log2_downscale) * row_bytes(f->width, f->n_channels, f->bit_depth);
    uint64_t coding = symbols * sizeof(int16_t) + coder_bytes(plan);
    coding += (uint64_t)f->width * f->height / LARGEST_FILE_PART;
    *n_bytes = ALWAYS_BYTES + symbols * sizeof(float) + largest(network, coding);
    return status;
}

pith_status memory_plan_encode(tile_grid *grid, const memory_plan *plan, const pith_image_format *format,
                               pith_diag *diag) {
    uint64_t needed = 0;
    tile_shape shapes[N_TILE_SHAPES];
    const uint32_t w = ctr_latent_width(plan->head), h = ctr_latent_height(plan->head);
    const uint32_t halo = model_traits_of(plan->model)->encoder_reach;
    *grid = tile_grid_make(w, h, (tile_reach){w, h, halo});
    list_shapes(shapes, grid, halo);
    for (size_t i = 0; i < N_TILE_SHAPES; i++) {
        *grid = tile_grid_make(w, h, shapes[i].reach);
        if (plan->allowed == UINT64_MAX) return PITH_OK;
        pith_status status = encode_need(plan, grid, format, &needed, diag);
        if (status != PITH_OK || needed <= plan->allowed) return status;
    }
    return refuse(plan, "encoding a picture", format->width, format->height, needed, diag);
}

/* ---- decoding --------------------------------------------------------------------------- */

static pith_status decode_need(const memory_plan *plan, const region *part, const memory_decode_how *how,
                               uint64_t *n_bytes, pith_diag *diag) {
    const ctr_head *head = plan->head;
    const tile_grid *grid = &part->tiles;
    const pixel_rect *p = &part->pixels;
    const uint32_t n_channels = (head->grey ? 1u : 3u) + head->alpha;
    const bool is_palette = head->method == PITH_METHOD_PALETTE; /* decoded in one piece */
    const ctr_rect all = {0, 0, ctr_latent_width(head), ctr_latent_height(head)};
    const ctr_rect held = latents_extent(head, is_palette ? all : part->latents);
    const uint64_t symbols = (uint64_t)held.width * held.height * head->n_latent;
    const uint64_t coding = symbols * sizeof(int16_t) + coder_bytes(plan);
    pith_status status = PITH_OK;
    uint64_t network = 0;
    if (!how->preview) {
        const model_window window = region_window(part, 0, 0);
        status = model_network_memory(plan->model, how->work, &window, &network, diag);
        const uint64_t rows = (uint64_t)grid->y.core << head->log2_downscale;
        network += window_bytes(head, &window, false);
        network += (rows < p->height ? rows : p->height) * row_bytes(p->width, n_channels, how->bit_depth);
    }
    if (head->alpha) network += alpha_rows(p->width);
    *n_bytes = ALWAYS_BYTES + symbols * sizeof(float) + largest(network, coding);
    return status;
}

pith_status memory_plan_decode(region *part, const memory_plan *plan, const memory_decode_how *how, pith_diag *diag) {
    uint64_t needed = 0;
    tile_shape shapes[N_TILE_SHAPES];
    const uint32_t halo = how->preview ? 0 : model_traits_of(plan->model)->decoder_reach;
    pith_status status = region_make(part, &how->wanted, plan->head, (tile_reach){1, 1, halo}, diag);
    if (status != PITH_OK) return status;
    list_shapes(shapes, &part->tiles, halo);
    for (size_t i = 0; i < N_TILE_SHAPES; i++) {
        status = region_make(part, &how->wanted, plan->head, shapes[i].reach, diag);
        if (status != PITH_OK || plan->allowed == UINT64_MAX) return status;
        status = decode_need(plan, part, how, &needed, diag);
        if (status != PITH_OK || needed <= plan->allowed) return status;
    }
    part->whole_windows = true;
    status = decode_need(plan, part, how, &needed, diag);
    if (status != PITH_OK || needed <= plan->allowed) return status;
    return refuse(plan, "decoding a picture", part->pixels.width, part->pixels.height, needed, diag);
}
