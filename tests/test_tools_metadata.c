/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Exif and XMP that are written anew: what goes, what stays and where, and what
 * hostile ones do (no harm; run under the sanitizers). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "imageio/exif.h"
#include "imageio/xmp.h"
#include "random_bits.h"

/* ---- Exif, made by hand ------------------------------------------------------------------ */

typedef struct maker {
    uint8_t bytes[8192];
    size_t n;
    bool little;
} maker;

static void put_at(maker *m, size_t at, unsigned n, uint32_t value) {
    for (unsigned i = 0; i < n; i++) m->bytes[at + (m->little ? i : n - 1 - i)] = (uint8_t)(value >> (8 * i));
}

static void put(maker *m, unsigned n, uint32_t value) {
    put_at(m, m->n, n, value);
    m->n += n;
}

static void entry(maker *m, unsigned tag, unsigned type, uint32_t count, uint32_t value) {
    put(m, 2, tag);
    put(m, 2, type);
    put(m, 4, count);
    put(m, 4, 0);
    put_at(m, m->n - 4, type == 3 ? 2 : 4, value);
}

static uint32_t get(const image_blob *b, size_t at, unsigned n) {
    uint32_t value = 0;
    assert_true(at + n <= b->n_bytes);
    for (unsigned i = 0; i < n; i++) value = value << 8 | b->data[at + (b->data[0] == 'I' ? n - 1 - i : i)];
    return value;
}

/* Where the tag's entry is in the directory at `at`; 0: nowhere. */
static size_t entry_of(const image_blob *b, size_t at, unsigned tag) {
    size_t n = get(b, at, 2);
    for (size_t i = 0; i < n; i++)
        if (get(b, at + 2 + 12 * i, 2) == tag) return at + 2 + 12 * i;
    return 0;
}

static size_t main_of(const image_blob *b) { return get(b, 4, 4); }

static size_t camera_of(const image_blob *b) {
    size_t e = entry_of(b, main_of(b), 0x8769);
    return e ? get(b, e + 8, 4) : 0;
}

#define SOFTWARE "A camera's program"
#define NOTE_BYTES 300u

typedef struct exif_kind {
    bool little, note_has_jpeg, note_is_far;
    const char *note; /* its first bytes */
} exif_kind;

/* Main directory with orientation, software, camera and GPS; the camera's with
 * its sides and a maker note; a thumbnail before or after the note. */
static maker make(const exif_kind *kind) {
    static maker m;
    size_t camera_at, gps_at, software_at, next_at, note_at;
    m = (maker){.little = kind->little};
    memcpy(m.bytes, kind->little ? "II*\0" : "MM\0*", 4);
    m.n = 4;
    put(&m, 4, 8);
    put(&m, 2, 5);
    entry(&m, 0x0112, 3, 1, 6);
    entry(&m, 0x0131, 2, sizeof SOFTWARE, 0);
    software_at = m.n - 4;
    entry(&m, 0x014a, 4, 1, 12345); /* other pictures */
    entry(&m, 0x8769, 4, 1, 0);
    camera_at = m.n - 4;
    entry(&m, 0x8825, 4, 1, 0);
    gps_at = m.n - 4;
    next_at = m.n;
    put(&m, 4, 0);
    put_at(&m, software_at, 4, (uint32_t)m.n);
    memcpy(m.bytes + m.n, SOFTWARE, sizeof SOFTWARE);
    m.n += sizeof SOFTWARE + 1;
    put_at(&m, camera_at, 4, (uint32_t)m.n);
    put(&m, 2, 3);
    entry(&m, 0x927c, 7, NOTE_BYTES, 0);
    note_at = m.n - 4;
    entry(&m, 0xa002, 4, 1, 4000);
    entry(&m, 0xa003, 3, 1, 3000);
    put(&m, 4, 0);
    put_at(&m, gps_at, 4, (uint32_t)m.n);
    put(&m, 2, 1);
    entry(&m, 0x0006, 3, 1, 77);
    put(&m, 4, 0);
    if (kind->note_is_far) m.n += 3000; /* a thumbnail, say */
    put_at(&m, note_at, 4, (uint32_t)m.n);
    for (size_t i = 0; i < NOTE_BYTES; i++) m.bytes[m.n + i] = (uint8_t)(i * 7);
    memcpy(m.bytes + m.n, kind->note, strlen(kind->note));
    if (kind->note_has_jpeg) memcpy(m.bytes + m.n + 100, "\xff\xd8\xff\xdb", 4);
    m.n += NOTE_BYTES;
    put_at(&m, next_at, 4, (uint32_t)m.n);
    put(&m, 2, 2);
    entry(&m, 0x0201, 4, 1, (uint32_t)m.n + 16);
    entry(&m, 0x0202, 4, 1, 500);
    put(&m, 4, 0);
    memcpy(m.bytes + m.n, "\xff\xd8\xff\xe0THUMBNAIL", 13);
    m.n += 500;
    return m;
}

