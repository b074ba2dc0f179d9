/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Windows that are the same all over: a network's answer to one is its answer to the next, if what is kept of them
 * lies in the same place. */
#ifndef PITH_STAGES_FLAT_WINDOW_H
#define PITH_STAGES_FLAT_WINDOW_H

#include "networks/model.h"

#define FLAT_MAX_PLANES 32u

/* What was last run into a buffer. Zeroed: nothing, or a window that was not flat. */
typedef struct flat_window {
    bool is_flat;
    model_window window;
    float values[FLAT_MAX_PLANES];
} flat_window;

/* Takes `planes`, n_planes of plane_size values each, as what is to be run next. True: the buffer has its answer
 * already. After a run that failed the buffer's flat_window is to be zeroed. */
bool flat_window_take(flat_window *last, const model_window *window, const float *planes, uint32_t n_planes,
                      size_t plane_size);

#endif
