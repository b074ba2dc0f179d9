/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What a user waits for: whole runs of the pith command, process start and
 * opening of the model included. Median of five, and the peak of memory.
 *   bench_speed [PITH [IMAGE]]
 * default: bin/pith of the build folder (PITH_BUILD_DIR, build/release) and
 * examples/photo.png, 512x512. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define N_RUNS 5

extern char **environ;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* One run: wall seconds, or -1; the peak in MB. */
static double run_once(char *const *argv, double *peak_mb) {
    pid_t child;
    int status;
    struct rusage usage;
    double start = now();
    if (posix_spawnp(&child, argv[0], NULL, NULL, argv, environ) != 0) return -1;
    if (wait4(child, &status, 0, &usage) != child || !WIFEXITED(status) || WEXITSTATUS(status) != 0) return -1;
    double seconds = now() - start, mb = (double)usage.ru_maxrss / 1024;
    if (mb > *peak_mb) *peak_mb = mb;
    return seconds;
}

static int compare(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int measure(const char *name, char *const *argv) {
    double seconds[N_RUNS], peak_mb = 0;
    for (int i = 0; i < N_RUNS; i++) {
        seconds[i] = run_once(argv, &peak_mb);
        if (seconds[i] < 0) {
            fprintf(stderr, "bench_speed: %s %s failed\n", argv[0], argv[1]);
            return 1;
        }
    }
    qsort(seconds, N_RUNS, sizeof *seconds, compare);
    printf("| %s | %.3f | %.3f | %.3f | %.0f |\n", name, seconds[N_RUNS / 2], seconds[0], seconds[N_RUNS - 1], peak_mb);
    return 0;
}

int main(int argc, char **argv) {
    char folder[] = "/tmp/pith-bench-XXXXXX", coded[64], decoded[64], pith[4096];
    const char *build = getenv("PITH_BUILD_DIR");
    snprintf(pith, sizeof pith, "%s/bin/pith", build ? build : "build/release");
    char *command = argc > 1 ? argv[1] : pith, *image = argc > 2 ? argv[2] : (char[]){"examples/photo.png"};
    if (!mkdtemp(folder)) {
        perror("bench_speed: /tmp");
        return 1;
    }
    snprintf(coded, sizeof coded, "%s/photo.pith", folder);
    snprintf(decoded, sizeof decoded, "%s/photo.png", folder);
    printf("%s, %ld cores\n| run | median s | least | most | peak MB |\n|---|---|---|---|---|\n", image,
           sysconf(_SC_NPROCESSORS_ONLN));
    char *by_quality[] = {command, "encode", image, coded, NULL};
    char *by_size[] = {command, "encode", "-s", "0.1526bpp", image, coded, NULL};
    char *decode[] = {command, "decode", coded, decoded, NULL};
    int failed = measure("encode", by_quality) || measure("encode -s 0.1526bpp", by_size) || measure("decode", decode);
    unlink(coded);
    unlink(decoded);
    rmdir(folder);
    return failed;
}
