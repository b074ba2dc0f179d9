/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Reads a zip's directory (PKWARE's APPNOTE.TXT, section 4.3), starting from the end record. Every number is checked
 * against the file before use. */
#include "weights/zip_read.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/stream.h"

#define LOCAL_SIGNATURE 0x04034b50u
#define ENTRY_SIGNATURE 0x02014b50u
#define END_SIGNATURE 0x06054b50u
#define LOCATOR64_SIGNATURE 0x07064b50u
#define END64_SIGNATURE 0x06064b50u
#define LOCAL_BYTES 30u
#define ENTRY_BYTES 46u
#define END_BYTES 22u
#define LOCATOR64_BYTES 20u
#define END64_BYTES 56u
#define EXTRA_ZIP64 1u
#define FLAG_ENCRYPTED 0x0041u /* encrypted or strongly encrypted */
#define FLAG_SIZES_FOLLOW 0x0008u
#define METHOD_STORED 0
#define METHOD_DEFLATED 8
#define MOST_DEFLATED 1032u /* most bytes that one deflated byte can give */
#define IN_ZIP64_16 0xffffu
#define IN_ZIP64_32 0xffffffffu

struct zip_file {
    pith_alloc alloc;
    zip_member *members; /* sorted by name */
    size_t n_members;
};

/* Location of the directory, checked against the file. */
typedef struct directory {
    uint64_t begin, n_bytes, n_members;
} directory;

/* A directory entry. */
typedef struct entry {
    zip_member member;
    uint64_t header; /* offset of the local header */
    uint64_t end;    /* of the data */
    uint16_t flags, method;
} entry;

typedef struct reader {
    const uint8_t *data;
    size_t n_bytes;
    const pith_alloc *alloc;
    pith_diag *diag;
} reader;

