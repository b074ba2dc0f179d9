/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* --limit NAME=VALUE: what untrusted files may ask for. */
#include "cli/cli_limits.h"

#include <stddef.h>
#include <string.h>

#include "cli/cli.h"

typedef enum value_kind { KIND_U32, KIND_U64, KIND_SECONDS } value_kind;

static const struct {
    const char *name;
    value_kind kind;
    size_t offset; /* in pith_env */
} known[] = {
    {"pixels", KIND_U64, offsetof(pith_env, max_pixels)},
    {"side", KIND_U32, offsetof(pith_env, max_dimension)},
    {"file", KIND_U64, offsetof(pith_env, max_file_bytes)},
    {"chunks", KIND_U32, offsetof(pith_env, max_chunks)},
    {"chunk", KIND_U64, offsetof(pith_env, max_chunk_bytes)},
    {"metadata", KIND_U64, offsetof(pith_env, max_metadata_bytes)},
    {"model", KIND_U64, offsetof(pith_env, max_model_bytes)},
    {"tensors", KIND_U32, offsetof(pith_env, max_tensors)},
    {"tensor", KIND_U64, offsetof(pith_env, max_tensor_bytes)},
    {"time", KIND_SECONDS, offsetof(pith_env, max_seconds)},
};
#define N_KNOWN (sizeof known / sizeof known[0])

static bool store(pith_env *env, size_t which, const char *text) {
    uint8_t *to = (uint8_t *)env + known[which].offset;
    cli_size size;
    double seconds;
    if (known[which].kind == KIND_SECONDS) {
        if (!cli_parse_number(&seconds, text, 0.001, 1e9)) return false;
        memcpy(to, &seconds, sizeof seconds);
        return true;
    }
    if (!cli_parse_size(&size, text) || size.per_pixel) return false;
    const uint64_t value = cli_size_bytes(&size, 1, 1);
    const uint32_t narrow = value < UINT32_MAX ? (uint32_t)value : UINT32_MAX;
    if (known[which].kind == KIND_U32)
        memcpy(to, &narrow, sizeof narrow);
    else
        memcpy(to, &value, sizeof value);
    return true;
}

bool cli_limits_take(cli_limits *own, const char *text) {
    const char *equals = strchr(text, '=');
    if (!own->are_set) {
        pith_env_defaults(&own->env, sizeof own->env);
        own->are_set = true;
    }
    for (size_t i = 0; equals && i < N_KNOWN; i++)
        if (strlen(known[i].name) == (size_t)(equals - text) &&
            strncmp(known[i].name, text, strlen(known[i].name)) == 0)
            return store(&own->env, i, equals + 1);
    return false;
}
