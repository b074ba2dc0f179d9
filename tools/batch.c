/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "batch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "standard_error.h"

/* ---- options ------------------------------------------------------------------------- */

bool batch_take_option(batch_options *o, const cli_command *command, int option, const char *argument, cli_exit *code) {
    double number;
    switch (option) {
    case 'o':
        o->folder = argument;
        return true;
    case CLI_JOBS:
        if (cli_parse_number(&number, argument, 1, BATCH_MAX_JOBS) && number == (int)number)
            o->jobs = (int)number;
        else
            *code = cli_usage(command, "--jobs takes 1 to %d, not \"%s\"", BATCH_MAX_JOBS, argument);
        return true;
    case CLI_RESUME:
        o->resume = true;
        return true;
    default:
        return false;
    }
}

cli_exit batch_check(const batch_options *o, const cli_command *command, int n_operands) {
    if (o->folder) return n_operands > 0 ? CLI_DONE : cli_usage(command, "an IN is needed");
    if (o->jobs || o->resume) return cli_usage(command, "--jobs and --resume are for many files, with -o");
    return n_operands == 2 ? CLI_DONE : cli_usage(command, "one IN and one OUT are needed; for many files -o DIR");
}

static size_t n_cores(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 1 ? (size_t)n : 1;
}

/* Files at a time. */
static size_t count_jobs(const batch *b) {
    size_t jobs = b->options.jobs ? (size_t)b->options.jobs : n_cores();
    if (jobs > BATCH_MAX_JOBS) jobs = BATCH_MAX_JOBS;
    return jobs < b->n_inputs ? jobs : b->n_inputs;
}

void batch_share_threads(const batch *b, cli_setup *setup) {
    size_t n = n_cores() / count_jobs(b);
    if (setup->threads == 0) setup->threads = n > 1 ? (int)n : 1;
}

/* ---- names ---------------------------------------------------------------------------- */

/* One file of the batch. */
typedef struct item {
    const char *in;
    char *out;
} item;

/* DIR/stem + ending */
static char *output_name(const batch *b, const char *in) {
    const char *slash = strrchr(in, '/'), *name = slash ? slash + 1 : in, *dot = strrchr(name, '.');
    size_t n_folder = strlen(b->options.folder), n_stem = dot && dot > name ? (size_t)(dot - name) : strlen(name);
    bool has_slash = n_folder > 0 && b->options.folder[n_folder - 1] == '/';
    size_t n_bytes = n_folder + 1 + n_stem + strlen(b->ending) + 1;
    char *out = malloc(n_bytes);
    if (out)
        snprintf(out, n_bytes, "%s%s%.*s%s", b->options.folder, has_slash ? "" : "/", (int)n_stem, name, b->ending);
    return out;
}

static int by_output(const void *a, const void *b) {
    const item *const *x = a, *const *y = b;
    int order = strcmp((*x)->out, (*y)->out);
    return order ? order : (*x > *y) - (*x < *y);
}

static cli_exit refuse_doubles(const item *items, size_t n) {
    const item **sorted = calloc(n, sizeof(item *));
    if (!sorted) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    for (size_t i = 0; i < n; i++) sorted[i] = &items[i];
    qsort(sorted, n, sizeof(item *), by_output);
    cli_exit code = CLI_DONE;
    for (size_t i = 1; i < n && code == CLI_DONE; i++)
        if (strcmp(sorted[i - 1]->out, sorted[i]->out) == 0)
            code =
                cli_fail(CLI_USAGE, sorted[i]->in, "would become %s, as %s would", sorted[i]->out, sorted[i - 1]->in);
    free(sorted);
    return code;
}

static cli_exit name_outputs(const batch *b, item *items) {
    for (size_t i = 0; i < b->n_inputs; i++) {
        items[i].in = b->inputs[i];
        if (strcmp(items[i].in, "-") == 0) return cli_usage(b->command, "with -o standard input is not read");
        items[i].out = output_name(b, items[i].in);
        if (!items[i].out) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    }
    return refuse_doubles(items, b->n_inputs);
}

