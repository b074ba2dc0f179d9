/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What the API's objects share of the caller's environment. */
#ifndef PITH_BASE_ENV_H
#define PITH_BASE_ENV_H

#include <stdbool.h>

#include "base/mem.h"
#include "base/status.h"

/* A full copy of what the caller gave (NULL: the defaults), checked. */
pith_status env_copy(pith_env *out, const pith_env *env, pith_diag *diag) PITH_MUST_CHECK;

/* Width and height against the limits. */
pith_status env_check_picture(const pith_env *env, const pith_image_format *format, pith_diag *diag) PITH_MUST_CHECK;

#endif
