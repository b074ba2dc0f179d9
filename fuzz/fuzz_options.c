/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Options of the command: the first byte chooses the subcommand, zero bytes part
 * the words. Nothing is run: words are parsed as the subcommands parse them. */
#include <getopt.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"

#define MAX_WORDS 32

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes);

static void require(int holds) {
    if (!holds) abort();
}

static void parse_values(const char *text) {
    double number;
    cli_size size;
    if (cli_parse_number(&number, text, 0, 100)) require(number >= 0 && number <= 100);
    if (cli_parse_size(&size, text)) {
        require(isfinite(size.value) && size.value > 0);
        require(cli_size_bytes(&size, 1, 1) <= cli_size_bytes(&size, 65535, 65535));
    }
}

static void parse_words(const cli_command *command, int argc, char **argv) {
    cli_setup setup = {0};
    cli_exit code = CLI_DONE;
    const char *argument;
    int n_options = 0;
    optind = 0; /* getopt starts afresh */
    for (int option; code == CLI_DONE && (option = cli_next_option(command, argc, argv, &argument)) > 0;) {
        require(++n_options < 4096);
        if (argument) parse_values(argument);
        (void)cli_take_setup(&setup, command, option, argument, &code);
    }
    require(setup.threads >= 0 && setup.threads <= 1024);
    for (int i = 0; i < argc; i++) parse_values(argv[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n_bytes) {
    static const cli_command *const commands[] = {&cli_encode, &cli_decode, &cli_info, &cli_compare};
    char *argv[MAX_WORDS + 2];
    int argc = 1;
    if (n_bytes < 1) return 0;
    const cli_command *command = commands[data[0] % 4];
    char *words = calloc(n_bytes, 1); /* the first byte's place holds the last zero */
    require(words != NULL);
    memcpy(words, data + 1, n_bytes - 1);
    argv[0] = words + n_bytes - 1;
    for (size_t at = 0; at + 1 < n_bytes && argc <= MAX_WORDS; at += strlen(words + at) + 1) argv[argc++] = words + at;
    argv[argc] = NULL;
    parse_words(command, argc, argv);
    free(words);
    return 0;
}
