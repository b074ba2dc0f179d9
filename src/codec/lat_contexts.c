/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Channels are coded one after another. So all neighbours in an earlier channel are known, but in the same channel
 * only those to the left and above. */
#include "codec/lat_contexts.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define VALUE_MAX 1023  /* values are clamped to this for prediction */
#define EXPECTED_MIN 24 /* lower limit of the expected error, in 1/256 */
#define EXPECTED_MAX 65535
#define FIRST_LEVEL 36 /* floor(8 log2(error)) of an expected error at level 0 */

typedef struct neighbour {
    lat_offset at;
    int16_t value_weight, error_weight; /* initial weights, in 1/2^LINEAR_WEIGHT_BITS */
} neighbour;

static const neighbour neighbours[LAT_N_NEIGHBOURS] = {
    {{0, -1}, 7372, 3604}, {{-1, 0}, 7372, 3604}, {{-1, -1}, -2457, 1966}, {{-1, 1}, 1638, 1966},
    {{0, -2}, 0, 1310},    {{-2, 0}, 0, 1310},    {{-1, 2}, 0, 0},         {{-1, -2}, 0, 0},
};
static const lat_offset taps[LAT_N_TAPS] = {{0, 0}, {0, -1}, {-1, 0}, {0, 1}, {1, 0}};

#define RIDGE_VALUE 30
#define RIDGE_ERROR 4000
#define RIDGE_VALUE_PRIOR 200
#define RIDGE_ERROR_PRIOR 20000
#define CONSTANT_VALUE 4 /* constant input of each predictor */
#define CONSTANT_ERROR 16
#define CONSTANT_ERROR_WEIGHT 600

const uint16_t lat_context_sizes[LAT_N_CONTEXTS] = {96, 48, 144, 64, 72, 216, 36, 100};

static size_t at(int64_t y, int64_t x) { return (size_t)((y + LAT_MARGIN) * LAT_PLANE_STRIDE + x + LAT_MARGIN); }

static int32_t clamp(int64_t v, int32_t low, int32_t high) { return v < low ? low : v > high ? high : (int32_t)v; }

static uint32_t least(uint32_t a, uint32_t b) { return a < b ? a : b; }

static uint32_t log2_floor(uint32_t v) { return 31u - (uint32_t)__builtin_clz(v); }

/* Floor of 8 log2 v, v = 1..65535. */
static uint32_t eighths(uint32_t v) {
    uint32_t octave = log2_floor(v), mantissa = v << (15 - octave), result = octave * 8;
    for (int i = 0; i < 7; i++) result += mantissa >= lat_octave_table[i];
    return result;
}

/* Floor of log2(v + 1), at most `top`. */
static uint32_t octaves(uint32_t v, uint32_t top) { return least(log2_floor(v + 1), top); }

size_t lat_contexts_bytes(uint32_t n_channels) {
    return LAT_PLANE_SIZE * (2 * sizeof(int16_t) * n_channels + sizeof(int32_t));
}

pith_status lat_contexts_init(lat_contexts *k, const pith_alloc *alloc, uint32_t n_channels) {
    k->n_channels = n_channels;
    k->values = mem_alloc(alloc, n_channels, LAT_PLANE_SIZE * sizeof *k->values);
    k->errors = mem_alloc(alloc, n_channels, LAT_PLANE_SIZE * sizeof *k->errors);
    k->error_sums = mem_alloc(alloc, LAT_PLANE_SIZE, sizeof *k->error_sums);
    return k->values && k->errors && k->error_sums ? PITH_OK : PITH_E_NOMEM;
}

void lat_contexts_free(lat_contexts *k, const pith_alloc *alloc) {
    mem_free(alloc, k->values);
    mem_free(alloc, k->errors);
    mem_free(alloc, k->error_sums);
}

/* Planes of all-zero channels stay zero and can be sources. */
void lat_contexts_begin_slice(lat_contexts *k, uint32_t height, uint32_t width) {
    k->height = height;
    k->width = width;
    k->n_coded = 0;
    size_t used = ((size_t)height + 2 * LAT_MARGIN) * LAT_PLANE_STRIDE; /* part of each plane that is used */
    for (uint32_t i = 0; i < k->n_channels; i++) {
        memset(k->values + i * (size_t)LAT_PLANE_SIZE, 0, used * sizeof *k->values);
        memset(k->errors + i * (size_t)LAT_PLANE_SIZE, 0, used * sizeof *k->errors);
    }
    memset(k->error_sums, 0, used * sizeof *k->error_sums);
}

