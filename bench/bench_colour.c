/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* What to do with a picture that is not sRGB: code its samples as they are and
 * keep the profile, or convert to sRGB first. A chart of 729 patches, the whole
 * of each colour space, goes through encoder and decoder both ways; CIEDE2000 of
 * the patches' means against what the chart means. "none" is without a codec.
 * Photographs seldom have the extreme patches: the same again for those within
 * sRGB (chroma a third).
 *   bench_colour [MODEL]       default: share/pith/models/mini-5.safetensors */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

#include <pith/pith.h>

#define GRID 9
#define N_PATCHES (GRID * GRID * GRID)
#define ACROSS 27
#define PATCH 24
#define SIDE (ACROSS * PATCH)

static void die(const char *what, const char *why) {
    fprintf(stderr, "bench_colour: %s: %s\n", what, why);
    exit(1);
}

/* ---- colour spaces ------------------------------------------------------------------- */

typedef struct space {
    const char *name;
    double xy[8]; /* white, red, green, blue */
    double gamma; /* 0: sRGB's curve */
} space;

static const space spaces[] = {
    {"sRGB", {0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06}, 0},
    {"Display P3", {0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06}, 0},
    {"Adobe RGB", {0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06}, 563.0 / 256},
    {"Rec. 2020", {0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046}, 0},
    {"ProPhoto", {0.3457, 0.3585, 0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001}, 1.8},
    {"linear sRGB", {0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06}, 1},
};
#define N_SPACES (sizeof spaces / sizeof spaces[0])

static cmsHPROFILE make_profile(const space *s) {
    static const cmsFloat64Number srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    cmsCIExyY white = {s->xy[0], s->xy[1], 1};
    cmsCIExyYTRIPLE primaries = {{s->xy[2], s->xy[3], 1}, {s->xy[4], s->xy[5], 1}, {s->xy[6], s->xy[7], 1}};
    cmsToneCurve *curve = s->gamma > 0 ? cmsBuildGamma(NULL, s->gamma) : cmsBuildParametricToneCurve(NULL, 4, srgb);
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsFreeToneCurve(curve);
    if (!profile) die(s->name, "no profile");
    return profile;
}

static void transform(cmsHPROFILE from, cmsUInt32Number from_type, cmsHPROFILE to, cmsUInt32Number to_type,
                      const void *in, void *out, unsigned n) {
    cmsHTRANSFORM t = cmsCreateTransform(from, from_type, to, to_type, INTENT_RELATIVE_COLORIMETRIC,
                                         cmsFLAGS_NOOPTIMIZE | cmsFLAGS_BLACKPOINTCOMPENSATION);
    if (!t) die("lcms", "no transform");
    cmsDoTransform(t, in, out, n);
    cmsDeleteTransform(t);
}

/* Means of patches, 0..255, to Lab. */
static void to_lab(cmsHPROFILE profile, const double *rgb, cmsCIELab *lab) {
    uint16_t deep[N_PATCHES * 3];
    cmsHPROFILE of_lab = cmsCreateLab4Profile(NULL);
    for (size_t i = 0; i < N_PATCHES * 3; i++) deep[i] = (uint16_t)lrint(rgb[i] * 257);
    transform(profile, TYPE_RGB_16, of_lab, TYPE_Lab_DBL, deep, lab, N_PATCHES);
    cmsCloseProfile(of_lab);
}

/* ---- the chart and the codec ------------------------------------------------------------ */

/* Patches in an order that puts unlike colours side by side, as charts do not:
 * the harder case. */
static void make_chart(uint8_t *rgb, bool is_pale) {
    for (unsigned i = 0; i < N_PATCHES; i++) {
        unsigned k = i * 362 % N_PATCHES; /* 362 and 729 have no factor in common */
        double c[3], grey = 0;
        for (unsigned j = 0, rest = k; j < 3; j++, rest /= GRID) c[j] = rest % GRID * 255.0 / (GRID - 1);
        for (unsigned j = 0; j < 3; j++) grey += c[j] / 3;
        for (unsigned j = 0; j < 3; j++) rgb[3 * i + j] = (uint8_t)lrint(is_pale ? grey + (c[j] - grey) / 3 : c[j]);
    }
}

static void paint(uint8_t *pixels, const uint8_t *patches) {
    for (unsigned y = 0; y < SIDE; y++)
        for (unsigned x = 0; x < SIDE; x++)
            memcpy(pixels + 3 * (y * SIDE + x), patches + 3 * (y / PATCH * ACROSS + x / PATCH), 3);
}

/* Means of the inner half of every patch. */
static void look(double *patches, const uint8_t *pixels) {
    const unsigned edge = PATCH / 4, n = PATCH - 2 * edge;
    for (unsigned i = 0; i < N_PATCHES; i++)
        for (unsigned c = 0; c < 3; c++) {
            double sum = 0;
            for (unsigned y = 0; y < n; y++)
                for (unsigned x = 0; x < n; x++) {
                    unsigned py = i / ACROSS * PATCH + edge + y, px = i % ACROSS * PATCH + edge + x;
                    sum += pixels[3 * (py * SIDE + px) + c];
                }
            patches[3 * i + c] = sum / (n * n);
        }
}