static image_blob rewrite(const maker *m, const exif_wish *wish, bool *lost) {
    image_blob b = {0};
    *lost = false;
    assert_true(image_blob_set(&b, m->bytes, m->n));
    assert_int_equal(exif_rewrite_blob(&b, lost, wish), EXIF_DONE);
    return b;
}

static bool holds(const image_blob *b, const char *text) {
    for (size_t i = 0; i + strlen(text) <= b->n_bytes; i++)
        if (memcmp(b->data + i, text, strlen(text)) == 0) return true;
    return false;
}

static void what_holds_stays_and_the_rest_is_gone(void **state) {
    (void)state;
    for (int little = 0; little <= 1; little++) {
        bool lost;
        maker m = make(&(exif_kind){.little = little, .note = "Canon-like"});
        image_blob b = rewrite(&m, &(exif_wish){.swap_sides = true}, &lost);
        assert_false(lost);
        assert_int_equal(exif_orientation(b.data, b.n_bytes), 1);
        size_t software = entry_of(&b, main_of(&b), 0x0131);
        assert_memory_equal(b.data + get(&b, software + 8, 4), SOFTWARE, sizeof SOFTWARE);
        assert_int_equal(entry_of(&b, main_of(&b), 0x014a), 0);
        assert_int_equal(get(&b, main_of(&b) + 2 + 12 * get(&b, main_of(&b), 2), 4), 0); /* no other directory */
        size_t gps = get(&b, entry_of(&b, main_of(&b), 0x8825) + 8, 4);
        assert_int_equal(get(&b, entry_of(&b, gps, 6) + 8, 2), 77);
        assert_int_equal(get(&b, entry_of(&b, camera_of(&b), 0xa002) + 8, 2), 3000);
        assert_int_equal(get(&b, entry_of(&b, camera_of(&b), 0xa003) + 8, 4), 4000);
        assert_false(holds(&b, "THUMBNAIL"));
        assert_true(b.n_bytes < m.n - 500);
        /* Offsets in the note count from the header: it did not move. */
        size_t at = get(&b, entry_of(&b, camera_of(&b), 0x927c) + 8, 4);
        assert_memory_equal(b.data + at, m.bytes + at, NOTE_BYTES);
        assert_memory_equal(b.data + at, "Canon-like", 10);
        image_blob again = {0};
        assert_true(image_blob_set(&again, b.data, b.n_bytes));
        assert_int_equal(exif_rewrite_blob(&again, &lost, &(exif_wish){0}), EXIF_DONE);
        assert_int_equal(again.n_bytes, b.n_bytes);
        assert_memory_equal(again.data, b.data, b.n_bytes);
        image_blob_free(&again);
        image_blob_free(&b);
    }
}

static size_t count(const image_blob *b, const void *bytes, size_t n_bytes) {
    size_t n = 0;
    for (size_t i = 0; i + n_bytes <= b->n_bytes; i++) n += memcmp(b->data + i, bytes, n_bytes) == 0;
    return n;
}

static void gps_goes_with_all_its_bytes(void **state) {
    (void)state;
    bool lost;
    maker m = make(&(exif_kind){.little = true, .note = "Canon-like"});
    image_blob with = rewrite(&m, &(exif_wish){0}, &lost),
               without = rewrite(&m, &(exif_wish){.strip_gps = true}, &lost);
    static const uint8_t altitude[] = {6, 0, 3, 0, 1, 0, 0, 0, 77, 0};
    assert_int_equal(entry_of(&without, main_of(&without), 0x8825), 0);
    assert_int_equal(count(&with, altitude, sizeof altitude), 1);
    assert_int_equal(count(&without, altitude, sizeof altitude), 0);
    image_blob_free(&with);
    image_blob_free(&without);
}

