/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How long one pose at a random time of a .pithm file takes, and how many poses a second all of it, by one thread:
 * bench_motion FILE.pithm */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <pith/motion.h>

#define N_SEEKS 200

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static double read_seconds(const pith_motion_reader *r, uint64_t first, uint64_t n) {
    pith_motion_clip *clip = NULL;
    double start = now();
    if (pith_motion_read(r, 0, first, n, &clip, NULL) != PITH_OK) exit(1);
    double seconds = now() - start;
    pith_motion_clip_free(r, &clip);
    return seconds;
}

int main(int argc, char **argv) {
    static uint8_t data[1 << 26];
    pith_motion_reader *r = NULL;
    pith_env env;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file || pith_env_defaults(&env, sizeof env) != PITH_OK) {
        fprintf(stderr, "usage: bench_motion FILE.pithm\n");
        return 1;
    }
    env.threads = 1;
    size_t n_bytes = fread(data, 1, sizeof data, file);
    fclose(file);
    if (pith_motion_open(&r, data, n_bytes, &env, NULL) != PITH_OK) return 1;
    uint64_t n = pith_motion_contents(r)->clips[0].n_samples, place = 1;
    double sum = 0, worst = 0;
    for (int i = 0; i < N_SEEKS; i++) {
        place = place * 6364136223846793005u + 1442695040888963407u;
        double seconds = read_seconds(r, (place >> 33) % n, 1);
        sum += seconds;
        if (seconds > worst) worst = seconds;
    }
    printf("seek: mean %.2f ms, worst %.2f ms\n", 1e3 * sum / N_SEEKS, 1e3 * worst);
    printf("all: %.0f poses a second\n", (double)n / read_seconds(r, 0, n));
    pith_motion_close(&r);
    return 0;
}
