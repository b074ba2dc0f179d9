/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* expat parses the packet, which is written again meanwhile, in UTF-8, without the properties to be removed, whether
 * attributes or elements. */
#include "imageio/xmp.h"

#include <expat.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_DEPTH 64
#define MAX_PREFIXES 256
#define PREFIX_BYTES 64
#define MAX_PADDING_BYTES 256u /* white space for editors; more of it is left out */

/* ---- which properties go ---------------------------------------------------------------- */

typedef enum property_kind { KEPT, DROPPED, ORIENTATION } property_kind;

static bool starts(const char *text, const char *with) { return strncmp(text, with, strlen(with)) == 0; }

static bool is_motion(const char *uri, const char *name) {
    return starts(name, "MotionPhoto") || starts(name, "MicroVideo") ||
           strcmp(uri, "http://ns.oplus.com/photos/1.0/camera/") == 0;
}

static bool is_gain_map(const char *uri) {
    return strcmp(uri, "http://ns.adobe.com/hdr-gain-map/1.0/") == 0 ||
           strcmp(uri, "http://ns.apple.com/HDRGainMap/1.0/") == 0 ||
           strcmp(uri, "http://ns.apple.com/pixeldatainfo/1.0/") == 0;
}

/* Files inside the file, or in the packet: Google's pictures, depth, sound. */
static bool is_part(const char *uri) {
    static const char *const namespaces[] = {
        "http://ns.google.com/photos/1.0/image/", "http://ns.google.com/photos/1.0/depthmap/",
        "http://ns.google.com/photos/1.0/audio/", "http://ns.google.com/photos/dd/1.0/device/",
        "http://ns.google.com/photos/1.0/cameraappinfo/"};
    for (size_t i = 0; i < sizeof namespaces / sizeof *namespaces; i++)
        if (strcmp(uri, namespaces[i]) == 0) return true;
    return false;
}

static bool is_container(const char *uri) { return starts(uri, "http://ns.google.com/photos/1.0/container/"); }

static bool is_side(const char *uri, const char *name) {
    if (strcmp(uri, "http://ns.adobe.com/tiff/1.0/") == 0)
        return strcmp(name, "ImageWidth") == 0 || strcmp(name, "ImageLength") == 0;
    return strcmp(uri, "http://ns.adobe.com/exif/1.0/") == 0 &&
           (strcmp(name, "PixelXDimension") == 0 || strcmp(name, "PixelYDimension") == 0);
}

static property_kind kind_of(const char *uri, const char *name, const xmp_wish *wish, xmp_found *found) {
    if (strcmp(uri, "http://ns.adobe.com/tiff/1.0/") == 0 && strcmp(name, "Orientation") == 0) return ORIENTATION;
    if (strcmp(uri, "http://ns.adobe.com/xap/1.0/") == 0 && strcmp(name, "Thumbnails") == 0) return DROPPED;
    if (strcmp(uri, "http://ns.adobe.com/xmp/note/") == 0 && strcmp(name, "HasExtendedXMP") == 0) {
        found->extended = true;
        return DROPPED;
    }
    if (wish->strip_sides && is_side(uri, name)) return DROPPED;
    if (wish->strip_gps && strncasecmp(name, "GPS", 3) == 0) return DROPPED;
    bool motion = is_motion(uri, name), gain = is_gain_map(uri), part = is_part(uri), container = is_container(uri);
    found->motion_photo |= motion;
    found->gain_map |= gain;
    found->other |= part || container;
    return motion || gain || part || container ? DROPPED : KEPT;
}

/* ---- the packet as it is written again ---------------------------------------------------- */

typedef struct prefix_binding {
    char prefix[PREFIX_BYTES];
    char *uri;
    unsigned depth;
} prefix_binding;

typedef struct xmp_writer {
    XML_Parser parser;
    const xmp_wish *wish;
    xmp_found *found;
    image_blob out;
    size_t n_capacity;
    prefix_binding prefixes[MAX_PREFIXES];
    unsigned n_prefixes, depth;
    unsigned dropped_depth; /* of the element that is removed with its contents; 0: none */
    unsigned upright_depth; /* of a tiff:Orientation */
    bool is_open;           /* the start tag still lacks its ">" */
    bool changed, is_stopped, no_memory;
} xmp_writer;

