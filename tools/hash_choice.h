/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* --check and --print-hash: what is asked of the decoded picture's hash. */
#ifndef PITH_TOOLS_HASH_CHOICE_H
#define PITH_TOOLS_HASH_CHOICE_H

#include "cli/cli.h"
#include "files/operands.h"

#define HASH_OPTIONS                                                                                                   \
    {CLI_CHECK, "check", "[=HASH]",                                                                                    \
     "fail if the picture is not the one of the file's hash, or of HASH: 16 to 64 hex digits"},                        \
    {                                                                                                                  \
        CLI_PRINT_HASH, "print-hash", NULL, "print the SHA-256 of the picture's size and samples"                      \
    }

#define HASH_HEX_BYTES (2 * PITH_HASH_BYTES + 1)

typedef struct hash_choice {
    bool checks_files, prints;
    char expected[HASH_HEX_BYTES]; /* lower-case digits; empty: none was given */
} hash_choice;

/* True when the option was one of them; `*code` is set when its value was wrong. */
bool hash_take_option(hash_choice *choice, const cli_command *command, int option, const char *argument,
                      cli_exit *code);
/* CLI_USAGE when the files named do not suit it. */
cli_exit hash_check_operands(const hash_choice *choice, const cli_command *command, const operand_list *list);

void hash_ask(const hash_choice *choice, pith_decode_options *o);
/* After pith_decode ended with `status`: CLI_BOUND, said for the file, if the picture is another than was asked for;
 * otherwise CLI_DONE. */
cli_exit hash_judge(const hash_choice *choice, const pith_decoder *decoder, pith_status status, const char *file);
/* To standard output, when the picture is complete. */
void hash_print(const hash_choice *choice, const pith_decoder *decoder, const char *file);

#endif
