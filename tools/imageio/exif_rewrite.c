/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The directories are read into memory, pruned and laid out again. Values keep their bytes, and the file its byte
 * order; only offsets are rewritten. */
#include <stdlib.h>
#include <string.h>

#include "imageio/exif_parts.h"

#define TYPE_SHORT 3u
#define TYPE_LONG 4u
#define TAG_EXIF 0x8769u
#define TAG_GPS 0x8825u
#define TAG_INTEROPERABILITY 0xa005u
#define TAG_MAKER_NOTE 0x927cu
#define TAG_PIXEL_WIDTH 0xa002u
#define TAG_PIXEL_HEIGHT 0xa003u

enum { MAIN, CAMERA, GPS, INTEROPERABILITY, N_DIRECTORIES };

typedef struct exif_entry {
    unsigned tag, type;
    uint32_t count;
    uint8_t small[4]; /* the value, where it has no more bytes */
    uint8_t *data;    /* else it */
    size_t n_bytes;
    uint64_t from; /* where a longer value was in the source */
    size_t to;     /* and where it will be */
} exif_entry;

typedef struct exif_directory {
    exif_entry *entries;
    size_t n_entries;
    size_t to;
} exif_directory;

typedef struct exif_tree {
    bool little, no_memory, lost_maker_note;
    exif_directory directories[N_DIRECTORIES];
    uint64_t n_value_bytes; /* so far: entries may name the same bytes again and again */
} exif_tree;

static void free_entry(exif_entry *e) {
    free(e->data);
    e->data = NULL;
}

static void free_tree(exif_tree *t) {
    for (unsigned d = 0; d < N_DIRECTORIES; d++) {
        for (size_t i = 0; i < t->directories[d].n_entries; i++) free_entry(&t->directories[d].entries[i]);
        free(t->directories[d].entries);
    }
}

static exif_entry *find(const exif_directory *d, unsigned tag) {
    for (size_t i = 0; i < d->n_entries; i++)
        if (d->entries[i].tag == tag) return &d->entries[i];
    return NULL;
}

/* ---- reading ------------------------------------------------------------------------ */

/* How a TIFF file stores its pixels; pictures beside the main one; what has its own place in our files (XMP, profile);
 * Windows' padding. */
static bool is_of_the_file(unsigned tag) {
    static const uint16_t tags[][2] = {{0x00fe, 0x0103}, {0x0106, 0x010a}, {0x0111, 0x0111}, {0x0115, 0x0119},
                                       {0x011c, 0x011c}, {0x0120, 0x0125}, {0x013d, 0x013d}, {0x0140, 0x015b},
                                       {0x0200, 0x0209}, {0x02bc, 0x02bc}, {0x828d, 0x828e}, {0x8649, 0x8649},
                                       {0x8773, 0x8773}, {0x935c, 0x935c}, {0xc612, 0xc7ff}, {0xea1c, 0xea1c}};
    for (size_t i = 0; i < sizeof tags / sizeof *tags; i++)
        if (tag >= tags[i][0] && tag <= tags[i][1]) return true;
    return false;
}

static bool holds_jpeg(const uint8_t *data, size_t n_bytes) {
    for (size_t i = 0; i + 4 <= n_bytes; i++) {
        if (data[i] != 0xff || data[i + 1] != 0xd8 || data[i + 2] != 0xff) continue;
        uint8_t marker = data[i + 3];
        if (marker == 0xdb || marker == 0xc0 || marker == 0xc4 || marker == 0xfe || (marker & 0xf0) == 0xe0)
            return true;
    }
    return false;
}