static void sides_of_another_picture_are_not_stated(void **state) {
    (void)state;
    bool lost;
    maker m = make(&(exif_kind){.note = "Canon-like"});
    image_blob b = rewrite(&m, &(exif_wish){.strip_sides = true}, &lost);
    assert_int_equal(entry_of(&b, camera_of(&b), 0xa002), 0);
    assert_int_equal(entry_of(&b, camera_of(&b), 0xa003), 0);
    image_blob_free(&b);
}

static void a_maker_note_moves_only_where_it_may(void **state) {
    (void)state;
    static const struct {
        exif_kind kind;
        bool stays, lost;
    } cases[] = {
        {{.note = "Canon-like"}, true, false},
        {{.note = "Canon-like", .note_is_far = true}, false, true}, /* too many zeros before it */
        {{.note = "FUJIFILM", .note_is_far = true}, true, false},   /* counts from its own beginning */
        {{.note = "FUJIFILM", .note_has_jpeg = true}, false, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        bool lost;
        maker m = make(&cases[i].kind);
        image_blob b = rewrite(&m, &(exif_wish){0}, &lost);
        size_t e = entry_of(&b, camera_of(&b), 0x927c);
        assert_int_equal(e != 0, cases[i].stays);
        assert_int_equal(lost, cases[i].lost);
        if (e) assert_memory_equal(b.data + get(&b, e + 8, 4), cases[i].kind.note, strlen(cases[i].kind.note));
        assert_true(b.n_bytes < 1200);
        image_blob_free(&b);
    }
    bool lost;
    maker m = make(&(exif_kind){.note = "Canon-like"});
    image_blob b = rewrite(&m, &(exif_wish){.strip_maker_note = true}, &lost);
    assert_int_equal(entry_of(&b, camera_of(&b), 0x927c), 0);
    image_blob_free(&b);
}

/* Many entries that name the same bytes must not multiply them. */
static void exif_cannot_grow(void **state) {
    (void)state;
    const unsigned n = 2000, n_value = 60000;
    image_blob b = {calloc(1, 100000), 100000};
    assert_non_null(b.data);
    maker m = {.little = true};
    memcpy(m.bytes, "II*\0\x08\0\0\0", 8);
    memcpy(b.data, m.bytes, 8);
    b.data[8] = (uint8_t)n;
    b.data[9] = (uint8_t)(n >> 8);
    for (unsigned i = 0; i < n; i++) {
        m.n = 0;
        entry(&m, 0x9286, 7, n_value, 30000);
        memcpy(b.data + 10 + 12 * i, m.bytes, 12);
    }
    bool lost = false;
    exif_result result = exif_rewrite_blob(&b, &lost, &(exif_wish){0});
    assert_true(result == EXIF_BAD || b.n_bytes <= IMAGE_METADATA_BYTES);
    image_blob_free(&b);
}

static void no_exif_does_harm(void **state) {
    (void)state;
    uint32_t seed = 99;
    for (unsigned round = 0; round < 20000; round++) {
        maker m = make(&(exif_kind){.little = round % 2, .note = round % 3 ? "Canon" : "Nikon"});
        size_t n = m.n;
        for (unsigned k = 0; k <= round % 4; k++) {
            next_random(&seed);
            m.bytes[(seed >> 8) % (round % 2 ? 160 : n)] = (uint8_t)(seed >> 20);
        }
        if (round % 5 == 0) n = (seed >> 10) % n;
        uint8_t *exact = malloc(n + !n);
        assert_non_null(exact);
        memcpy(exact, m.bytes, n);
        image_blob b = {exact, n};
        bool lost = false;
        exif_result result =
            exif_rewrite_blob(&b, &lost, &(exif_wish){.strip_gps = round % 7 == 0, .swap_sides = true});
        assert_true(result == EXIF_DONE || b.n_bytes == 0);
        if (b.n_bytes) assert_int_equal(exif_orientation(b.data, b.n_bytes), 1);
        image_blob_free(&b);
    }
}

static void a_multi_picture_file_tells_of_more_than_previews(void **state) {
    (void)state;
    for (unsigned type = 0; type <= 3; type++) {
        static const uint32_t types[] = {0x010001, 0x010002, 0x020002, 0};
        maker m = {.little = true};
        memcpy(m.bytes, "II*\0\x08\0\0\0\x01\0", 10);
        m.n = 10;
        entry(&m, 0xb002, 7, 32, 26);
        put(&m, 4, 0);
        put(&m, 4, 0x20030000); /* the first picture */
        m.n += 12;
        put(&m, 4, types[type]);
        m.n += 12;
        assert_int_equal(exif_mpf_has_more(m.bytes, m.n), type >= 2);
        assert_false(exif_mpf_has_more(m.bytes, m.n - 1));
    }
}

/* ---- XMP ------------------------------------------------------------------------------------- */

#define XMP_OF(attributes, properties)                                                                                 \
    "<?xpacket begin=\"\" id=\"W5M0MpCehiHzreSzNTczkc9d\"?>\n"                                                         \
    "<x:xmpmeta xmlns:x=\"adobe:ns:meta/\"><rdf:RDF xmlns:rdf=\"http://www.w3.org/1999/02/22-rdf-syntax-ns#\">"        \
    "<rdf:Description rdf:about=\"\" xmlns:tiff=\"http://ns.adobe.com/tiff/1.0/\" "                                    \
    "xmlns:exif=\"http://ns.adobe.com/exif/1.0/\" xmlns:xmp=\"http://ns.adobe.com/xap/1.0/\" "                         \
    "xmlns:xmpNote=\"http://ns.adobe.com/xmp/note/\" xmlns:hdrgm=\"http://ns.adobe.com/hdr-gain-map/1.0/\" "           \
    "xmlns:cam=\"http://ns.google.com/photos/1.0/camera/\" "                                                           \
    "xmlns:Container=\"http://ns.google.com/photos/1.0/container/\"" attributes ">" properties                         \
    "</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end=\"w\"?>"

static char *rewritten(const char *text, xmp_found *found, const xmp_wish *wish, xmp_result expected) {
    image_blob b = {0};
    *found = (xmp_found){0};
    assert_true(image_blob_set(&b, text, strlen(text)));
    assert_int_equal(xmp_rewrite(&b, found, wish), expected);
    char *copy = calloc(1, b.n_bytes + 1);
    assert_non_null(copy);
    if (b.n_bytes) memcpy(copy, b.data, b.n_bytes);
    image_blob_free(&b);
    return copy;
}

static void xmp_says_only_what_holds(void **state) {
    (void)state;
    static const xmp_wish plain = {0}, no_gps = {.strip_gps = true}, no_sides = {.strip_sides = true};
    static const struct {
        const char *before, *there, *gone;
        const xmp_wish *wish;
        xmp_found found;
    } cases[] = {
        {XMP_OF(" tiff:Orientation=\"6\" tiff:Make=\"a &amp; b\"", ""),
         "tiff:Orientation=\"1\" tiff:Make=\"a &amp; b\"",
         "\"6\"",
         &plain,
         {0}},
        {XMP_OF(" tiff:Orientation='6'", "<xmp:Rating>3</xmp:Rating>"),
         "<xmp:Rating>3</xmp:Rating>",
         "6'",
         &plain,
         {0}},
        {XMP_OF("", "<tiff:Orientation>8</tiff:Orientation>"),
         "<tiff:Orientation>1</tiff:Orientation>",
         ">8<",
         &plain,
         {0}},
        {XMP_OF("", "<t:Orientation xmlns:t=\"http://ns.adobe.com/tiff/1.0/\">3</t:Orientation>"),
         "<t:Orientation>1<",
         ">3<",
         &plain,
         {0}},
        {XMP_OF(" hdrgm:Version=\"1.0\"", ""), "tiff", "1.0\"", &plain, {.gain_map = true}},
        {XMP_OF(" cam:MotionPhoto=\"1\" cam:BurstID=\"x\"", ""),
         "cam:BurstID=\"x\"",
         "MotionPhoto",
         &plain,
         {.motion_photo = true}},
        {XMP_OF("", "<cam:MicroVideo>1</cam:MicroVideo>\n<xmp:Label>&lt;y&gt;</xmp:Label>"),
         "<xmp:Label>&lt;y&gt;</xmp:Label>",
         "MicroVideo",
         &plain,
         {.motion_photo = true}},
        {XMP_OF(" xmpNote:HasExtendedXMP=\"0123\"", ""), "xmpNote", "0123", &plain, {.extended = true}},
        {XMP_OF("", "<Container:Directory><rdf:Seq><rdf:li>Primary</rdf:li></rdf:Seq></"
                    "Container:Directory><xmp:Rating>1</xmp:Rating>"),
         "<xmp:Rating>1<",
         "Primary",
         &plain,
         {.other = true}},
        {XMP_OF("", "<xmp:Thumbnails><rdf:Alt><rdf:li>/9j/4AAQ</rdf:li></rdf:Alt></xmp:Thumbnails>"),
         "tiff",
         "9j",
         &plain,
         {0}},
        {XMP_OF(" exif:GPSLatitude=\"12,3N\" exif:Flash=\"0\"", "<exif:GPSAltitude>5</exif:GPSAltitude>"),
         "exif:Flash=\"0\"",
         "GPS",
         &no_gps,
         {0}},
        {XMP_OF(" exif:PixelXDimension=\"4000\" tiff:Make=\"m\"", "<tiff:ImageLength>3000</tiff:ImageLength>"),
         "tiff:Make=\"m\"",
         "000",
         &no_sides,
         {0}},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        xmp_found found;
        char *after = rewritten(cases[i].before, &found, cases[i].wish, XMP_DONE);
        if (!strstr(after, cases[i].there)) fail_msg("%zu: no %s in %s", i, cases[i].there, after);
        if (strstr(after, cases[i].gone)) fail_msg("%zu: %s in %s", i, cases[i].gone, after);
        assert_memory_equal(&found, &cases[i].found, sizeof found);
        char *again = rewritten(after, &found, cases[i].wish, XMP_DONE);
        assert_string_equal(again, after);
        free(again);
        free(after);
    }
}

static void xmp_that_holds_keeps_its_bytes(void **state) {
    (void)state;
    static const char text[] =
        XMP_OF(" exif:GPSLatitude='12,3N'  exif:Flash = \"0\" tiff:Orientation='1'", "<!-- so -->");
    xmp_found found;
    char *after = rewritten(text, &found, &(xmp_wish){0}, XMP_DONE);
    assert_string_equal(after, text);
    free(after);
}

static void padding_of_xmp_goes(void **state) {
    (void)state;
    char text[8192] = XMP_OF(" exif:Flash=\"0\"", "");
    char *end = strstr(text, "<?xpacket end");
    memmove(end + 2000, end, strlen(end) + 1);
    memset(end, ' ', 2000);
    xmp_found found;
    char *after = rewritten(text, &found, &(xmp_wish){0}, XMP_DONE);
    assert_true(strlen(after) + 1900 < strlen(text));
    assert_non_null(strstr(after, "exif:Flash=\"0\""));
    free(after);
}

static void bad_xmp_is_told_from_good(void **state) {
    (void)state;
    static const char *const bad[] = {
        "", "not XML", "<x:xmpmeta>", "<a></b>", "<a b=c/>", "<!DOCTYPE a [<!ENTITY e \"eeeeeeeeee\">]><a>&e;</a>",
    };
    xmp_found found;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) free(rewritten(bad[i], &found, &(xmp_wish){0}, XMP_BAD));
    char deep[200 * 7 + 1] = "";
    for (unsigned i = 0; i < 200; i++) {
        memcpy(deep + 3 * i, "<a>", 3);
        memcpy(deep + 600 + 4 * i, "</a>", 4);
    }
    free(rewritten(deep, &found, &(xmp_wish){0}, XMP_BAD));
}

