/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* A loader of gdk-pixbuf: programs of GTK open .pith files. The file is collected and decoded when it is complete; for
 * a thumbnail that needs no more, only its preview. */
/* gdk-pixbuf says so to whoever writes a loader. */
#define GDK_PIXBUF_ENABLE_BACKEND
#include <gdk-pixbuf/gdk-pixbuf.h>
#include <gmodule.h>
#include <stdbool.h>
#include <string.h>

#include <pith/pith.h>

#define MAX_FILE_BYTES (1u << 30) /* as max_file_bytes of pith_env */

typedef struct loading {
    GdkPixbufModuleSizeFunc size;
    GdkPixbufModulePreparedFunc prepared;
    GdkPixbufModuleUpdatedFunc updated;
    gpointer user;
    GByteArray *bytes;
    pith_decoder *decoder;
    GdkPixbuf *pixbuf;
    unsigned n_channels; /* of the decoded picture */
} loading;

static int error_code(pith_status status) {
    switch (status) {
    case PITH_E_NOMEM:
    case PITH_E_LIMIT:
        return GDK_PIXBUF_ERROR_INSUFFICIENT_MEMORY;
    case PITH_E_TRUNCATED:
    case PITH_E_FORMAT:
    case PITH_E_CHECKSUM:
        return GDK_PIXBUF_ERROR_CORRUPT_IMAGE;
    case PITH_E_VERSION:
    case PITH_E_UNSUPPORTED:
        return GDK_PIXBUF_ERROR_UNSUPPORTED_OPERATION;
    default:
        return GDK_PIXBUF_ERROR_FAILED;
    }
}

static gboolean fail(GError **error, pith_status status, const char *message) {
    g_set_error(error, GDK_PIXBUF_ERROR, error_code(status), "%s", message);
    return FALSE;
}

/* Embedded as gdk-pixbuf's own loaders do it, for programs that manage colours. */
static void set_profile(const loading *l) {
    const uint8_t *profile;
    size_t n_bytes;
    if (pith_decoder_metadata(l->decoder, PITH_METADATA_ICC, &profile, &n_bytes) != PITH_OK || n_bytes == 0) return;
    char *text = g_base64_encode(profile, n_bytes);
    gdk_pixbuf_set_option(l->pixbuf, "icc-profile", text);
    g_free(text);
}

static pith_status start(void *user, const pith_image_format *format) {
    loading *l = user;
    l->n_channels = format->n_channels;
    if (format->width > G_MAXINT || format->height > G_MAXINT) return PITH_E_LIMIT;
    l->pixbuf =
        gdk_pixbuf_new(GDK_COLORSPACE_RGB, format->n_channels % 2 == 0, 8, (int)format->width, (int)format->height);
    if (!l->pixbuf) return PITH_E_NOMEM;
    gdk_pixbuf_fill(l->pixbuf, 0); /* what a failure leaves unwritten */
    set_profile(l);
    l->prepared(l->pixbuf, NULL, l->user);
    return PITH_OK;
}

/* Grey becomes RGB: gdk-pixbuf has nothing else. */
static void put_row(uint8_t *to, const uint8_t *from, size_t width, unsigned n_channels) {
    if (n_channels >= 3) {
        memcpy(to, from, width * n_channels);
        return;
    }
    for (size_t x = 0; x < width; x++, from += n_channels) {
        *to++ = from[0];
        *to++ = from[0];
        *to++ = from[0];
        if (n_channels == 2) *to++ = from[1];
    }
}

static pith_status write_rows(void *user, uint32_t y, uint32_t n_rows, const void *rows, size_t stride_bytes) {
    loading *l = user;
    size_t stride = (size_t)gdk_pixbuf_get_rowstride(l->pixbuf);
    uint8_t *pixels = gdk_pixbuf_get_pixels(l->pixbuf);
    for (size_t i = 0; i < n_rows; i++)
        put_row(pixels + (y + i) * stride, (const uint8_t *)rows + i * stride_bytes,
                (size_t)gdk_pixbuf_get_width(l->pixbuf), l->n_channels);
    return PITH_OK;
}

