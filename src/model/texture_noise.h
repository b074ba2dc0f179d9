/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The noise used to generate textures. It is a function of the position in the picture, so a tile, a part of a
 * picture and the whole picture have the same textures on every machine. */
#ifndef PITH_MODEL_TEXTURE_NOISE_H
#define PITH_MODEL_TEXTURE_NOISE_H

#include <stdint.h>

/* `planes` receives n_planes of h x w values, nearly standard normal and independent: the picture's noise in rows
 * from `y` on and columns from `x` on. */
void texture_noise(float *planes, uint32_t n_planes, uint32_t y, uint32_t x, uint32_t h, uint32_t w);

#endif