static void stop(xmp_writer *w) {
    w->is_stopped = true;
    XML_StopParser(w->parser, XML_FALSE);
}

static void put(xmp_writer *w, const char *text, size_t n) {
    if (w->is_stopped) return;
    if (w->out.n_bytes + n > w->n_capacity) {
        size_t capacity = 2 * (w->out.n_bytes + n) + 1024;
        uint8_t *grown = realloc(w->out.data, capacity);
        if (!grown) {
            w->no_memory = true;
            stop(w);
            return;
        }
        w->out.data = grown;
        w->n_capacity = capacity;
    }
    memcpy(w->out.data + w->out.n_bytes, text, n);
    w->out.n_bytes += n;
}

static void put_text(xmp_writer *w, const char *text) { put(w, text, strlen(text)); }

static void put_escaped(xmp_writer *w, const char *text, size_t n, bool in_attribute) {
    for (size_t i = 0; i < n; i++) {
        switch (text[i]) {
        case '&':
            put_text(w, "&amp;");
            break;
        case '<':
            put_text(w, "&lt;");
            break;
        case '>':
            put_text(w, "&gt;");
            break;
        case '"':
            put_text(w, in_attribute ? "&quot;" : "\"");
            break;
        case '\n':
            put_text(w, in_attribute ? "&#10;" : "\n");
            break;
        case '\r':
            put_text(w, "&#13;");
            break;
        case '\t':
            put_text(w, in_attribute ? "&#9;" : "\t");
            break;
        default:
            put(w, text + i, 1);
        }
    }
}

static void end_start_tag(xmp_writer *w) {
    if (w->is_open) put_text(w, ">");
    w->is_open = false;
}

/* ---- namespaces ----------------------------------------------------------------------------- */

static void bind_prefix(xmp_writer *w, const char *prefix, const char *uri) {
    if (w->n_prefixes == MAX_PREFIXES || strlen(prefix) >= PREFIX_BYTES) {
        stop(w);
        return;
    }
    prefix_binding *b = &w->prefixes[w->n_prefixes];
    b->uri = strdup(uri);
    if (!b->uri) {
        w->no_memory = true;
        stop(w);
        return;
    }
    memcpy(b->prefix, prefix, strlen(prefix) + 1);
    b->depth = w->depth;
    w->n_prefixes++;
}

static void unbind_prefixes(xmp_writer *w, unsigned depth) {
    while (w->n_prefixes && w->prefixes[w->n_prefixes - 1].depth >= depth) free(w->prefixes[--w->n_prefixes].uri);
}

/* The namespace of "prefix:name", "" when there is none; `*local` is the name. */
static const char *namespace_of(const xmp_writer *w, const char *qualified, const char **local) {
    const char *colon = strchr(qualified, ':');
    size_t n = colon ? (size_t)(colon - qualified) : 0;
    *local = colon ? colon + 1 : qualified;
    for (unsigned i = w->n_prefixes; i-- > 0;)
        if (strlen(w->prefixes[i].prefix) == n && strncmp(w->prefixes[i].prefix, qualified, n) == 0)
            return w->prefixes[i].uri;
    return "";
}

static property_kind kind_of_qualified(const xmp_writer *w, const char *qualified) {
    const char *local, *uri = namespace_of(w, qualified, &local);
    return kind_of(uri, local, w->wish, w->found);
}

/* ---- expat's events ---------------------------------------------------------------------------- */

static void put_attribute(xmp_writer *w, const char *name, const char *value) {
    property_kind kind = KEPT;
    if (!starts(name, "xmlns")) kind = kind_of_qualified(w, name);
    w->changed |= kind == DROPPED || (kind == ORIENTATION && strcmp(value, "1") != 0);
    if (kind == DROPPED) return;
    put_text(w, " ");
    put_text(w, name);
    put_text(w, "=\"");
    if (kind == ORIENTATION) value = "1";
    put_escaped(w, value, strlen(value), true);
    put_text(w, "\"");
}