/* A smaller picture is asked for, and the preview has as many pixels. */
static bool preview_serves(const pith_info *info, int width, int height) {
    uint64_t preview_width = ((uint64_t)info->format.width + info->downscale - 1) / info->downscale;
    uint64_t preview_height = ((uint64_t)info->format.height + info->downscale - 1) / info->downscale;
    bool is_smaller = (uint64_t)width < info->format.width || (uint64_t)height < info->format.height;
    return is_smaller && (uint64_t)width <= preview_width && (uint64_t)height <= preview_height;
}

static gboolean decode(loading *l, const pith_info *info, bool preview, GError **error) {
    pith_model *model = NULL;
    pith_diag why = {0};
    pith_decode_options options;
    pith_sink sink = {sizeof sink, 8, start, write_rows, l};
    pith_status status = pith_decode_options_defaults(&options, sizeof options);
    options.preview = preview;
    if (status == PITH_OK) status = pith_model_find(&model, NULL, info, &why);
    if (status != PITH_OK) return fail(error, status, why.message);
    status = pith_decode(l->decoder, model, &options, &sink);
    pith_model_free(&model);
    if (status != PITH_OK) return fail(error, status, pith_decoder_message(l->decoder));
    if (l->updated)
        l->updated(l->pixbuf, 0, 0, gdk_pixbuf_get_width(l->pixbuf), gdk_pixbuf_get_height(l->pixbuf), l->user);
    return TRUE;
}

static gboolean load_all(loading *l, GError **error) {
    pith_diag why = {0};
    pith_info info = {.struct_size = sizeof info};
    pith_status status = pith_decoder_new(&l->decoder, NULL, &why);
    if (status != PITH_OK) return fail(error, status, why.message);
    status = pith_decoder_open(l->decoder, l->bytes->data, l->bytes->len);
    if (status == PITH_OK) status = pith_decoder_info(l->decoder, &info);
    if (status != PITH_OK) return fail(error, status, pith_decoder_message(l->decoder));
    if (info.format.width > G_MAXINT || info.format.height > G_MAXINT)
        return fail(error, PITH_E_LIMIT, "the picture is too large for gdk-pixbuf");
    int width = (int)info.format.width, height = (int)info.format.height;
    if (l->size) l->size(&width, &height, l->user);
    if (width <= 0 || height <= 0) return TRUE; /* only the size was wanted */
    return decode(l, &info, preview_serves(&info, width, height), error);
}

static gpointer begin_load(GdkPixbufModuleSizeFunc size, GdkPixbufModulePreparedFunc prepared,
                           GdkPixbufModuleUpdatedFunc updated, gpointer user, GError **error) {
    (void)error;
    loading *l = g_new0(loading, 1);
    *l = (loading){.size = size, .prepared = prepared, .updated = updated, .user = user, .bytes = g_byte_array_new()};
    return l;
}

static gboolean load_increment(gpointer context, const guchar *data, guint n_bytes, GError **error) {
    loading *l = context;
    if (n_bytes > MAX_FILE_BYTES - l->bytes->len) return fail(error, PITH_E_LIMIT, "the file is too large");
    g_byte_array_append(l->bytes, data, n_bytes);
    return TRUE;
}

static gboolean stop_load(gpointer context, GError **error) {
    loading *l = context;
    gboolean is_loaded = load_all(l, error);
    pith_decoder_free(&l->decoder);
    g_byte_array_free(l->bytes, TRUE);
    if (l->pixbuf) g_object_unref(l->pixbuf);
    g_free(l);
    return is_loaded;
}

G_MODULE_EXPORT void fill_vtable(GdkPixbufModule *module);
G_MODULE_EXPORT void fill_info(GdkPixbufFormat *info);

void fill_vtable(GdkPixbufModule *module) {
    module->begin_load = begin_load;
    module->load_increment = load_increment;
    module->stop_load = stop_load;
}

/* gdk-pixbuf wants them writable, and does not write. */
void fill_info(GdkPixbufFormat *info) {
    static GdkPixbufModulePattern signature[] = {{(char *)"\xf0PIT", NULL, 100}, {NULL, NULL, 0}};
    static char *mime_types[] = {(char *)"image/x-pith", NULL};
    static char *extensions[] = {(char *)"pith", NULL};
    info->name = (char *)"pith";
    info->description = (char *)"Pith";
    info->signature = signature;
    info->mime_types = mime_types;
    info->extensions = extensions;
    info->flags = GDK_PIXBUF_FORMAT_THREADSAFE;
    info->license = (char *)"MIT";
}