/* False when the entry is not to be kept. */
static bool read_entry(exif_entry *e, exif_tree *t, const exif_source *s, const uint8_t bytes[EXIF_ENTRY_BYTES]) {
    e->tag = exif_number(bytes, 2, t->little);
    e->type = exif_number(bytes + 2, 2, t->little);
    e->count = exif_number(bytes + 4, 4, t->little);
    memcpy(e->small, bytes + 8, 4);
    uint64_t n = (uint64_t)e->count * exif_type_bytes(e->type);
    if (n == 0 || is_of_the_file(e->tag)) return false;
    if (n <= 4) return true;
    e->from = exif_number(bytes + 8, 4, t->little);
    if (e->from > s->n_bytes || n > s->n_bytes - e->from || n > IMAGE_METADATA_BYTES - t->n_value_bytes) return false;
    e->data = malloc((size_t)n);
    if (!e->data) {
        t->no_memory = true;
        return false;
    }
    e->n_bytes = (size_t)n;
    if (!s->read(s->user, e->from, e->data, e->n_bytes) || holds_jpeg(e->data, e->n_bytes)) {
        t->lost_maker_note |= e->tag == TAG_MAKER_NOTE;
        free_entry(e);
        return false;
    }
    t->n_value_bytes += n;
    return true;
}

/* As many entries as fit in the file; the link to a next directory is not followed. */
static bool read_directory(exif_tree *t, unsigned which, const exif_source *s, uint64_t at) {
    uint8_t bytes[EXIF_ENTRY_BYTES];
    exif_directory *d = &t->directories[which];
    if (at < EXIF_HEADER_BYTES || at > s->n_bytes || s->n_bytes - at < 2 || !s->read(s->user, at, bytes, 2))
        return false;
    size_t n = exif_number(bytes, 2, t->little), n_there = (size_t)((s->n_bytes - at - 2) / EXIF_ENTRY_BYTES);
    if (n > n_there) n = n_there;
    if (n == 0) return true;
    d->entries = calloc(n, sizeof *d->entries);
    if (!d->entries) {
        t->no_memory = true;
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        exif_entry e = {0};
        if (!s->read(s->user, at + 2 + i * EXIF_ENTRY_BYTES, bytes, EXIF_ENTRY_BYTES)) return false;
        if (read_entry(&e, t, s, bytes)) d->entries[d->n_entries++] = e;
        if (t->no_memory) return false;
    }
    return true;
}

/* All entries of a tag but the first `n_kept`. */
static void drop(exif_directory *d, unsigned tag, size_t n_kept) {
    size_t n = 0;
    for (size_t i = 0; i < d->n_entries; i++) {
        exif_entry *e = &d->entries[i];
        if (e->tag == tag && n_kept == 0) {
            free_entry(e);
            continue;
        }
        n_kept -= e->tag == tag;
        d->entries[n++] = *e;
    }
    d->n_entries = n;
}

/* The directory that an entry leads to; an entry that leads to nothing is dropped. */
static void read_branch(exif_tree *t, unsigned from, unsigned tag, unsigned which, const exif_source *s) {
    const exif_entry *e = find(&t->directories[from], tag);
    if (!e) return;
    bool leads = e->count == 1 && exif_type_bytes(e->type) == 4 &&
                 read_directory(t, which, s, exif_number(e->small, 4, t->little)) && t->directories[which].n_entries;
    drop(&t->directories[from], tag, leads);
}

/* ---- what still holds --------------------------------------------------------------- */

static void put_number(uint8_t *bytes, unsigned n, bool little, uint32_t value) {
    for (unsigned i = 0; i < n; i++) bytes[little ? i : n - 1 - i] = (uint8_t)(value >> (8 * i));
}

static void set_upright(exif_tree *t) {
    exif_entry *e = find(&t->directories[MAIN], EXIF_TAG_ORIENTATION);
    if (!e) return;
    free_entry(e);
    e->type = TYPE_SHORT;
    e->count = 1;
    memset(e->small, 0, 4);
    put_number(e->small, 2, t->little, 1);
    drop(&t->directories[MAIN], EXIF_TAG_ORIENTATION, 1);
}

static void swap_sides(exif_tree *t) {
    exif_entry *w = find(&t->directories[CAMERA], TAG_PIXEL_WIDTH),
               *h = find(&t->directories[CAMERA], TAG_PIXEL_HEIGHT);
    if (!w || !h) return;
    exif_entry width = *w;
    *w = *h;
    *h = width;
    h->tag = w->tag;
    w->tag = TAG_PIXEL_WIDTH;
}

