/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* --strip and --keep: which metadata to keep with a picture. */
#ifndef PITH_TOOLS_METADATA_CHOICE_H
#define PITH_TOOLS_METADATA_CHOICE_H

#include "cli/cli.h"
#include "imageio/imageio.h"

#define METADATA_OPTIONS                                                                                               \
    {CLI_STRIP, "strip", "[=LIST]",                                                                                    \
     "leave metadata out: of gps, exif, xmp, icc or all (the default); without a profile, colours become sRGB"},       \
    {                                                                                                                  \
        CLI_KEEP, "keep", "LIST", "keep these metadata and no others: of exif, xmp, icc, or all"                       \
    }

typedef struct metadata_choice {
    unsigned stripped, kept; /* bit sets, private to metadata_choice.c */
} metadata_choice;

/* True if the option was one of these; sets `*code` if its list is invalid. */
bool metadata_take_option(metadata_choice *choice, const cli_command *command, int option, const char *argument,
                          cli_exit *code);
/* To be called after the last option: CLI_USAGE if the options contradict each other. */
cli_exit metadata_check(const metadata_choice *choice, const cli_command *command);

/* If the profile is not kept, colours must be converted to sRGB. */
bool metadata_keeps_profile(const metadata_choice *choice);
image_metadata_wish metadata_wish(const metadata_choice *choice);
/* True if the user named what to keep: none of it may be left out to save bytes. */
bool metadata_insists(const metadata_choice *choice);

#endif
