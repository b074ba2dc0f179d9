/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "search/blur_text.h"

#include <math.h>

#include "base/exact_math.h"
#include "fidelity/weight_map.h"

#define SIGMA 4.0f /* pixels: makes letters that are too small to keep unreadable */
#define REACH 12   /* of the blur */
#define AROUND 7   /* pixels beyond a block's edges that are blurred too, fading out .. */
#define RAMP 5     /* .. over this many */
#define SIDE ((int)FID_BLOCK + 2 * AROUND)
#define LONG_SIDE (SIDE + 2 * REACH)

static int clamped(int v, int limit) { return v < 0 ? 0 : v < limit ? v : limit - 1; }

static void make_kernel(float kernel[2 * REACH + 1]) {
    float sum = 0;
    for (int i = -REACH; i <= REACH; i++) sum += kernel[i + REACH] = em_expf((float)(-i * i) / (2 * SIGMA * SIGMA));
    for (int i = 0; i <= 2 * REACH; i++) kernel[i] /= sum;
}

/* How much of the blur shows: 1 in the block, falling towards the edge of the blurred area. `i` counts from an edge. */
static float share_at(int i) {
    const int from_edge = i < SIDE - 1 - i ? i : SIDE - 1 - i;
    return from_edge >= RAMP ? 1 : (float)(from_edge + 1) / (RAMP + 1);
}

static void blur_block(const pith_image *image, int x0, int y0, unsigned channel, const float *kernel) {
    const int width = (int)image->format.width, height = (int)image->format.height;
    const unsigned n = image->format.n_channels;
    float across[LONG_SIDE][SIDE]; /* blurred along the rows */
    for (int j = 0; j < LONG_SIDE; j++) {
        const uint8_t *row =
            (const uint8_t *)image->pixels + (size_t)clamped(y0 - REACH + j, height) * image->stride_bytes + channel;
        for (int i = 0; i < SIDE; i++) {
            across[j][i] = 0;
            for (int k = -REACH; k <= REACH; k++)
                across[j][i] += kernel[k + REACH] * (float)row[(size_t)clamped(x0 + i + k, width) * n];
        }
    }
    for (int j = 0; j < SIDE; j++) {
        if (y0 + j < 0 || y0 + j >= height) continue;
        uint8_t *row = (uint8_t *)image->pixels + (size_t)(y0 + j) * image->stride_bytes + channel;
        for (int i = 0; i < SIDE; i++) {
            if (x0 + i < 0 || x0 + i >= width) continue;
            uint8_t *p = row + (size_t)(x0 + i) * n;
            const float share = fminf(share_at(i), share_at(j));
            float sum = 0;
            for (int k = 0; k <= 2 * REACH; k++) sum += kernel[k] * across[j + k][i];
            *p = (uint8_t)lrintf((float)*p + share * (sum - (float)*p));
        }
    }
}

/* Pixels near two blocks are blurred twice, which does no harm. */
void blur_blocks(const pith_image *image, const uint8_t *marked, uint32_t across, uint32_t down) {
    float kernel[2 * REACH + 1];
    make_kernel(kernel);
    for (uint32_t y = 0; y < down; y++)
        for (uint32_t x = 0; x < across; x++)
            for (unsigned c = 0; marked[(size_t)y * across + x] && c < image->format.n_channels; c++)
                blur_block(image, (int)(x * FID_BLOCK) - AROUND, (int)(y * FID_BLOCK) - AROUND, c, kernel);
}