/* Maker notes that count from their own beginning, and may be moved. */
static bool is_relative(const exif_entry *note) {
    static const struct {
        const char *head;
        size_t n_bytes;
    } makers[] = {{"Nikon\0\2", 7}, {"OLYMPUS\0", 8}, {"OM SYSTEM", 9}, {"FUJIFILM", 8},
                  {"Apple iOS", 9}, {"PENTAX \0", 8}, {"RICOH\0", 6},   {"LEICA CAMERA AG", 15}};
    for (size_t i = 0; i < sizeof makers / sizeof *makers; i++)
        if (note->n_bytes >= makers[i].n_bytes && memcmp(note->data, makers[i].head, makers[i].n_bytes) == 0)
            return true;
    return false;
}

/* ---- writing ------------------------------------------------------------------------ */

/* Free room: before the maker note that must not move, and after it. */
typedef struct exif_layout {
    size_t near, near_end, far;
} exif_layout;

static size_t place(exif_layout *l, size_t n_bytes) {
    n_bytes += n_bytes & 1; /* TIFF wants even offsets */
    size_t *at = n_bytes <= l->near_end - l->near ? &l->near : &l->far;
    size_t to = *at;
    *at += n_bytes;
    return to;
}

static size_t directory_bytes(const exif_directory *d) { return 2 + d->n_entries * EXIF_ENTRY_BYTES + 4; }

/* Returns how many bytes there will be. */
static size_t lay_out(exif_tree *t, const exif_entry *fixed, size_t *n_wasted) {
    exif_layout l = {EXIF_HEADER_BYTES, SIZE_MAX - 1, 0};
    if (fixed) {
        l.near_end = (size_t)fixed->from;
        l.far = (size_t)fixed->from + fixed->n_bytes + ((fixed->from + fixed->n_bytes) & 1);
    }
    for (unsigned which = 0; which < N_DIRECTORIES; which++) {
        exif_directory *d = &t->directories[which];
        if (which > MAIN && d->n_entries == 0) continue;
        d->to = place(&l, directory_bytes(d));
        for (size_t i = 0; i < d->n_entries; i++) {
            exif_entry *e = &d->entries[i];
            if (e->data) e->to = e == fixed ? (size_t)e->from : place(&l, e->n_bytes);
        }
    }
    *n_wasted = fixed ? l.near_end - l.near : 0;
    return fixed ? l.far : l.near;
}

static uint32_t branch_of(const exif_tree *t, unsigned tag) {
    unsigned which = tag == TAG_EXIF ? CAMERA : tag == TAG_GPS ? GPS : INTEROPERABILITY;
    return (uint32_t)t->directories[which].to;
}

static void write_entry(uint8_t *bytes, uint8_t *at, const exif_tree *t, unsigned which, const exif_entry *e) {
    put_number(at, 2, t->little, e->tag);
    put_number(at + 2, 2, t->little, e->type);
    put_number(at + 4, 4, t->little, e->count);
    memcpy(at + 8, e->small, 4);
    bool leads = (which == MAIN && (e->tag == TAG_EXIF || e->tag == TAG_GPS)) ||
                 (which == CAMERA && e->tag == TAG_INTEROPERABILITY);
    if (leads) {
        put_number(at + 2, 2, t->little, TYPE_LONG);
        put_number(at + 8, 4, t->little, branch_of(t, e->tag));
    } else if (e->data) {
        put_number(at + 8, 4, t->little, (uint32_t)e->to);
        memcpy(bytes + e->to, e->data, e->n_bytes);
    }
}

