/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The limits of a pith_env as options of the command. */
#ifndef PITH_TOOLS_CLI_CLI_LIMITS_H
#define PITH_TOOLS_CLI_CLI_LIMITS_H

#include <stdbool.h>

#include <pith/pith.h>

#define CLI_LIMIT_NAMES "pixels, side, file, chunks, chunk, metadata, model, tensors, tensor or time"

/* Zero: the library's defaults. */
typedef struct cli_limits {
    bool are_set;
    pith_env env;
} cli_limits;

/* "NAME=VALUE"; false when there is no such name or value. */
bool cli_limits_take(cli_limits *own, const char *text);

#endif
