/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Mutated .pith files through the command as a process: each ends by itself, in
 * time and memory, with status 0, 2, 3 or 4 and, when not 0, with one line and
 * no output file. Every second file has its CRCs made right again, every fourth
 * the checksums of its symbols too.
 *   pith-mutants PITH COUNT SEED FILE.pith...
 * The seed is printed; a mutant that fails is kept in the working folder. */

#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "container_file.h"
#include "machine_speed.h"
#include "mend.h"

#define MAX_CPU_SECONDS 2.0          /* times machine_slowness */
#define HANG_SECONDS 60              /* of wall time: a process that waits for something */
#define MAX_RESIDENT_KB (512L << 10) /* what a picture of one slice, 1024x1024, may need is half of it */
#define ADDRESS_SPACE (4ULL << 30)   /* oneDNN's code, thread stacks and the mapped model are most of what is used */
#define MAX_FILE_BYTES (1u << 16)

typedef struct bytes {
    uint8_t data[MAX_FILE_BYTES];
    size_t n;
} bytes;

/* ---- mutation ----------------------------------------------------------------------- */

static uint64_t random_state;

static uint32_t chance(uint32_t n) { /* 0 .. n - 1 */
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)((random_state >> 33) % n);
}

static size_t place(const bytes *b) { return b->n ? chance((uint32_t)b->n) : 0; }

static void insert(bytes *b, size_t at, const uint8_t *from, size_t n) {
    if (n > MAX_FILE_BYTES - b->n) return;
    memmove(b->data + at + n, b->data + at, b->n - at);
    memcpy(b->data + at, from, n);
    b->n += n;
}

static void cut(bytes *b, size_t at, size_t n) {
    if (n > b->n - at) n = b->n - at;
    memmove(b->data + at, b->data + at + n, b->n - at - n);
    b->n -= n;
}

static void mutate_once(bytes *b, const bytes *other) {
    static const uint8_t TELLING[] = {0, 1, 2, 3, 0x7f, 0x80, 0x81, 0xff};
    uint8_t copied[256];
    size_t at = place(b), n = 1 + chance(16);
    switch (chance(9)) {
    case 0:
        if (b->n) b->data[at] ^= (uint8_t)(1u << chance(8));
        break;
    case 1:
        if (b->n) b->data[at] = (uint8_t)chance(256);
        break;
    case 2:
        if (b->n) b->data[at] = TELLING[chance(sizeof TELLING)];
        break;
    case 3: /* the header, where most is decided */
        if (b->n > 40) b->data[5 + chance(35)] = chance(2) ? (uint8_t)chance(256) : TELLING[chance(sizeof TELLING)];
        break;
    case 4:
        cut(b, at, n);
        break;
    case 5:
        for (size_t i = 0; i < n; i++) copied[i] = (uint8_t)chance(256);
        insert(b, at, copied, n);
        break;
    case 6: /* a piece once more */
        n = 1 + chance(sizeof copied);
        if (n > b->n - at) n = b->n - at;
        memcpy(copied, b->data + at, n);
        insert(b, place(b), copied, n);
        break;
    case 7: /* a piece of another file */
        at = place(other);
        if (n > other->n - at) n = other->n - at;
        for (size_t i = 0, to = place(b); i < n && to + i < b->n; i++) b->data[to + i] = other->data[at + i];
        break;
    default:
        if (chance(4) == 0) b->n = at; /* the file ends early */
        break;
    }
}

/* ---- one process ------------------------------------------------------------------------ */

typedef struct outcome {
    int status; /* as wait() tells it */
    double cpu_seconds, wall_seconds;
    long resident_kb;
} outcome;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void become_pith(const char *pith) {
    int said = open("said", O_WRONLY | O_CREAT | O_TRUNC, 0666), nothing = open("/dev/null", O_RDWR);
    struct rlimit space = {ADDRESS_SPACE, ADDRESS_SPACE}, core = {0, 0};
    dup2(nothing, 0), dup2(nothing, 1), dup2(said, 2);
    setrlimit(RLIMIT_AS, &space);
    setrlimit(RLIMIT_CORE, &core);
    alarm(HANG_SECONDS);
    execl(pith, pith, "decode", "--threads", "2", "mutant.pith", "out.png", (char *)NULL);
    _exit(127);
}

static outcome run_pith(const char *pith) {
    outcome o = {.status = -1};
    struct rusage use = {0};
    double start = now();
    pid_t child = fork();
    if (child == 0) become_pith(pith);
    if (child < 0 || wait4(child, &o.status, 0, &use) != child) {
        perror("pith-mutants");
        exit(1);
    }
    o.wall_seconds = now() - start;
    o.cpu_seconds = (double)(use.ru_utime.tv_sec + use.ru_stime.tv_sec) +
                    1e-6 * (double)(use.ru_utime.tv_usec + use.ru_stime.tv_usec);
    o.resident_kb = use.ru_maxrss;
    return o;
}

