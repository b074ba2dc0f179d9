/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "prior_sums.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define MAX_CANDIDATES (LAT_N_NEIGHBOURS + 1 + LAT_MAX_CHANNELS * LAT_N_TAPS)
#define EVERY 7 /* places looked at when choosing sources */

/* The right side of an equation: what is left of it and what the weights explain. */
static double moment_of(const linear_predictor *p, uint32_t i) {
    double sum = (double)p->residuals[i];
    for (uint32_t j = 0; j < p->count; j++)
        sum += (double)(j <= i ? p->products[i][j] : p->products[j][i]) * p->weights[j];
    return sum / (1 << LINEAR_WEIGHT_BITS);
}

void prior_sums_add(prior_sums *s, const linear_predictor *p, const int16_t *start, double ridge, double scale) {
    for (uint32_t i = 0; i < p->count; i++) {
        s->moments[i] += (moment_of(p, i) - floor(ridge * start[i] / (1 << LINEAR_WEIGHT_BITS))) * scale;
        for (uint32_t j = 0; j <= i; j++)
            s->products[i][j] += ((double)p->products[i][j] - (i == j ? ridge : 0)) * scale;
    }
}

/* Cholesky, lower triangle of a (n x n, rows `stride` apart) in place; returns
 * the least squares left of `energy`, weights in x. */
static double solve(double *a, size_t stride, double *x, uint32_t n, double energy) {
    for (uint32_t i = 0; i < n; i++) {
        for (uint32_t j = 0; j <= i; j++) {
            double sum = a[i * stride + j];
            for (uint32_t k = 0; k < j; k++) sum -= a[i * stride + k] * a[j * stride + k];
            a[i * stride + j] = i == j ? sqrt(fmax(sum, 1e-9)) : sum / a[j * stride + j];
        }
        for (uint32_t k = 0; k < i; k++) x[i] -= a[i * stride + k] * x[k];
        x[i] /= a[i * stride + i];
        energy -= x[i] * x[i];
    }
    for (uint32_t i = n; i-- > 0;) {
        for (uint32_t k = i + 1; k < n; k++) x[i] -= a[k * stride + i] * x[k];
        x[i] /= a[i * stride + i];
    }
    return energy;
}

void prior_sums_solve(const prior_sums *s, uint32_t count, int16_t *weights) {
    double a[LINEAR_MAX_INPUTS][LINEAR_MAX_INPUTS], x[LINEAR_MAX_INPUTS];
    if (!(s->products[0][0] > 0)) return;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(a[i], s->products[i], sizeof a[i]);
        x[i] = s->moments[i];
        a[i][i] *= 1.001;
        a[i][i] += 1e-6;
    }
    solve(a[0], LINEAR_MAX_INPUTS, x, count, 0);
    for (uint32_t i = 0; i < count; i++)
        weights[i] = (int16_t)lrint(fmax(-32767, fmin(32767, x[i] * (1 << LINEAR_WEIGHT_BITS))));
}

/* ---- sources ------------------------------------------------------------------ */

static const int taps[LAT_N_TAPS][2] = {{0, 0}, {0, -1}, {-1, 0}, {0, 1}, {1, 0}};
static const int around[LAT_N_NEIGHBOURS][2] = {{0, -1}, {-1, 0}, {-1, -1}, {-1, 1},
                                                {0, -2}, {-2, 0}, {-1, 2},  {-1, -2}};

typedef struct candidates {
    uint32_t n; /* neighbours, then LAT_N_TAPS of each earlier channel */
    double products[MAX_CANDIDATES][MAX_CANDIDATES], moments[MAX_CANDIDATES], energy;
} candidates;

static double at(const latent_file *f, uint32_t c, uint32_t y, uint32_t x, const int offset[2]) {
    int64_t yy = (int64_t)y + offset[0], xx = (int64_t)x + offset[1];
    yy = yy < 0 ? 0 : yy >= f->height ? f->height - 1 : yy;
    xx = xx < 0 ? 0 : xx >= f->width ? f->width - 1 : xx;
    return f->symbols[((size_t)c * f->height + (size_t)yy) * f->width + (size_t)xx];
}

static void look_at(candidates *k, const latent_file *f, uint32_t channel, uint32_t y, uint32_t x) {
    double in[MAX_CANDIDATES], target = f->symbols[((size_t)channel * f->height + y) * f->width + x];
    uint32_t n = 0;
    for (int i = 0; i < LAT_N_NEIGHBOURS; i++) in[n++] = at(f, channel, y, x, around[i]);
    for (uint32_t c = 0; c < channel; c++)
        for (int i = 0; i < LAT_N_TAPS; i++) in[n++] = at(f, c, y, x, taps[i]);
    k->n = n;
    k->energy += target * target;
    for (uint32_t i = 0; i < n; i++) {
        if (in[i] == 0) continue;
        k->moments[i] += in[i] * target;
        for (uint32_t j = 0; j <= i; j++) k->products[i][j] += in[i] * in[j];
    }
}

/* What is left when the neighbours and these channels predict. */
static double left_by(const candidates *k, const uint8_t *chosen, uint32_t n_chosen) {
    double a[LINEAR_MAX_INPUTS][LINEAR_MAX_INPUTS], x[LINEAR_MAX_INPUTS];
    uint32_t index[LINEAR_MAX_INPUTS], n = 0;
    for (; n < LAT_N_NEIGHBOURS; n++) index[n] = n;
    for (uint32_t s = 0; s < n_chosen; s++)
        for (uint32_t i = 0; i < LAT_N_TAPS; i++) index[n++] = LAT_N_NEIGHBOURS + chosen[s] * (uint32_t)LAT_N_TAPS + i;
    for (uint32_t i = 0; i < n; i++) {
        x[i] = k->moments[index[i]];
        for (uint32_t j = 0; j <= i; j++)
            a[i][j] = index[i] > index[j] ? k->products[index[i]][index[j]] : k->products[index[j]][index[i]];
        a[i][i] += 1;
    }
    return solve(a[0], LINEAR_MAX_INPUTS, x, n, k->energy);
}

static void choose(const candidates *k, uint32_t channel, uint8_t *chosen) {
    bool taken[LAT_MAX_CHANNELS] = {false};
    for (uint32_t s = 0; s < LAT_N_SOURCES && s < channel; s++) {
        double least = 0;
        int best = -1;
        for (uint32_t c = 0; c < channel; c++) {
            if (taken[c]) continue;
            chosen[s] = (uint8_t)c;
            double left = left_by(k, chosen, s + 1);
            if (best < 0 || left < least) best = (int)c, least = left;
        }
        chosen[s] = (uint8_t)best;
        taken[best] = true;
    }
}

void prior_choose_sources(const latent_file *files, size_t count, uint8_t *sources) {
    candidates *k = malloc(sizeof *k);
    if (!k) exit(4);
    for (uint32_t channel = 1; channel < files[0].n_channels; channel++) {
        memset(k, 0, sizeof *k);
        for (size_t i = 0; i < count; i++)
            for (uint32_t p = channel; p < files[i].height * files[i].width; p += EVERY)
                look_at(k, &files[i], channel, p / files[i].width, p % files[i].width);
        choose(k, channel, sources + channel * (size_t)LAT_N_SOURCES);
    }
    free(k);
}
