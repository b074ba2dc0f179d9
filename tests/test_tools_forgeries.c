/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What `normal` has to catch and what it has to let pass: small forgeries planted
 * in photographs, eight of each kind, and a JPEG of quality 90. On the picture
 * of examples/, or on every picture of the folder PITH_FORGERY_PICTURES (more
 * than the repository carries: bench/forgeries.sh). */
#include <dirent.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "imageio/imageio.h"
#include "random_bits.h"

#define N_OF_A_KIND 8
#define MAX_PICTURES 4096

static uint32_t random_state = 20261124;

/* ---- pictures ---------------------------------------------------------------------------- */

typedef struct pictures {
    char *paths[MAX_PICTURES];
    size_t n;
} pictures;

static int by_name(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }

static pictures list_pictures(void) {
    pictures list = {.n = 0};
    const char *folder = getenv("PITH_FORGERY_PICTURES"), *source = getenv("PITH_SOURCE_DIR");
    char path[4096];
    if (!folder) {
        snprintf(path, sizeof path, "%s/examples/photo.png", source ? source : ".");
        list.paths[list.n++] = strdup(path);
        return list;
    }
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *entry; (entry = readdir(dir)) != NULL && list.n < MAX_PICTURES;) {
        const char *dot = strrchr(entry->d_name, '.');
        if (!dot || (strcmp(dot, ".png") != 0 && strcmp(dot, ".jpg") != 0)) continue;
        snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
        list.paths[list.n++] = strdup(path);
    }
    closedir(dir);
    assert_true(list.n > 0);
    qsort(list.paths, list.n, sizeof list.paths[0], by_name);
    return list;
}

static void free_pictures(pictures *list) {
    for (size_t i = 0; i < list->n; i++) free(list->paths[i]);
}

static pith_image load(const char *path) {
    pith_image image;
    pith_diag why = {0};
    if (image_load(&image, NULL, path, NULL, &why) != PITH_OK) fail_msg("%s: %s", path, why.message);
    assert_int_equal(image.format.bit_depth, 8);
    assert_true(image.format.width >= 128 && image.format.height >= 128);
    return image;
}

static pith_image copy_of(const pith_image *image) {
    pith_image copy = *image;
    copy.pixels = malloc(image->stride_bytes * image->format.height);
    assert_non_null(copy.pixels);
    memcpy(copy.pixels, image->pixels, image->stride_bytes * image->format.height);
    return copy;
}

static uint8_t *pixel(const pith_image *image, uint32_t x, uint32_t y) {
    return (uint8_t *)image->pixels + y * image->stride_bytes + (size_t)x * image->format.n_channels;
}

static double luma(const pith_image *image, uint32_t x, uint32_t y) {
    const uint8_t *p = pixel(image, x, y);
    return image->format.n_channels == 1 ? p[0] : 0.299 * p[0] + 0.587 * p[1] + 0.114 * p[2];
}

static float worst_tile(const pith_image *a, const pith_image *b) {
    size_t n = (size_t)((a->format.width + 31) / 32) * ((a->format.height + 31) / 32);
    pith_tile *tiles = calloc(n, sizeof *tiles);
    pith_diag why;
    float worst = 0;
    assert_non_null(tiles);
    assert_int_equal(pith_measure_tiles(NULL, a, b, tiles, n, &why), PITH_OK);
    for (size_t i = 0; i < n; i++) worst = fmaxf(worst, tiles[i].error);
    free(tiles);
    return worst;
}

/* ---- letters: a 5x7 fount, scaled with soft edges ------------------------------------------- */

