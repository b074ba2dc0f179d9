/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Colour: profiles and what else a file says of its colours. Expected numbers
 * come from the formulas of the standards, not from Little CMS, which only
 * makes the profiles. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <lcms2.h>

#include "imageio/image_colour.h"
#include "imageio/imageio.h"
#include "random_bits.h"
#include "temp_file.h"
#include "tools_modern.h"

static char path[256]; /* of the one file that the cases make anew */

static int name_file(void **state) {
    (void)state;
    snprintf(path, sizeof path, "%s", temp_path("picture"));
    return 0;
}

/* ---- colour spaces by their formulas ------------------------------------------------------ */

typedef enum space { SRGB, P3, ADOBE, LINEAR } space;

static const double xy_of[4][8] = {{0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06},
                                   {0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06},
                                   {0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06},
                                   {0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06}};

/* To XYZ, white at Y = 1; D65 all, so that nothing need be adapted. */
static const double xyz_of[4][3][3] = {
    {{0.4123908, 0.3575843, 0.1804808}, {0.2126390, 0.7151687, 0.0721923}, {0.0193308, 0.1191948, 0.9505322}},
    {{0.4865709, 0.2656677, 0.1982173}, {0.2289746, 0.6917385, 0.0792869}, {0.0, 0.0451134, 1.0439444}},
    {{0.5766690, 0.1855582, 0.1882286}, {0.2973450, 0.6273636, 0.0752915}, {0.0270314, 0.0706889, 0.9913375}},
    {{0.4123908, 0.3575843, 0.1804808}, {0.2126390, 0.7151687, 0.0721923}, {0.0193308, 0.1191948, 0.9505322}}};
static const double srgb_of_xyz[3][3] = {
    {3.2409699, -1.5373832, -0.4986108}, {-0.9692436, 1.8759675, 0.0415551}, {0.0556301, -0.2039770, 1.0569715}};

