/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "metadata_choice.h"

#include <string.h>

enum { EXIF = 1, XMP = 2, ICC = 4, GPS = 8, ALL = EXIF | XMP | ICC };

/* Parses comma-separated words; 0 if one is unknown. */
static unsigned parse_list(const char *list, bool with_gps) {
    static const struct {
        const char *name;
        unsigned bits;
    } words[] = {{"exif", EXIF}, {"xmp", XMP}, {"icc", ICC}, {"all", ALL}, {"gps", GPS}};
    unsigned bits = 0;
    for (const char *at = list;; at++) {
        size_t n = strcspn(at, ","), i = 0, n_words = sizeof words / sizeof *words - !with_gps;
        while (i < n_words && (strlen(words[i].name) != n || memcmp(words[i].name, at, n) != 0)) i++;
        if (i == n_words) return 0;
        bits |= words[i].bits;
        at += n;
        if (*at == '\0') return bits;
    }
}

bool metadata_take_option(metadata_choice *choice, const cli_command *command, int option, const char *argument,
                          cli_exit *code) {
    if (option == CLI_STRIP) {
        unsigned bits = argument ? parse_list(argument, true) : ALL;
        choice->stripped |= bits;
        if (!bits) *code = cli_usage(command, "--strip takes gps, exif, xmp, icc and all, not \"%s\"", argument);
    } else if (option == CLI_KEEP) {
        unsigned bits = parse_list(argument, false);
        choice->kept |= bits;
        if (!bits) *code = cli_usage(command, "--keep takes exif, xmp, icc and all, not \"%s\"", argument);
    } else {
        return false;
    }
    return true;
}

cli_exit metadata_check(const metadata_choice *choice, const cli_command *command) {
    /* "--strip=all --keep=icc" strips all others. */
    unsigned stripped = (choice->stripped & ALL) == ALL ? 0 : choice->stripped;
    if (stripped & choice->kept) return cli_usage(command, "--strip and --keep contradict each other");
    return CLI_DONE;
}

/* Kept kinds among exif, xmp and icc. */
static unsigned kept(const metadata_choice *c) { return c->kept ? c->kept : ALL & ~c->stripped; }

bool metadata_keeps_profile(const metadata_choice *c) { return kept(c) & ICC; }

image_metadata_wish metadata_wish(const metadata_choice *c) {
    return (image_metadata_wish){
        .strip_exif = !(kept(c) & EXIF), .strip_xmp = !(kept(c) & XMP), .strip_gps = (c->stripped & GPS) != 0};
}

bool metadata_insists(const metadata_choice *c) { return c->kept != 0; }
