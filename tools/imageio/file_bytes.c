/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/file_bytes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "messages/tool_fail.h"

static pith_status read_stream(uint8_t **data, size_t *n_bytes, FILE *stream, uint64_t max_bytes, pith_diag *why) {
    size_t capacity = 0;
    for (;;) {
        if (*n_bytes > max_bytes) return tool_fail(why, PITH_E_LIMIT, "is longer than %" PRIu64 " bytes", max_bytes);
        if (*n_bytes == capacity) {
            capacity = capacity ? 2 * capacity : 65536;
            uint8_t *grown = realloc(*data, capacity);
            if (!grown) return tool_fail(why, PITH_E_NOMEM, "out of memory for the file");
            *data = grown;
        }
        size_t n = fread(*data + *n_bytes, 1, capacity - *n_bytes, stream);
        if (n == 0) break;
        *n_bytes += n;
    }
    if (ferror(stream)) return tool_fail_errno(why, PITH_E_IO, "cannot read");
    return *n_bytes ? PITH_OK : tool_fail(why, PITH_E_TRUNCATED, "is empty");
}

pith_status file_bytes_read(uint8_t **data, size_t *n_bytes, const char *path, uint64_t max_bytes, pith_diag *why) {
    *data = NULL;
    *n_bytes = 0;
    if (strcmp(path, "-") == 0) return read_stream(data, n_bytes, stdin, max_bytes, why);
    FILE *stream = fopen(path, "rb");
    if (!stream) return tool_fail_errno(why, PITH_E_IO, "cannot open");
    pith_status status = read_stream(data, n_bytes, stream, max_bytes, why);
    fclose(stream);
    return status;
}