static uint32_t peek_u32(const uint8_t *p) {
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* ---- the end record ------------------------------------------------------------------ */

/* Finds the last end record whose comment ends exactly at the end of the file; if there is none, the last one with
 * other data after it. */
static pith_status find_end(const reader *r, size_t *at) {
    size_t most = END_BYTES + 0xffffu;
    size_t first = r->n_bytes > most ? r->n_bytes - most : 0;
    bool found = false;
    for (size_t i = r->n_bytes < END_BYTES ? 0 : r->n_bytes - END_BYTES + 1; i-- > first;) {
        size_t comment = (size_t)r->data[i + 20] | (size_t)r->data[i + 21] << 8, room = r->n_bytes - END_BYTES - i;
        if (peek_u32(r->data + i) != END_SIGNATURE || comment > room) continue;
        if (comment == room || !found) *at = i;
        if (comment == room) return PITH_OK;
        found = true;
    }
    if (found) return PITH_OK;
    return diag_set(r->diag, PITH_E_TRUNCATED, "zip: no end record: the file is cut short or damaged");
}

static pith_status read_end64(const reader *r, directory *d, size_t end_at) {
    if (end_at < LOCATOR64_BYTES || peek_u32(r->data + end_at - LOCATOR64_BYTES) != LOCATOR64_SIGNATURE)
        return diag_set(r->diag, PITH_E_FORMAT, "zip: the zip64 locator is missing");
    stream s;
    st_init(&s, r->data + end_at - LOCATOR64_BYTES, LOCATOR64_BYTES, "zip64 locator", end_at - LOCATOR64_BYTES,
            r->diag);
    (void)st_u32le(&s, "signature");
    (void)st_u32le(&s, "disk");
    uint64_t at = st_u64le(&s, "offset of the end record");
    uint64_t last = end_at - LOCATOR64_BYTES;
    if (at > last || last - at < END64_BYTES)
        return diag_set(r->diag, PITH_E_FORMAT, "zip: the zip64 end record at %" PRIu64 " is outside the file", at);
    st_init(&s, r->data + at, END64_BYTES, "zip64 end record", (size_t)at, r->diag);
    if (st_u32le(&s, "signature") != END64_SIGNATURE)
        return diag_set(r->diag, PITH_E_FORMAT, "zip: no zip64 end record at %" PRIu64, at);
    (void)st_u64le(&s, "size");
    (void)st_u32le(&s, "versions");
    (void)st_u64le(&s, "disks");
    (void)st_u64le(&s, "members on this disk");
    d->n_members = st_u64le(&s, "members");
    d->n_bytes = st_u64le(&s, "directory size");
    d->begin = st_u64le(&s, "directory offset");
    return s.status;
}

static pith_status read_end(const reader *r, directory *d) {
    size_t at = 0;
    pith_status status = PITH_OK;
    PITH_TRY(find_end(r, &at));
    stream s;
    st_init(&s, r->data + at, END_BYTES, "zip end record", at, r->diag);
    (void)st_u32le(&s, "signature");
    (void)st_u32le(&s, "disks");
    (void)st_u16le(&s, "members on this disk");
    d->n_members = st_u16le(&s, "members");
    d->n_bytes = st_u32le(&s, "directory size");
    d->begin = st_u32le(&s, "directory offset");
    PITH_TRY(s.status);
    if (d->n_members == IN_ZIP64_16 || d->n_bytes == IN_ZIP64_32 || d->begin == IN_ZIP64_32)
        PITH_TRY(read_end64(r, d, at));
    if (d->begin > at || d->n_bytes > at - d->begin)
        return diag_set(r->diag, PITH_E_FORMAT,
                        "zip: the directory (%" PRIu64 " bytes at %" PRIu64 ") is outside the file", d->n_bytes,
                        d->begin);
    if (d->n_members > ZIP_MAX_MEMBERS)
        return diag_set(r->diag, PITH_E_LIMIT, "zip: %" PRIu64 " members, the limit is %u", d->n_members,
                        ZIP_MAX_MEMBERS);
    if (d->n_members > d->n_bytes / ENTRY_BYTES)
        return diag_set(r->diag, PITH_E_FORMAT,
                        "zip: %" PRIu64 " members do not fit in a directory of %" PRIu64 " bytes", d->n_members,
                        d->n_bytes);

cleanup:
    return status;
}

/* ---- members ----------------------------------------------------------------------------- */

/* Finds the zip64 extra field and reads from it, in this order, the fields that are marked as stored there. */
static void read_zip64_extra(stream *extra, uint64_t *fields[], size_t n_fields) {
    while (st_left(extra) >= 4) {
        uint16_t id = st_u16le(extra, "extra id");
        uint16_t n = st_u16le(extra, "extra size");
        if (id != EXTRA_ZIP64) {
            if (n > st_left(extra)) return; /* PyTorch's padding may be truncated */
            (void)st_bytes(extra, n, "extra data");
            continue;
        }
        for (size_t i = 0; i < n_fields; i++)
            if (*fields[i] == IN_ZIP64_32) *fields[i] = st_u64le(extra, "zip64 size or offset");
        return;
    }
}

/* Reads name and extra field of an entry or local header. */
static pith_status read_texts(stream *s, zip_member *m, size_t n_extra, uint64_t *fields[], size_t n_fields) {
    const uint8_t *name = st_bytes(s, m->name_bytes, "name");
    size_t at = s->base + s->position;
    const uint8_t *extra_bytes = st_bytes(s, n_extra, "extra field");
    if (s->status != PITH_OK) return s->status;
    m->name = (const char *)name;
    stream extra;
    st_init(&extra, extra_bytes, n_extra, "zip extra field", at, s->diag);
    read_zip64_extra(&extra, fields, n_fields);
    return extra.status;
}

static pith_status read_entry(stream *s, entry *e) {
    if (st_u32le(s, "signature") != ENTRY_SIGNATURE) st_fail(s, PITH_E_FORMAT, "no entry here");
    (void)st_u32le(s, "versions");
    e->flags = st_u16le(s, "flags");
    e->method = st_u16le(s, "method");
    (void)st_u32le(s, "time");
    e->member.crc = st_u32le(s, "CRC-32");
    e->member.packed_bytes = st_u32le(s, "packed size");
    e->member.n_bytes = st_u32le(s, "size");
    e->member.name_bytes = st_u16le(s, "name length");
    size_t n_extra = st_u16le(s, "extra length"), n_comment = st_u16le(s, "comment length");
    (void)st_u64le(s, "disk and attributes");
    e->header = st_u32le(s, "header offset");
    uint64_t *fields[] = {&e->member.n_bytes, &e->member.packed_bytes, &e->header};
    pith_status status = read_texts(s, &e->member, n_extra, fields, 3);
    (void)st_bytes(s, n_comment, "comment");
    return status != PITH_OK ? status : s->status;
}

static pith_status check_entry(const reader *r, const entry *e) {
    const zip_member *m = &e->member;
    int n = (int)(m->name_bytes < 100 ? m->name_bytes : 100);
    if (m->name_bytes == 0 || m->name_bytes > ZIP_MAX_NAME_BYTES || memchr(m->name, 0, m->name_bytes))
        return diag_set(r->diag, PITH_E_FORMAT, "zip: a member's name is empty, too long or has a zero byte");
    if (e->flags & FLAG_ENCRYPTED) return diag_set(r->diag, PITH_E_UNSUPPORTED, "zip: %.*s is encrypted", n, m->name);
    if (e->method != METHOD_STORED && e->method != METHOD_DEFLATED)
        return diag_set(r->diag, PITH_E_UNSUPPORTED,
                        "zip: %.*s is compressed by method %u; only stored and deflated members are read", n, m->name,
                        e->method);
    if (e->method == METHOD_STORED && m->packed_bytes != m->n_bytes)
        return diag_set(r->diag, PITH_E_FORMAT, "zip: %.*s is stored, but %" PRIu64 " bytes become %" PRIu64, n,
                        m->name, m->packed_bytes, m->n_bytes);
    if (m->n_bytes / MOST_DEFLATED > m->packed_bytes)
        return diag_set(r->diag, PITH_E_FORMAT, "zip: %.*s: %" PRIu64 " bytes cannot become %" PRIu64, n, m->name,
                        m->packed_bytes, m->n_bytes);
    return PITH_OK;
}

/* Reads the member's own header, which must agree with the directory and be followed by the data. `limit` is where
 * the directory begins. */
static pith_status read_local(const reader *r, entry *e, uint64_t limit) {
    zip_member *m = &e->member, own = {0};
    int n = (int)(m->name_bytes < 100 ? m->name_bytes : 100);
    if (e->header > limit || limit - e->header < LOCAL_BYTES)
        return diag_set(r->diag, PITH_E_TRUNCATED, "zip: %.*s begins at %" PRIu64 ", past the members", n, m->name,
                        e->header);
    stream s;
    st_init(&s, r->data + e->header, (size_t)(limit - e->header), "zip member", (size_t)e->header, r->diag);
    if (st_u32le(&s, "signature") != LOCAL_SIGNATURE) st_fail(&s, PITH_E_FORMAT, "no member here");
    (void)st_u16le(&s, "version");
    uint16_t flags = st_u16le(&s, "flags"), method = st_u16le(&s, "method");
    (void)st_u32le(&s, "time");
    (void)st_u32le(&s, "CRC-32");
    uint64_t packed = st_u32le(&s, "packed size");
    own.n_bytes = st_u32le(&s, "size");
    own.name_bytes = st_u16le(&s, "name length");
    size_t n_extra = st_u16le(&s, "extra length");
    uint64_t *fields[] = {&own.n_bytes, &packed};
    pith_status status = read_texts(&s, &own, n_extra, fields, 2);
    if (status != PITH_OK) return status;

    bool sizes_follow = (flags & FLAG_SIZES_FOLLOW) && own.n_bytes == 0 && packed == 0;
    bool same_name = own.name_bytes == m->name_bytes && !memcmp(own.name, m->name, m->name_bytes);
    bool same_sizes = sizes_follow || (own.n_bytes == m->n_bytes && packed == m->packed_bytes);
    if (!same_name || !same_sizes || method != e->method || (flags & FLAG_ENCRYPTED))
        return diag_set(r->diag, PITH_E_FORMAT, "zip: the directory and the member's own header differ about %.*s", n,
                        m->name);
    if (m->packed_bytes > st_left(&s))
        return diag_set(r->diag, PITH_E_TRUNCATED, "zip: %.*s has %" PRIu64 " bytes, %zu are left", n, m->name,
                        m->packed_bytes, st_left(&s));
    m->data = r->data + e->header + s.position;
    m->is_deflated = method == METHOD_DEFLATED;
    e->end = e->header + s.position + m->packed_bytes;
    return PITH_OK;
}

/* ---- all members --------------------------------------------------------------------------- */

static int compare_names(const char *a, size_t a_bytes, const char *b, size_t b_bytes) {
    int order = memcmp(a, b, a_bytes < b_bytes ? a_bytes : b_bytes);
    return order ? order : (a_bytes > b_bytes) - (a_bytes < b_bytes);
}

static int by_name(const void *a, const void *b) {
    const zip_member *x = a, *y = b;
    return compare_names(x->name, x->name_bytes, y->name, y->name_bytes);
}

static int by_place(const void *a, const void *b) {
    const entry *x = a, *y = b;
    return (x->header > y->header) - (x->header < y->header);
}

/* Overlapping members would let a small file claim huge contents. */
static pith_status check_overlaps(const reader *r, entry *entries, size_t n) {
    qsort(entries, n, sizeof *entries, by_place);
    for (size_t i = 1; i < n; i++)
        if (entries[i].header < entries[i - 1].end)
            return diag_set(r->diag, PITH_E_FORMAT, "zip: member %.*s overlaps the one before it",
                            (int)(entries[i].member.name_bytes < 100 ? entries[i].member.name_bytes : 100),
                            entries[i].member.name);
    return PITH_OK;
}

static pith_status check_duplicates(const reader *r, const zip_member *members, size_t n) {
    for (size_t i = 1; i < n; i++)
        if (!by_name(&members[i - 1], &members[i]))
            return diag_set(r->diag, PITH_E_FORMAT, "zip: member %.*s occurs twice",
                            (int)(members[i].name_bytes < 100 ? members[i].name_bytes : 100), members[i].name);
    return PITH_OK;
}

static pith_status read_members(zip_file *zip, const reader *r, const directory *d) {
    pith_status status = PITH_OK;
    size_t n = (size_t)d->n_members;
    entry *entries = mem_alloc(r->alloc, n, sizeof *entries);
    zip->members = mem_alloc(r->alloc, n, sizeof *zip->members);
    if (!entries || !zip->members) {
        status = PITH_E_NOMEM;
        goto cleanup;
    }
    stream s;
    st_init(&s, r->data + d->begin, (size_t)d->n_bytes, "zip directory", (size_t)d->begin, r->diag);
    for (size_t i = 0; i < n; i++) {
        PITH_TRY(read_entry(&s, &entries[i]));
        PITH_TRY(check_entry(r, &entries[i]));
        PITH_TRY(read_local(r, &entries[i], d->begin));
    }
    PITH_TRY(check_overlaps(r, entries, n));
    for (size_t i = 0; i < n; i++) zip->members[i] = entries[i].member;
    zip->n_members = n;
    qsort(zip->members, n, sizeof *zip->members, by_name);
    PITH_TRY(check_duplicates(r, zip->members, n));

cleanup:
    mem_free(r->alloc, entries);
    return status;
}

pith_status zip_open(zip_file **out, const pith_alloc *alloc, const uint8_t *data, size_t n_bytes, pith_diag *diag) {
    pith_status status = PITH_OK;
    reader r = {data, n_bytes, alloc, diag};
    directory d = {0};
    *out = NULL;
    zip_file *zip = mem_alloc(alloc, 1, sizeof *zip);
    if (!zip) return PITH_E_NOMEM;
    if (alloc) zip->alloc = *alloc;
    PITH_TRY(read_end(&r, &d));
    PITH_TRY(read_members(zip, &r, &d));
    *out = zip;
    zip = NULL;

cleanup:
    zip_close(&zip);
    return status;
}

void zip_close(zip_file **zip) {
    if (!zip || !*zip) return;
    pith_alloc alloc = (*zip)->alloc;
    mem_free(&alloc, (*zip)->members);
    mem_free(&alloc, *zip);
    *zip = NULL;
}

const pith_alloc *zip_alloc(const zip_file *zip) { return &zip->alloc; }

size_t zip_count(const zip_file *zip) { return zip->n_members; }

const zip_member *zip_at(const zip_file *zip, size_t index) {
    return index < zip->n_members ? &zip->members[index] : NULL;
}

const zip_member *zip_find(const zip_file *zip, const char *name, size_t name_bytes) {
    const zip_member key = {.name = name, .name_bytes = name_bytes};
    return bsearch(&key, zip->members, zip->n_members, sizeof zip->members[0], by_name);
}
