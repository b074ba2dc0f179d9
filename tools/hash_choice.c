/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "hash_choice.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define LEAST_DIGITS 16 /* as many as a file holds */

static bool parse_hash(char expected[HASH_HEX_BYTES], const char *text) {
    const size_t n = strlen(text);
    if (n < LEAST_DIGITS || n >= HASH_HEX_BYTES || strspn(text, "0123456789abcdefABCDEF") != n) return false;
    for (size_t i = 0; i <= n; i++) expected[i] = (char)tolower((unsigned char)text[i]);
    return true;
}

bool hash_take_option(hash_choice *choice, const cli_command *command, int option, const char *argument,
                      cli_exit *code) {
    if (option == CLI_PRINT_HASH)
        choice->prints = true;
    else if (option != CLI_CHECK)
        return false;
    else if (!argument)
        choice->checks_files = true;
    else if (!parse_hash(choice->expected, argument))
        *code = cli_usage(command, "--check takes 16 to 64 hex digits of a hash, not \"%s\"", argument);
    return true;
}

cli_exit hash_check_operands(const hash_choice *choice, const cli_command *command, const operand_list *list) {
    if (choice->expected[0] && list->n_items > 1)
        return cli_usage(command, "--check=HASH is for one picture: several have several hashes");
    for (size_t i = 0; choice->prints && i < list->n_items; i++)
        if (list->items[i].out && strcmp(list->items[i].out, "-") == 0)
            return cli_usage(command, "--print-hash prints to standard output, where the picture would go");
    return CLI_DONE;
}

void hash_ask(const hash_choice *choice, pith_decode_options *o) {
    o->check = choice->checks_files;
    o->hash = choice->prints || choice->expected[0];
}

static void print_hex(char text[HASH_HEX_BYTES], const pith_decoder *decoder) {
    pith_hash h = {.struct_size = sizeof h};
    if (pith_decoder_hash(decoder, &h) != PITH_OK) h.is_made = 0;
    text[0] = '\0';
    for (size_t i = 0; h.is_made && i < PITH_HASH_BYTES; i++) snprintf(text + 2 * i, 3, "%02x", h.sha256[i]);
}

cli_exit hash_judge(const hash_choice *choice, const pith_decoder *decoder, pith_status status, const char *file) {
    pith_hash h = {.struct_size = sizeof h};
    char found[HASH_HEX_BYTES];
    if (pith_decoder_hash(decoder, &h) != PITH_OK) return CLI_DONE;
    if (status == PITH_E_CHECKSUM && h.check == PITH_HASH_DIFFERENT)
        return cli_fail(CLI_BOUND, file, "%s", pith_decoder_message(decoder));
    print_hex(found, decoder);
    if (status != PITH_OK || strncmp(found, choice->expected, strlen(choice->expected)) == 0) return CLI_DONE;
    return cli_fail(CLI_BOUND, file, "the decoded picture is not the one of --check: its hash is %s", found);
}

void hash_print(const hash_choice *choice, const pith_decoder *decoder, const char *file) {
    char found[HASH_HEX_BYTES];
    cli_shown shown;
    if (!choice->prints) return;
    print_hex(found, decoder);
    printf("%s  %s\n", found, cli_show(&shown, file));
}
