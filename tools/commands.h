/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* All subcommands, in the order of the help. */
#ifndef PITH_TOOLS_COMMANDS_H
#define PITH_TOOLS_COMMANDS_H

#include "cli/cli.h"

#define N_COMMANDS 6

extern const cli_command *const commands[N_COMMANDS];

#endif