static double to_light(space s, double v) {
    if (s == LINEAR) return v;
    if (s == ADOBE) return pow(v, 563.0 / 256);
    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double to_srgb_curve(double v) {
    if (v <= 0) return 0;
    if (v >= 1) return 1;
    return v <= 0.0031308 ? 12.92 * v : 1.055 * pow(v, 1 / 2.4) - 0.055;
}

static void expect_srgb(space s, const double rgb[3], double out[3]) {
    double xyz[3] = {0, 0, 0};
    for (unsigned i = 0; i < 3; i++)
        for (unsigned c = 0; c < 3; c++) xyz[i] += xyz_of[s][i][c] * to_light(s, rgb[c]);
    for (unsigned i = 0; i < 3; i++) {
        double light = 0;
        for (unsigned c = 0; c < 3; c++) light += srgb_of_xyz[i][c] * xyz[c];
        out[i] = to_srgb_curve(light);
    }
}

/* ---- profiles -------------------------------------------------------------------------------- */

static image_blob save_profile(cmsHPROFILE profile) {
    cmsUInt32Number n = 0;
    image_blob blob;
    assert_non_null(profile);
    assert_true(cmsSaveProfileToMem(profile, NULL, &n));
    blob.data = malloc(n);
    blob.n_bytes = n;
    assert_true(cmsSaveProfileToMem(profile, blob.data, &n));
    cmsCloseProfile(profile);
    return blob;
}

static cmsToneCurve *curve_of(space s) {
    static const cmsFloat64Number srgb[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    if (s == ADOBE) return cmsBuildGamma(NULL, 563.0 / 256);
    return s == LINEAR ? cmsBuildGamma(NULL, 1) : cmsBuildParametricToneCurve(NULL, 4, srgb);
}

static image_blob rgb_profile(space s) {
    const double *xy = xy_of[s];
    cmsCIExyY white = {xy[0], xy[1], 1};
    cmsCIExyYTRIPLE primaries = {{xy[2], xy[3], 1}, {xy[4], xy[5], 1}, {xy[6], xy[7], 1}};
    cmsToneCurve *curve = curve_of(s), *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return save_profile(profile);
}

static image_blob grey_profile(space s) {
    cmsToneCurve *curve = curve_of(s);
    cmsHPROFILE profile = cmsCreateGrayProfile(cmsD50_xyY(), curve);
    cmsFreeToneCurve(curve);
    return save_profile(profile);
}

static cmsInt32Number ink(const cmsUInt16Number in[], cmsUInt16Number out[], void *user) {
    uint16_t rgb[3];
    for (unsigned c = 0; c < 3; c++) rgb[c] = (uint16_t)((65535.0 - in[c]) * (65535.0 - in[3] / 2.0) / 65535.0);
    cmsDoTransform(user, rgb, out, 1);
    return 1;
}

/* An ink whose black is only half black: nothing that a guess would hit. */
static image_blob cmyk_profile(void) {
    cmsHPROFILE profile = cmsCreateProfilePlaceholder(NULL), srgb = cmsCreate_sRGBProfile(),
                lab = cmsCreateLab4Profile(NULL);
    cmsHTRANSFORM to_lab = cmsCreateTransform(srgb, TYPE_RGB_16, lab, TYPE_LabV2_16, INTENT_RELATIVE_COLORIMETRIC,
                                              cmsFLAGS_NOOPTIMIZE | cmsFLAGS_NOCACHE);
    cmsPipeline *pipeline = cmsPipelineAlloc(NULL, 4, 3);
    cmsStage *table = cmsStageAllocCLut16bit(NULL, 9, 4, 3, NULL);
    cmsSetProfileVersion(profile, 2.1); /* tables of 16 bits, with Lab as version 2 has it */
    cmsSetDeviceClass(profile, cmsSigOutputClass);
    cmsSetColorSpace(profile, cmsSigCmykData);
    cmsSetPCS(profile, cmsSigLabData);
    assert_true(cmsStageSampleCLut16bit(table, ink, to_lab, 0));
    assert_true(cmsPipelineInsertStage(pipeline, cmsAT_BEGIN, table));
    assert_true(cmsWriteTag(profile, cmsSigAToB0Tag, pipeline));
    assert_true(cmsWriteTag(profile, cmsSigMediaWhitePointTag, (void *)(uintptr_t)cmsD50_XYZ()));
    cmsPipelineFree(pipeline);
    cmsDeleteTransform(to_lab);
    cmsCloseProfile(lab);
    cmsCloseProfile(srgb);
    return save_profile(profile);
}

/* ---- files -------------------------------------------------------------------------------------- */

typedef struct png_colour {
    image_blob icc;
    double gamma; /* 0: no chunk */
    const double *xy;
    bool srgb;
    uint8_t cicp[4]; /* all 0: no chunk */
} png_colour;

static void save_png(const pith_image *p, const png_colour *colour) {
    static const int types[] = {0, PNG_COLOR_TYPE_GRAY, PNG_COLOR_TYPE_GRAY_ALPHA, PNG_COLOR_TYPE_RGB,
                                PNG_COLOR_TYPE_RGB_ALPHA};
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    png_init_io(png, file);
    png_set_IHDR(png, info, p->format.width, p->format.height, p->format.bit_depth, types[p->format.n_channels],
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    if (colour->icc.n_bytes)
        png_set_iCCP(png, info, "icc", PNG_COMPRESSION_TYPE_BASE, colour->icc.data, (png_uint_32)colour->icc.n_bytes);
    const double *xy = colour->xy;
    if (colour->gamma > 0) png_set_gAMA(png, info, colour->gamma);
    if (xy) png_set_cHRM(png, info, xy[0], xy[1], xy[2], xy[3], xy[4], xy[5], xy[6], xy[7]);
    if (colour->srgb) png_set_sRGB(png, info, PNG_sRGB_INTENT_PERCEPTUAL);
    png_write_info_before_PLTE(png, info);
    if (colour->cicp[0]) png_write_chunk(png, (png_const_bytep) "cICP", colour->cicp, 4);
    png_write_info(png, info);
    if (*(const uint8_t *)&(uint16_t){1} == 1) png_set_swap(png); /* PNG is big endian */
    for (uint32_t y = 0; y < p->format.height; y++) png_write_row(png, (uint8_t *)p->pixels + y * p->stride_bytes);
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    assert_int_equal(fclose(file), 0);
}

/* A profile in parts, "213/3": those of 3, in that order. */
static void write_icc_parts(j_compress_ptr jpeg, const image_blob *icc, const char *order) {
    size_t n_parts = (size_t)(strchr(order, '/')[1] - '0'), n_part = icc->n_bytes / n_parts + 1;
    for (; *order != '/'; order++) {
        size_t number = (size_t)(*order - '0'), at = (number - 1) * n_part;
        size_t n = icc->n_bytes - at < n_part ? icc->n_bytes - at : n_part;
        uint8_t segment[14 + 4096] = "ICC_PROFILE";
        assert_true(n <= 4096);
        segment[12] = (uint8_t)number;
        segment[13] = (uint8_t)n_parts;
        memcpy(segment + 14, icc->data + at, n);
        jpeg_write_marker(jpeg, JPEG_APP0 + 2, segment, (unsigned)(14 + n));
    }
}

/* A JPEG of one colour; 4 channels: CMYK with Adobe's marker, 255 is no ink. */
static void save_jpeg_of(const uint8_t *colour, int n_channels, const image_blob *icc, const char *order) {
    struct jpeg_compress_struct jpeg;
    struct jpeg_error_mgr errors;
    unsigned char *bytes = NULL;
    unsigned long n = 0;
    uint8_t row[16 * 4];
    for (int i = 0; i < 16 * n_channels; i++) row[i] = colour[i % n_channels];
    jpeg.err = jpeg_std_error(&errors);
    jpeg_create_compress(&jpeg);
    jpeg_mem_dest(&jpeg, &bytes, &n);
    jpeg.image_width = jpeg.image_height = 16;
    jpeg.input_components = n_channels;
    jpeg.in_color_space = n_channels == 4 ? JCS_CMYK : n_channels == 3 ? JCS_RGB : JCS_GRAYSCALE;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, 100, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    if (icc && order)
        write_icc_parts(&jpeg, icc, order);
    else if (icc)
        jpeg_write_icc_profile(&jpeg, icc->data, (unsigned)icc->n_bytes);
    for (int y = 0; y < 16; y++) {
        JSAMPROW one = row;
        jpeg_write_scanlines(&jpeg, &one, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    save_bytes(path, bytes, n);
    free(bytes);
}

static void save_jpeg(const uint8_t *colour, int n_channels, const image_blob *icc) {
    save_jpeg_of(colour, n_channels, icc, NULL);
}

/* ---- reading --------------------------------------------------------------------------------------- */

typedef struct reading {
    pith_image image;
    image_facts facts;
    image_blob icc;
} reading;

static reading read_file(bool keep_profile) {
    image_reader *reader;
    pith_source source;
    pith_diag why = {0};
    reading r = {.icc = {NULL, 0}};
    image_open_options options = {.keep_profile = keep_profile, .keep_alpha = true};
    if (image_open(&reader, path, &options, &why) != PITH_OK) fail_msg("%s", why.message);
    image_reader_source(reader, &source);
    pith_image_format f = source.format;
    r.image = make_picture(f.width, f.height, f.n_channels, f.bit_depth);
    if (source.read_rows(source.user, 0, f.height, r.image.pixels, r.image.stride_bytes) != PITH_OK)
        fail_msg("%s", image_reader_diag(reader)->message);
    r.facts = image_reader_facts(reader);
    image_metadata m = image_reader_metadata(reader);
    assert_true(image_blob_set(&r.icc, m.icc.data, m.icc.n_bytes));
    image_close(&reader);
    return r;
}

static void end_reading(reading *r) {
    free(r->image.pixels);
    image_blob_free(&r->icc);
}

static double value(const pith_image *p, size_t i) {
    return p->format.bit_depth == 16 ? ((uint16_t *)p->pixels)[i] / 65535.0 : ((uint8_t *)p->pixels)[i] / 255.0;
}

/* Every pixel is what the formulas say; `bound` in levels of 8 bits. */
static void assert_converted(const pith_image *found, const pith_image *stored, space s, double bound) {
    unsigned n = stored->format.n_channels, n_colour = n - (n % 2 == 0);
    assert_int_equal(found->format.n_channels, n);
    assert_int_equal(found->format.bit_depth, stored->format.bit_depth);
    for (size_t i = 0; i < (size_t)stored->format.width * stored->format.height; i++) {
        double in[3], out[3];
        for (unsigned c = 0; c < 3; c++) in[c] = value(stored, i * n + (n_colour == 1 ? 0 : c));
        expect_srgb(s, in, out);
        for (unsigned c = 0; c < n_colour; c++)
            if (fabs(value(found, i * n + c) - out[c]) * 255 > bound)
                fail_msg("space %d, pixel %zu, sample %u: %.2f, not %.2f", s, i, c, 255 * value(found, i * n + c),
                         255 * out[c]);
        if (n_colour < n) assert_true(value(found, i * n + n_colour) == value(stored, i * n + n_colour));
    }
}

static void assert_same(const pith_image *a, const pith_image *b) {
    assert_int_equal(a->stride_bytes, b->stride_bytes);
    assert_memory_equal(a->pixels, b->pixels, a->stride_bytes * a->format.height);
}

/* ---- cases ------------------------------------------------------------------------------------------ */

static void converts_every_kind_of_pixel_to_srgb(void **state) {
    (void)state;
    for (space s = P3; s <= LINEAR; s++)
        for (uint8_t n_channels = 1; n_channels <= 4; n_channels++)
            for (uint8_t depth = 8; depth <= 16; depth += 8) {
                pith_image p = make_picture(64, 40, n_channels, depth);
                image_blob icc = n_channels <= 2 ? grey_profile(s) : rgb_profile(s);
                save_png(&p, &(png_colour){.icc = icc});
                reading r = read_file(false);
                assert_int_equal(r.icc.n_bytes, 0);
                assert_int_equal(r.facts.n_warnings, 0);
                /* 8 bits: a table of lcms's, and rounding; linear light is steep in the dark. */
                assert_converted(&r.image, &p, s, depth == 16 ? 0.1 : s == LINEAR ? 1.1 : 1.0);
                end_reading(&r);
                image_blob_free(&icc);
                free(p.pixels);
            }
}

static void wide_colours_are_kept_with_their_profile(void **state) {
    (void)state;
    for (space s = P3; s <= ADOBE; s++)
        for (uint8_t depth = 8; depth <= 16; depth += 8) {
            pith_image p = make_picture(32, 20, 3, depth);
            image_blob icc = rgb_profile(s);
            save_png(&p, &(png_colour){.icc = icc});
            reading r = read_file(true);
            assert_same(&r.image, &p);
            assert_int_equal(r.icc.n_bytes, icc.n_bytes);
            assert_memory_equal(r.icc.data, icc.data, icc.n_bytes);
            end_reading(&r);
            image_blob_free(&icc);
            free(p.pixels);
        }
}

static void srgb_needs_no_profile(void **state) {
    (void)state;
    pith_image p = make_picture(32, 20, 3, 8);
    image_blob icc = rgb_profile(SRGB);
    png_colour ways[] = {{.icc = icc},
                         {.srgb = true},
                         {.gamma = 1 / 2.2},
                         {.gamma = 0.45455, .xy = xy_of[SRGB]},
                         {.cicp = {1, 13, 0, 1}, .gamma = 1},
                         {.cicp = {1, 1, 0, 1}, .gamma = 1}};
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++) {
        save_png(&p, &ways[i]);
        reading r = read_file(true);
        assert_same(&r.image, &p);
        assert_int_equal(r.icc.n_bytes, 0);
        assert_int_equal(r.facts.n_warnings, 0);
        end_reading(&r);
    }
    image_blob_free(&icc);
    free(p.pixels);
}

static void linear_light_is_converted_whatever_is_asked(void **state) {
    (void)state;
    pith_image p = make_picture(64, 40, 3, 16);
    image_blob icc = rgb_profile(LINEAR);
    for (int way = 0; way < 2; way++) {
        save_png(&p, way ? &(png_colour){.gamma = 1} : &(png_colour){.icc = icc});
        reading r = read_file(true);
        assert_int_equal(r.icc.n_bytes, 0);
        assert_converted(&r.image, &p, LINEAR, 0.1);
        end_reading(&r);
    }
    image_blob_free(&icc);
    free(p.pixels);
}

/* The profile made for them is that of Display P3. */
static void assert_is_p3(const image_blob *icc, const pith_image *p) {
    image_transform *t;
    pith_diag why = {0};
    pith_image q = make_picture(p->format.width, p->format.height, 3, p->format.bit_depth);
    assert_true(icc->n_bytes > 100 && icc->n_bytes < 1000);
    assert_int_equal(image_transform_new(&t, icc->data, icc->n_bytes, &p->format, &why), PITH_OK);
    assert_non_null(t);
    for (uint32_t y = 0; y < p->format.height; y++)
        image_transform_apply(t, (uint8_t *)q.pixels + y * q.stride_bytes, (uint8_t *)p->pixels + y * p->stride_bytes,
                              p->format.width);
    assert_converted(&q, p, P3, 1.0);
    image_transform_free(&t);
    free(q.pixels);
}

static void chunks_of_numbers_count_as_a_profile(void **state) {
    (void)state;
    pith_image p = make_picture(64, 40, 3, 8);
    image_blob misleading = rgb_profile(ADOBE);
    png_colour ways[] = {{.gamma = 1 / 2.2, .xy = xy_of[P3]}, {.cicp = {12, 13, 0, 1}, .icc = misleading}};
    for (size_t i = 0; i < 2; i++) {
        save_png(&p, &ways[i]);
        reading r = read_file(false);
        assert_converted(&r.image, &p, P3, 1.0);
        end_reading(&r);
        r = read_file(true);
        assert_same(&r.image, &p);
        assert_is_p3(&r.icc, &p);
        end_reading(&r);
    }
    image_blob_free(&misleading);
    free(p.pixels);
}

static void avif_and_jxl_tell_of_p3(void **state) {
    (void)state;
    pith_image p = make_picture(40, 30, 3, 8);
#ifdef PITH_WITH_AVIF
    save_avif(path, &p, &(avif_wish){.depth = 8, .angle = -1, .mirror = -1, .n_frames = 1, .is_p3 = true});
    reading r = read_file(true);
    assert_same(&r.image, &p);
    assert_is_p3(&r.icc, &p);
    end_reading(&r);
#endif
#ifdef PITH_WITH_JXL
    save_jxl(path, &p, &(jxl_wish){.orientation = 1, .is_p3 = true});
    reading q = read_file(true);
    assert_same(&q.image, &p);
    assert_true(q.icc.n_bytes > 0);
    end_reading(&q);
    q = read_file(false);
    assert_converted(&q.image, &p, P3, 1.0);
    end_reading(&q);
#endif
    free(p.pixels);
}

static void high_dynamic_range_is_refused(void **state) {
    (void)state;
    image_reader *reader;
    pith_image p = make_picture(8, 8, 3, 16);
    for (uint8_t transfer = 16; transfer <= 18; transfer = (uint8_t)(transfer + 2)) {
        pith_diag why = {0};
        save_png(&p, &(png_colour){.cicp = {9, transfer, 0, 1}});
        assert_int_equal(image_open(&reader, path, NULL, &why), PITH_E_UNSUPPORTED);
        assert_non_null(strstr(why.message, "high dynamic range"));
    }
    free(p.pixels);
}

static void cmyk_is_converted_by_its_profile(void **state) {
    (void)state;
    static const uint8_t inks[][4] = {
        {255, 255, 255, 255}, {255, 255, 255, 0}, {55, 255, 200, 255}, {255, 155, 100, 200}};
    image_blob icc = cmyk_profile();
    for (size_t i = 0; i < 4; i++) {
        save_jpeg(inks[i], 4, &icc);
        reading r = read_file(true);
        assert_int_equal(r.facts.n_warnings, 0);
        assert_int_equal(r.icc.n_bytes, 0);
        assert_int_equal(r.image.format.n_channels, 3);
        for (unsigned c = 0; c < 3; c++) {
            double expected = inks[i][c] * (1 - (255 - inks[i][3]) / 510.0);
            /* Black points are matched: the darkest, half grey, would become black; see below. */
            double found = 255 * value(&r.image, 100 * 3 + c);
            if (i != 1 && fabs(found - expected) > 12)
                fail_msg("ink %zu, sample %u: %.1f, not %.1f", i, c, found, expected);
            if (i == 1) assert_true(found < 135);
        }
        end_reading(&r);
    }
    image_blob_free(&icc);
}

static void a_profile_that_makes_no_sense_is_said_and_ignored(void **state) {
    (void)state;
    static const uint8_t grey[3] = {90, 90, 90}, ink[4] = {90, 120, 150, 255};
    image_blob noise = {malloc(5000), 5000}, rgb = rgb_profile(ADOBE), inks = cmyk_profile();
    for (size_t i = 0; i < noise.n_bytes; i++) noise.data[i] = (uint8_t)(i * i >> 3);
    const image_blob *bad[] = {&noise, &inks};
    for (size_t i = 0; i < 2; i++) {
        save_jpeg(grey, 3, bad[i]);
        reading r = read_file(true);
        assert_int_equal(r.facts.n_warnings, 1);
        assert_int_equal(r.icc.n_bytes, 0);
        assert_true(fabs(255 * value(&r.image, 0) - 90) < 2);
        end_reading(&r);
    }
    save_jpeg(ink, 4, &rgb);
    reading r = read_file(true);
    assert_int_equal(r.facts.n_warnings, 2);
    end_reading(&r);
    for (uint32_t round = 0, seed = 99; round < 300; round++) { /* damaged profiles: no harm */
        image_blob copy = {malloc(inks.n_bytes), round % 2 ? inks.n_bytes : rgb.n_bytes};
        memcpy(copy.data, round % 2 ? inks.data : rgb.data, copy.n_bytes);
        for (int k = 0; k < 3; k++) {
            next_random(&seed);
            copy.data[(seed >> 8) % (round % 3 ? 300 : copy.n_bytes)] ^= (uint8_t)(1u << (seed & 7));
        }
        save_jpeg(round % 2 ? ink : grey, round % 2 ? 4 : 3, &copy);
        r = read_file(round % 4 < 2);
        end_reading(&r);
        image_blob_free(&copy);
    }
    image_blob_free(&noise);
    image_blob_free(&rgb);
    image_blob_free(&inks);
}

static void a_grey_picture_may_have_a_profile_of_colour(void **state) {
    (void)state;
    uint8_t level = 60;
    image_blob icc = rgb_profile(LINEAR);
    save_jpeg(&level, 1, &icc);
    reading r = read_file(true);
    double in[3] = {60 / 255.0, 60 / 255.0, 60 / 255.0}, out[3];
    expect_srgb(LINEAR, in, out);
    assert_int_equal(r.image.format.n_channels, 1);
    assert_true(fabs(value(&r.image, 0) - out[0]) * 255 < 2);
    end_reading(&r);
    image_blob_free(&icc);
}

static void parts_of_a_profile_come_in_any_order(void **state) {
    (void)state;
    static const struct {
        const char *order;
        bool is_whole;
    } cases[] = {{"123/3", true}, {"321/3", true}, {"212313/3", true},
                 {"12/3", false}, {"13/3", false}, {"11/2", false}};
    uint8_t colour[3] = {90, 60, 200};
    image_blob icc = rgb_profile(P3);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        save_jpeg_of(colour, 3, &icc, cases[i].order);
        reading r = read_file(true);
        assert_int_equal(r.facts.n_warnings, cases[i].is_whole ? 0 : 1);
        assert_int_equal(r.icc.n_bytes, cases[i].is_whole ? icc.n_bytes : 0);
        if (cases[i].is_whole) assert_memory_equal(r.icc.data, icc.data, icc.n_bytes);
        end_reading(&r);
    }
    image_blob_free(&icc);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(converts_every_kind_of_pixel_to_srgb),
        cmocka_unit_test(wide_colours_are_kept_with_their_profile),
        cmocka_unit_test(srgb_needs_no_profile),
        cmocka_unit_test(linear_light_is_converted_whatever_is_asked),
        cmocka_unit_test(chunks_of_numbers_count_as_a_profile),
        cmocka_unit_test(avif_and_jxl_tell_of_p3),
        cmocka_unit_test(high_dynamic_range_is_refused),
        cmocka_unit_test(cmyk_is_converted_by_its_profile),
        cmocka_unit_test(a_profile_that_makes_no_sense_is_said_and_ignored),
        cmocka_unit_test(a_grey_picture_may_have_a_profile_of_colour),
        cmocka_unit_test(parts_of_a_profile_come_in_any_order),
    };
    return cmocka_run_group_tests(tests, name_file, NULL);
}
