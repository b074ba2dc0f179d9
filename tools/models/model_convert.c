/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith model convert: a compact file of a checkpoint. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "cli/progress.h"
#include "files/output_file.h"
#include "models/model_about.h"
#include "models/model_find.h"

#define ENDING ".safetensors"

/* For the signal handler: once it is set, the conversion ends and removes what it has written. */
static volatile sig_atomic_t interrupted; /* the signal's number */

static void on_signal(int number) { interrupted = number; }

static void catch_signal(int number) {
    struct sigaction action = {.sa_handler = on_signal}, before;
    if (sigaction(number, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(number, &action, NULL);
}

static int report(void *user, const char *stage, double done) {
    const pith_progress *bar = user;
    if (interrupted) return 1;
    return bar->report ? bar->report(bar->user, stage, done) : 0;
}

/* `in` is a name or a path of TAESD or of a model; `target` is where OUT leads. */
static cli_exit convert(const char *in, const char *out, const char *target, pith_precision precision) {
    pith_env env;
    progress bar;
    pith_model *model = NULL;
    pith_diag why = {0};
    int is_tiny = 0;
    pith_env_defaults(&env, sizeof env);
    progress_start(&bar, &env);
    pith_progress shown = env.progress;
    env.progress = (pith_progress){report, &shown};
    catch_signal(SIGINT);
    catch_signal(SIGTERM);
    catch_signal(SIGHUP);
    pith_status status = PITH_E_UNSUPPORTED;
    if (precision != PITH_PRECISION_DECODER) status = pith_tiny_convert(in, &env, precision, target, &is_tiny, &why);
    if (!is_tiny) {
        cli_exit code = model_for_encode(&model, &env, in);
        if (code != CLI_DONE) {
            progress_end(&bar);
            return code;
        }
        status = pith_model_convert(model, &env, precision, target, &why);
    }
    progress_end(&bar);
    pith_model_free(&model);
    if (status == PITH_OK) return CLI_DONE;
    if (interrupted) return (cli_exit)(128 + interrupted);
    const bool of_output = status == PITH_E_IO || status == PITH_E_ARG;
    return cli_fail(cli_exit_of(status, of_output ? CLI_OUTPUT : CLI_MODEL), of_output ? out : in, "%s", why.message);
}

/* 0 when it is none. */
static pith_precision precision_of(const char *name) {
    if (name && strcmp(name, "fp16") == 0) return PITH_PRECISION_FP16;
    if (name && strcmp(name, "decoder") == 0) return PITH_PRECISION_DECODER;
    return name && strcmp(name, "int8") == 0 ? PITH_PRECISION_INT8 : (pith_precision)0;
}

cli_exit model_convert(const cli_command *command, char **operands, int n_operands, const char *to, bool force) {
    if (n_operands != 2) return cli_usage(command, "convert: one IN and one OUT" ENDING " are needed");
    const char *in = operands[0], *out = operands[1];
    const pith_precision precision = precision_of(to);
    if (!precision) return cli_usage(command, "convert: --to fp16, int8 or decoder is needed");
    if (!cli_ends_with(out, ENDING)) return cli_usage(command, "convert: \"%s\" does not end with " ENDING, out);
    if (cli_same_file(in, out)) return cli_fail(CLI_USAGE, out, "is the input");
    const output_rules rules = {.kind = FILE_WEIGHTS, .force = force};
    pith_diag why = {0};
    const pith_status status = output_check(out, &rules, &why);
    if (status != PITH_OK) return cli_fail(cli_exit_of(status, CLI_OUTPUT), out, "%s", why.message);
    char *target = output_follow_links(out);
    if (!target) return cli_fail(CLI_OUTPUT, out, "cannot be written: %s", strerror(errno));
    cli_exit code = convert(in, out, target, precision);
    free(target);
    return code;
}
