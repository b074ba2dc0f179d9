/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The caller's environment, as the objects of the API keep it. */
#ifndef PITH_BASE_ENV_H
#define PITH_BASE_ENV_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/status.h"

/* Checks what the caller gave (NULL: the defaults) and copies it in full. */
pith_status env_copy(pith_env *out, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Checks width and height against the limits. */
pith_status env_check_picture(const pith_env *env, const pith_image_format *format, pith_diag *diag) PITH_MUST_CHECK;

#endif
