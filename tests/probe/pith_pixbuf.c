/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Opens files as programs of GTK do, by gdk-pixbuf's loaders: a line for each on standard output.
 *   pith-pixbuf FILE...           "FILE: 512x384 RGB profile", or "FILE: CODE: message" and status 1
 *   pith-pixbuf -p FILE [SIZE]    its pixels as PAM, scaled down to SIZE pixels a side */
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int show(const char *path) {
    GError *error = NULL;
    GdkPixbuf *pixbuf = gdk_pixbuf_new_from_file(path, &error);
    if (!pixbuf) {
        printf("%s: %d: %s\n", path, error->code, error->message);
        g_error_free(error);
        return 1;
    }
    int width, height;
    GdkPixbufFormat *format = gdk_pixbuf_get_file_info(path, &width, &height);
    char *name = format ? gdk_pixbuf_format_get_name(format) : NULL;
    if (!name || width != gdk_pixbuf_get_width(pixbuf) || height != gdk_pixbuf_get_height(pixbuf)) return 2;
    printf("%s: %s %dx%d %s%s\n", path, name, width, height, gdk_pixbuf_get_has_alpha(pixbuf) ? "RGBA" : "RGB",
           gdk_pixbuf_get_option(pixbuf, "icc-profile") ? " profile" : "");
    g_free(name);
    g_object_unref(pixbuf);
    return 0;
}

static int print_pixels(const char *path, int size) {
    GError *error = NULL;
    GdkPixbuf *pixbuf =
        size > 0 ? gdk_pixbuf_new_from_file_at_size(path, size, size, &error) : gdk_pixbuf_new_from_file(path, &error);
    if (!pixbuf) {
        fprintf(stderr, "%s: %s\n", path, error->message);
        g_error_free(error);
        return 1;
    }
    int width = gdk_pixbuf_get_width(pixbuf), height = gdk_pixbuf_get_height(pixbuf);
    int n_channels = gdk_pixbuf_get_n_channels(pixbuf);
    printf("P7\nWIDTH %d\nHEIGHT %d\nDEPTH %d\nMAXVAL 255\nTUPLTYPE %s\nENDHDR\n", width, height, n_channels,
           n_channels == 4 ? "RGB_ALPHA" : "RGB");
    for (int y = 0; y < height; y++)
        fwrite(gdk_pixbuf_get_pixels(pixbuf) + (size_t)y * (size_t)gdk_pixbuf_get_rowstride(pixbuf), 1,
               (size_t)width * (size_t)n_channels, stdout);
    g_object_unref(pixbuf);
    return fflush(stdout) == 0 ? 0 : 2;
}

int main(int argc, char **argv) {
    if (argc >= 3 && strcmp(argv[1], "-p") == 0) return print_pixels(argv[2], argc > 3 ? atoi(argv[3]) : 0);
    int status = 0;
    for (int i = 1; i < argc; i++) {
        int of_file = show(argv[i]);
        if (of_file > status) status = of_file;
    }
    return status;
}
