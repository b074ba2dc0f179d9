/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* SSIMULACRA 2.1, after its published description and constants: J. Sneyers
 * (Cloudinary), "SSIMULACRA 2", 2023. At six scales, each half the last, both
 * pictures go to XYB; three maps of each channel (structural error, ringing,
 * blur) are reduced to their 1-norm and 4-norm; a weighted sum of these 108
 * norms goes through a polynomial and a power. */
#include "ssimulacra2.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tool_fail.h"

#define N_SCALES ((size_t)6)
#define N_CHANNELS ((size_t)3)
#define RADIUS 4 /* of the smoothing filter */
#define N_TAPS ((size_t)(2 * RADIUS + 1))
#define C2 0.0009f /* of the structural similarity */

enum { STRUCTURE, RINGING, BLUR, N_MAPS };
enum { MEAN_A, MEAN_B, MEAN_AA, MEAN_BB, MEAN_AB, N_MEANS };

/* The weight of each norm: by channel (X, Y, B), scale, 1-norm or 4-norm, map. */
static const double norm_weights[N_CHANNELS][N_SCALES][2][N_MAPS] = {
    {{{0.0, 0.0007376606707406586, 0.0}, {0.0, 0.0007793481682867309, 0.0}},
     {{0.0, 0.0004371155730107379, 0.0}, {1.1041726426657346, 0.00066284834129271, 0.00015231632783718752}},
     {{0.0, 0.0016406437456599754, 0.0}, {1.8422455520539298, 11.441172603757666, 0.0}},
     {{0.0007989109436015163, 0.000176816438078653, 0.0}, {1.8787594979546387, 10.94906990605142, 0.0}},
     {{0.0007289346991508072, 0.9677937080626833, 0.0},
      {0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053}},
     {{0.0004550992113792063, 0.0, 0.0}, {0.0013648766163243398, 0.0, 0.0}}},
    {{{0.0, 0.0, 0.0}, {7.466890328078848, 0.0, 17.445833984131262}},
     {{0.0006235601634041466, 0.0, 0.0}, {6.683678146179332, 0.00037724407979611296, 1.027889937768264}},
     {{225.20515300849274, 0.0, 0.0}, {19.213238186143016, 0.0011401524586618361, 0.001237755635509985}},
     {{176.39317598450694, 0.0, 0.0}, {24.43300999870476, 0.28520802612117757, 0.0004485436923833408}},
     {{0.0, 0.0, 0.0}, {34.77906344483772, 44.835625328877896, 0.0}},
     {{0.0, 0.0, 0.0}, {0.0, 0.0, 0.0}}},
    {{{0.0, 0.0008680556573291698, 0.0}, {0.0, 0.0, 0.0}},
     {{0.0, 0.0005313191874358747, 0.0}, {0.00016533814161379112, 0.0, 0.0}},
     {{0.0, 0.0, 0.0}, {0.0004179171803251336, 0.0017290828234722833, 0.0}},
     {{0.0020827005846636437, 0.0, 0.0}, {8.826982764996862, 23.19243343998926, 0.0}},
     {{95.1080498811086, 0.9863978034400682, 0.9834382792465353},
      {0.0012286405048278493, 171.2667255897307, 0.9807858872435379}},
     {{0.0, 0.0, 0.0}, {0.0005130064588990679, 0.0, 0.00010854057858411537}}},
};

/* One picture at one scale: three planes of linear light, 0..1. */
typedef struct light {
    float *planes[N_CHANNELS];
    size_t width, height;
} light;

/* ---- into linear light ---------------------------------------------------------- */

static float linear_of(double srgb) {
    return (float)(srgb <= 0.04045 ? srgb / 12.92 : pow((srgb + 0.055) / 1.055, 2.4));
}

static void load_row(light *to, const pith_image *image, size_t y, const float *table) {
    const uint8_t *row = (const uint8_t *)image->pixels + y * image->stride_bytes;
    size_t n_channels = image->format.n_channels;
    for (size_t c = 0; c < N_CHANNELS; c++) {
        float *out = to->planes[c] + y * to->width;
        size_t first = n_channels == 1 ? 0 : c;
        for (size_t x = 0; x < to->width; x++) {
            size_t i = x * n_channels + first;
            uint16_t sample = row[image->format.bit_depth == 8 ? i : 0];
            if (image->format.bit_depth == 16) memcpy(&sample, row + 2 * i, 2);
            out[x] = table[sample];
        }
    }
}