/* Through encoder and decoder in place; returns the file's bytes. */
static size_t code(pith_model *model, uint8_t *pixels, float quality) {
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    pith_diag why = {0};
    pith_encoder *encoder;
    pith_decoder *decoder;
    pith_encode_options o;
    pith_bytes file;
    pith_image image = {{SIDE, SIDE, 3, 8}, pixels, (size_t)SIDE * 3};
    pith_source source;
    pith_sink sink;
    if (pith_encoder_new(&encoder, &env, model, &why) != PITH_OK) die("encoder", why.message);
    pith_encode_options_defaults(&o, sizeof o);
    o.effort = 0;
    o.quality = quality;
    pith_source_from_image(&source, sizeof source, &image);
    if (pith_encode(encoder, &source, &o, &file) != PITH_OK) die("encode", pith_encoder_message(encoder));
    if (pith_decoder_new(&decoder, &env, &why) != PITH_OK) die("decoder", why.message);
    pith_sink_to_image(&sink, sizeof sink, &image);
    if (pith_decoder_open(decoder, file.data, file.n_bytes) != PITH_OK ||
        pith_decode(decoder, model, NULL, &sink) != PITH_OK)
        die("decode", pith_decoder_message(decoder));
    size_t n_bytes = file.n_bytes;
    pith_decoder_free(&decoder);
    pith_encoder_free(&encoder);
    pith_bytes_free(&env, &file);
    return n_bytes;
}

/* ---- one line of the table ----------------------------------------------------------------- */

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* quality < 0: no codec. */
static void measure(pith_model *model, const space *s, bool is_pale, bool convert, float quality) {
    uint8_t chart[N_PATCHES * 3], coded[N_PATCHES * 3], *pixels = malloc((size_t)SIDE * SIDE * 3);
    double ideal[N_PATCHES * 3], seen[N_PATCHES * 3], delta[N_PATCHES], sum = 0;
    cmsCIELab meant[N_PATCHES], got[N_PATCHES];
    cmsHPROFILE profile = make_profile(s), srgb = make_profile(&spaces[0]);
    size_t n_bytes = 0;
    if (!pixels) die("chart", "out of memory");
    make_chart(chart, is_pale);
    for (size_t i = 0; i < sizeof chart; i++) ideal[i] = chart[i];
    to_lab(profile, ideal, meant);
    memcpy(coded, chart, sizeof chart);
    if (convert) transform(profile, TYPE_RGB_8, srgb, TYPE_RGB_8, chart, coded, N_PATCHES);
    paint(pixels, coded);
    if (quality >= 0) n_bytes = code(model, pixels, quality);
    look(seen, pixels);
    to_lab(convert ? srgb : profile, seen, got);
    for (size_t i = 0; i < N_PATCHES; i++) sum += delta[i] = cmsCIE2000DeltaE(&meant[i], &got[i], 1, 1, 1);
    qsort(delta, N_PATCHES, sizeof *delta, by_size);
    char q[16] = "none";
    if (quality >= 0) snprintf(q, sizeof q, "%.0f", (double)quality);
    printf("| %s%s | %s | %s | %.2f | %.2f | %.2f | %zu |\n", s->name, is_pale ? ", pale" : "",
           convert ? "to sRGB" : "as it is", q, sum / N_PATCHES, delta[N_PATCHES * 95 / 100], delta[N_PATCHES - 1],
           n_bytes);
    cmsCloseProfile(profile);
    cmsCloseProfile(srgb);
    free(pixels);
}

/* How far the numbers, taken as sRGB, are from what they mean. */
static double distance(const space *s) {
    uint8_t chart[N_PATCHES * 3];
    double ideal[N_PATCHES * 3], sum = 0;
    cmsCIELab meant[N_PATCHES], seen[N_PATCHES];
    cmsHPROFILE profile = make_profile(s), srgb = make_profile(&spaces[0]);
    make_chart(chart, false);
    for (size_t i = 0; i < sizeof chart; i++) ideal[i] = chart[i];
    to_lab(profile, ideal, meant);
    to_lab(srgb, ideal, seen);
    for (size_t i = 0; i < N_PATCHES; i++) sum += cmsCIE2000DeltaE(&meant[i], &seen[i], 1, 1, 1);
    cmsCloseProfile(profile);
    cmsCloseProfile(srgb);
    return sum / N_PATCHES;
}

int main(int argc, char **argv) {
    char path[4096];
    const char *build = getenv("PITH_BUILD_DIR");
    snprintf(path, sizeof path, "%s/share/pith/models/mini-5.safetensors", build ? build : "build/release");
    pith_env env;
    pith_env_defaults(&env, sizeof env);
    pith_model *model;
    pith_diag why = {0};
    if (pith_model_open(&model, &env, argc > 1 ? argv[1] : path, &why) != PITH_OK) die("model", why.message);
    printf("numbers taken as sRGB, mean CIEDE2000 from what they mean:\n");
    for (size_t i = 0; i < N_SPACES; i++) printf("  %s %.2f\n", spaces[i].name, distance(&spaces[i]));
    printf("\n| chart | coded | quality | mean | 95 of 100 | worst | bytes |\n|---|---|---|---|---|---|---|\n");
    static const float qualities[] = {-1, 50, 80};
    for (int is_pale = 0; is_pale <= 1; is_pale++)
        for (size_t i = 0; i < N_SPACES; i++)
            for (int convert = 0; convert <= (i > 0); convert++)
                for (size_t q = 0; q < sizeof qualities / sizeof qualities[0]; q++)
                    measure(model, &spaces[i], is_pale, convert, qualities[q]);
    pith_model_free(&model);
    return 0;
}
