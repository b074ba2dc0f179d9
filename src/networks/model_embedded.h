/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The weights file that the library was linked with, if it was (PITH_EMBED_MODEL
 * of the build). */
#ifndef PITH_NETWORKS_MODEL_EMBEDDED_H
#define PITH_NETWORKS_MODEL_EMBEDDED_H

#include <stddef.h>
#include <stdint.h>

/* Its bytes; NULL and 0 if there is none. */
const uint8_t *model_embedded(size_t *n_bytes);

#endif