static const uint8_t digits[10][7] = {
    {14, 17, 19, 21, 25, 17, 14}, {4, 12, 4, 4, 4, 4, 14},    {14, 17, 1, 2, 4, 8, 31},   {31, 2, 4, 2, 1, 17, 14},
    {2, 6, 10, 18, 31, 2, 2},     {31, 16, 30, 1, 1, 17, 14}, {6, 8, 16, 30, 17, 17, 14}, {31, 1, 2, 4, 8, 8, 8},
    {14, 17, 17, 14, 17, 17, 14}, {14, 17, 17, 15, 1, 2, 12},
};
static const uint8_t letters[N_OF_A_KIND][7] = {
    {14, 17, 17, 31, 17, 17, 17}, {31, 16, 16, 30, 16, 16, 31}, {17, 17, 17, 31, 17, 17, 17},
    {17, 18, 20, 24, 20, 18, 17}, {17, 25, 21, 19, 17, 17, 17}, {30, 17, 17, 30, 20, 18, 17},
    {15, 16, 16, 14, 1, 1, 30},   {31, 4, 4, 4, 4, 4, 4},
};

/* How much of pixel (x, y) a glyph `height` pixels high covers. */
static double coverage(const uint8_t glyph[7], uint32_t height, uint32_t x, uint32_t y) {
    uint32_t n = 0;
    for (uint32_t j = 0; j < 4; j++)
        for (uint32_t i = 0; i < 4; i++) {
            uint32_t column = (4 * x + i) * 7 / (4 * height), row = (4 * y + j) * 7 / (4 * height);
            n += column < 5 && row < 7 && (glyph[row] >> (4 - column) & 1);
        }
    return n / 16.0;
}

static void draw(pith_image *image, const uint8_t glyph[7], uint32_t height, uint32_t x0, uint32_t y0, double ink) {
    for (uint32_t y = 0; y < height; y++)
        for (uint32_t x = 0; x < height; x++)
            for (uint32_t c = 0; c < image->format.n_channels; c++) {
                uint8_t *p = pixel(image, x0 + x, y0 + y) + c;
                double cover = coverage(glyph, height, x, y);
                *p = (uint8_t)(*p + cover * (ink - *p) + 0.5);
            }
}

/* Ink that stands out by 80 levels or more from what is there. */
static double ink_on(const pith_image *image, uint32_t x0, uint32_t y0, uint32_t side) {
    double sum = 0;
    for (uint32_t y = 0; y < side; y++)
        for (uint32_t x = 0; x < side; x++) sum += luma(image, x0 + x, y0 + y);
    double mean = sum / (side * side);
    return mean > 128 ? mean - 80 - random_below(&random_state, 40) : mean + 80 + random_below(&random_state, 40);
}

/* ---- forgeries: `a` is what was, `b` what it was made into; false: there is no place for it -- */

static void place(const pith_image *image, uint32_t margin, uint32_t *x, uint32_t *y) {
    *x = margin + random_below(&random_state, image->format.width - 2 * margin);
    *y = margin + random_below(&random_state, image->format.height - 2 * margin);
}

/* A number of three digits, 14 pixels high; the middle one becomes another. */
static bool other_digit(pith_image *a, pith_image *b, int i) {
    uint32_t x, y, was = (uint32_t)i + 1, is = (was + 1 + random_below(&random_state, 9)) % 10;
    place(a, 48, &x, &y);
    double ink = ink_on(a, x - 12, y, 36);
    for (int k = -1; k <= 1; k += 2) {
        draw(a, digits[4], 14, (uint32_t)((int)x + 12 * k), y, ink);
        draw(b, digits[4], 14, (uint32_t)((int)x + 12 * k), y, ink);
    }
    draw(a, digits[was], 14, x, y, ink);
    draw(b, digits[is], 14, x, y, ink);
    return true;
}

static bool missing_letter(pith_image *a, pith_image *b, int i) {
    (void)b;
    uint32_t x, y;
    place(a, 48, &x, &y);
    draw(a, letters[i], 24, x, y, ink_on(a, x, y, 24));
    return true;
}

static double spread(const pith_image *image, uint32_t x0, uint32_t y0) {
    double sum = 0, squares = 0;
    for (uint32_t y = 0; y < 16; y++)
        for (uint32_t x = 0; x < 16; x++) {
            double v = luma(image, x0 + x, y0 + y);
            sum += v;
            squares += v * v;
        }
    return sqrt(fmax(0, squares / 256 - sum / 256 * (sum / 256)));
}

