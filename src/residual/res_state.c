/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Planes and map of a slice. Colours are Y, Co, Cg, converted by lifting steps, which restore every 8-bit sample
 * exactly. */
#include "residual/res_state.h"

#include <string.h>

static uint32_t filled_up(uint32_t length) { return (length + RES_MAX_SIDE - 1) & ~(RES_MAX_SIDE - 1); }

static void to_planes(const uint8_t *rgb, unsigned n, int16_t out[3]) {
    if (n == 1) {
        out[0] = rgb[0];
        return;
    }
    int co = rgb[0] - rgb[2], t = rgb[2] + (co >> 1), cg = rgb[1] - t;
    out[0] = (int16_t)(t + (cg >> 1));
    out[1] = (int16_t)co;
    out[2] = (int16_t)cg;
}

static uint8_t clamp(int v) { return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v); }

static void from_planes(const int16_t in[3], unsigned n, uint8_t *rgb) {
    if (n == 1) {
        rgb[0] = clamp(in[0]);
        return;
    }
    int t = in[0] - (in[2] >> 1), b = t - (in[1] >> 1);
    rgb[0] = clamp(b + in[1]);
    rgb[1] = clamp(in[2] + t);
    rgb[2] = clamp(b);
}

void res_load_planes(const res_view *view, int16_t *const planes[3]) {
    const unsigned n = view->n_channels;
    uint32_t width = filled_up(view->width), height = filled_up(view->height);
    for (uint32_t y = 0; y < height; y++) {
        const uint8_t *row = view->samples + (y < view->height ? y : view->height - 1) * view->stride_bytes;
        for (uint32_t x = 0; x < width; x++) {
            int16_t out[3];
            to_planes(row + (size_t)(x < view->width ? x : view->width - 1) * view->pixel_samples, n, out);
            for (unsigned p = 0; p < n; p++) planes[p][res_at(x, y)] = out[p];
        }
    }
}

void res_begin_slice(res_coder *c, const res_view *picture) {
    c->width = picture->width;
    c->height = picture->height;
    c->n_planes = picture->n_channels;
    c->bad = false;
    res_load_planes(picture, c->network);
    for (unsigned p = 0; p < c->n_planes; p++) {
        memcpy(c->rebuilt[p], c->network[p], RES_PLANE_SIZE * sizeof *c->rebuilt[p]);
        memset(c->levels[p], 0, RES_PLANE_SIZE * sizeof *c->levels[p]);
    }
    memset(c->ids, RES_ID_NONE, RES_N_IDS);
    memset(c->units, 0, RES_N_UNITS * sizeof *c->units);
    res_model_begin_slice(&c->model);
}

void res_end_slice(const res_coder *c, const res_view *picture) {
    const unsigned n = c->n_planes;
    for (uint32_t y = 0; y < c->height; y++)
        for (uint32_t x = 0; x < c->width; x++) {
            int16_t in[3] = {0};
            bool same = true;
            for (unsigned p = 0; p < n; p++) {
                in[p] = c->rebuilt[p][res_at(x, y)];
                same = same && in[p] == c->network[p][res_at(x, y)];
            }
            if (!same)
                from_planes(in, n, picture->samples + y * picture->stride_bytes + (size_t)x * picture->pixel_samples);
        }
}

void res_set_colours(res_coder *c) {
    for (unsigned i = 0; i < c->header.n_colours; i++) to_planes(c->header.colours[i], c->n_planes, c->colours[i + 1]);
}

void res_mark(res_coder *c, uint32_t x, uint32_t y, unsigned log2, res_leaf leaf) {
    res_leaf *unit = &c->units[res_unit_at(x, y)];
    for (unsigned j = 0; j < 1u << (log2 - RES_MIN_LOG2); j++, unit += RES_UNIT_STRIDE)
        for (unsigned i = 0; i < 1u << (log2 - RES_MIN_LOG2); i++) unit[i] = leaf;
}

static uint32_t checksum_header(const res_coder *c) {
    const res_header *h = &c->header;
    uint8_t bytes[7] = {h->step_index, h->chroma_delta, h->fine_delta, h->slopes[0],
                        h->slopes[1],  h->smoothing,    h->n_colours};
    uint32_t crc = crc32_update(0, bytes, sizeof bytes);
    for (unsigned i = 0; i < h->n_colours; i++) crc = crc32_update(crc, h->colours[i], c->n_planes);
    return crc;
}

/* CRC of the header; then kinds and modes, one row of units after another; then ids and levels row by row. */
uint16_t res_checksum(const res_coder *c) {
    uint32_t width = filled_up(c->width), height = filled_up(c->height), crc = checksum_header(c);
    uint8_t bytes[2 * RES_STRIDE];
    for (uint32_t y = 0; y < height; y += RES_UNIT) {
        size_t n = 0;
        for (uint32_t x = 0; x < width; x += RES_UNIT) {
            const res_leaf *unit = &c->units[res_unit_at(x, y)];
            bytes[n++] = unit->kind;
            bytes[n++] = unit->kind == RES_KIND_INTRA ? unit->mode : unit->fine;
        }
        crc = crc32_update(crc, bytes, n);
    }
    for (uint32_t y = 0; y < height; y++) {
        crc = crc32_update(crc, c->ids + res_id_at(0, y), width);
        for (unsigned p = 0; p < c->n_planes; p++) {
            const int16_t *row = c->levels[p] + res_at(0, y);
            for (uint32_t x = 0; x < width; x++) {
                bytes[2 * x] = (uint8_t)((uint16_t)row[x] & 0xFF);
                bytes[2 * x + 1] = (uint8_t)((uint16_t)row[x] >> 8);
            }
            crc = crc32_update(crc, bytes, 2 * (size_t)width);
        }
    }
    return (uint16_t)(crc & 0xFFFF);
}
