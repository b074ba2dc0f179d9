/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Distinct names for the outputs of many inputs, also on file systems that ignore case. */
#ifndef PITH_TOOLS_FILES_OUTPUT_NAMES_H
#define PITH_TOOLS_FILES_OUTPUT_NAMES_H

#include <stdbool.h>

typedef struct output_names output_names;

/* `folder`: where the outputs go; NULL: beside their inputs. Both texts are borrowed. NULL: out of memory. */
output_names *output_names_new(const char *folder, const char *ending, bool keep_extension);

/* A name for the output of `in`, freed with free(): in the folder, below `under` ("": none), at the path `below`; or
 * beside `in`. When the name is taken, the extension is kept (photo.png.pith) or else a number added, with a message;
 * *out is NULL, with a message, when `in` is a file that has its output already. False: out of memory. */
bool output_names_choose(char **out, output_names *names, const char *in, const char *under, const char *below);
/* The same for a name that depends on no other input: `given`, or if that is NULL, the first of those above, of which
 * no other is tried. *owner: the input that has it already, and then *out is NULL; NULL: none had. */
bool output_names_claim(char **out, const char **owner, output_names *names, const char *in, const char *given,
                        const char *below);
void output_names_free(output_names **names);

#endif
