/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Which of the names on the command line are IN, which is OUT, and what the
 * outputs without a name of their own are called. */
#ifndef PITH_TOOLS_FILES_OPERANDS_H
#define PITH_TOOLS_FILES_OPERANDS_H

#include "cli/cli.h"
#include "imageio/file_kind.h"

/* What the user said. */
typedef struct operand_options {
    const char *output;  /* -o: a file or a folder; NULL: beside IN, or the last operand */
    bool recursive;      /* folders are their files */
    bool keep_extension; /* photo.jpg.pith, not photo.pith */
    bool verbose;        /* names what is left out of a folder */
} operand_options;

/* What the command reads and writes. */
typedef struct operand_rules {
    bool encodes;       /* pictures to .pith; else .pith to pictures */
    const char *ending; /* of outputs that get a name: ".pith" */
} operand_rules;

typedef struct operand {
    char *in, *out; /* out is NULL where operand_check will refuse `in`: it takes nobody's name */
    bool is_named;  /* OUT was typed */
} operand;

typedef struct operand_list {
    operand *items;
    size_t n_items, capacity;
    size_t n_left_out;  /* files of folders that are not what is read */
    bool is_many;       /* more than one IN, a folder of them, or a folder for what is made */
    const char *folder; /* to be made if need be; NULL: none */
    cli_exit code;      /* of folders that could not be read whole */
} operand_list;

/* True when IN is one, by name or content: rules->encodes ? a picture : a .pith file. */
bool operand_is_input(const char *path, const operand_rules *rules);

/* Says what is wrong with an IN that cannot be read for what it is: a folder, or of the kind that the command makes. */
cli_exit operand_check(const char *in, const operand_rules *rules);

/* Says on standard error what is wrong, and which outputs got another name than
 * they would alone: no two items have one output. To be freed in either case. */
cli_exit operands_read(operand_list *list, const cli_command *command, const operand_options *options,
                       const operand_rules *rules, char **operands, int n_operands);
void operands_free(operand_list *list);

#endif