/* Chooses the earlier channels with the largest sums of errors; the first of equals. */
static void choose_sources(lat_contexts *k) {
    bool taken[LAT_MAX_CHANNELS] = {false};
    k->n_sources = least(k->n_coded, LAT_N_SOURCES);
    for (uint32_t i = 0; i < k->n_sources; i++) {
        uint32_t best = k->n_coded;
        for (uint32_t j = 0; j < k->n_coded; j++)
            if (!taken[j] && (best == k->n_coded || k->energy[j] > k->energy[best])) best = j;
        taken[best] = true;
        k->sources[i] = k->coded[best];
    }
}

/* Sets the source channels and weights that the prior has for this channel of its model. */
static void start_from_prior(lat_contexts *k, uint32_t channel) {
    const lat_prior *p = k->prior;
    const int16_t *values = p->value_weights + channel * (size_t)LAT_N_VALUE_INPUTS;
    const int16_t *errors = p->error_weights + channel * (size_t)LAT_N_ERROR_INPUTS;
    k->n_sources = least(channel, LAT_N_SOURCES);
    for (uint32_t i = 0; i < k->n_sources; i++) k->sources[i] = p->sources[channel * LAT_N_SOURCES + i];
    for (uint32_t i = 0; i < LAT_N_NEIGHBOURS + 1 + k->n_sources * LAT_N_TAPS; i++)
        linear_add_input(&k->value_predictor, values[i], RIDGE_VALUE_PRIOR);
    for (uint32_t i = 0; i < LAT_N_NEIGHBOURS + 1 + k->n_sources * 3; i++)
        linear_add_input(&k->error_predictor, errors[i], RIDGE_ERROR_PRIOR);
}

void lat_generic_weights(int16_t *values, int16_t *errors) {
    for (int i = 0; i < LAT_N_NEIGHBOURS; i++) {
        values[i] = neighbours[i].value_weight;
        errors[i] = neighbours[i].error_weight;
    }
    errors[LAT_N_NEIGHBOURS] = CONSTANT_ERROR_WEIGHT;
}
int32_t lat_ridge_value(void) { return RIDGE_VALUE_PRIOR; }
int32_t lat_ridge_error(void) { return RIDGE_ERROR_PRIOR; }

/* Start without a prior for the model. */
static void start_generic(lat_contexts *k) {
    choose_sources(k);
    for (int i = 0; i < LAT_N_NEIGHBOURS; i++) {
        linear_add_input(&k->value_predictor, neighbours[i].value_weight, RIDGE_VALUE);
        linear_add_input(&k->error_predictor, neighbours[i].error_weight, RIDGE_ERROR);
    }
    linear_add_input(&k->value_predictor, 0, RIDGE_VALUE);
    linear_add_input(&k->error_predictor, CONSTANT_ERROR_WEIGHT, RIDGE_ERROR);
    for (uint32_t i = 0; i < k->n_sources * LAT_N_TAPS; i++) linear_add_input(&k->value_predictor, 0, RIDGE_VALUE);
    for (uint32_t i = 0; i < k->n_sources * 3; i++) linear_add_input(&k->error_predictor, 0, RIDGE_ERROR);
}

void lat_contexts_begin_channel(lat_contexts *k, uint32_t channel) {
    linear_reset(&k->value_predictor);
    linear_reset(&k->error_predictor);
    if (k->prior->n_channels > 0)
        start_from_prior(k, channel);
    else
        start_generic(k);
    k->mean_error = 1024;
}

/* Rows above the first do not exist. In the first row the left neighbour replaces the missing ones, in the second row
 * the upper neighbour. */
lat_offset lat_neighbour(uint32_t i, uint32_t y) { return neighbours[(int64_t)y + neighbours[i].at.y < 0 ? y : i].at; }

lat_offset lat_tap(uint32_t i) { return taps[i]; }

/* Inputs from the same channel. */
static void read_neighbours(const int16_t *values, const int16_t *errors, uint32_t y, size_t o, lat_view *view) {
    for (int i = 0; i < LAT_N_NEIGHBOURS; i++) {
        const lat_offset n = lat_neighbour((uint32_t)i, y);
        size_t place = (size_t)((int64_t)o + n.y * LAT_PLANE_STRIDE + n.x);
        view->values[i] = clamp(values[place], -VALUE_MAX, VALUE_MAX);
        view->errors[i] = errors[place];
    }
    view->values[LAT_N_NEIGHBOURS] = CONSTANT_VALUE;
    view->errors[LAT_N_NEIGHBOURS] = CONSTANT_ERROR;
}

