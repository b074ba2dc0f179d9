/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The subcommands of pith model. Each says on standard error what is wrong and
 * returns the exit status. */
#ifndef PITH_TOOLS_MODELS_MODEL_ABOUT_H
#define PITH_TOOLS_MODELS_MODEL_ABOUT_H

#include "cli/cli_json.h"

/* info: what each of the models (paths or names) holds. */
cli_exit model_info(char **names, int n_names, bool as_json);
/* convert --to TO IN OUT: a compact file. */
cli_exit model_convert(const cli_command *command, char **operands, int n_operands, const char *to, bool force);
/* verify: every value of the files, and which public checkpoint each is. */
cli_exit model_verify(char **paths, int n_paths);

/* "autoencoder, U-Net, text encoder" */
#define MODEL_PARTS_BYTES 80
void model_parts_text(char text[MODEL_PARTS_BYTES], uint32_t parts);
json_t *model_parts_json(uint32_t parts); /* an array of names */

#endif
