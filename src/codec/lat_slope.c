/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "codec/lat_slope.h"

#include <math.h>
#include <string.h>

#include "base/exact_math.h"
#include "codec/lat_model.h"
#include "entropy/logistic.h"

/* Cost of the first nonzero symbol in a channel: all zeros of the channel must then be coded one by one. */
#define EMPTY_BITS 12.0f
/* Weight of the first-order effect on later symbols: the mixture follows the distribution only in part. */
#define LATER_PART 0.5f
#define LEAST_PROBABILITY 1e-6f

typedef struct slope_state {
    const float *values;
    const int16_t *symbols;
    uint32_t height, width;
    float *slope;
    bool is_coded[LAT_MAX_CHANNELS]; /* false: all zero */
} slope_state;

/* ---- the symbol itself ------------------------------------------------------------ */

static float bits_of(bool bit, uint32_t probability) {
    return 16 - em_log2f((float)(bit ? probability : 65536 - probability));
}

/* Bits of `symbol` if it were coded at the position in view. */
static float bits_of_symbol(lat_model *m, int32_t symbol) {
    const lat_view *v = &m->view;
    const int32_t difference = v->flipped ? v->predicted - symbol : symbol - v->predicted;
    float bits = bits_of(difference == 0, lat_model_zero(m));
    if (difference == 0) return bits;
    const bool away = difference < 0;
    const uint32_t magnitude = (uint32_t)(away ? -difference : difference);
    bits += bits_of(away, lat_model_away(m));
    for (uint32_t i = 1; i <= magnitude && i <= LAT_N_UNARY; i++) /* the escape code is not counted */
        bits += bits_of(magnitude > i, lat_model_above(m, i, away));
    return bits;
}

/* ---- symbols predicted from it -------------------------------------------------------- */

static float logistic(float x) { return 1 / (1 + em_expf(-x)); }

/* Derivative, with respect to the mean, of the bits of a symbol under a logistic distribution. `distance`: symbol
 * minus mean. */
static float slope_by_mean(float distance, float inverse_scale) {
    const float sign = distance > 0 ? -1 : 1, below_mean = sign * distance; /* differences are exact below the mean */
    const float above = logistic((below_mean + 0.5f) * inverse_scale);
    const float below = logistic((below_mean - 0.5f) * inverse_scale);
    const float probability = fmaxf(above - below, LEAST_PROBABILITY);
    return sign * inverse_scale * (above * (1 - above) - below * (1 - below)) / (probability * (float)M_LN2);
}

/* Adds the slope to the neighbours in the channel being coded. Positions outside are replaced as in
 * lat_contexts.c. */
static void spread_to_channel(const slope_state *s, const int32_t *weights, float *plane, uint32_t y, uint32_t x,
                              float by_mean) {
    for (uint32_t i = 0; i < LAT_N_NEIGHBOURS; i++) {
        const lat_offset n = lat_neighbour(i, y);
        int64_t row = (int64_t)y + n.y, column = (int64_t)x + n.x;
        if (column < 0) {
            row--;
            column = 0;
        }
        if (row < 0) continue; /* a zero is read there */
        if (column >= s->width) column = s->width - 1;
        plane[row * s->width + column] += by_mean * (float)weights[i];
    }
}

static int64_t within(int64_t v, uint32_t end) { return v < 0 ? 0 : v >= end ? (int64_t)end - 1 : v; }

static void spread_to_sources(const slope_state *s, const lat_contexts *k, const int32_t *weights, uint32_t y,
                              uint32_t x, float by_mean) {
    for (uint32_t i = 0; i < k->n_sources; i++) {
        float *plane = s->slope + (size_t)k->sources[i] * s->height * s->width;
        for (uint32_t j = 0; j < LAT_N_TAPS; j++) {
            const lat_offset tap = lat_tap(j);
            plane[within((int64_t)y + tap.y, s->height) * s->width + within((int64_t)x + tap.x, s->width)] +=
                by_mean * (float)*weights++;
        }
    }
}

/* Called before a symbol is coded. */
static void take_symbol(void *user, lat_model *m, uint32_t channel, uint32_t y, uint32_t x) {
    slope_state *s = user;
    const lat_view *v = &m->view;
    const size_t plane = (size_t)channel * s->height * s->width, at = plane + (size_t)y * s->width + x;
    const int32_t symbol = s->symbols[at], below = s->values[at] < (float)symbol ? symbol - 1 : symbol;
    s->is_coded[channel] = true;
    s->slope[at] += bits_of_symbol(m, below + 1) - bits_of_symbol(m, below);
    const float distance = (float)symbol - (float)v->expected / 256;
    const float by_mean = LATER_PART / (1 << LINEAR_WEIGHT_BITS) *
                          slope_by_mean(distance, (float)lat_inverse_scale[v->level] / LOGISTIC_ONE);
    const int32_t *weights = m->contexts.value_predictor.weights;
    spread_to_channel(s, weights, s->slope + plane, y, x, by_mean);
    spread_to_sources(s, &m->contexts, weights + LAT_N_NEIGHBOURS + 1, y, x, by_mean);
}

/* ---- the slope of a block ----------------------------------------------------------------- */

pith_status lat_slope(lat_coder *coder, const lat_block *block, const float *values, float *slope, uint64_t *n_bytes) {
    if (!coder || !block || !values || !slope) return PITH_E_ARG;
    const size_t area = (size_t)block->height * block->width, count = area * block->n_channels;
    slope_state s = {values, block->symbols, block->height, block->width, slope, {false}};
    lat_model *m = lat_coder_model(coder);
    memset(slope, 0, count * sizeof *slope);
    m->observe_symbol = take_symbol;
    m->observe_user = &s;
    const pith_status status = lat_cost(coder, block, n_bytes);
    m->observe_symbol = NULL;
    m->observe_user = NULL;
    if (status != PITH_OK) return status;
    for (uint32_t c = 0; c < block->n_channels; c++)
        if (!s.is_coded[c])
            for (size_t i = c * area; i < (c + 1) * area; i++) slope[i] = values[i] < 0 ? -EMPTY_BITS : EMPTY_BITS;
    return PITH_OK;
}
