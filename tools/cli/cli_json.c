/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "cli/cli_json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *json_text(const char *text) {
    json_t *value = json_string(text);
    if (value) return value;
    char *ascii = strdup(text);
    if (!ascii) return NULL;
    for (char *c = ascii; *c; c++)
        if ((unsigned char)*c >= 0x80) *c = '?';
    value = json_string(ascii);
    free(ascii);
    return value;
}

json_t *json_number(double value) { return isfinite(value) ? json_real(value) : json_null(); }

cli_exit json_print(json_t *root) {
    if (!root) return cli_fail(CLI_OUTPUT, NULL, "out of memory");
    json_dumpf(root, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(10)); /* a write error shows at the end, in main */
    putchar('\n');
    json_decref(root);
    return CLI_DONE;
}
