/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Standard error is for our messages only, one line per fault: libjxl and dav1d would print there what they think of a
 * damaged file. */
#ifndef PITH_TOOLS_MESSAGES_STANDARD_ERROR_H
#define PITH_TOOLS_MESSAGES_STANDARD_ERROR_H

/* Writes in one piece, from any thread, also while it is hushed. */
void standard_error_write(const char *text);

/* A line that stays last on a terminal, below what is written; "" removes it. */
void standard_error_status(const char *line);

/* Until the matching end nothing but standard_error_write gets through. Nests;
 * any thread may begin and end. */
void standard_error_hush(void);
void standard_error_hush_end(void);

#endif
