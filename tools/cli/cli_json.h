/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* JSON output, by jansson. Numbers have a decimal point whatever the locale. */
#ifndef PITH_TOOLS_CLI_CLI_JSON_H
#define PITH_TOOLS_CLI_CLI_JSON_H

#include <jansson.h>

#include "cli/cli.h"

/* A string; bytes that are not UTF-8 (a file's name may have any) become '?'. */
json_t *json_text(const char *text);
/* A number, or null when it is not finite. */
json_t *json_number(double value);
/* A new reference is taken over; NULL is "out of memory". */
cli_exit json_print(json_t *root);

#endif
