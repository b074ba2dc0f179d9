/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The pith command: finds the subcommand. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/cli.h"
#include "commands.h"
#include "files/interrupt.h"

static int show_overview(void) {
    printf("usage: pith COMMAND [OPTION...] FILE...\n"
           "Pictures stored as the quantised latent of a neural autoencoder.\n\n");
    for (size_t i = 0; i < N_COMMANDS; i++) printf("  %-8s %s\n", commands[i]->name, commands[i]->summary);
    printf("\n'pith COMMAND --help' shows a command's options; 'pith --version' the version.\n");
    return CLI_DONE;
}

static const cli_command *find_command(const char *name) {
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (strcmp(commands[i]->name, name) == 0) return commands[i];
    return NULL;
}

static int run(int argc, char **argv) {
    if (argc < 2) return cli_fail(CLI_USAGE, NULL, "which command? see 'pith --help'");
    const char *word = argv[1];
    if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) {
        printf("pith %s\n", pith_version_string());
        return CLI_DONE;
    }
    bool is_help = strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0 || strcmp(word, "help") == 0;
    if (is_help && argc == 2) return show_overview();
    const cli_command *command = find_command(is_help ? argv[2] : word);
    if (!command) return cli_fail(CLI_USAGE, is_help ? argv[2] : word, "no such command; see 'pith --help'");
    int code = is_help ? cli_show_help(command) : command->run(command, argc - 1, argv + 1);
    return code == CLI_HELPED ? CLI_DONE : code;
}

/* If a standard stream is closed at the start, the next file opened would take its number. So each closed stream is
 * replaced by one on which all reads or writes fail. */
static void fill_standard_streams(void) {
    for (int handle = 0; handle <= 2; handle++)
        if (fcntl(handle, F_GETFD) < 0 && errno == EBADF) {
            int filler = open("/dev/null", handle == STDIN_FILENO ? O_WRONLY : O_RDONLY);
            if (filler < 0) _exit(CLI_OUTPUT);
        }
}

int main(int argc, char **argv) {
    fill_standard_streams();
    interrupt_catch();
    signal(SIGPIPE, SIG_IGN); /* a closed pipe becomes a write error */
    int code = run(argc, argv);
    if (fflush(stdout) == 0 && !ferror(stdout)) return code;
    return code ? code : cli_fail(CLI_OUTPUT, "-", "cannot write: %s", strerror(errno));
}