static exif_result write_tree(image_blob *out, const exif_tree *t, size_t n_bytes) {
    uint8_t *bytes = calloc(1, n_bytes);
    if (!bytes) return EXIF_NO_MEMORY;
    memcpy(bytes, t->little ? "II*\0" : "MM\0*", 4);
    put_number(bytes + 4, 4, t->little, (uint32_t)t->directories[MAIN].to);
    for (unsigned which = 0; which < N_DIRECTORIES; which++) {
        const exif_directory *d = &t->directories[which];
        if (which > MAIN && d->n_entries == 0) continue;
        put_number(bytes + d->to, 2, t->little, (uint32_t)d->n_entries);
        for (size_t i = 0; i < d->n_entries; i++)
            write_entry(bytes, bytes + d->to + 2 + i * EXIF_ENTRY_BYTES, t, which, &d->entries[i]);
    }
    image_blob_free(out);
    *out = (image_blob){bytes, n_bytes};
    return EXIF_DONE;
}

/* ---- all of it ---------------------------------------------------------------------- */

#define MAX_WASTED_BYTES 1024u

static void weed(exif_tree *t, const exif_source *s, const exif_wish *wish) {
    if (wish->strip_gps) drop(&t->directories[MAIN], TAG_GPS, 0);
    read_branch(t, MAIN, TAG_EXIF, CAMERA, s);
    read_branch(t, MAIN, TAG_GPS, GPS, s);
    read_branch(t, CAMERA, TAG_INTEROPERABILITY, INTEROPERABILITY, s);
    drop(&t->directories[CAMERA], TAG_MAKER_NOTE, !wish->strip_maker_note);
    if (wish->strip_maker_note) t->lost_maker_note = false; /* nobody misses it */
    if (wish->swap_sides) swap_sides(t);
    drop(&t->directories[CAMERA], TAG_PIXEL_WIDTH, !wish->strip_sides);
    drop(&t->directories[CAMERA], TAG_PIXEL_HEIGHT, !wish->strip_sides);
    set_upright(t);
}

/* Lays everything out, with the maker note if it may move or need not. */
static size_t settle(exif_tree *t) {
    exif_directory *camera = &t->directories[CAMERA];
    const exif_entry *note = find(camera, TAG_MAKER_NOTE);
    size_t n_wasted;
    if (note && note->data && !is_relative(note)) {
        size_t n_bytes = note->from >= EXIF_HEADER_BYTES ? lay_out(t, note, &n_wasted) : 0;
        if (n_bytes > 0 && (n_wasted <= MAX_WASTED_BYTES || n_wasted <= note->n_bytes)) return n_bytes;
        drop(camera, TAG_MAKER_NOTE, 0);
        t->lost_maker_note = true;
    }
    if (camera->n_entries == 0) drop(&t->directories[MAIN], TAG_EXIF, 0);
    return lay_out(t, NULL, &n_wasted);
}

exif_result exif_rewrite(image_blob *out, bool *lost_maker_note, const exif_source *source, const exif_wish *wish) {
    exif_tree t = {0};
    uint8_t header[EXIF_HEADER_BYTES];
    exif_result result = EXIF_BAD;
    if (!source->read(source->user, 0, header, sizeof header)) return EXIF_BAD;
    t.little = header[0] == 'I';
    if (read_directory(&t, MAIN, source, exif_number(header + 4, 4, t.little))) {
        weed(&t, source, wish);
        size_t n_bytes = settle(&t);
        if (t.directories[MAIN].n_entries == 0) {
            image_blob_free(out);
            result = EXIF_DONE;
        } else if (n_bytes <= IMAGE_METADATA_BYTES) {
            result = write_tree(out, &t, n_bytes);
        }
    }
    if (t.no_memory) result = EXIF_NO_MEMORY;
    *lost_maker_note |= t.lost_maker_note;
    free_tree(&t);
    return result;
}

exif_result exif_rewrite_blob(image_blob *exif, bool *lost_maker_note, const exif_wish *wish) {
    image_blob old = *exif;
    exif_source source = {exif_source_memory, &old, old.n_bytes};
    *exif = (image_blob){0};
    exif_result result = exif_rewrite(exif, lost_maker_note, &source, wish);
    image_blob_free(&old);
    return result;
}