static void no_xmp_does_harm(void **state) {
    (void)state;
    static const char text[] =
        XMP_OF(" tiff:Orientation=\"6\" cam:MotionPhoto=\"1\"", "<tiff:Orientation>8</tiff:Orientation>");
    uint32_t seed = 5;
    for (unsigned round = 0; round < 20000; round++) {
        image_blob b = {0};
        xmp_found found = {0};
        assert_true(image_blob_set(&b, text, sizeof text - 1));
        for (unsigned k = 0; k <= round % 3; k++) {
            next_random(&seed);
            b.data[(seed >> 8) % b.n_bytes] = (uint8_t)(seed >> 20);
        }
        (void)xmp_rewrite(&b, &found, &(xmp_wish){.strip_gps = round % 2});
        image_blob_free(&b);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_holds_stays_and_the_rest_is_gone),
        cmocka_unit_test(gps_goes_with_all_its_bytes),
        cmocka_unit_test(sides_of_another_picture_are_not_stated),
        cmocka_unit_test(a_maker_note_moves_only_where_it_may),
        cmocka_unit_test(exif_cannot_grow),
        cmocka_unit_test(no_exif_does_harm),
        cmocka_unit_test(a_multi_picture_file_tells_of_more_than_previews),
        cmocka_unit_test(xmp_says_only_what_holds),
        cmocka_unit_test(xmp_that_holds_keeps_its_bytes),
        cmocka_unit_test(padding_of_xmp_goes),
        cmocka_unit_test(bad_xmp_is_told_from_good),
        cmocka_unit_test(no_xmp_does_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
