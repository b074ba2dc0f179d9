/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Metadata that travels with a picture: copied, never looked into. */
#ifndef PITH_STAGES_METADATA_H
#define PITH_STAGES_METADATA_H

#include "base/stream.h"

/* Writes a chunk for each kind in the options. PITH_E_LIMIT if one is too long. */
pith_status metadata_write(byte_writer *out, const pith_encode_options *o, const pith_env *env, pith_diag *diag)
    PITH_MUST_CHECK;

#endif
