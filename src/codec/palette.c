/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Fits the colours by splitting and k-means; chooses the indices by error diffusion. */
#include "codec/palette.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#define MAX_SAMPLES 16384u /* pixels used to fit the colours */
#define N_ROUNDS 24        /* of k-means; on photos it converges much earlier */

/* ---- floats <-> bytes ----------------------------------------------------------------- */

static uint8_t to_byte(float value, float unit) {
    const double byte = floor((double)value / (double)unit + 128.0); /* 127.5, rounded half up */
    if (isnan(byte)) return 128;
    return byte < 0 ? 0 : byte > 255 ? 255 : (uint8_t)byte;
}

void pal_bytes(const float *planes, uint32_t n_channels, size_t n_positions, float unit, uint8_t *pixels) {
    for (uint32_t c = 0; c < n_channels; c++)
        for (size_t i = 0; i < n_positions; i++)
            pixels[i * n_channels + c] = to_byte(planes[(size_t)c * n_positions + i], unit);
}

void pal_values(const pal_colours *colours, const uint8_t *indices, size_t n_positions, float unit, float *planes) {
    for (uint32_t c = 0; c < colours->n_channels; c++)
        for (size_t i = 0; i < n_positions; i++)
            planes[(size_t)c * n_positions + i] = ((float)colours->values[indices[i]][c] - PAL_MIDDLE) * unit;
}

/* ---- colours --------------------------------------------------------------------------- */

/* Pixels used to fit the colours, and the colour each belongs to. */
typedef struct sample {
    const uint8_t *pixels;
    uint32_t n_channels;
    size_t n, stride; /* sample i is pixel i * stride */
    uint8_t *owner;
} sample;

static const uint8_t *sample_pixel(const sample *s, size_t i) { return s->pixels + i * s->stride * s->n_channels; }

/* Statistics of the pixels that belong to one colour. */
typedef struct cluster {
    uint64_t n;
    uint64_t sum[PAL_MAX_CHANNELS], squares[PAL_MAX_CHANNELS];
} cluster;

static void measure(cluster *clusters, uint32_t n_clusters, const sample *s) {
    memset(clusters, 0, n_clusters * sizeof *clusters);
    for (size_t i = 0; i < s->n; i++) {
        const uint8_t *p = sample_pixel(s, i);
        cluster *k = &clusters[s->owner[i]];
        k->n++;
        for (uint32_t c = 0; c < s->n_channels; c++) {
            k->sum[c] += p[c];
            k->squares[c] += (uint64_t)p[c] * p[c];
        }
    }
}

/* n times the sum of squared distances from the mean in one channel. */
static uint64_t spread(const cluster *k, uint32_t channel) {
    return k->n * k->squares[channel] - k->sum[channel] * k->sum[channel];
}

/* The channel in which a cluster is widest; *error: its squared error over all channels. */
static uint32_t widest(const cluster *k, uint32_t n_channels, uint64_t *error) {
    uint32_t best = 0;
    *error = 0;
    for (uint32_t c = 0; c < n_channels; c++) {
        if (spread(k, c) > spread(k, best)) best = c;
        if (k->n) *error += (spread(k, c) + k->n - 1) / k->n; /* at least 1 if there is any difference */
    }
    return best;
}

/* Repeatedly splits the cluster with the largest error at its mean, until there are 256 or each has a single
 * value. */
static uint32_t split_all(cluster *clusters, const sample *s) {
    uint32_t n = 1;
    memset(s->owner, 0, s->n);
    measure(clusters, 1, s);
    while (n < PAL_MAX_COLOURS) {
        uint32_t worst = 0, channel = 0;
        uint64_t most = 0;
        for (uint32_t k = 0; k < n; k++) {
            uint64_t error;
            const uint32_t at = widest(&clusters[k], s->n_channels, &error);
            if (error > most) worst = k, channel = at, most = error;
        }
        if (most == 0) break;
        const uint64_t mean = clusters[worst].sum[channel] / clusters[worst].n; /* some pixels lie above it */
        for (size_t i = 0; i < s->n; i++)
            if (s->owner[i] == worst && sample_pixel(s, i)[channel] > mean) s->owner[i] = (uint8_t)n;
        n++;
        measure(clusters, n, s);
    }
    return n;
}

static int32_t distance(const uint8_t *a, const int16_t *b, uint32_t n_channels) {
    int32_t sum = 0;
    for (uint32_t c = 0; c < n_channels; c++) sum += (a[c] - b[c]) * (a[c] - b[c]);
    return sum;
}

/* The nearest colour; the first of equals. */
static uint8_t nearest(const pal_colours *colours, const int16_t *pixel) {
    uint32_t best = 0;
    int32_t least = INT32_MAX;
    for (uint32_t k = 0; k < colours->n_colours; k++) {
        const int32_t d = distance(colours->values[k], pixel, colours->n_channels);
        if (d < least) best = k, least = d;
    }
    return (uint8_t)best;
}

