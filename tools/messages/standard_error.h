/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Standard error is ours alone: libjxl and dav1d print to it what they think of
 * a damaged file, which would stand between our one line a fault. */
#ifndef PITH_TOOLS_MESSAGES_STANDARD_ERROR_H
#define PITH_TOOLS_MESSAGES_STANDARD_ERROR_H

/* In one piece, from any thread, also while it is hushed. */
void standard_error_write(const char *text);

/* A line that stays last on a terminal, under what is written; "" takes it away. */
void standard_error_status(const char *line);

/* Until the matching end nothing but standard_error_write gets through. Nests;
 * any thread may begin and end. */
void standard_error_hush(void);
void standard_error_hush_end(void);

#endif
