/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* How natural a set of decoded pictures looks beside its originals: a Frechet
 * distance between the statistics of the two sets' patches, whichever patch was
 * made from which. It asks whether detail of the right kind is there, not whether
 * it is in its place: blur, blocks and flat areas raise it, invented texture of
 * the right sort does not. The features are those of a fixed network of random
 * filters, not of a trained one, so the figure is not the FID of the literature;
 * it compares codecs on one set of pictures and means nothing across sets. */
#ifndef PITH_TOOLS_COMPARE_PATCH_STATISTICS_H
#define PITH_TOOLS_COMPARE_PATCH_STATISTICS_H

#include <pith/pith.h>

#define PATCH_LEVELS 4    /* of the network, each at half the last one's resolution */
#define PATCH_CHANNELS 24 /* of each level */
#define PATCH_FEATURES (3 + PATCH_LEVELS * PATCH_CHANNELS)
#define PATCH_PIXELS 64        /* a patch's side; a smaller picture is one patch */
#define PATCH_STRIDE_PIXELS 16 /* from patch to patch */
#define PATCH_MIN_SIDE 8       /* smaller pictures have no patch */

/* Sums over patches; all zero to begin with. */
typedef struct patch_statistics {
    double n_patches;
    double sums[PATCH_FEATURES];
    double products[PATCH_FEATURES][PATCH_FEATURES];
} patch_statistics;

/* Adds a picture's patches: 8- or 16-bit, grey or RGB, without alpha. PITH_E_ARG
 * when it has alpha or a side is under PATCH_MIN_SIDE, PITH_E_NOMEM. Takes some
 * 300 bytes a pixel. */
pith_status patch_statistics_add(patch_statistics *to, const pith_image *image, pith_diag *why) PITH_MUST_CHECK;

/* Adds what was counted elsewhere. */
void patch_statistics_merge(patch_statistics *to, const patch_statistics *from);

/* The distance of `other` from `reference`, in units of the reference's standard
 * deviations, squared, over all features; 0 when both have the same means and
 * covariances. NAN when either is empty. */
double patch_statistics_distance(const patch_statistics *reference, const patch_statistics *other);

#endif
