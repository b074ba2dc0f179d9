/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "compare/compare_tiles.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli_json.h"
#include "compare/compare_sheet.h"

/* ---- measuring ------------------------------------------------------------------------- */

typedef struct measured {
    pith_tile *tiles;
    uint32_t across, down;
} measured;

/* 8-bit rows of a picture that may have 16; the picture itself when it has 8. */
static bool to_8_bits(pith_image *out, const pith_image *image) {
    *out = *image;
    if (image->format.bit_depth == 8) return true;
    size_t n = (size_t)image->format.width * image->format.n_channels;
    uint8_t *samples = malloc(n * image->format.height);
    for (uint32_t y = 0; y < image->format.height && samples; y++) {
        const uint16_t *row = (const void *)((const uint8_t *)image->pixels + y * image->stride_bytes);
        for (size_t i = 0; i < n; i++) samples[y * n + i] = (uint8_t)((row[i] * 255u + 32767u) / 65535u);
    }
    out->pixels = samples;
    out->stride_bytes = n;
    out->format.bit_depth = 8;
    return samples != NULL;
}

static pith_status measure(measured *m, const pith_image *a, const pith_image *b, pith_diag *why) {
    const pith_image_format *f = &a->format;
    m->across = (f->width + PITH_TILE - 1) / PITH_TILE;
    m->down = (f->height + PITH_TILE - 1) / PITH_TILE;
    size_t n = (size_t)m->across * m->down;
    m->tiles = calloc(n, sizeof *m->tiles);
    return m->tiles ? pith_measure_tiles(NULL, a, b, m->tiles, n, why) : PITH_E_NOMEM;
}

static size_t worst_of(const measured *m) {
    size_t worst = 0;
    for (size_t i = 1; i < (size_t)m->across * m->down; i++)
        if (m->tiles[i].error > m->tiles[worst].error) worst = i;
    return worst;
}

static size_t count_over(const measured *m, float bound) {
    size_t n = 0;
    for (size_t i = 0; i < (size_t)m->across * m->down; i++) n += m->tiles[i].error > bound;
    return n;
}

/* ---- the bound ---------------------------------------------------------------------------- */

static cli_exit say_bound(const measured *m, const char *path_b, const tiles_request *r) {
    const float bound = pith_level_bound(r->bound);
    const size_t i = worst_of(m), n_over = count_over(m, bound), n = (size_t)m->across * m->down;
    const pith_tile *worst = &m->tiles[i];
    const uint32_t x = (uint32_t)(i % m->across) * PITH_TILE, y = (uint32_t)(i / m->across) * PITH_TILE;
    if (r->as_json) {
        cli_exit code = json_print(json_pack(
            "{ss so so sI sI sI sI sb}", "level", cli_level_name(r->bound), "bound", json_number((double)bound),
            "worst_error", json_number((double)worst->error), "worst_x", (json_int_t)x, "worst_y", (json_int_t)y,
            "tiles", (json_int_t)n, "tiles_over", (json_int_t)n_over, "holds", n_over == 0));
        if (code != CLI_DONE) return code;
    } else {
        printf("level %s\nbound %.4f\nworst_error %.4f\nworst_x %" PRIu32 "\nworst_y %" PRIu32
               "\ntiles %zu\ntiles_over %zu\n",
               cli_level_name(r->bound), (double)bound, (double)worst->error, x, y, n, n_over);
    }
    if (n_over == 0) return CLI_DONE;
    return cli_fail(CLI_BOUND, path_b,
                    "the %s bound does not hold: the tile at %" PRIu32 ",%" PRIu32
                    " has an error of %.3f, %.3f is allowed; %zu of %zu tiles are over",
                    cli_level_name(r->bound), x, y, (double)worst->error, (double)bound, n_over, n);
}

/* ---- the heatmap ---------------------------------------------------------------------------- */

/* How an error is shown: nothing below half the strict bound, then yellow, orange at the normal bound, red at the loose
 * one, violet beyond. */
typedef struct tint {
    float r, g, b, strength; /* strength: 0 the picture alone .. 1 the colour alone */
} tint;

