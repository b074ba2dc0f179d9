/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "files/batch.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "messages/standard_error.h"

/* ---- options ------------------------------------------------------------------------- */

bool batch_take_option(batch_options *o, const cli_command *command, int option, const char *argument, cli_exit *code) {
    double number;
    switch (option) {
    case 'o':
        o->names.output = argument;
        return true;
    case 'r':
        o->names.recursive = true;
        return true;
    case CLI_KEEP_EXTENSION:
        o->names.keep_extension = true;
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

static size_t n_cores(void) {
    long n = sysconf(_SC_NPROCESSORS_ONLN);
    return n > 1 ? (size_t)n : 1;
}

/* Files at a time. */
static size_t count_jobs(const batch *b) {
    size_t jobs = b->options.jobs ? (size_t)b->options.jobs : n_cores();
    if (jobs > BATCH_MAX_JOBS) jobs = BATCH_MAX_JOBS;
    const size_t n = b->list->n_items;
    return jobs < n ? jobs : n ? n : 1;
}

static void share_threads(const batch *b, cli_setup *setup) {
    size_t n = n_cores() / count_jobs(b);
    if (setup->threads == 0) setup->threads = n > 1 ? (int)n : 1;
}

/* ---- folders -------------------------------------------------------------------------- */

static cli_exit make_folder(const char *folder) {
    struct stat facts;
    if (mkdir(folder, 0777) == 0) return CLI_DONE;
    if (errno != EEXIST) return cli_fail(CLI_OUTPUT, folder, "cannot make this folder: %s", strerror(errno));
    if (stat(folder, &facts) == 0 && S_ISDIR(facts.st_mode)) return CLI_DONE;
    return cli_fail(CLI_OUTPUT, folder, "is not a folder");
}

/* Those between the folder of all and the file. */
static cli_exit make_folders_of(const operand_list *list, const char *out) {
    cli_exit code = CLI_DONE;
    if (!list->folder) return CLI_DONE;
    char *path = strdup(out);
    if (!path) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    char *slash = path + strlen(list->folder);
    while (code == CLI_DONE && (slash = strchr(slash + 1, '/')) != NULL) {
        *slash = '\0';
        code = make_folder(path);
        *slash = '/';
    }
    free(path);
    return code;
}

/* ---- the work -------------------------------------------------------------------------- */

typedef struct work {
    const batch *batch;
    pthread_mutex_t lock; /* of all that follows */
    size_t next, n_done, n_failed, n_skipped;
    cli_exit code;
} work;

static bool is_finished(const batch *b, const operand *i) {
    struct stat in, out;
    if (!b->options.resume || !i->out || stat(i->in, &in) != 0 || stat(i->out, &out) != 0 || !S_ISREG(out.st_mode))
        return false;
    bool is_older = out.st_mtim.tv_sec != in.st_mtim.tv_sec ? out.st_mtim.tv_sec < in.st_mtim.tv_sec
                                                            : out.st_mtim.tv_nsec < in.st_mtim.tv_nsec;
    return !is_older && (!b->is_whole || b->is_whole(b->user, i->out));
}

static void show_progress(const work *w, const char *name) {
    if (cli_is_quiet() || !isatty(STDERR_FILENO)) return;
    char line[128];
    cli_shown shown;
    size_t n = w->n_done + w->n_failed + w->n_skipped;
    snprintf(line, sizeof line, "[%zu of %zu%s] %.60s", n, w->batch->list->n_items, w->n_failed ? ", some failed" : "",
             cli_show(&shown, cli_name_of(name)));
    standard_error_status(line);
}

static cli_exit run_item(const batch *b, const operand *i) {
    cli_exit code = operand_check(i->in, b->rules);
    if (code == CLI_DONE && cli_same_file(i->in, i->out))
        code = cli_fail(CLI_USAGE, i->out, "is the input; it would be overwritten");
    if (code == CLI_DONE) code = make_folders_of(b->list, i->out);
    return code == CLI_DONE ? b->run(b->user, i) : code;
}

static void *run_items(void *user) {
    work *w = user;
    const batch *b = w->batch;
    pthread_mutex_lock(&w->lock);
    while (w->next < b->list->n_items) {
        const operand *i = &b->list->items[w->next++];
        pthread_mutex_unlock(&w->lock);
        bool skipped = is_finished(b, i);
        const cli_exit code = skipped ? CLI_DONE : run_item(b, i);
        pthread_mutex_lock(&w->lock);
        size_t *counted = skipped ? &w->n_skipped : code == CLI_DONE ? &w->n_done : &w->n_failed;
        ++*counted;
        if (code > w->code) w->code = code;
        show_progress(w, i->in);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static cli_exit run_all(const batch *b) {
    work w = {.batch = b, .lock = PTHREAD_MUTEX_INITIALIZER, .code = CLI_DONE};
    pthread_t threads[BATCH_MAX_JOBS];
    size_t n_started = 0, jobs = count_jobs(b);
    while (n_started + 1 < jobs && pthread_create(&threads[n_started], NULL, run_items, &w) == 0) n_started++;
    run_items(&w); /* this thread is one of them */
    for (size_t i = 0; i < n_started; i++) pthread_join(threads[i], NULL);
    standard_error_status("");
    char left_out[64] = "";
    if (b->list->n_left_out)
        snprintf(left_out, sizeof left_out, ", %zu left out: no %s", b->list->n_left_out,
                 b->rules->encodes ? "picture" : ".pith file");
    cli_say(b->command->name, "%zu done, %zu failed, %zu already finished%s", w.n_done, w.n_failed, w.n_skipped,
            left_out);
    return w.code;
}

cli_exit batch_run(const batch *b, cli_setup *setup) {
    if (!b->list->is_many && (b->options.jobs || b->options.resume))
        return cli_usage(b->command, "--jobs and --resume are for many files");
    if (!b->list->is_many) return run_item(b, &b->list->items[0]);
    share_threads(b, setup);
    const bool has_folder = b->list->folder && b->list->n_items > 0;
    cli_exit code = has_folder ? make_folder(b->list->folder) : CLI_DONE;
    if (code == CLI_DONE) code = run_all(b);
    return code > b->list->code ? code : b->list->code;
}