/* 16x16 pixels replaced by those beside them, where there is texture that does
 * not simply go on: an edge along the copy's direction hides it from anyone. */
static bool other_texture(pith_image *a, pith_image *b, int i) {
    for (int trial = 0; trial < 5000; trial++) {
        uint32_t x, y;
        place(a, 48, &x, &y);
        const int dx = i % 2 ? 16 : 0, dy = i % 2 ? 0 : 16;
        double squares = 0;
        for (uint32_t v = 0; v < 16; v++)
            for (uint32_t u = 0; u < 16; u++)
                squares += pow(luma(a, x + u, y + v) - luma(a, x + u + (uint32_t)dx, y + v + (uint32_t)dy), 2);
        bool is_texture = spread(a, x, y) >= 12 && spread(a, x + (uint32_t)dx, y + (uint32_t)dy) >= 12;
        if (!is_texture || sqrt(squares / 256) < 12) continue;
        for (uint32_t v = 0; v < 16; v++)
            memcpy(pixel(b, x, y + v), pixel(a, x + (uint32_t)dx, y + v + (uint32_t)dy),
                   (size_t)16 * a->format.n_channels);
        return true;
    }
    return false;
}

/* An oval moves by three pixels and fades into what stays. */
static void move_oval(const pith_image *a, pith_image *b, uint32_t x0, uint32_t y0, int dx, int dy) {
    for (int y = -16; y <= 16; y++)
        for (int x = -22; x <= 22; x++) {
            double radius = sqrt(x * x / (16.0 * 16) + y * y / (11.0 * 11));
            double weight = fmin(1, fmax(0, 1.6 - 1.1 * radius));
            const uint8_t *from = pixel(a, (uint32_t)((int)x0 + x - dx), (uint32_t)((int)y0 + y - dy));
            uint8_t *to = pixel(b, (uint32_t)((int)x0 + x), (uint32_t)((int)y0 + y));
            for (uint32_t c = 0; c < a->format.n_channels; c++)
                to[c] = (uint8_t)(to[c] + weight * (from[c] - to[c]) + 0.5);
        }
}

typedef struct eye {
    const char *file;
    uint32_t x, y;
} eye;

static const eye eyes[] = {
    {"photo.png", 87, 231},  {"photo.png", 381, 171}, /* parrots' */
    {"face1.png", 225, 146}, {"face1.png", 322, 154}, {"face2.png", 184, 91},  {"face2.png", 338, 85},
    {"face3.png", 178, 52},  {"face3.png", 338, 61},  {"face4.png", 270, 170}, {"face4.png", 401, 180},
    {"face5.png", 193, 184}, {"face5.png", 299, 182}, {"face6.png", 171, 214}, {"face6.png", 313, 200},
    {"face7.png", 170, 153}, {"face7.png", 343, 162}, {"face8.png", 157, 252}, {"face8.png", 353, 252},
};

/* ---- the cases ------------------------------------------------------------------------------- */

/* Eight on one picture, or one on each of many. Says how many were found, and
 * the least error. */
static void must_catch(const char *what, bool (*forge)(pith_image *a, pith_image *b, int i)) {
    pictures list = list_pictures();
    const float bound = pith_level_bound(PITH_LEVEL_NORMAL);
    size_t n_trials = list.n > N_OF_A_KIND ? list.n : N_OF_A_KIND, n = 0, n_caught = 0;
    float least = INFINITY;
    for (size_t i = 0; i < n_trials; i++) {
        pith_image a = load(list.paths[i % list.n]), b = copy_of(&a);
        if (forge(&a, &b, (int)(i % N_OF_A_KIND))) {
            float error = worst_tile(&a, &b);
            n++;
            if (error > bound)
                n_caught++;
            else
                print_message("  missed (%.3f): %s in %s\n", (double)error, what, list.paths[i % list.n]);
            least = fminf(least, error);
        }
        free(a.pixels);
        free(b.pixels);
    }
    print_message("%s: %zu of %zu caught, least error %.3f, bound %.3f\n", what, n_caught, n, (double)least,
                  (double)bound);
    free_pictures(&list);
    /* Over many pictures a few are so faint that nobody would see them either. */
    assert_true(n >= 1 && (n <= 24 ? n_caught == n : (double)n_caught >= 0.98 * (double)n));
}

