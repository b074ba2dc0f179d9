/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Colours for invisible pixels: a smooth continuation of the visible ones. It costs
 * the encoder next to nothing, and leaves no halo where the network blurs across
 * an edge. */
#ifndef PITH_PICTURE_ALPHA_FILL_H
#define PITH_PICTURE_ALPHA_FILL_H

#include "base/mem.h"
#include "base/status.h"

/* `planes`: three of height x width floats; `opacity`: one, 0..1. */
pith_status alpha_fill(float *planes, const float *opacity, uint32_t height, uint32_t width, const pith_alloc *alloc,
                       pith_diag *diag) PITH_MUST_CHECK;

#endif
