/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "files/list_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* False at the end of the list. */
static bool take_line(char *text, size_t n, bool null_ended, list_file_fn *line, void *user) {
    if (n > 0 && text[n - 1] == (null_ended ? '\0' : '\n')) text[--n] = '\0';
    if (!null_ended && n > 0 && text[n - 1] == '\r') text[--n] = '\0';
    if (n == 0) return true;
    char *tab = null_ended ? NULL : strchr(text, '\t');
    if (tab) *tab = '\0';
    return line(user, text, tab && tab[1] ? tab + 1 : NULL);
}

cli_exit list_file_read(const char *path, bool null_ended, list_file_fn *line, void *user) {
    const bool is_stdin = strcmp(path, "-") == 0;
    FILE *file = is_stdin ? stdin : fopen(path, "rbe");
    char *text = NULL;
    size_t capacity = 0;
    cli_exit code = CLI_DONE;
    if (!file) return cli_fail(CLI_INPUT, path, "cannot open: %s", strerror(errno));
    errno = 0;
    for (ssize_t n; code == CLI_DONE && (n = getdelim(&text, &capacity, null_ended ? '\0' : '\n', file)) > 0;) {
        if (!null_ended && memchr(text, '\0', (size_t)n))
            code = cli_fail(CLI_INPUT, path, "has a zero byte, which ends a name only with -0");
        else if (!take_line(text, (size_t)n, null_ended, line, user))
            break;
        errno = 0;
    }
    if (code == CLI_DONE && (ferror(file) || errno == ENOMEM))
        code = cli_fail(errno == ENOMEM ? CLI_OUTPUT : CLI_INPUT, path, "cannot read: %s", strerror(errno));
    free(text);
    if (!is_stdin) fclose(file);
    return code;
}

/* FNV-1a, 64 bits (G. Fowler, L. C. Noll, K.-P. Vo); its high bits are the better ones. */
uint64_t list_file_part(const char *in, uint64_t count) {
    uint64_t hash = 0xcbf29ce484222325;
    for (const char *c = in; *c; c++) hash = (hash ^ (unsigned char)*c) * 0x100000001b3;
    return (hash >> 32) % count;
}
