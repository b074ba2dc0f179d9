/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The tests' tiny model on the reference engine, within small limits: opened
 * once, kept until the process ends. */
#ifndef PITH_FUZZ_TINY_MODEL_H
#define PITH_FUZZ_TINY_MODEL_H

#include <pith/pith.h>

const pith_env *tiny_env(void);
pith_model *tiny_model(void);

#endif
