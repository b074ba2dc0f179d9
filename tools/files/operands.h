/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Which names on the command line are IN and which is OUT, and names for the outputs that were given none. */
#ifndef PITH_TOOLS_FILES_OPERANDS_H
#define PITH_TOOLS_FILES_OPERANDS_H

#include "cli/cli.h"
#include "imageio/file_kind.h"

/* What the user asked for. */
typedef struct operand_options {
    const char *output;     /* -o: a file or a folder; NULL: beside IN, or the last operand */
    bool recursive;         /* a folder stands for the files in it */
    bool keep_extension;    /* photo.jpg.pith, not photo.pith */
    bool verbose;           /* name the files in folders that are left out */
    const char *list;       /* a file that names the INs; NULL: none */
    bool null_ended;        /* .. with zero bytes between them */
    const char *tree;       /* OUTs lie below -o as their INs lie below this folder; NULL: directly in it */
    uint64_t part, n_parts; /* of the INs, by their names; n_parts 0: all */
} operand_options;

/* What the command reads and writes. */
typedef struct operand_rules {
    bool encodes;       /* pictures to .pith; else .pith to pictures */
    const char *ending; /* of outputs that get a name: ".pith" */
} operand_rules;

typedef struct operand {
    char *in, *out; /* out is NULL where operand_check will refuse `in`, so that it takes no other file's name */
    bool is_named;  /* OUT was typed, or listed */
} operand;

typedef struct operand_list {
    operand *items;
    size_t n_items, capacity;
    size_t n_left_out;  /* files in folders that are not of a kind to be read */
    bool is_many;       /* more than one IN, a folder of them, or a folder for the outputs */
    const char *folder; /* to be made if need be; NULL: none */
    cli_exit code;      /* the status of folders that could not be read in full */
} operand_list;

/* Whether it is something to read, by name or content: a picture when rules->encodes, else a .pith file. */
bool operand_is_input(const char *path, const operand_rules *rules);

/* Says what is wrong with an IN that is a folder, or of the kind that the command makes. */
cli_exit operand_check(const char *in, const operand_rules *rules);

/* No two items share an output. Says on standard error what is wrong, and which outputs got another name for that
 * reason. To be freed in either case. */
cli_exit operands_read(operand_list *list, const cli_command *command, const operand_options *options,
                       const operand_rules *rules, char **operands, int n_operands);
void operands_free(operand_list *list);

#endif
