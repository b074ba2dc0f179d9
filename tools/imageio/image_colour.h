/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Colour, by Little CMS: what a file says of its colours becomes a profile, and
 * a profile a transform to sRGB. Colours that sRGB does not have are clipped
 * (relative colorimetric, black points matched). */
#ifndef PITH_TOOLS_IMAGEIO_IMAGE_COLOUR_H
#define PITH_TOOLS_IMAGEIO_IMAGE_COLOUR_H

#include "imageio/imageio_format.h"

/* Rows to sRGB: grey to grey, RGB to RGB, CMYK (0 is no ink) to RGB; alpha is unchanged. For one thread at a time. */
struct image_transform;
typedef struct image_transform image_transform;

/* From what is known of the reader's picture; NULL in `*out` when its samples
 * are to be passed on as they are: they are sRGB, or (with keep_profile) those
 * of a profile near sRGB, which is then in reader->profile. */
pith_status image_colour_start(image_transform **out, image_reader *reader);

/* For samples of that format which have this profile; NULL in `*out` when they
 * are sRGB already. A profile that cannot be used is PITH_E_FORMAT. */
pith_status image_transform_new(image_transform **out, const void *icc, size_t n_bytes, const pith_image_format *format,
                                pith_diag *why);
/* Whether the profile is of grey or of RGB, as a picture with so many channels needs. */
bool image_profile_fits(const void *icc, size_t n_bytes, unsigned n_channels);
/* `to` may be `from` unless that is CMYK. */
void image_transform_apply(const image_transform *transform, void *to, const void *from, size_t n_pixels);
void image_transform_free(image_transform **transform);

#endif
