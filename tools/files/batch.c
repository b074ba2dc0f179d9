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

#include "cli/cli_json.h"
#include "files/interrupt.h"
#include "messages/standard_error.h"

/* ---- options ------------------------------------------------------------------------- */

/* A whole number, which `end` follows; UINT64_MAX: it is none. */
static uint64_t number_of(const char *text, char end) {
    char *rest;
    if (!text || *text < '0' || *text > '9') return UINT64_MAX;
    errno = 0;
    const unsigned long long value = strtoull(text, &rest, 10);
    return errno == 0 && *rest == end && value < UINT64_MAX ? value : UINT64_MAX;
}

/* "I/N", or as the environment of a job array says: Slurm's, which knows N, or an index of Kubernetes and "auto/N". */
static bool parse_slice(operand_options *o, const char *text) {
    const char *slash = strchr(text, '/');
    uint64_t index = number_of(text, '/'), count = slash ? number_of(slash + 1, '\0') : UINT64_MAX;
    if (strcmp(text, "auto") == 0 || strncmp(text, "auto/", 5) == 0) {
        const uint64_t first = number_of(getenv("SLURM_ARRAY_TASK_MIN"), '\0');
        index = number_of(getenv("SLURM_ARRAY_TASK_ID"), '\0');
        if (index != UINT64_MAX && first <= index) index -= first;
        if (index == UINT64_MAX) index = number_of(getenv("JOB_COMPLETION_INDEX"), '\0');
        if (!slash) count = number_of(getenv("SLURM_ARRAY_TASK_COUNT"), '\0');
    }
    if (count == UINT64_MAX || index >= count) return false;
    o->part = index;
    o->n_parts = count;
    return true;
}

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
    case CLI_FILES_FROM:
        o->names.list = argument;
        return true;
    case '0':
        o->names.null_ended = true;
        return true;
    case CLI_KEEP_TREE:
        o->names.tree = argument;
        return true;
    case CLI_SLICE:
        if (!parse_slice(&o->names, argument))
            *code = cli_usage(command, "--slice takes I/N with I below N, auto or auto/N, not \"%s\"", argument);
        return true;
    case CLI_ERRORS_TO:
        o->errors_to = argument;
        return true;
    case CLI_JSON:
        o->json = true;
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
static cli_exit make_folders_of(const operand_list *list, const operand *item) {
    cli_exit code = CLI_DONE;
    if (!list->folder || item->is_named || !item->out) return CLI_DONE;
    char *path = strdup(item->out);
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
    FILE *errors;
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

static cli_exit run_item(const batch *b, const operand *i, batch_result *result) {
    cli_exit code = operand_check(i->in, b->rules);
    if (code == CLI_DONE && cli_same_file(i->in, i->out))
        code = cli_fail(CLI_USAGE, i->out, "is the input; it would be overwritten");
    if (code == CLI_DONE) code = make_folders_of(b->list, i);
    return code == CLI_DONE ? b->run(b->user, i, result) : code;
}

static void print_json(const operand *i, cli_exit code, bool skipped, const batch_result *r, double seconds) {
    struct stat in = {0}, out = {0};
    const bool has_out = code == CLI_DONE && i->out && stat(i->out, &out) == 0;
    json_t *line =
        json_pack("{so so si sb sf}", "input", json_text(i->in), "output", i->out ? json_text(i->out) : json_null(),
                  "status", (int)code, "skipped", (int)skipped, "seconds", seconds);
    if (line && stat(i->in, &in) == 0) json_object_set_new(line, "input_bytes", json_integer((json_int_t)in.st_size));
    if (line && has_out) json_object_set_new(line, "bytes", json_integer((json_int_t)out.st_size));
    if (line && r->width > 0) {
        json_object_set_new(line, "width", json_integer(r->width));
        json_object_set_new(line, "height", json_integer(r->height));
    }
    if (line)
        json_dumpf(line, stdout, JSON_COMPACT | JSON_REAL_PRECISION(6)); /* a write error shows at the end, in main */
    putchar('\n');
    fflush(stdout);
    json_decref(line);
}

/* A line of --errors-to, at once, so that it is there if the process is killed. */
static void note_error(FILE *errors, const batch *b, const operand *i) {
    const bool null_ended = b->options.names.null_ended;
    if (!null_ended && strpbrk(i->in, "\t\r\n")) {
        cli_warn(i->in, "has a tab or a line's end in its name: --errors-to can name it only with -0");
        return;
    }
    fputs(i->in, errors);
    if (i->is_named && !null_ended) fprintf(errors, "\t%s", i->out);
    fputc(null_ended ? '\0' : '\n', errors);
    fflush(errors);
}

static void *run_items(void *user) {
    work *w = user;
    const batch *b = w->batch;
    pthread_mutex_lock(&w->lock);
    while (w->next < b->list->n_items && !interrupt_is_wanted()) {
        const operand *i = &b->list->items[w->next++];
        pthread_mutex_unlock(&w->lock);
        batch_result result = {0};
        const double start = cli_seconds();
        bool skipped = is_finished(b, i);
        const cli_exit code = skipped ? CLI_DONE : run_item(b, i, &result);
        const double seconds = cli_seconds() - start;
        pthread_mutex_lock(&w->lock);
        if (b->options.json) print_json(i, code, skipped, &result, seconds);
        if (code != CLI_DONE && w->errors) note_error(w->errors, b, i);
        size_t *counted = skipped ? &w->n_skipped : code == CLI_DONE ? &w->n_done : &w->n_failed;
        ++*counted;
        if (code > w->code) w->code = code;
        show_progress(w, i->in);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

static cli_exit run_one(const batch *b, const operand *i) {
    batch_result result = {0};
    const double start = cli_seconds();
    if (b->options.json && i->out && strcmp(i->out, "-") == 0)
        return cli_usage(b->command, "--json and the output cannot both go to standard output");
    const cli_exit code = run_item(b, i, &result);
    if (b->options.json) print_json(i, code, false, &result, cli_seconds() - start);
    return code;
}

/* A list replaces a list, but nothing that Pith knows to be something else. */
static cli_exit open_errors(FILE **errors, const char *path) {
    const file_kind kind = file_kind_of_content(path);
    if (kind != FILE_UNKNOWN && kind != FILE_EMPTY)
        return cli_fail(CLI_OUTPUT, path, "is %s, which --errors-to does not replace", file_kind_text(kind));
    *errors = fopen(path, "we");
    return *errors ? CLI_DONE : cli_fail(CLI_OUTPUT, path, "cannot write: %s", strerror(errno));
}

static cli_exit run_all(const batch *b) {
    work w = {.batch = b, .lock = PTHREAD_MUTEX_INITIALIZER, .code = CLI_DONE};
    if (b->options.errors_to) {
        w.code = open_errors(&w.errors, b->options.errors_to);
        if (w.code != CLI_DONE) return w.code;
    }
    interrupt_finish_first();
    pthread_t threads[BATCH_MAX_JOBS];
    size_t n_started = 0, jobs = count_jobs(b);
    while (n_started + 1 < jobs && pthread_create(&threads[n_started], NULL, run_items, &w) == 0) n_started++;
    run_items(&w); /* this thread is one of them */
    for (size_t i = 0; i < n_started; i++) pthread_join(threads[i], NULL);
    standard_error_status("");
    if (w.errors && fclose(w.errors) != 0 && w.code < CLI_OUTPUT)
        w.code = cli_fail(CLI_OUTPUT, b->options.errors_to, "cannot write: %s", strerror(errno));
    const size_t n_not_begun = b->list->n_items - w.next;
    char left_out[64] = "";
    if (b->list->n_left_out)
        snprintf(left_out, sizeof left_out, ", %zu left out: no %s", b->list->n_left_out,
                 b->rules->encodes ? "picture" : ".pith file");
    cli_say(b->command->name, "%zu done, %zu failed, %zu already finished%s", w.n_done, w.n_failed, w.n_skipped,
            left_out);
    if (n_not_begun > 0) cli_say(b->command->name, "asked to end: %zu not begun", n_not_begun);
    return n_not_begun > 0 ? CLI_TERMINATED : w.code;
}

cli_exit batch_run(const batch *b, cli_setup *setup) {
    if (!b->list->is_many && (b->options.jobs || b->options.resume))
        return cli_usage(b->command, "--jobs and --resume are for many files");
    if (!b->list->is_many && b->options.errors_to) return cli_usage(b->command, "--errors-to is for many files");
    if (!b->list->is_many) return run_one(b, &b->list->items[0]);
    share_threads(b, setup);
    const bool has_folder = b->list->folder && b->list->n_items > 0;
    cli_exit code = has_folder ? make_folder(b->list->folder) : CLI_DONE;
    if (code == CLI_DONE) code = run_all(b);
    return code > b->list->code ? code : b->list->code;
}
