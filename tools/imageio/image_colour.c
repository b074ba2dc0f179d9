/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/image_colour.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <lcms2.h>

/* When the samples of a picture are coded as they are, and its profile kept
 * (CIEDE2000, means over a grid of all colours; measured by bench_colour):
 * - converting would clip more than this: Display P3 1.9, Adobe RGB 2.6,
 *   Rec. 2020 5.1, ProPhoto 8.5; a space like sRGB 0.1, for which a profile is not worth its bytes;
 * - and the numbers, taken as sRGB, are not further than this from what they
 *   mean, so that the network sees a picture somewhat pale, which it codes as
 *   well as any: Display P3 3.2, Adobe RGB 5.1, Rec. 2020 7.5, ProPhoto 12.5;
 *   linear light 14.6, whose dark parts would suffer. */
#define MAX_CLIPPED 0.5
#define MAX_DISTANCE 13.5

#define GRID 9
#define N_GRID (GRID * GRID * GRID)

struct image_transform {
    cmsHTRANSFORM lcms; /* NULL: grey, by the table */
    uint16_t *table;    /* of 256 or 65536 */
    unsigned n_channels, bit_depth;
};

/* ---- profiles ------------------------------------------------------------------------ */

static cmsToneCurve *srgb_curve(void) {
    static const cmsFloat64Number parameters[] = {2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045};
    return cmsBuildParametricToneCurve(NULL, 4, parameters);
}

/* xy: white, red, green, blue. Takes the curve. */
static cmsHPROFILE rgb_profile(const double xy[8], cmsToneCurve *curve) {
    if (!curve) return NULL;
    cmsCIExyY white = {xy[0], xy[1], 1};
    cmsCIExyYTRIPLE primaries = {{xy[2], xy[3], 1}, {xy[4], xy[5], 1}, {xy[6], xy[7], 1}};
    cmsToneCurve *curves[3] = {curve, curve, curve};
    cmsHPROFILE profile = cmsCreateRGBProfile(&white, &primaries, curves);
    cmsFreeToneCurve(curve);
    return profile;
}

#define D65 0.3127, 0.3290
static const double bt709_xy[8] = {D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060};

