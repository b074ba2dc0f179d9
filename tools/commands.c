/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "commands.h"

const cli_command *const commands[N_COMMANDS] = {&cli_encode,  &cli_decode, &cli_info,
                                                 &cli_compare, &cli_model,  &cli_motion};
