/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A folder of its own for each test program, and files in it. A fault of the
 * system ends the program: nothing can be tested then. */
#ifndef PITH_TESTS_TEMP_FILE_H
#define PITH_TESTS_TEMP_FILE_H

#include <stddef.h>

/* The folder; made by the first call, removed with what is in it at exit. */
const char *temp_folder(void);

/* The path of NAME in it, valid until the next call but seven. */
const char *temp_path(const char *name);

void temp_write(const char *name, const void *data, size_t n_bytes);

/* How many files the folder holds. */
size_t temp_count(void);

#endif
