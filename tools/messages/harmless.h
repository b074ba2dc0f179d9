/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text from outside, made fit for a terminal. */
#ifndef PITH_TOOLS_MESSAGES_HARMLESS_H
#define PITH_TOOLS_MESSAGES_HARMLESS_H

/* Whatever would move a terminal's cursor, colour it or turn the direction of writing becomes question marks: control
 * characters, of C1 in UTF-8 too, and bytes that are not UTF-8. */
void make_harmless(char *text);

#endif
