/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "machine_speed.h"

#include <stddef.h>
#include <stdlib.h>
#include <time.h>

#define SIDE 128
#define N_ROUNDS 40
#define QUIET_SECONDS 0.012 /* of the thread; half of it on a server of 2023 */

static double thread_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

/* Products of matrices that fit into a core's second cache, as most of a network is. */
static void multiply(float *restrict c, const float *restrict a, const float *restrict b) {
    for (size_t i = 0; i < SIDE; i++)
        for (size_t k = 0; k < SIDE; k++) {
            const float x = a[i * SIDE + k];
            for (size_t j = 0; j < SIDE; j++) c[i * SIDE + j] += x * b[k * SIDE + j];
        }
}

double machine_slowness(void) {
    float *m = calloc((size_t)3 * SIDE * SIDE, sizeof *m);
    if (!m) return 1;
    for (size_t i = 0; i < 2 * SIDE * SIDE; i++) m[i] = (float)(i % 17) / 16;
    const double start = thread_seconds();
    for (int i = 0; i < N_ROUNDS; i++) multiply(m + 2 * SIDE * SIDE, m, m + SIDE * SIDE);
    const double seconds = thread_seconds() - start;
    volatile float used = m[2 * SIDE * SIDE];
    (void)used;
    free(m);
    const double slowness = seconds / QUIET_SECONDS;
    return slowness < 1 ? 1 : slowness > MACHINE_SLOWEST ? MACHINE_SLOWEST : slowness;
}
