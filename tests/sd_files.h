/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Random Stable Diffusions as files, in the formats of the world, so that tests
 * need none of the real ones. A fault ends the program. */
#ifndef PITH_TESTS_SD_FILES_H
#define PITH_TESTS_SD_FILES_H

#include "random_sd.h"

/* Under the original names; `marks`: names of tensors without values to add, NULL-terminated (or NULL). */
void sd_write_original(const char *path, const random_sd *r, const char *const *marks);
/* The same as a PyTorch file, stored or deflated. */
void sd_write_ckpt(const char *path, const random_sd *r, bool deflate);
/* A diffusers folder of the parts there are; attention of the autoencoder as newer versions call it, or older ones. */
void sd_write_diffusers(const char *folder, const random_sd *r, bool new_attention);
/* In our own format, which holds the constant for the empty prompt where there is a U-Net. */
void sd_write_own(const char *path, random_sd *r);
/* The tensors whose names begin with `prefix`, without it. */
void sd_write_part(const char *path, const tensor_table *table, const char *prefix);

#endif