static cli_exit make_folder(const char *folder) {
    struct stat facts;
    if (mkdir(folder, 0777) == 0) return CLI_DONE;
    if (errno != EEXIST) return cli_fail(CLI_OUTPUT, folder, "cannot make this folder: %s", strerror(errno));
    if (stat(folder, &facts) == 0 && S_ISDIR(facts.st_mode)) return CLI_DONE;
    return cli_fail(CLI_OUTPUT, folder, "is not a folder");
}

/* ---- the work -------------------------------------------------------------------------- */

typedef struct work {
    const batch *batch;
    const item *items;
    pthread_mutex_t lock; /* of all that follows */
    size_t next, n_done, n_failed, n_skipped;
    cli_exit code;
} work;

static bool is_finished(const batch *b, const item *i) {
    struct stat in, out;
    if (!b->options.resume || stat(i->in, &in) != 0 || stat(i->out, &out) != 0 || !S_ISREG(out.st_mode)) return false;
    bool is_older = out.st_mtim.tv_sec != in.st_mtim.tv_sec ? out.st_mtim.tv_sec < in.st_mtim.tv_sec
                                                            : out.st_mtim.tv_nsec < in.st_mtim.tv_nsec;
    return !is_older && (!b->is_whole || b->is_whole(b->user, i->out));
}

static void show_progress(const work *w, const char *name) {
    if (!isatty(STDERR_FILENO)) return;
    char line[128];
    const char *slash = strrchr(name, '/');
    size_t n = w->n_done + w->n_failed + w->n_skipped;
    snprintf(line, sizeof line, "[%zu of %zu%s] %.60s", n, w->batch->n_inputs, w->n_failed ? ", some failed" : "",
             slash ? slash + 1 : name);
    standard_error_status(line);
}

static void *run_items(void *user) {
    work *w = user;
    const batch *b = w->batch;
    pthread_mutex_lock(&w->lock);
    while (w->next < b->n_inputs) {
        const item *i = &w->items[w->next++];
        pthread_mutex_unlock(&w->lock);
        bool skipped = is_finished(b, i);
        cli_exit code = CLI_DONE;
        if (!skipped && cli_same_file(i->in, i->out))
            code = cli_fail(CLI_USAGE, i->out, "is the input; it would be overwritten");
        else if (!skipped)
            code = b->run(b->user, i->in, i->out);
        pthread_mutex_lock(&w->lock);
        size_t *counted = skipped ? &w->n_skipped : code == CLI_DONE ? &w->n_done : &w->n_failed;
        ++*counted;
        if (code > w->code) w->code = code;
        show_progress(w, i->in);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static cli_exit run_all(const batch *b, const item *items) {
    work w = {.batch = b, .items = items, .lock = PTHREAD_MUTEX_INITIALIZER, .code = CLI_DONE};
    pthread_t threads[BATCH_MAX_JOBS];
    size_t n_started = 0, jobs = count_jobs(b);
    while (n_started + 1 < jobs && pthread_create(&threads[n_started], NULL, run_items, &w) == 0) n_started++;
    run_items(&w); /* this thread is one of them */
    for (size_t i = 0; i < n_started; i++) pthread_join(threads[i], NULL);
    standard_error_status("");
    cli_say(b->command->name, "%zu done, %zu failed, %zu already finished", w.n_done, w.n_failed, w.n_skipped);
    return w.code;
}

cli_exit batch_run(const batch *b) {
    item *items = calloc(b->n_inputs, sizeof *items);
    if (!items) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    cli_exit code = name_outputs(b, items);
    if (code == CLI_DONE) code = make_folder(b->options.folder);
    if (code == CLI_DONE) code = run_all(b, items);
    for (size_t i = 0; i < b->n_inputs; i++) free(items[i].out);
    free(items);
    return code;
}
