/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The canonical names of the tensors that Stable Diffusion 1.x and TAESD are
 * made of, with the rank each has. Widths are not said: they are data. */
#ifndef PITH_WEIGHTS_SD_LAYOUT_H
#define PITH_WEIGHTS_SD_LAYOUT_H

#include "weights/tensor_table.h"

/* A part of a model: its names start with this. What follows is the name of
 * the original (ldm) implementation. */
#define PART_VAE "vae."
#define PART_UNET "unet."
#define PART_TEXT "text."
#define PART_TAESD_ENCODER "taesd_encoder."
#define PART_TAESD_DECODER "taesd_decoder."

typedef struct layout_entry {
    const char *name;
    uint32_t rank; /* 4: convolution, 2: linear or embedding, 1: bias or norm */
} layout_entry;

typedef struct layout layout;

pith_status layout_new(layout **out, const pith_alloc *alloc) PITH_MUST_CHECK;
void layout_free(layout **l);

/* Sorted by name. */
size_t layout_count(const layout *l);
const layout_entry *layout_at(const layout *l, size_t index);
const layout_entry *layout_find(const layout *l, const char *name); /* NULL when no such tensor exists */

#endif
