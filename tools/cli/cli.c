/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "cli/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "messages/harmless.h"
#include "messages/standard_error.h"

#define MAX_OPTIONS 40

cli_exit cli_exit_of(pith_status status, cli_exit otherwise) {
    switch (status) {
    case PITH_OK:
        return CLI_DONE;
    case PITH_E_ARG:
        return CLI_USAGE;
    case PITH_E_MODEL_MISSING:
    case PITH_E_MODEL_SHAPE:
    case PITH_E_MODEL_MISMATCH:
    case PITH_E_MODEL_VALUES:
        return CLI_MODEL;
    case PITH_E_NOMEM:
    case PITH_E_LIMIT:
    case PITH_E_BACKEND:
    case PITH_E_INTERNAL:
        return CLI_OUTPUT;
    case PITH_E_ABORTED:
        return CLI_INTERRUPTED;
    case PITH_E_IO:
    case PITH_E_TRUNCATED:
    case PITH_E_FORMAT:
    case PITH_E_VERSION:
    case PITH_E_UNSUPPORTED:
    case PITH_E_CHECKSUM:
        return otherwise;
    }
    return otherwise;
}

/* ---- messages ------------------------------------------------------------------------ */

static bool quiet; /* belongs to the process, as standard error does */

void cli_be_quiet(void) { quiet = true; }
bool cli_is_quiet(void) { return quiet; }

const char *cli_show(cli_shown *shown, const char *name) {
    snprintf(shown->text, sizeof shown->text, "%s", name);
    make_harmless(shown->text);
    return shown->text;
}

/* One write of one line, whatever bytes a file's name has. */
__attribute__((format(printf, 3, 0))) static void put_line(const char *file, const char *kind, const char *format,
                                                           va_list arguments) {
    char line[4096 + 2 * PITH_MESSAGE_BYTES];
    int n =
        file ? snprintf(line, sizeof line, "pith: %s: %s", file, kind) : snprintf(line, sizeof line, "pith: %s", kind);
    size_t length = n < 0 ? 0 : (size_t)n < sizeof line ? (size_t)n : sizeof line - 1;
    vsnprintf(line + length, sizeof line - length, format, arguments);
    make_harmless(line);
    length = strlen(line);
    memcpy(line + (length < sizeof line - 1 ? length : sizeof line - 2), "\n", 2);
    standard_error_write(line);
}

cli_exit cli_fail(cli_exit code, const char *file, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    put_line(file, "", format, arguments);
    va_end(arguments);
    return code;
}

void cli_warn(const char *file, const char *format, ...) {
    if (quiet) return;
    va_list arguments;
    va_start(arguments, format);
    put_line(file, "warning: ", format, arguments);
    va_end(arguments);
}

void cli_say(const char *file, const char *format, ...) {
    if (quiet) return;
    va_list arguments;
    va_start(arguments, format);
    put_line(file, "", format, arguments);
    va_end(arguments);
}

/* ---- options --------------------------------------------------------------------------- */

cli_exit cli_usage(const cli_command *command, const char *format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    return cli_fail(CLI_USAGE, command->name, "%s; see 'pith %s --help'", text, command->name);
}

/* "[=LEVEL]": a value may follow, after an equals sign. */
static bool is_optional(const cli_option *o) { return o->argument && o->argument[0] == '['; }

cli_exit cli_show_help(const cli_command *command) {
    printf("usage: pith %s %s\n%s\n\n", command->name, command->arguments, command->summary);
    for (const cli_option *o = command->options; o->code; o++) {
        char left[64];
        int n = o->code < CLI_LONG_ONLY ? snprintf(left, sizeof left, "-%c, ", o->code)
                                        : snprintf(left, sizeof left, "    ");
        snprintf(left + n, sizeof left - (size_t)n, "--%s%s%s", o->name, o->argument && !is_optional(o) ? " " : "",
                 o->argument ? o->argument : "");
        printf(strlen(left) > 28 ? "  %s\n%31s%s\n" : "  %-28s%s%s\n", left, " ", o->help);
    }
    printf("\n\"-\" is standard input or output; \"--\" ends the options.\n");
    return CLI_HELPED;
}

static int complain(const cli_command *command, int found, const char *word) {
    if (found == ':')
        cli_usage(command, "%s needs a value", word);
    else
        cli_usage(command, "no such option: %s", word);
    return -1;
}