/* Moves each colour to the mean of its pixels; a colour without pixels stays. */
static bool move_colours(pal_colours *colours, const cluster *clusters) {
    bool moved = false;
    for (uint32_t k = 0; k < colours->n_colours; k++)
        for (uint32_t c = 0; c < colours->n_channels && clusters[k].n; c++) {
            const uint8_t mean = (uint8_t)((2 * clusters[k].sum[c] + clusters[k].n) / (2 * clusters[k].n));
            moved |= mean != colours->values[k][c];
            colours->values[k][c] = mean;
        }
    return moved;
}

static void assign(const pal_colours *colours, const sample *s) {
    for (size_t i = 0; i < s->n; i++) {
        int16_t pixel[PAL_MAX_CHANNELS];
        for (uint32_t c = 0; c < s->n_channels; c++) pixel[c] = sample_pixel(s, i)[c];
        s->owner[i] = nearest(colours, pixel);
    }
}

pith_status pal_fit(pal_colours *colours, const uint8_t *pixels, uint32_t n_channels, size_t n_positions,
                    const pith_alloc *alloc) {
    if (n_channels == 0 || n_channels > PAL_MAX_CHANNELS || n_positions == 0) return PITH_E_ARG;
    pith_status status = PITH_OK;
    sample s = {.pixels = pixels, .n_channels = n_channels, .stride = (n_positions - 1) / MAX_SAMPLES + 1};
    s.n = (n_positions - 1) / s.stride + 1;
    s.owner = mem_alloc(alloc, s.n, 1);
    cluster *clusters = mem_alloc(alloc, PAL_MAX_COLOURS, sizeof *clusters);
    if (!s.owner || !clusters) {
        status = PITH_E_NOMEM;
        goto cleanup;
    }
    *colours = (pal_colours){.n_channels = n_channels};
    colours->n_colours = split_all(clusters, &s);
    for (int round = 0; move_colours(colours, clusters) && round < N_ROUNDS; round++) {
        assign(colours, &s);
        measure(clusters, colours->n_colours, &s);
    }
cleanup:
    mem_free(alloc, s.owner);
    mem_free(alloc, clusters);
    return status;
}

/* ---- indices ----------------------------------------------------------------------------- */

/* Errors carried to the current row and the next, in 1/16. One extra position at each end avoids bounds checks. */
typedef struct carried {
    int32_t *here, *below;
    uint32_t n_channels;
} carried;

static int32_t *carried_at(int32_t *row, const carried *e, uint32_t x) { return row + ((size_t)x + 1) * e->n_channels; }

/* The pixel plus the errors of its neighbours, rounded and clamped, so that errors that no colour can correct do not
 * grow without bound. */
static void with_error(int16_t *wanted, const uint8_t *pixel, const int32_t *error, uint32_t n_channels) {
    for (uint32_t c = 0; c < n_channels; c++) {
        const int32_t v = (pixel[c] * 16 + error[c] + 8) >> 4;
        wanted[c] = (int16_t)(v < 0 ? 0 : v > 255 ? 255 : v);
    }
}

static void spread_error(const carried *e, const int16_t *wanted, const uint8_t *got, uint32_t x, int32_t forward) {
    const int32_t step = forward * (int32_t)e->n_channels;
    int32_t *here = carried_at(e->here, e, x), *below = carried_at(e->below, e, x);
    for (int32_t c = 0; c < (int32_t)e->n_channels; c++) {
        const int32_t error = wanted[c] - got[c];
        here[c + step] += 7 * error;
        below[c - step] += 3 * error;
        below[c] += 5 * error;
        below[c + step] += error;
    }
}

pith_status pal_dither(const pal_colours *colours, const uint8_t *pixels, uint32_t height, uint32_t width,
                       uint8_t *indices, const pith_alloc *alloc) {
    const size_t row = ((size_t)width + 2) * colours->n_channels;
    int32_t *rows = mem_alloc(alloc, row, 2 * sizeof *rows);
    if (!rows) return PITH_E_NOMEM;
    for (uint32_t y = 0; y < height; y++) {
        carried e = {rows + (y & 1 ? row : 0), rows + (y & 1 ? 0 : row), colours->n_channels};
        memset(e.below, 0, row * sizeof *e.below);
        for (uint32_t i = 0; i < width; i++) {
            const uint32_t x = y & 1 ? width - 1 - i : i;
            const size_t at = (size_t)y * width + x;
            int16_t wanted[PAL_MAX_CHANNELS];
            with_error(wanted, pixels + at * e.n_channels, carried_at(e.here, &e, x), e.n_channels);
            indices[at] = nearest(colours, wanted);
            spread_error(&e, wanted, colours->values[indices[at]], x, y & 1 ? -1 : 1);
        }
    }
    mem_free(alloc, rows);
    return PITH_OK;
}