static void read_sources(const lat_contexts *k, size_t o, lat_view *view) {
    int32_t *value = view->values + LAT_N_NEIGHBOURS + 1, *error = view->errors + LAT_N_NEIGHBOURS + 1;
    for (uint32_t s = 0; s < k->n_sources; s++) {
        const int16_t *v = k->values + k->sources[s] * (size_t)LAT_PLANE_SIZE + o;
        const int16_t *e = k->errors + k->sources[s] * (size_t)LAT_PLANE_SIZE + o;
        for (int i = 0; i < LAT_N_TAPS; i++)
            *value++ = clamp(v[taps[i].y * LAT_PLANE_STRIDE + taps[i].x], -VALUE_MAX, VALUE_MAX);
        *error++ = e[0];
        *error++ = (e[-1] + e[1] + e[-LAT_PLANE_STRIDE] + e[LAT_PLANE_STRIDE]) / 2;
        *error++ =
            (e[-LAT_PLANE_STRIDE - 1] + e[-LAT_PLANE_STRIDE + 1] + e[LAT_PLANE_STRIDE - 1] + e[LAT_PLANE_STRIDE + 1]) /
            2;
    }
}

static void predict(const lat_contexts *k, lat_view *view) {
    int32_t expected = clamp(linear_predict(&k->value_predictor, view->values) >> 6, -VALUE_MAX * 256, VALUE_MAX * 256);
    view->expected = expected;
    view->predicted = (expected + 128) >> 8;
    int32_t fraction = expected - view->predicted * 256;
    view->flipped = fraction < 0;
    view->fraction = fraction < 0 ? -fraction : fraction;
    int32_t error = clamp(linear_predict(&k->error_predictor, view->errors) >> 10, EXPECTED_MIN, EXPECTED_MAX);
    view->level = least(eighths((uint32_t)error) - FIRST_LEVEL, LAT_N_LEVELS - 1);
}

/* 0 if the prediction rounds to 0; 1 or 2 if it rounds to +-1 and lies closer to or farther from 0 than that; else
 * 3. */
static uint32_t class_of(const lat_view *view) {
    if (view->predicted == 0) return 0;
    if (view->predicted != 1 && view->predicted != -1) return 3;
    return (view->predicted > 0) == !view->flipped ? 2 : 1;
}

/* The neighbour's sign: 0 if it is zero, 2 if it is on the side that the prediction leans to, else 1. */
static uint32_t side_of(const lat_view *view, int32_t value) {
    if (value == 0) return 0;
    return (value > 0) == !view->flipped ? 2 : 1;
}

static uint32_t whole(int32_t error, uint32_t top) {
    return least((uint32_t)(error + LAT_ERROR_ONE / 2) / LAT_ERROR_ONE, top);
}

/* Activity of the last coded channel at this position, 0..2. */
static uint32_t busy_before(const lat_contexts *k, size_t o) {
    if (k->n_coded == 0) return 0;
    const int16_t *e = k->errors + k->coded[k->n_coded - 1] * (size_t)LAT_PLANE_SIZE + o;
    int32_t sum = 2 * e[0] + e[1] + e[-1] + e[LAT_PLANE_STRIDE] + e[-LAT_PLANE_STRIDE];
    return sum < 20 ? 0 : sum < 60 ? 1 : 2;
}

