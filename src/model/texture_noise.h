/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The noise that textures are drawn from. It belongs to the place in the picture, so that a tile, a part of a
 * picture and the whole have the same textures, on every machine. */
#ifndef PITH_MODEL_TEXTURE_NOISE_H
#define PITH_MODEL_TEXTURE_NOISE_H

#include <stdint.h>

/* `planes`: n_planes of h x w values, nearly standard normal and independent, those of rows from `y` and columns
 * from `x` on of the picture's. */
void texture_noise(float *planes, uint32_t n_planes, uint32_t y, uint32_t x, uint32_t h, uint32_t w);

#endif
