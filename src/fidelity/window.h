/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The window of SSIM: a Gaussian of 11 taps and sigma 1.5. Header only. */
#ifndef PITH_FIDELITY_WINDOW_H
#define PITH_FIDELITY_WINDOW_H

#define FID_WINDOW_HALF 5u
#define FID_WINDOW_TAPS (2 * FID_WINDOW_HALF + 1)

/* exp(-i^2 / 4.5) for i = 0 .. 5 from the centre, divided by the sum of all 11. */
#define FID_WINDOW_0 0.26601172486179436
#define FID_WINDOW_1 0.21300553771125369
#define FID_WINDOW_2 0.10936068950970002
#define FID_WINDOW_3 0.036000772128430829
#define FID_WINDOW_4 0.007598758135239185
#define FID_WINDOW_5 0.0010283800844791092

/* From the centre outwards. */
static const float fid_half_window[FID_WINDOW_HALF + 1] = {
    (float)FID_WINDOW_0, (float)FID_WINDOW_1, (float)FID_WINDOW_2,
    (float)FID_WINDOW_3, (float)FID_WINDOW_4, (float)FID_WINDOW_5,
};

/* All taps. */
static const double fid_window[FID_WINDOW_TAPS] = {
    FID_WINDOW_5, FID_WINDOW_4, FID_WINDOW_3, FID_WINDOW_2, FID_WINDOW_1, FID_WINDOW_0,
    FID_WINDOW_1, FID_WINDOW_2, FID_WINDOW_3, FID_WINDOW_4, FID_WINDOW_5,
};

#endif