static void catches_a_digit_replaced_by_another(void **unused) {
    (void)unused;
    must_catch("a 14-pixel digit replaced", other_digit);
}

static void catches_a_letter_removed(void **unused) {
    (void)unused;
    must_catch("a 24-pixel letter removed", missing_letter);
}

static void catches_texture_from_beside(void **unused) {
    (void)unused;
    must_catch("16x16 pixels from beside", other_texture);
}

static void catches_an_eye_that_moved(void **unused) {
    (void)unused;
    static const int by[4][2] = {{3, 0}, {-3, 0}, {0, 3}, {0, -3}};
    pictures list = list_pictures();
    size_t n = 0;
    float least = INFINITY;
    for (size_t i = 0; i < list.n; i++)
        for (size_t k = 0; k < sizeof eyes / sizeof eyes[0]; k++) {
            const char *slash = strrchr(list.paths[i], '/');
            if (strcmp(slash + 1, eyes[k].file) != 0) continue;
            pith_image a = load(list.paths[i]);
            for (size_t d = 0; d < 4; d++, n++) {
                pith_image b = copy_of(&a);
                move_oval(&a, &b, eyes[k].x, eyes[k].y, by[d][0], by[d][1]);
                least = fminf(least, worst_tile(&a, &b));
                free(b.pixels);
            }
            free(a.pixels);
        }
    free_pictures(&list);
    if (n == 0) skip();
    print_message("an eye moved by 3 pixels: least error of %zu %.3f\n", n, (double)least);
    assert_true(n >= N_OF_A_KIND);
    assert_true(least > pith_level_bound(PITH_LEVEL_NORMAL));
}

static pith_image through_jpeg_90(const pith_image *image) {
    char path[] = "/tmp/pith-forgery-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    FILE *file = fdopen(fd, "wb");
    image_writer *writer;
    pith_sink sink;
    pith_diag why = {0};
    image_write_options options = {.type = IMAGE_JPEG, .quality = 90};
    assert_non_null(file);
    assert_int_equal(image_writer_new(&writer, file, &options, &why), PITH_OK);
    image_writer_sink(writer, &sink);
    assert_int_equal(sink.start(sink.user, &image->format), PITH_OK);
    assert_int_equal(sink.write_rows(sink.user, 0, image->format.height, image->pixels, image->stride_bytes), PITH_OK);
    assert_int_equal(image_writer_finish(writer), PITH_OK);
    image_writer_free(&writer);
    fclose(file);
    pith_image decoded = load(path);
    unlink(path);
    return decoded;
}

static void lets_a_jpeg_of_quality_90_pass(void **unused) {
    (void)unused;
    pictures list = list_pictures();
    float largest = 0;
    size_t n_over = 0;
    for (size_t i = 0; i < list.n; i++) {
        pith_image a = load(list.paths[i]), b = through_jpeg_90(&a);
        float error = worst_tile(&a, &b);
        if (error > pith_level_bound(PITH_LEVEL_NORMAL)) {
            n_over++;
            print_message("  over (%.3f): %s\n", (double)error, list.paths[i]);
        }
        largest = fmaxf(largest, error);
        free(a.pixels);
        free(b.pixels);
    }
    print_message("JPEG of quality 90: %zu of %zu over, largest error %.3f\n", n_over, list.n, (double)largest);
    free_pictures(&list);
    assert_int_equal(n_over, 0);
    assert_true(largest > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catches_a_digit_replaced_by_another), cmocka_unit_test(catches_a_letter_removed),
        cmocka_unit_test(catches_texture_from_beside),         cmocka_unit_test(catches_an_eye_that_moved),
        cmocka_unit_test(lets_a_jpeg_of_quality_90_pass),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