static const struct {
    uint8_t code;
    double xy[8];
} primaries_of_cicp[] = {
    {1, {D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060}},
    {2, {D65, 0.640, 0.330, 0.300, 0.600, 0.150, 0.060}},
    {5, {D65, 0.640, 0.330, 0.290, 0.600, 0.150, 0.060}},
    {6, {D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
    {7, {D65, 0.630, 0.340, 0.310, 0.595, 0.155, 0.070}},
    {9, {D65, 0.708, 0.292, 0.170, 0.797, 0.131, 0.046}},
    {11, {0.314, 0.351, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
    {12, {D65, 0.680, 0.320, 0.265, 0.690, 0.150, 0.060}},
};

/* The curves of television (1, 6, 14, 15) are taken as sRGB's, as browsers do:
 * they are those of cameras, and what they are meant to look like is sRGB. */
static cmsToneCurve *curve_of_cicp(uint8_t code) {
    switch (code) {
    case 1:
    case 2:
    case 6:
    case 13:
    case 14:
    case 15:
        return srgb_curve();
    case 4:
        return cmsBuildGamma(NULL, 2.2);
    case 5:
        return cmsBuildGamma(NULL, 2.8);
    case 8:
        return cmsBuildGamma(NULL, 1.0);
    case 17:
        return cmsBuildGamma(NULL, 2.6);
    default:
        return NULL;
    }
}

static cmsHPROFILE profile_of_cicp(const image_colour *c) {
    for (size_t i = 0; i < sizeof primaries_of_cicp / sizeof primaries_of_cicp[0]; i++)
        if (primaries_of_cicp[i].code == c->cicp_primaries)
            return rgb_profile(primaries_of_cicp[i].xy, curve_of_cicp(c->cicp_transfer));
    return NULL;
}

/* PNG writers mean sRGB's curve by 1/2.2. */
static cmsHPROFILE profile_of_gamma(const image_colour *c) {
    bool is_usual = !c->has_gamma || fabs(c->gamma * 2.2 - 1) < 0.01;
    if (c->has_gamma && (c->gamma < 0.05 || c->gamma > 20)) return NULL;
    return rgb_profile(c->has_primaries ? c->primaries_xy : bt709_xy,
                       is_usual ? srgb_curve() : cmsBuildGamma(NULL, 1 / c->gamma));
}

/* NULL when the file says nothing, or that it is sRGB; `*is_bad` when it says
 * something that makes no sense. */
static cmsHPROFILE profile_of(const image_colour *c, bool *is_bad) {
    cmsHPROFILE profile = NULL;
    if (c->has_cicp)
        profile = profile_of_cicp(c);
    else if (c->icc.n_bytes)
        profile = cmsOpenProfileFromMem(c->icc.data, (cmsUInt32Number)c->icc.n_bytes);
    else if (!c->is_srgb && (c->has_gamma || c->has_primaries))
        profile = profile_of_gamma(c);
    else
        return NULL;
    *is_bad = profile == NULL;
    return profile;
}

/* ---- transforms ------------------------------------------------------------------------ */

static cmsUInt32Number format_of(unsigned space, unsigned n_colour, unsigned n_extra, unsigned bit_depth) {
    return COLORSPACE_SH(space) | CHANNELS_SH(n_colour) | EXTRA_SH(n_extra) | BYTES_SH(bit_depth / 8);
}

static cmsHTRANSFORM to_srgb(cmsHPROFILE profile, cmsUInt32Number from, cmsUInt32Number to) {
    cmsUInt32Number flags = cmsFLAGS_BLACKPOINTCOMPENSATION;
    if (T_EXTRA(from)) flags |= cmsFLAGS_COPY_ALPHA;
    /* For 16 bits lcms would replace curves and matrix by a table of 33 steps. */
    if (T_BYTES(from) == 2 && T_COLORSPACE(from) != PT_CMYK) flags |= cmsFLAGS_NOOPTIMIZE;
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    if (!srgb) return NULL;
    cmsHTRANSFORM transform = cmsCreateTransform(profile, from, srgb, to, INTENT_RELATIVE_COLORIMETRIC, flags);
    cmsCloseProfile(srgb);
    return transform;
}

static void fill_grid(uint8_t *rgb) {
    for (unsigned i = 0; i < N_GRID; i++)
        for (unsigned rest = i, c = 0; c < 3; c++, rest /= GRID)
            rgb[3 * i + c] = (uint8_t)(rest % GRID * 255 / (GRID - 1));
}

/* Whether samples mean the same as in sRGB, to within a level of 8 bits. */
static bool is_srgb(cmsHPROFILE profile) {
    uint8_t in[N_GRID * 3], out[N_GRID * 3];
    cmsHTRANSFORM transform = to_srgb(profile, TYPE_RGB_8, TYPE_RGB_8);
    if (!transform) return false;
    fill_grid(in);
    cmsDoTransform(transform, in, out, N_GRID);
    cmsDeleteTransform(transform);
    for (size_t i = 0; i < sizeof in; i++)
        if (abs(in[i] - out[i]) > 1) return false;
    return true;
}

static bool to_lab(cmsHPROFILE profile, const uint8_t rgb[N_GRID * 3], cmsCIELab lab[N_GRID]) {
    cmsHPROFILE of_lab = cmsCreateLab4Profile(NULL);
    if (!of_lab) return false;
    cmsHTRANSFORM transform = cmsCreateTransform(profile, TYPE_RGB_8, of_lab, TYPE_Lab_DBL,
                                                 INTENT_RELATIVE_COLORIMETRIC, cmsFLAGS_NOOPTIMIZE);
    cmsCloseProfile(of_lab);
    if (!transform) return false;
    cmsDoTransform(transform, rgb, lab, N_GRID);
    cmsDeleteTransform(transform);
    return true;
}

/* Whether it is better to code samples as they are than to convert them: see the top. */
static bool is_worth_keeping(cmsHPROFILE profile) {
    uint8_t rgb[N_GRID * 3], converted[N_GRID * 3];
    cmsCIELab meant[N_GRID], taken[N_GRID], clipped[N_GRID];
    cmsHPROFILE srgb = cmsCreate_sRGBProfile();
    cmsHTRANSFORM transform = to_srgb(profile, TYPE_RGB_8, TYPE_RGB_8);
    bool good = srgb && transform;
    fill_grid(rgb);
    if (good) {
        cmsDoTransform(transform, rgb, converted, N_GRID);
        good = to_lab(profile, rgb, meant) && to_lab(srgb, rgb, taken) && to_lab(srgb, converted, clipped);
    }
    if (srgb) cmsCloseProfile(srgb);
    if (transform) cmsDeleteTransform(transform);
    double loss = 0, distance = 0;
    for (unsigned i = 0; i < N_GRID && good; i++) {
        loss += cmsCIE2000DeltaE(&meant[i], &clipped[i], 1, 1, 1) / N_GRID;
        distance += cmsCIE2000DeltaE(&meant[i], &taken[i], 1, 1, 1) / N_GRID;
    }
    return good && loss > MAX_CLIPPED && distance <= MAX_DISTANCE;
}

/* Three curves and a matrix, which any program can undo. */
static bool is_plain_rgb(cmsHPROFILE profile) {
    return cmsGetColorSpace(profile) == cmsSigRgbData && cmsIsMatrixShaper(profile) &&
           !cmsIsTag(profile, cmsSigAToB0Tag) && !cmsIsTag(profile, cmsSigAToB1Tag);
}

/* The table of a grey picture, whose profile may be of grey or of colour. */
static pith_status make_table(image_transform *t, cmsHPROFILE profile, pith_diag *why) {
    unsigned n = t->bit_depth == 16 ? 65536 : 256;
    bool is_grey = cmsGetColorSpace(profile) == cmsSigGrayData;
    unsigned n_in = is_grey ? 1 : 3;
    cmsHTRANSFORM transform =
        to_srgb(profile, format_of(is_grey ? PT_GRAY : PT_RGB, n_in, 0, 16), format_of(PT_RGB, 3, 0, 16));
    if (!transform) return tool_fail(why, PITH_E_FORMAT, "the colour profile cannot be used");
    t->table = calloc(n, sizeof *t->table);
    for (unsigned i = 0; i < n && t->table; i++) {
        uint16_t value = (uint16_t)(n == 256 ? i * 257 : i), in[3] = {value, value, value}, out[3];
        cmsDoTransform(transform, in, out, 1);
        t->table[i] = n == 256 ? (uint16_t)((out[1] + 128u) / 257) : out[1];
    }
    cmsDeleteTransform(transform);
    return t->table ? PITH_OK : tool_fail(why, PITH_E_NOMEM, "out of memory");
}

static pith_status new_transform(image_transform **out, cmsHPROFILE profile, const pith_image_format *f, bool is_cmyk,
                                 pith_diag *why) {
    image_transform *t = *out = calloc(1, sizeof *t);
    if (!t) return tool_fail(why, PITH_E_NOMEM, "out of memory");
    t->n_channels = f->n_channels;
    t->bit_depth = f->bit_depth;
    pith_status status = PITH_OK;
    if (f->n_channels <= 2) {
        status = make_table(t, profile, why);
    } else {
        unsigned n_extra = is_cmyk ? 0 : f->n_channels - 3u;
        cmsUInt32Number to = format_of(PT_RGB, 3, n_extra, f->bit_depth);
        t->lcms = to_srgb(profile, is_cmyk ? format_of(PT_CMYK, 4, 0, f->bit_depth) : to, to);
        if (!t->lcms) status = tool_fail(why, PITH_E_FORMAT, "the colour profile cannot be used");
    }
    if (status != PITH_OK) image_transform_free(out);
    return status;
}

/* Whether the profile suits the kind of picture that it comes with. */
static bool fits(cmsHPROFILE profile, unsigned n_channels, bool is_cmyk) {
    cmsColorSpaceSignature space = cmsGetColorSpace(profile);
    if (is_cmyk) return space == cmsSigCmykData;
    return space == cmsSigRgbData || (space == cmsSigGrayData && n_channels <= 2);
}

pith_status image_transform_new(image_transform **out, const void *icc, size_t n_bytes, const pith_image_format *f,
                                pith_diag *why) {
    *out = NULL;
    cmsHPROFILE profile = cmsOpenProfileFromMem(icc, (cmsUInt32Number)n_bytes);
    if (!profile || !fits(profile, f->n_channels, false)) {
        if (profile) cmsCloseProfile(profile);
        return tool_fail(why, PITH_E_FORMAT, "the colour profile cannot be used");
    }
    bool same = cmsGetColorSpace(profile) == cmsSigRgbData && is_srgb(profile);
    pith_status status = same ? PITH_OK : new_transform(out, profile, f, false, why);
    cmsCloseProfile(profile);
    return status;
}

bool image_profile_fits(const void *icc, size_t n_bytes, unsigned n_channels) {
    cmsHPROFILE profile = cmsOpenProfileFromMem(icc, (cmsUInt32Number)n_bytes);
    if (!profile) return false;
    bool fitting = cmsGetColorSpace(profile) == (n_channels <= 2 ? cmsSigGrayData : cmsSigRgbData);
    cmsCloseProfile(profile);
    return fitting;
}

void image_transform_apply(const image_transform *t, void *to, const void *from, size_t n_pixels) {
    if (t->lcms) {
        cmsDoTransform(t->lcms, from, to, (cmsUInt32Number)n_pixels);
        return;
    }
    size_t n = n_pixels * t->n_channels;
    for (size_t i = 0; i < n; i++) {
        bool is_alpha = t->n_channels == 2 && i % 2 == 1;
        if (t->bit_depth == 16) {
            uint16_t v = ((const uint16_t *)from)[i];
            ((uint16_t *)to)[i] = is_alpha ? v : t->table[v];
        } else {
            uint8_t v = ((const uint8_t *)from)[i];
            ((uint8_t *)to)[i] = is_alpha ? v : (uint8_t)t->table[v];
        }
    }
}

void image_transform_free(image_transform **transform) {
    image_transform *t = *transform;
    *transform = NULL;
    if (!t) return;
    if (t->lcms) cmsDeleteTransform(t->lcms);
    free(t->table);
    free(t);
}

/* ---- readers ------------------------------------------------------------------------------ */

/* The file's own profile where it has one, else one made of what it says. */
static pith_status keep_profile(image_reader *r, cmsHPROFILE profile) {
    if (!r->colour.has_cicp && r->colour.icc.n_bytes) {
        r->profile = r->colour.icc;
        r->colour.icc = (image_blob){0};
        return PITH_OK;
    }
    cmsUInt32Number n_bytes = 0;
    image_blob made = {0};
    if (!cmsSaveProfileToMem(profile, NULL, &n_bytes) || !(made.data = malloc(n_bytes)) ||
        !cmsSaveProfileToMem(profile, made.data, &n_bytes)) {
        image_blob_free(&made);
        return tool_fail(&r->diag, PITH_E_NOMEM, "out of memory for the colour profile");
    }
    made.n_bytes = n_bytes;
    r->profile = made;
    return PITH_OK;
}

/* --size leaves no room for it. */
static bool is_too_long(const image_reader *r, cmsHPROFILE profile) {
    double pixels = (double)r->raw.width * r->raw.height;
    cmsUInt32Number n_made = 0;
    double n = (double)r->colour.icc.n_bytes;
    if (r->colour.has_cicp || r->colour.icc.n_bytes == 0) n = cmsSaveProfileToMem(profile, NULL, &n_made) ? n_made : 0;
    return (r->max_profile_bytes > 0 && n > (double)r->max_profile_bytes) ||
           (r->max_profile_bpp > 0 && 8 * n > r->max_profile_bpp * pixels);
}

static pith_status use_profile(image_transform **out, image_reader *r, cmsHPROFILE profile) {
    if (!fits(profile, r->raw.n_channels, r->is_cmyk)) {
        image_reader_warn(r, "has a colour profile of another kind of picture; it was ignored");
        return PITH_OK;
    }
    if (cmsGetColorSpace(profile) == cmsSigRgbData) {
        if (is_srgb(profile)) return PITH_OK;
        bool is_colour = r->raw.n_channels >= 3;
        if (is_colour && r->keep_profile && is_plain_rgb(profile) && is_worth_keeping(profile)) {
            if (!is_too_long(r, profile)) return keep_profile(r, profile);
            image_reader_warn(r, "its colours became sRGB: --size leaves no room for its profile");
        }
    }
    pith_diag why = {0};
    pith_status status = new_transform(out, profile, &r->raw, r->is_cmyk, &why);
    if (status != PITH_E_FORMAT) return status == PITH_OK ? status : tool_fail(&r->diag, status, "%s", why.message);
    image_reader_warn(r, "has a colour profile that cannot be used; taken as sRGB");
    return PITH_OK;
}

pith_status image_colour_start(image_transform **out, image_reader *r) {
    *out = NULL;
    bool is_bad = false;
    if (r->colour.has_cicp && (r->colour.cicp_transfer == 16 || r->colour.cicp_transfer == 18))
        return tool_fail(&r->diag, PITH_E_UNSUPPORTED, "is of high dynamic range (PQ or HLG); not supported");
    cmsHPROFILE profile = profile_of(&r->colour, &is_bad);
    if (is_bad) image_reader_warn(r, "has a colour profile that cannot be used; taken as sRGB");
    pith_status status = profile ? use_profile(out, r, profile) : PITH_OK;
    if (profile) cmsCloseProfile(profile);
    if (status == PITH_OK && r->is_cmyk && !*out)
        image_reader_warn(r, "is CMYK without a profile; its colours are a guess");
    return status;
}
