/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Shows a .pith file as a PPM, in one call:
 *   cc simple.c $(pkg-config --cflags --libs pith) && ./a.out <photo.pith >photo.ppm */
#include <pith/pith.h>

#include <stdio.h>

int main(void) {
    static uint8_t file[1 << 20];
    const size_t n_bytes = fread(file, 1, sizeof file, stdin);
    pith_image rgb;
    pith_diag why;
    if (pith_decode_image(NULL, file, n_bytes, 3, &rgb, &why) != PITH_OK)
        return fprintf(stderr, "%s\n", why.message), 1;
    printf("P6 %u %u 255\n", (unsigned)rgb.format.width, (unsigned)rgb.format.height);
    fwrite(rgb.pixels, rgb.stride_bytes, rgb.format.height, stdout);
    pith_image_free(NULL, &rgb);
    return 0;
}