static void make_contexts(const lat_contexts *k, size_t o, lat_view *view) {
    const int32_t *e = view->errors, *sums = k->error_sums + o;
    uint32_t level = least(view->level / 2, 23), kind = class_of(view), busy = busy_before(k, o);
    uint32_t lean = view->fraction < 16 ? 0 : view->fraction < 43 ? 1 : view->fraction < 85 ? 2 : 3;
    uint32_t west = whole(e[0], 3), north = whole(e[1], 3), corners = least(whole(e[2], 2) + whole(e[3], 2), 2);
    uint32_t near = (uint32_t)(2 * (e[0] + e[1]) + e[2] + e[3] + e[4] + e[5]);
    uint32_t here = (uint32_t)sums[0];
    uint32_t around = (uint32_t)(sums[-1] + sums[1] + sums[-LAT_PLANE_STRIDE] + sums[LAT_PLANE_STRIDE]);
    uint32_t mean = octaves((uint32_t)k->mean_error / 16, 7);
    uint32_t close = eighths(least((uint32_t)(e[0] + e[1]) / 8 + 1, 65535)) / 4;
    view->contexts[0] = (uint16_t)(level * 4 + lean);
    view->contexts[1] = (uint16_t)(level / 2 * 4 + kind);
    view->contexts[2] = (uint16_t)(((west * 4 + north) * 3 + corners) * 3 + least(kind, 2));
    view->contexts[3] = (uint16_t)(octaves(here / 4, 7) * 8 + octaves(near / 8, 7));
    view->contexts[4] = (uint16_t)((mean * 3 + busy) * 3 + least(west + north, 2));
    view->contexts[5] = (uint16_t)(level * 9 + side_of(view, view->values[0]) * 3 + side_of(view, view->values[1]));
    view->contexts[6] = (uint16_t)(level / 2 * 3 + busy);
    view->contexts[7] = (uint16_t)(least(close, 9) * 10 + octaves((here + around / 4) / 8, 9));
    view->select_level = (uint16_t)(level / 2);
    view->select_class = (uint16_t)(kind * 8 + mean);
}

void lat_contexts_view(lat_contexts *k, uint32_t channel, uint32_t y, uint32_t x, lat_view *view) {
    int16_t *values = k->values + channel * (size_t)LAT_PLANE_SIZE,
            *errors = k->errors + channel * (size_t)LAT_PLANE_SIZE;
    size_t o = at(y, x);
    if (x == 0 && y > 0) /* the margin left of a row repeats the value above its first */
        for (size_t i = 1; i <= LAT_MARGIN; i++) {
            values[o - i] = values[o - LAT_PLANE_STRIDE];
            errors[o - i] = errors[o - LAT_PLANE_STRIDE];
        }
    read_neighbours(values, errors, y, o, view);
    read_sources(k, o, view);
    predict(k, view);
    make_contexts(k, o, view);
}

void lat_contexts_learn(lat_contexts *k, uint32_t channel, uint32_t y, uint32_t x, const lat_view *view,
                        int32_t symbol) {
    size_t o = channel * (size_t)LAT_PLANE_SIZE + at(y, x);
    int32_t error = clamp(llabs((int64_t)symbol * 256 - view->expected) >> 4, 0, LAT_ERROR_MAX);
    uint32_t n = x + 1 == k->width ? LAT_MARGIN : 0; /* the last value of a row is repeated in the margin */
    for (uint32_t i = 0; i <= n; i++) {
        k->values[o + i] = (int16_t)symbol;
        k->errors[o + i] = (int16_t)error;
    }
    k->mean_error += (error * 1024 - k->mean_error) / 64;
    unsigned phase = x % 2;
    linear_learn(&k->value_predictor, view->values, clamp(symbol, -VALUE_MAX, VALUE_MAX), phase);
    linear_learn(&k->error_predictor, view->errors, error, phase);
}

/* Surrounds a complete plane with copies of its edge, one position wide. */
static void extend(int16_t *plane, uint32_t height, uint32_t width) {
    for (uint32_t y = 0; y < height; y++) {
        plane[at(y, -1)] = plane[at(y, 0)];
        plane[at(y, width)] = plane[at(y, (int64_t)width - 1)];
    }
    memcpy(plane + at(-1, -1), plane + at(0, -1), (width + 2) * sizeof *plane);
    memcpy(plane + at(height, -1), plane + at((int64_t)height - 1, -1), (width + 2) * sizeof *plane);
}

void lat_contexts_end_channel(lat_contexts *k, uint32_t channel) {
    int16_t *values = k->values + channel * (size_t)LAT_PLANE_SIZE,
            *errors = k->errors + channel * (size_t)LAT_PLANE_SIZE;
    extend(values, k->height, k->width);
    extend(errors, k->height, k->width);
    int64_t sum = 0;
    for (uint32_t y = 0; y < k->height; y++)
        for (uint32_t x = 0; x < k->width; x++) sum += errors[at(y, x)];
    for (int64_t y = -1; y <= (int64_t)k->height; y++)
        for (int64_t x = -1; x <= (int64_t)k->width; x++) k->error_sums[at(y, x)] += errors[at(y, x)];
    k->energy[k->n_coded] = sum;
    k->coded[k->n_coded++] = channel;
}