/* False when there is no memory; light_free either way. */
static bool light_load(light *to, const pith_image *image) {
    to->width = image->format.width;
    to->height = image->format.height;
    size_t n_levels = (size_t)1 << image->format.bit_depth;
    float *table = malloc(n_levels * sizeof *table);
    for (size_t c = 0; c < N_CHANNELS; c++) to->planes[c] = calloc(to->height, to->width * sizeof(float));
    bool whole = table && to->planes[0] && to->planes[1] && to->planes[2];
    for (size_t i = 0; i < n_levels && whole; i++) table[i] = linear_of((double)i / (double)(n_levels - 1));
    for (size_t y = 0; y < to->height && whole; y++) load_row(to, image, y, table);
    free(table);
    return whole;
}

static void light_free(light *picture) {
    for (size_t c = 0; c < N_CHANNELS; c++) free(picture->planes[c]);
}

/* The mean of each 2x2 block, in place; an odd last row or column counts twice. */
static void light_halve(light *picture) {
    size_t width = (picture->width + 1) / 2, height = (picture->height + 1) / 2;
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t y = 0; y < height; y++) {
            size_t below = 2 * y + 1 < picture->height ? 2 * y + 1 : 2 * y;
            const float *upper = picture->planes[c] + 2 * y * picture->width;
            const float *lower = picture->planes[c] + below * picture->width;
            float *to = picture->planes[c] + y * width;
            for (size_t x = 0; x < width; x++) {
                size_t right = 2 * x + 1 < picture->width ? 2 * x + 1 : 2 * x;
                to[x] = (upper[2 * x] + upper[right] + lower[2 * x] + lower[right]) / 4;
            }
        }
    picture->width = width;
    picture->height = height;
}

/* ---- into XYB --------------------------------------------------------------------- */

/* Of a value in 0.003..1.1: a first guess from the exponent's bits, off by at
 * most 4 parts in 100, then three of Newton's steps, exact to float. */
static inline float cube_root(float value) {
    uint32_t bits;
    memcpy(&bits, &value, 4);
    bits = bits / 3 + 0x2a514067;
    float root;
    memcpy(&root, &bits, 4);
    for (int step = 0; step < 3; step++) root -= (root - value / (root * root)) * (1.0f / 3);
    return root;
}

/* Row y, shifted and scaled so that X, Y and B are all positive. */
static void xyb_row(float *const out[N_CHANNELS], const light *picture, size_t y) {
    static const float bias = 0.0037930732552754493f, bias_root = 0.1559542025327239180f;
    size_t n = picture->width;
    const float *restrict red = picture->planes[0] + y * n, *restrict green = picture->planes[1] + y * n;
    const float *restrict blue = picture->planes[2] + y * n;
    float *restrict out_x = out[0], *restrict out_y = out[1], *restrict out_b = out[2];
    for (size_t i = 0; i < n; i++) {
        float r = red[i], g = green[i], b = blue[i];
        float cone_l = cube_root(0.30f * r + 0.622f * g + 0.078f * b + bias) - bias_root;
        float cone_m = cube_root(0.23f * r + 0.692f * g + 0.078f * b + bias) - bias_root;
        float cone_s =
            cube_root(0.24342268924547819f * r + 0.20476744424496821f * g + 0.5518098665095536f * b + bias) - bias_root;
        float mean = (cone_l + cone_m) / 2;
        out_x[i] = (cone_l - cone_m) * 7 + 0.42f;
        out_y[i] = mean + 0.01f;
        out_b[i] = cone_s - mean + 0.55f;
    }
}

/* ---- smoothing -------------------------------------------------------------------- */

/* The reference's smoothing, a Gaussian of sigma 1.5 approximated by truncated
 * cosines (D. Charalampidis, "Recursive implementation of the Gaussian filter
 * using truncated cosine functions", 2016), as taps: the sum over k = 1, 3, 5 of
 * w_k cos(k pi n / 2 R), R = 5, w being the Gaussian's Fourier coefficients with
 * the least change under which the taps sum to 1 and have its variance. */