static size_t said_lines(void) {
    FILE *f = fopen("said", "rb");
    size_t n = 0;
    if (!f) return 0;
    for (int c; (c = fgetc(f)) != EOF;) n += c == '\n';
    fclose(f);
    return n;
}

/* A file that decodes may have another's HASH, or the residual for another decoder: then one line warns of it. */
static bool said_warning(void) {
    char line[512] = "";
    FILE *f = fopen("said", "rb");
    if (!f) return false;
    if (!fgets(line, sizeof line, f)) line[0] = 0;
    fclose(f);
    return said_lines() == 1 && strstr(line, ": warning: ");
}

/* Why the outcome is not allowed; NULL when it is. */
static const char *fault_of(const outcome *o) {
    if (!WIFEXITED(o->status)) return "ended by a signal";
    int code = WEXITSTATUS(o->status);
    if (code != 0 && code != 2 && code != 3 && code != 4) return "another exit status";
    if (code != 0 && said_lines() != 1) return "not one line on standard error";
    if (code == 0 && said_lines() != 0 && !said_warning()) return "said something else than a warning, and succeeded";
    if ((access("out.png", F_OK) == 0) != (code == 0)) return "an output file without success, or none with it";
    if (o->cpu_seconds >= MAX_CPU_SECONDS && o->cpu_seconds >= MAX_CPU_SECONDS * machine_slowness())
        return "took too long";
    if (o->resident_kb > MAX_RESIDENT_KB) return "took too much memory";
    return NULL;
}

/* ---- all of them --------------------------------------------------------------------------- */

static bytes load(const char *path) {
    static bytes b;
    FILE *f = fopen(path, "rb");
    b.n = f ? fread(b.data, 1, sizeof b.data, f) : 0;
    if (!f || b.n == 0 || b.n > sizeof b.data / 2) {
        fprintf(stderr, "%s: cannot be read, or too large\n", path);
        exit(1);
    }
    fclose(f);
    return b;
}

static void save(const char *path, const bytes *b) {
    FILE *f = fopen(path, "wb");
    bool good = f && fwrite(b->data, 1, b->n, f) == b->n;
    if (f && fclose(f) != 0) good = false;
    if (good) return;
    perror(path);
    exit(1);
}

static int report(long count, unsigned long seed, const long *by_code, const outcome *most, int n_faults) {
    printf("%ld mutants, seed %lu: %ld decode, %ld bad input, %ld model, %ld limit; at most %.2f s of processor, "
           "%.2f s of wall time, %ld MB; %d faults\n",
           count, seed, by_code[0], by_code[2], by_code[3], by_code[4], most->cpu_seconds, most->wall_seconds,
           most->resident_kb >> 10, n_faults);
    return n_faults > 0;
}

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: pith-mutants PITH COUNT SEED FILE.pith...\n");
        return 1;
    }
    const char *pith = argv[1];
    const long count = atol(argv[2]);
    const unsigned long seed = strtoul(argv[3], NULL, 10);
    const uint32_t n_files = (uint32_t)argc - 4;
    long by_code[256] = {0};
    outcome most = {0};
    int n_faults = 0;
    bytes *files = calloc(n_files, sizeof *files), b;
    if (!files) return 1;
    for (uint32_t i = 0; i < n_files; i++) files[i] = load(argv[4 + i]);
    for (long i = 0; i < count; i++) {
        random_state = seed * 1000003u + (uint64_t)i; /* so that one mutant can be made alone */
        for (int warm = 0; warm < 4; warm++) (void)chance(2);
        b = files[chance(n_files)];
        for (uint32_t n = 1 + chance(1 + chance(6)); n > 0; n--) mutate_once(&b, &files[chance(n_files)]);
        if (i % 4 == 1) container_mend_crcs(b.data, b.n);
        if (i % 4 == 3) mend_all(b.data, b.n);
        save("mutant.pith", &b);
        unlink("out.png");
        outcome o = run_pith(pith);
        if (o.cpu_seconds > most.cpu_seconds) most.cpu_seconds = o.cpu_seconds;
        if (o.wall_seconds > most.wall_seconds) most.wall_seconds = o.wall_seconds;
        if (o.resident_kb > most.resident_kb) most.resident_kb = o.resident_kb;
        if (WIFEXITED(o.status)) by_code[WEXITSTATUS(o.status)]++;
        const char *fault = fault_of(&o);
        if (!fault) continue;
        char kept[64];
        n_faults++;
        snprintf(kept, sizeof kept, "fault-%lu-%ld.pith", seed, i);
        save(kept, &b);
        printf("%s: %s: wait status 0x%x, %.2f s, %ld MB\n", kept, fault, (unsigned)o.status, o.cpu_seconds,
               o.resident_kb >> 10);
    }
    free(files);
    return report(count, seed, by_code, &most, n_faults);
}
