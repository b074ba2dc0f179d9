/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the subcommands share: options, messages, exit status. */
#ifndef PITH_TOOLS_CLI_CLI_H
#define PITH_TOOLS_CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include <pith/pith.h>

#include "cli/cli_limits.h"

typedef enum cli_exit {
    CLI_HELPED = -1, /* --help was shown: nothing else to do; becomes 0 */
    CLI_DONE = 0,
    CLI_USAGE = 1,  /* wrong usage */
    CLI_INPUT = 2,  /* input unreadable or bad */
    CLI_MODEL = 3,  /* model missing or wrong */
    CLI_OUTPUT = 4, /* output cannot be written, or a limit of disk, memory or size */
    CLI_BOUND = 5,  /* a promise does not hold: a bound, or a hash of the picture */
    CLI_INTERRUPTED = 130,
    CLI_TERMINATED = 143
} cli_exit;

/* The exit status for a library status; `otherwise` for those that an input, a model or an output can all give
 * (PITH_E_IO, PITH_E_FORMAT, ...). */
cli_exit cli_exit_of(pith_status status, cli_exit otherwise);

/* ---- messages, to standard error, one line each ------------------------------- */

/* "pith: FILE: TEXT" (without FILE when NULL); returns `code`. */
cli_exit cli_fail(cli_exit code, const char *file, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* "pith: FILE: warning: TEXT" */
void cli_warn(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* "pith: FILE: TEXT", for -v. */
void cli_say(const char *file, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* From now on only failures are reported, and no bar is shown. */
void cli_be_quiet(void);
bool cli_is_quiet(void);

/* A name from outside, safe to show on a terminal: see make_harmless. */
#define CLI_SHOWN_BYTES 4352
typedef struct cli_shown {
    char text[CLI_SHOWN_BYTES];
} cli_shown;
const char *cli_show(cli_shown *shown, const char *name);

/* ---- subcommands and their options ----------------------------------------------- */

#define CLI_LONG_ONLY 256 /* codes from here on have no short form */
enum {
    CLI_HELP = 'h',
    CLI_THREADS = CLI_LONG_ONLY,
    CLI_BACKEND,
    CLI_JSON,
    CLI_FORMAT,
    CLI_DEPTH,
    CLI_SIDE_BY_SIDE,
    CLI_HTML,
    CLI_BOUND_LEVEL,
    CLI_HEATMAP,
    CLI_STEPS,
    CLI_TOLERATE,
    CLI_METHOD,
    CLI_TO,
    CLI_STRIP,
    CLI_KEEP,
    CLI_JOBS,
    CLI_RESUME,
    CLI_LIMIT,
    CLI_REGION,
    CLI_MEMORY,
    CLI_PREVIEW,
    CLI_VAE,
    CLI_REALISM,
    CLI_NO_RESIDUAL,
    CLI_PROTECT,
    CLI_LOSSLESS,
    CLI_FORCE,
    CLI_QUIET,
    CLI_KEEP_EXTENSION,
    CLI_WITH_HASH,
    CLI_CHECK,
    CLI_PRINT_HASH,
    CLI_FILES_FROM,
    CLI_KEEP_TREE,
    CLI_SLICE,
    CLI_ERRORS_TO,
    CLI_ERROR,
    CLI_SHELL,
    CLI_JOINT,
    CLI_UNIT,
    CLI_EFFORT,
    CLI_TOGETHER,
    CLI_RANGE
};

#define CLI_OPTION_LIMIT                                                                                               \
    { CLI_LIMIT, "limit", "NAME=N", "raise or lower what a file may ask for: see pith(1), \"Limits\"" }

typedef struct cli_option {
    int code;             /* the letter, or CLI_LONG_ONLY and above; 0 ends a table */
    const char *name;     /* without the dashes */
    const char *argument; /* what --help calls it; NULL when it takes none. Completion offers the words of "a|b" */
    const char *help;
} cli_option;

/* Options that several subcommands have. */
#define CLI_OPTION_MODEL                                                                                               \
    { 'm', "model", "MODEL", "a model file, or the name of an installed one" }
#define CLI_OPTION_VAE                                                                                                 \
    { CLI_VAE, "vae", "PATH", "another autoencoder of the model's latent space: a VAE or checkpoint, or TAESD" }
#define CLI_OPTION_THREADS                                                                                             \
    { CLI_THREADS, "threads", "N", "threads for the networks (default: one per core)" }
#define CLI_OPTION_MEMORY                                                                                              \
    {                                                                                                                  \
        CLI_MEMORY, "memory", "SIZE",                                                                                  \
            "use at most this much memory, such as 500M (default: 1 GB with the built-in model)"                       \
    }
#define CLI_OPTION_BACKEND                                                                                             \
    { CLI_BACKEND, "backend", "exact|onednn|ref", "the network engine (default: the model's own)" }
#define CLI_OPTION_VERBOSE                                                                                             \
    { 'v', "verbose", NULL, "say where the time went" }
#define CLI_OPTION_QUIET                                                                                               \
    { CLI_QUIET, "quiet", NULL, "say only what failed" }
#define CLI_OPTION_FORCE                                                                                               \
    { CLI_FORCE, "force", NULL, "replace whatever is there, and write to a terminal" }
#define CLI_OPTION_JSON                                                                                                \
    { CLI_JSON, "json", NULL, "print JSON" }
#define CLI_OPTION_HELP                                                                                                \
    { CLI_HELP, "help", NULL, "show this help" }

typedef struct cli_command {
    const char *name;
    const char *arguments; /* "[OPTION...] IN OUT" */
    const char *summary;   /* one line */
    const cli_option *options;
    int (*run)(const struct cli_command *command, int argc, char **argv); /* argv[0] is the name */
} cli_command;

extern const cli_command cli_encode, cli_decode, cli_info, cli_compare, cli_model, cli_motion;

/* The next option's code with its `argument`, 0 after the last (then optind is
 * the first operand), -1 when it was wrong (said on standard error). */
int cli_next_option(const cli_command *command, int argc, char **argv, const char **argument);
/* "pith: NAME: TEXT; see 'pith NAME --help'"; returns CLI_USAGE. */
cli_exit cli_usage(const cli_command *command, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The help to standard output; returns CLI_HELPED. */
cli_exit cli_show_help(const cli_command *command);

/* Options that set up the library. */
typedef struct cli_setup {
    const char *model; /* NULL: the built-in one */
    const char *vae;   /* NULL: the model's own */
    const char *backend;
    int threads;
    bool verbose;
    bool force;      /* replace whatever is there */
    uint64_t memory; /* bytes of the whole process; 0: see CLI_MEMORY_BYTES */
    cli_limits limits;
} cli_setup;

#define CLI_MEMORY_BYTES 1000000000u /* the default with built-in models */
#define CLI_MEMORY_LEAST 64000000u

/* The part of it that picture formats may take. */
uint64_t cli_picture_memory(const cli_setup *setup);
/* What is left of it for a call of the library when files and pictures take `taken` bytes; 0: no bound. `model` may be
 * NULL. */
uint64_t cli_call_memory(const cli_setup *setup, const pith_model *model, uint64_t taken);

/* Whether a PITH_E_LIMIT with this message is about memory, not time, pixels or the like. */
bool cli_is_of_memory(const char *message);

/* True when the option was one of them; `*code` is set when its value was wrong. */
bool cli_take_setup(cli_setup *setup, const cli_command *command, int option, const char *argument, cli_exit *code);
void cli_make_env(pith_env *env, const cli_setup *setup);

/* ---- values ------------------------------------------------------------------------ */

/* A decimal number in [minimum, maximum] and nothing else. */
bool cli_parse_number(double *value, const char *text, double minimum, double maximum);
/* "WxH+X+Y", or "WxH" for the upper left corner. */
bool cli_parse_region(pith_area *region, const char *text);
/* "X,Y,W,H". */
bool cli_parse_rectangle(pith_area *area, const char *text);
/* "loose", "normal", "strict"; the name of PITH_LEVEL_NONE is "none". */
bool cli_parse_level(pith_level *level, const char *text);
const char *cli_level_name(pith_level level);

/* What -s asks for. */
typedef struct cli_size {
    double value;
    bool per_pixel; /* bits per pixel, else bytes */
} cli_size;

/* "5000", "5k" or "5kB" (5000), "5KiB" (5120), "1.5M", "1G", "0.15bpp". */
bool cli_parse_size(cli_size *size, const char *text);
/* In bytes for a picture; 0 when it is less than one. */
uint64_t cli_size_bytes(const cli_size *size, uint32_t width, uint32_t height);

/* ---- small things -------------------------------------------------------------------- */

double cli_seconds(void); /* from a monotonic clock */
/* The last name of a path. */
const char *cli_name_of(const char *path);
/* There is something before the ending. */
bool cli_ends_with(const char *name, const char *ending);
/* The two names lead to one file on disk. */
bool cli_same_file(const char *a, const char *b);

#define CLI_HEX_BYTES (2 * PITH_FINGERPRINT_BYTES + 1)
void cli_hex(char text[CLI_HEX_BYTES], const uint8_t id[PITH_FINGERPRINT_BYTES]);

#endif