static void make_taps(float taps[N_TAPS]) {
    enum { R = RADIUS + 1, N = 3 };
    const double variance = 1.5 * 1.5;
    double cosines[N][N_TAPS], w[N], sums[N] = {0}, moments[N] = {0};
    double ss = 0, sm = 0, mm = 0, sum = 1, moment = variance; /* what w still lacks of the two conditions */
    for (int k = 0; k < N; k++) {
        double omega = (2 * k + 1) * acos(-1) / (2 * R);
        for (int n = -RADIUS; n <= RADIUS; n++) {
            double value = cosines[k][n + RADIUS] = cos(omega * n);
            sums[k] += value;
            moments[k] += value * n * n;
        }
        w[k] = exp(-variance * omega * omega / 2) / R;
        ss += sums[k] * sums[k];
        sm += sums[k] * moments[k];
        mm += moments[k] * moments[k];
        sum -= w[k] * sums[k];
        moment -= w[k] * moments[k];
    }
    double det = ss * mm - sm * sm, to_sum = (sum * mm - moment * sm) / det, to_moment = (moment * ss - sum * sm) / det;
    for (int k = 0; k < N; k++) w[k] += to_sum * sums[k] + to_moment * moments[k];
    for (size_t t = 0; t < N_TAPS; t++)
        taps[t] = (float)(w[0] * cosines[0][t] + w[1] * cosines[1][t] + w[2] * cosines[2][t]);
}

/* n values smoothed along the row; `in` has RADIUS zeros before and after. */
static void smooth_row(float *restrict out, const float *restrict in, size_t n, const float taps[N_TAPS]) {
    for (size_t i = 0; i < n; i++) {
        float sum = 0;
        for (size_t t = 0; t < N_TAPS; t++) sum += taps[t] * in[i + t];
        out[i] = sum;
    }
}

/* ---- one scale -------------------------------------------------------------------- */

/* Rows of one channel on their way through the filter, cyclic by row number:
 * the two pictures' own, and the five products already smoothed along the row. */
typedef struct ring {
    float *own[2][N_TAPS];
    float *smoothed[N_MEANS][N_TAPS];
} ring;

typedef struct scratch {
    float *block; /* all the rows below, `stride` floats apart */
    ring rings[N_CHANNELS];
    float *mean[N_MEANS];
    float *product; /* with RADIUS zeros before and after */
    float taps[N_TAPS];
} scratch;

static bool scratch_make(scratch *s, size_t width) {
    size_t stride = width + 2 * RADIUS;
    s->block = calloc(N_CHANNELS * N_TAPS * (2 + N_MEANS) + N_MEANS + 1, stride * sizeof(float));
    if (!s->block) return false;
    float *next = s->block;
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t t = 0; t < N_TAPS; t++) {
            for (size_t p = 0; p < 2; p++, next += stride) s->rings[c].own[p][t] = next;
            for (size_t m = 0; m < N_MEANS; m++, next += stride) s->rings[c].smoothed[m][t] = next;
        }
    for (size_t m = 0; m < N_MEANS; m++, next += stride) s->mean[m] = next;
    s->product = next;
    make_taps(s->taps);
    return true;
}

/* Sums of the maps and of their fourth powers. */
typedef double norms[2][N_MAPS];

/* Takes row y of both pictures into the rings. */
static void take_row(scratch *s, const light *a, const light *b, size_t y) {
    size_t n = a->width, slot = y % N_TAPS;
    float *own[2][N_CHANNELS];
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t p = 0; p < 2; p++) own[p][c] = s->rings[c].own[p][slot];
    xyb_row(own[0], a, y);
    xyb_row(own[1], b, y);
    float *restrict product = s->product + RADIUS;
    memset(product + n, 0, RADIUS * sizeof(float)); /* the row of a larger scale was longer */
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t m = 0; m < N_MEANS; m++) {
            const float *left = own[m == MEAN_B || m == MEAN_BB][c], *right = own[m != MEAN_AA][c];
            if (m <= MEAN_B)
                memcpy(product, left, n * sizeof(float));
            else
                for (size_t i = 0; i < n; i++) product[i] = left[i] * right[i];
            smooth_row(s->rings[c].smoothed[m][slot], s->product, n, s->taps);
        }
}

/* The five means of row y: smoothed down the columns, zeros beyond the edges. */
static void smooth_columns(scratch *s, const ring *r, size_t y, size_t width, size_t height) {
    for (size_t m = 0; m < N_MEANS; m++) {
        float *restrict mean = s->mean[m];
        memset(mean, 0, width * sizeof(float));
        for (size_t t = 0; t < N_TAPS; t++) {
            if (y + t < RADIUS || y + t - RADIUS >= height) continue;
            const float *restrict row = r->smoothed[m][(y + t - RADIUS) % N_TAPS];
            const float tap = s->taps[t];
            for (size_t i = 0; i < width; i++) mean[i] += tap * row[i];
        }
    }
}

