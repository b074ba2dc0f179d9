/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Text from outside, made safe for a terminal. */
#ifndef PITH_TOOLS_MESSAGES_HARMLESS_H
#define PITH_TOOLS_MESSAGES_HARMLESS_H

/* Turns into question marks whatever could move the cursor, change colours or change the direction of writing: control
 * characters, also those of C1 in UTF-8, and bytes that are not UTF-8. */
void make_harmless(char *text);

#endif