static tint tint_of(float error) {
    static const struct {
        float octaves; /* of the error, over half the strict bound */
        tint colour;
    } stops[] = {{0, {255, 236, 120, 0}},
                 {1, {255, 226, 90, 0.30f}},
                 {2.8f, {255, 150, 40, 0.45f}},
                 {3.9f, {235, 50, 40, 0.60f}},
                 {6, {170, 20, 150, 0.75f}}};
    const size_t last = sizeof stops / sizeof stops[0] - 1;
    float octaves = error > 0 ? log2f(error / (0.5f * pith_level_bound(PITH_LEVEL_STRICT))) : -1;
    if (octaves <= 0) return stops[0].colour;
    if (octaves >= stops[last].octaves) return stops[last].colour;
    size_t i = 0;
    while (octaves > stops[i + 1].octaves) i++;
    float t = (octaves - stops[i].octaves) / (stops[i + 1].octaves - stops[i].octaves);
    const tint *a = &stops[i].colour, *b = &stops[i + 1].colour;
    return (tint){a->r + t * (b->r - a->r), a->g + t * (b->g - a->g), a->b + t * (b->b - a->b),
                  a->strength + t * (b->strength - a->strength)};
}

static void paint_pixel(uint8_t *to, const uint8_t *from, uint32_t n_channels, const tint *t, bool is_border) {
    float grey =
        n_channels == 1 ? (float)from[0] : 0.299f * (float)from[0] + 0.587f * (float)from[1] + 0.114f * (float)from[2];
    float ground = 24 + 0.82f * grey; /* a little flat, so that the tints stand out */
    float strength = is_border ? 0.5f + 0.5f * t->strength : t->strength;
    /* The tint is partly multiplied by the picture, so that what is under it stays visible. */
    float shade = is_border ? 1 : 0.35f + 0.65f * ground / 233;
    const float colour[3] = {t->r, t->g, t->b};
    for (size_t c = 0; c < 3; c++) to[c] = (uint8_t)(ground + strength * (colour[c] * shade - ground) + 0.5f);
}

/* Tiles over the normal bound get a border one pixel wide. */
static cli_exit paint(const measured *m, const pith_image *a, const char *path, bool force) {
    const uint32_t width = a->format.width, height = a->format.height;
    pith_image out = {{width, height, 3, 8}, malloc((size_t)width * 3 * height), (size_t)width * 3};
    if (!out.pixels) return cli_fail(CLI_OUTPUT, path, "out of memory");
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *from = (const uint8_t *)a->pixels + y * a->stride_bytes;
        uint8_t *to = (uint8_t *)out.pixels + y * out.stride_bytes;
        for (uint32_t x = 0; x < width; x++) {
            float error = m->tiles[(size_t)(y / PITH_TILE) * m->across + x / PITH_TILE].error;
            tint t = tint_of(error);
            bool at_edge = x % PITH_TILE == 0 || y % PITH_TILE == 0 || x % PITH_TILE == PITH_TILE - 1 ||
                           y % PITH_TILE == PITH_TILE - 1 || x + 1 == width || y + 1 == height;
            paint_pixel(to + (size_t)x * 3, from + (size_t)x * a->format.n_channels, a->format.n_channels, &t,
                        at_edge && error > pith_level_bound(PITH_LEVEL_NORMAL));
        }
    }
    cli_exit code = compare_sheet_write(path, &out, 1, force);
    free(out.pixels);
    return code;
}

cli_exit compare_tiles(const pith_image *a, const pith_image *b, const char *path_b, const tiles_request *request) {
    measured m = {0};
    pith_image a8, b8;
    pith_diag why = {0};
    pith_status status = PITH_E_NOMEM;
    bool has_a = to_8_bits(&a8, a), has_b = to_8_bits(&b8, b);
    if (has_a && has_b) status = measure(&m, &a8, &b8, &why);
    cli_exit code = CLI_DONE;
    if (status != PITH_OK)
        code = cli_fail(cli_exit_of(status, CLI_INPUT), path_b, "%s", why.status ? why.message : "out of memory");
    else if (request->heatmap)
        code = paint(&m, &a8, request->heatmap, request->force);
    if (status == PITH_OK && code == CLI_DONE && request->bound != PITH_LEVEL_NONE)
        code = say_bound(&m, path_b, request);
    if (a8.pixels != a->pixels) free(a8.pixels);
    if (b8.pixels != b->pixels) free(b8.pixels);
    free(m.tiles);
    return code;
}