int cli_next_option(const cli_command *command, int argc, char **argv, const char **argument) {
    struct option table[MAX_OPTIONS + 1] = {{0}};
    char letters[3 * MAX_OPTIONS + 2] = ":"; /* a missing value is told apart */
    size_t n_letters = 1;
    for (size_t i = 0; i < MAX_OPTIONS && command->options[i].code; i++) {
        const cli_option *o = &command->options[i];
        table[i] = (struct option){o->name,
                                   is_optional(o) ? optional_argument
                                   : o->argument  ? required_argument
                                                  : no_argument,
                                   NULL, o->code};
        if (o->code >= CLI_LONG_ONLY) continue;
        letters[n_letters++] = (char)o->code;
        if (o->argument) letters[n_letters++] = ':';
        if (is_optional(o)) letters[n_letters++] = ':';
    }
    opterr = 0;
    int before = optind > 0 ? optind : 1;
    int found = getopt_long(argc, argv, letters, table, NULL);
    *argument = optarg;
    if (found == -1) return 0;
    if (found != '?' && found != ':') return found;
    char letter[3] = {'-', (char)optopt, '\0'};
    bool is_short = optopt > 0 && optopt < CLI_LONG_ONLY && strncmp(argv[optind - 1], "--", 2) != 0;
    const char *word = is_short ? letter : argv[optind - 1 >= before ? optind - 1 : before];
    return complain(command, found, word);
}

static uint64_t take_memory(const cli_command *command, const char *argument, cli_exit *code) {
    cli_size size;
    if (cli_parse_size(&size, argument) && !size.per_pixel && size.value >= CLI_MEMORY_LEAST)
        return cli_size_bytes(&size, 1, 1);
    *code = cli_usage(command, "--memory takes 64M and more, not \"%s\"", argument);
    return 0;
}

bool cli_take_setup(cli_setup *setup, const cli_command *command, int option, const char *argument, cli_exit *code) {
    double number;
    switch (option) {
    case 'm':
        setup->model = argument;
        return true;
    case CLI_VAE:
        setup->vae = argument;
        return true;
    case 'v':
    case CLI_QUIET:
        if (option == 'v') setup->verbose = true;
        if (option == CLI_QUIET) cli_be_quiet();
        if (setup->verbose && cli_is_quiet()) *code = cli_usage(command, "--quiet and --verbose exclude each other");
        return true;
    case CLI_FORCE:
        setup->force = true;
        return true;
    case CLI_MEMORY:
        setup->memory = take_memory(command, argument, code);
        return true;
    case CLI_BACKEND:
        setup->backend = argument;
        if (strncmp(argument, "exact", 5) != 0 && strcmp(argument, "onednn") != 0 && strcmp(argument, "ref") != 0)
            *code = cli_usage(command, "--backend takes exact, onednn or ref, not \"%s\"", argument);
        return true;
    case CLI_LIMIT:
        if (!cli_limits_take(&setup->limits, argument))
            *code = cli_usage(command, "--limit takes NAME=N, with " CLI_LIMIT_NAMES " as NAME, not \"%s\"", argument);
        return true;
    case CLI_THREADS:
        if (cli_parse_number(&number, argument, 1, 1024) && number == (int)number)
            setup->threads = (int)number;
        else
            *code = cli_usage(command, "--threads takes 1 to 1024, not \"%s\"", argument);
        return true;
    default:
        return false;
    }
}

/* ---- memory ------------------------------------------------------------------------------ */

#define PROCESS_BYTES 24000000u /* the program, its libraries, the engine's code */

uint64_t cli_picture_memory(const cli_setup *setup) {
    return (setup->memory ? setup->memory : CLI_MEMORY_BYTES) - PROCESS_BYTES;
}

uint64_t cli_call_memory(const cli_setup *setup, const pith_model *model, uint64_t taken) {
    pith_model_contents c = {.struct_size = sizeof c};
    bool is_built_in = !model || (pith_model_get_contents(model, &c) == PITH_OK && strcmp(c.kind, "mini") == 0);
    if (!setup->memory && !is_built_in) return 0;
    uint64_t left = cli_picture_memory(setup);
    return taken < left ? left - taken : 1;
}

/* The status does not tell them apart; the words are those of src/stages/memory_plan.c. */
bool cli_is_of_memory(const char *message) { return strstr(message, "MB of memory") != NULL; }

void cli_make_env(pith_env *env, const cli_setup *setup) {
    if (setup->limits.are_set)
        *env = setup->limits.env;
    else
        pith_env_defaults(env, sizeof *env);
    env->threads = setup->threads;
    env->backend = setup->backend;
}

/* ---- small things ------------------------------------------------------------------------ */

double cli_seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

const char *cli_name_of(const char *path) {
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool cli_ends_with(const char *name, const char *ending) {
    const size_t n = strlen(name), n_ending = strlen(ending);
    return n > n_ending && strcmp(name + n - n_ending, ending) == 0;
}

bool cli_same_file(const char *a, const char *b) {
    struct stat of_a, of_b;
    if (strcmp(a, "-") == 0 || strcmp(b, "-") == 0) return false;
    if (stat(a, &of_a) != 0 || stat(b, &of_b) != 0) return false;
    return S_ISREG(of_a.st_mode) && of_a.st_dev == of_b.st_dev && of_a.st_ino == of_b.st_ino;
}

void cli_hex(char text[CLI_HEX_BYTES], const uint8_t id[PITH_FINGERPRINT_BYTES]) {
    for (size_t i = 0; i < PITH_FINGERPRINT_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", id[i]);
}