static void on_start(void *user, const char *name, const char **attributes) {
    xmp_writer *w = user;
    w->depth++;
    if (w->depth > MAX_DEPTH) stop(w);
    if (w->dropped_depth || w->upright_depth || w->is_stopped) return;
    for (size_t i = 0; attributes[i]; i += 2) {
        if (strcmp(attributes[i], "xmlns") == 0) bind_prefix(w, "", attributes[i + 1]);
        if (starts(attributes[i], "xmlns:")) bind_prefix(w, attributes[i] + 6, attributes[i + 1]);
    }
    property_kind kind = kind_of_qualified(w, name);
    if (kind == DROPPED) {
        w->dropped_depth = w->depth;
        w->changed = true;
        return;
    }
    end_start_tag(w);
    put_text(w, "<");
    put_text(w, name);
    if (kind == ORIENTATION) { /* whatever it was and whatever was said about it */
        w->upright_depth = w->depth;
        put_text(w, ">1");
        w->changed = true;
        return;
    }
    for (size_t i = 0; attributes[i]; i += 2) put_attribute(w, attributes[i], attributes[i + 1]);
    w->is_open = true;
}

static void on_end(void *user, const char *name) {
    xmp_writer *w = user;
    unbind_prefixes(w, w->depth);
    bool was_dropped = w->dropped_depth > 0, is_inside = w->upright_depth > 0 && w->upright_depth < w->depth;
    if (w->dropped_depth == w->depth) w->dropped_depth = 0;
    if (w->upright_depth == w->depth) w->upright_depth = 0;
    w->depth--;
    if (was_dropped || is_inside) return;
    if (w->is_open) {
        put_text(w, "/>");
        w->is_open = false;
        return;
    }
    put_text(w, "</");
    put_text(w, name);
    put_text(w, ">");
}

static void on_text(void *user, const char *text, int n) {
    xmp_writer *w = user;
    if (w->dropped_depth || w->upright_depth) return;
    end_start_tag(w);
    put_escaped(w, text, (size_t)n, false);
}

static void on_instruction(void *user, const char *target, const char *data) {
    xmp_writer *w = user;
    if (w->dropped_depth || w->upright_depth) return;
    end_start_tag(w);
    put_text(w, "<?");
    put_text(w, target);
    put_text(w, " ");
    put_text(w, data);
    put_text(w, "?>");
    if (w->depth == 0) put_text(w, "\n");
}

/* Entities could expand to anything, and XMP has no document type. */
static void on_document_type(void *user, const char *name, const char *system, const char *public, int internal) {
    xmp_writer *w = user;
    (void)name, (void)system, (void)public, (void)internal;
    stop(w);
}

xmp_result xmp_rewrite(image_blob *xmp, xmp_found *found, const xmp_wish *wish) {
    size_t n = xmp->n_bytes;
    while (n > 0 && xmp->data[n - 1] == 0) n--; /* as some writers end it */
    if (n == 0 || n > IMAGE_METADATA_BYTES) return XMP_BAD;
    xmp_writer *w = calloc(1, sizeof *w);
    XML_Parser parser = w ? XML_ParserCreate(NULL) : NULL;
    xmp_result result = XMP_NO_MEMORY;
    if (parser) {
        w->parser = parser;
        w->wish = wish;
        w->found = found;
        XML_SetUserData(parser, w);
        XML_SetElementHandler(parser, on_start, on_end);
        XML_SetCharacterDataHandler(parser, on_text);
        XML_SetProcessingInstructionHandler(parser, on_instruction);
        XML_SetStartDoctypeDeclHandler(parser, on_document_type);
        bool good = XML_Parse(parser, (const char *)xmp->data, (int)n, 1) == XML_STATUS_OK;
        bool no_memory = w->no_memory || XML_GetErrorCode(parser) == XML_ERROR_NO_MEMORY;
        result = good && w->out.n_bytes <= IMAGE_METADATA_BYTES ? XMP_DONE : no_memory ? XMP_NO_MEMORY : XMP_BAD;
        XML_ParserFree(parser);
    }
    if (w) {
        unbind_prefixes(w, 0);
        if (result == XMP_DONE && (w->changed || w->out.n_bytes + MAX_PADDING_BYTES < xmp->n_bytes)) {
            image_blob_free(xmp);
            *xmp = w->out;
            w->out = (image_blob){0};
        }
        image_blob_free(&w->out);
        free(w);
    }
    return result;
}
