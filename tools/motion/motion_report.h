/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith motion info and compare: what is in a file, and how far it is from another. */
#ifndef PITH_TOOLS_MOTION_MOTION_REPORT_H
#define PITH_TOOLS_MOTION_MOTION_REPORT_H

#include "motion/motion_work.h"

cli_exit motion_info_files(const motion_request *r, char **paths, int n);
cli_exit motion_compare_files(const motion_request *r, const char *a, const char *b);

#endif
