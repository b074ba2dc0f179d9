/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "imageio/image_foreign.h"

#include <stdbool.h>
#include <string.h>
#include <strings.h>

#define RAW_TEXT "is a raw photo of a camera; develop it, or convert it to PNG"
#define VIDEO_TEXT "is a video; take a picture out of it first"
#define ARCHIVE_TEXT "is an archive, not a picture; unpack it first"
#define OFFICE_TEXT "is a ZIP archive or a document, not a picture"

/* At `offset`; the more specific come first. */
static const struct {
    size_t offset, n_bytes;
    const char *bytes, *text;
} magics[] = {
    {0, 4, "\xf0PIT", "is a .pith file already; pith decode reads it"},
    {0, 4, "8BPS", "is a Photoshop file; convert it to PNG"},
    {0, 5, "%PDF-", "is a PDF; convert a page of it to PNG"},
    {0, 4, "%!PS", "is PostScript; convert it to PNG"},
    {0, 4, "\xc5\xd0\xd3\xc6", "is an EPS; convert it to PNG"},
    {8, 2, "CR", RAW_TEXT}, /* with TIFF's header before it: see below */
    {0, 15, "FUJIFILMCCD-RAW", RAW_TEXT},
    {0, 4, "IIU\0", RAW_TEXT},
    {0, 4, "IIRO", RAW_TEXT},
    {0, 4, "IIRS", RAW_TEXT},
    {0, 4, "MMOR", RAW_TEXT},
    {0, 4, "\0MRM", RAW_TEXT},
    {0, 4, "FOVb", RAW_TEXT},
    {4, 8, "ftypcrx ", RAW_TEXT},
    {0, 4, "\x76\x2f\x31\x01", "is an OpenEXR file, of high dynamic range; convert it to PNG"},
    {0, 10, "#?RADIANCE", "is a Radiance HDR file, of high dynamic range; convert it to PNG"},
    {0, 6, "#?RGBE", "is a Radiance HDR file, of high dynamic range; convert it to PNG"},
    {0, 12, "\0\0\0\x0cjP  \r\n\x87\n", "is JPEG 2000; convert it to PNG"},
    {0, 4, "\xff\x4f\xff\x51", "is JPEG 2000; convert it to PNG"},
    {0, 4, "\0\0\1\0", "is an icon file (ICO), which holds several pictures; convert one of them to PNG"},
    {0, 6, "\0\0\2\0\0\0", "is a TGA picture; convert it to PNG"},
    {0, 6, "\0\0\x0a\0\0\0", "is a TGA picture; convert it to PNG"},
    {0, 4, "\0\0\2\0", "is a cursor file; convert it to PNG"},
    {0, 4, "icns", "is an icon file of macOS; convert one of its pictures to PNG"},
    {0, 3, "II\xbc", "is JPEG XR; convert it to PNG"},
    {0, 8, "gimp xcf", "is a GIMP file; export it as PNG"},
    {0, 4, "DDS ", "is a DDS texture; convert it to PNG"},
    {0, 3, "\x0a\5\1", "is a PCX picture; convert it to PNG"},
    {0, 3, "PF\n", "is a PFM picture, of floating-point samples; convert it to 16-bit PNG"},
    {0, 3, "Pf\n", "is a PFM picture, of floating-point samples; convert it to 16-bit PNG"},
    {0, 4, "qoif", "is a QOI picture; convert it to PNG"},
    {0, 4, "BPG\xfb", "is a BPG picture; convert it to PNG"},
    {0, 4, "FLIF", "is a FLIF picture; convert it to PNG"},
    {0, 8, "AT&TFORM", "is a DjVu document; convert a page of it to PNG"},
    {0, 9, "SIMPLE  =", "is a FITS file; convert it to PNG or TIFF"},
    {0, 8,
     "\x8a"
     "MNG\r\n\x1a\n",
     "is an MNG animation; convert it to PNG"},
    {0, 4, "\xd7\xcd\xc6\x9a", "is a Windows metafile; convert it to PNG"},
    {40, 4, " EMF", "is a Windows metafile; convert it to PNG"},
    {0, 4, "\x1a\x45\xdf\xa3", VIDEO_TEXT},
    {4, 4, "moov", VIDEO_TEXT},
    {4, 4, "mdat", VIDEO_TEXT},
    {4, 4, "wide", VIDEO_TEXT},
    {4, 6, "ftypqt", VIDEO_TEXT},
    {4, 7, "ftypiso", VIDEO_TEXT},
    {4, 6, "ftypmp", VIDEO_TEXT},
    {4, 7, "ftypM4V", VIDEO_TEXT},
    {4, 7, "ftypavc", VIDEO_TEXT},
    {4, 6, "ftyp3g", VIDEO_TEXT},
    {4, 8, "ftypMSNV", VIDEO_TEXT},
    {8, 4, "AVI ", VIDEO_TEXT},
    {0, 4, "OggS", "is an Ogg file, sound or video, not a picture"},
    {0, 3, "ID3", "is a sound, not a picture"},
    {0, 4, "fLaC", "is a sound, not a picture"},
    {8, 4, "WAVE", "is a sound, not a picture"},
    {0, 4, "PK\3\4", OFFICE_TEXT},
    {0, 4, "Rar!", ARCHIVE_TEXT},
    {0, 6, "7z\xbc\xaf\x27\x1c", ARCHIVE_TEXT},
    {0, 3, "\x1f\x8b\x08", ARCHIVE_TEXT},
    {0, 6,
     "\xfd"
     "7zXZ\0",
     ARCHIVE_TEXT},
    {0, 3, "BZh", ARCHIVE_TEXT},
    {0, 4, "\x28\xb5\x2f\xfd", ARCHIVE_TEXT},
    {0, 4,
     "\x7f"
     "ELF",
     "is a program, not a picture"},
    {0, 2, "MZ", "is a program, not a picture"},
    {0, 16, "SQLite format 3\0", "is a database, not a picture"},
    {0, 42, "version https://git-lfs.github.com/spec/v1", "is a pointer of Git LFS; git lfs pull fetches the picture"},
};

