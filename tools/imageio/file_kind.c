/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/file_kind.h"

#include <ctype.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#define HEAD_BYTES 64

/* ---- names ------------------------------------------------------------------------- */

/* The first ending of a kind is the one that its files get. */
static const struct {
    const char *ending;
    file_kind kind;
} endings[] = {{".pith", FILE_PITH}, {".safetensors", FILE_WEIGHTS},
               {".html", FILE_HTML}, {".htm", FILE_HTML},
               {".png", FILE_PNG},   {".jpg", FILE_JPEG},
               {".jpeg", FILE_JPEG}, {".jpe", FILE_JPEG},
               {".jfif", FILE_JPEG}, {".webp", FILE_WEBP},
               {".ppm", FILE_PNM},   {".pgm", FILE_PNM},
               {".pnm", FILE_PNM},   {".pbm", FILE_PNM},
               {".pam", FILE_PNM},   {".avif", FILE_AVIF},
               {".heic", FILE_HEIC}, {".heif", FILE_HEIC},
               {".jxl", FILE_JXL},   {".gif", FILE_GIF},
               {".tif", FILE_TIFF},  {".tiff", FILE_TIFF},
               {".bmp", FILE_BMP},   {".pithm", FILE_PITHM},
               {".bvh", FILE_BVH},   {".glb", FILE_GLB}};
#define N_ENDINGS (sizeof endings / sizeof endings[0])

file_kind file_kind_of_name(const char *path) {
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path, *dot = strrchr(name, '.');
    for (size_t i = 0; dot && dot > name && i < N_ENDINGS; i++)
        if (strcasecmp(dot, endings[i].ending) == 0) return endings[i].kind;
    return FILE_UNKNOWN;
}

const char *file_kind_ending(file_kind kind) {
    for (size_t i = 0; i < N_ENDINGS; i++)
        if (endings[i].kind == kind) return endings[i].ending;
    return "";
}

file_kind file_kind_of_image(image_type type) {
    switch (type) {
    case IMAGE_JPEG:
        return FILE_JPEG;
    case IMAGE_WEBP:
        return FILE_WEBP;
    case IMAGE_PPM:
    case IMAGE_PAM:
        return FILE_PNM;
    case IMAGE_PNG:
    case IMAGE_UNKNOWN:
        break;
    }
    return FILE_PNG;
}

bool file_kind_is_picture(file_kind kind) { return kind >= FILE_PNG; }

const char *file_kind_text(file_kind kind) {
    static const char *const texts[] = {[FILE_UNKNOWN] = "a file of another kind",
                                        [FILE_EMPTY] = "an empty file",
                                        [FILE_PITH] = "a .pith file",
                                        [FILE_WEIGHTS] = "a safetensors file",
                                        [FILE_HTML] = "an HTML page",
                                        [FILE_PITHM] = "a .pithm file",
                                        [FILE_BVH] = "a BVH file",
                                        [FILE_GLB] = "a GLB file",
                                        [FILE_PNG] = "a PNG",
                                        [FILE_JPEG] = "a JPEG",
                                        [FILE_WEBP] = "a WebP",
                                        [FILE_PNM] = "a PNM",
                                        [FILE_AVIF] = "an AVIF",
                                        [FILE_HEIC] = "a HEIC",
                                        [FILE_JXL] = "a JPEG XL",
                                        [FILE_GIF] = "a GIF",
                                        [FILE_TIFF] = "a TIFF",
                                        [FILE_BMP] = "a BMP"};
    return texts[kind];
}

/* ---- first bytes --------------------------------------------------------------------- */

static const struct {
    file_kind kind;
    uint8_t offset, n_bytes;
    const char *bytes;
} marks[] = {{FILE_PITH, 0, 4, "\xf0PIT"},
             {FILE_PITHM, 0, 4, "\xf0PIM"},
             {FILE_BVH, 0, 9, "HIERARCHY"},
             {FILE_GLB, 0, 4, "glTF"},
             {FILE_PNG, 0, 8, "\x89PNG\r\n\x1a\n"},
             {FILE_JPEG, 0, 3, "\xff\xd8\xff"},
             {FILE_JXL, 0, 2, "\xff\x0a"},
             {FILE_JXL, 0, 12, "\0\0\0\x0cJXL \r\n\x87\n"},
             {FILE_GIF, 0, 5, "GIF87"},
             {FILE_GIF, 0, 5, "GIF89"},
             {FILE_TIFF, 0, 4, "II*\0"},
             {FILE_TIFF, 0, 4, "MM\0*"},
             {FILE_AVIF, 4, 8, "ftypavif"},
             {FILE_AVIF, 4, 8, "ftypavis"},
             {FILE_HEIC, 4, 7, "ftyphei"},
             {FILE_HEIC, 4, 7, "ftyphev"},
             {FILE_HEIC, 4, 8, "ftypmif1"},
             {FILE_HEIC, 4, 8, "ftypmsf1"}};

static bool has(const uint8_t *head, size_t n_head, size_t offset, const char *bytes, size_t n_bytes) {
    return n_head >= offset + n_bytes && memcmp(head + offset, bytes, n_bytes) == 0;
}

static bool is_html(const uint8_t *head, size_t n_head) {
    static const char *const starts[] = {"<!doctype html", "<html"};
    size_t at = has(head, n_head, 0, "\xef\xbb\xbf", 3) ? 3 : 0;
    while (at < n_head && isspace(head[at])) at++;
    for (size_t i = 0; i < sizeof starts / sizeof starts[0]; i++) {
        const size_t n = strlen(starts[i]);
        if (n_head - at >= n && strncasecmp((const char *)head + at, starts[i], n) == 0) return true;
    }
    return false;
}

/* The length of a header in JSON, and the header. */
static bool is_weights(const uint8_t *head, size_t n_head) {
    return n_head >= 10 && head[6] == 0 && head[7] == 0 && head[8] == '{' && (head[9] == '"' || head[9] == '}');
}

static file_kind kind_of(const uint8_t *head, size_t n_head) {
    if (n_head == 0) return FILE_EMPTY;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (has(head, n_head, marks[i].offset, marks[i].bytes, marks[i].n_bytes)) return marks[i].kind;
    if (has(head, n_head, 0, "RIFF", 4) && has(head, n_head, 8, "WEBP", 4)) return FILE_WEBP;
    if (n_head >= 3 && head[0] == 'P' && head[1] >= '1' && head[1] <= '7' && isspace(head[2])) return FILE_PNM;
    /* Text may begin with a bitmap's two letters, so four reserved bytes must be zero. */
    if (has(head, n_head, 0, "BM", 2) && has(head, n_head, 6, "\0\0\0\0", 4)) return FILE_BMP;
    if (is_html(head, n_head)) return FILE_HTML;
    return is_weights(head, n_head) ? FILE_WEIGHTS : FILE_UNKNOWN;
}

file_kind file_kind_of_content(const char *path) {
    uint8_t head[HEAD_BYTES];
    struct stat facts;
    /* Opening a pipe would take its data from the reader it is for. */
    if (stat(path, &facts) != 0 || !S_ISREG(facts.st_mode)) return FILE_UNKNOWN;
    const int handle = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (handle < 0) return FILE_UNKNOWN;
    const ssize_t n = read(handle, head, sizeof head);
    close(handle);
    return n < 0 ? FILE_UNKNOWN : kind_of(head, (size_t)n);
}