static inline float positive(float value) { return value > 0 ? value : 0; }
static inline float power4(float value) { return (value * value) * (value * value); }

static void add_row(norms sums, const scratch *s, const float *restrict a, const float *restrict b, size_t n) {
    const float *restrict mean_a = s->mean[MEAN_A], *restrict mean_b = s->mean[MEAN_B];
    const float *restrict mean_aa = s->mean[MEAN_AA], *restrict mean_bb = s->mean[MEAN_BB];
    const float *restrict mean_ab = s->mean[MEAN_AB];
    for (size_t i = 0; i < n; i++) {
        float ma = mean_a[i], mb = mean_b[i], difference = ma - mb;
        float covariance = 2 * (mean_ab[i] - ma * mb) + C2;
        float variances = (mean_aa[i] - ma * ma) + (mean_bb[i] - mb * mb) + C2;
        float structure = positive(1 - (1 - difference * difference) * covariance / variances);
        float edge = (1 + fabsf(b[i] - mb)) / (1 + fabsf(a[i] - ma)) - 1;
        float ringing = positive(edge), blur = positive(-edge);
        sums[0][STRUCTURE] += (double)structure;
        sums[0][RINGING] += (double)ringing;
        sums[0][BLUR] += (double)blur;
        sums[1][STRUCTURE] += (double)power4(structure);
        sums[1][RINGING] += (double)power4(ringing);
        sums[1][BLUR] += (double)power4(blur);
    }
}

static double scale_error(scratch *s, const light *a, const light *b, size_t scale) {
    norms sums[N_CHANNELS] = {{{0}}};
    for (size_t y = 0; y < a->height + RADIUS; y++) {
        if (y < a->height) take_row(s, a, b, y);
        if (y < RADIUS) continue;
        size_t middle = y - RADIUS;
        for (size_t c = 0; c < N_CHANNELS; c++) {
            const ring *r = &s->rings[c];
            smooth_columns(s, r, middle, a->width, a->height);
            add_row(sums[c], s, r->own[0][middle % N_TAPS], r->own[1][middle % N_TAPS], a->width);
        }
    }
    double error = 0, n_pixels = (double)a->width * (double)a->height;
    for (size_t c = 0; c < N_CHANNELS; c++)
        for (size_t m = 0; m < N_MAPS; m++)
            error += norm_weights[c][scale][0][m] * (sums[c][0][m] / n_pixels) +
                     norm_weights[c][scale][1][m] * pow(sums[c][1][m] / n_pixels, 0.25);
    return error;
}

/* ---- the whole -------------------------------------------------------------------- */

static double score_of(double error) {
    error *= 0.9562382616834844;
    error = ((6.248496625763138e-05 * error - 0.020884521182843837) * error + 2.326765642916932) * error;
    return error > 0 ? 100 - 10 * pow(error, 0.6276336467831387) : 100;
}

pith_status ssimulacra2_compare(double *score, const pith_image *a, const pith_image *b, pith_diag *why) {
    const pith_image_format *fa = &a->format, *fb = &b->format;
    if (fa->width != fb->width || fa->height != fb->height || fa->n_channels % 2 == 0 || fb->n_channels % 2 == 0)
        return tool_fail(why, PITH_E_ARG, "pictures of two sizes, or with alpha, are not compared");
    *score = NAN;
    if (fa->width < SSIMULACRA2_MIN_SIDE || fa->height < SSIMULACRA2_MIN_SIDE) return PITH_OK;
    light light_a = {.width = 0}, light_b = {.width = 0};
    scratch s = {.block = NULL};
    pith_status status = PITH_OK;
    if (light_load(&light_a, a) && light_load(&light_b, b) && scratch_make(&s, fa->width)) {
        double error = 0;
        for (size_t scale = 0; scale < N_SCALES; scale++) {
            error += scale_error(&s, &light_a, &light_b, scale);
            if (light_a.width < SSIMULACRA2_MIN_SIDE || light_a.height < SSIMULACRA2_MIN_SIDE) break;
            light_halve(&light_a);
            light_halve(&light_b);
        }
        *score = score_of(error);
    } else {
        status = tool_fail(why, PITH_E_NOMEM, "out of memory to compare pictures");
    }
    light_free(&light_a);
    light_free(&light_b);
    free(s.block);
    return status;
}