static bool is_tiff(const uint8_t *head, size_t n_head) {
    return n_head >= 4 && (memcmp(head, "II*\0", 4) == 0 || memcmp(head, "MM\0*", 4) == 0);
}

/* ---- text -------------------------------------------------------------------------------- */

/* In any encoding that contains ASCII: no control characters but white space. */
static bool is_text(const uint8_t *head, size_t n_head) {
    for (size_t i = 0; i < n_head; i++) {
        bool is_space = head[i] == '\t' || head[i] == '\n' || head[i] == '\r' || head[i] == '\f';
        if ((head[i] < 32 && !is_space) || head[i] == 127) return false;
    }
    return n_head > 0;
}

static bool contains(const uint8_t *head, size_t n_head, const char *word) {
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= n_head; i++)
        if (strncasecmp((const char *)head + i, word, n) == 0) return true;
    return false;
}

static const char *text_kind(const uint8_t *head, size_t n_head) {
    if (contains(head, n_head, "<html") || contains(head, n_head, "<!doctype html"))
        return "is a web page, not a picture: perhaps an error that was saved under a picture's name";
    if (contains(head, n_head, "<svg")) return "is an SVG drawing; convert it to PNG at the size you need";
    if (contains(head, n_head, "<x:xmpmeta")) return "is XMP, which describes a picture and is none";
    if (contains(head, n_head, "/* XPM */")) return "is an XPM picture; convert it to PNG";
    if (contains(head, n_head, "<?xml")) return "is an XML file, not a picture";
    return "is text, not a picture";
}

const char *image_foreign_text(const uint8_t *head, size_t n_head) {
    for (size_t i = 0; i < sizeof magics / sizeof *magics; i++) {
        size_t at = magics[i].offset, n = magics[i].n_bytes;
        if (n_head < at + n || memcmp(head + at, magics[i].bytes, n) != 0) continue;
        if (at != 8 || n != 2 || is_tiff(head, n_head)) return magics[i].text;
    }
    size_t n_zero = 0;
    while (n_zero < n_head && head[n_zero] == 0) n_zero++;
    if (n_zero == n_head && n_head > 0) return "begins with nothing but zeros: it was not written or copied whole";
    return is_text(head, n_head) ? text_kind(head, n_head) : NULL;
}
