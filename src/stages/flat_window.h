/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Windows of one colour: the network's result for one serves for the next, if the same part of both is kept. */
#ifndef PITH_STAGES_FLAT_WINDOW_H
#define PITH_STAGES_FLAT_WINDOW_H

#include "networks/model.h"

#define FLAT_MAX_PLANES 32u

/* What was last run into a buffer. Zero: nothing, or a window that was not flat. */
typedef struct flat_window {
    bool is_flat;
    model_window window;
    float values[FLAT_MAX_PLANES];
} flat_window;

/* Notes that `planes`, n_planes of plane_size values each, are run next. True: the buffer already holds the result.
 * After a failed run the caller zeroes the buffer's flat_window. */
bool flat_window_take(flat_window *last, const model_window *window, const float *planes, uint32_t n_planes,
                      size_t plane_size);

#endif
