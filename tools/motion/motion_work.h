/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith motion encode and decode: files in, files out. */
#ifndef PITH_TOOLS_MOTION_MOTION_WORK_H
#define PITH_TOOLS_MOTION_MOTION_WORK_H

#include "motion/motion_load.h"

#define MOTION_MAX_RULES 64

typedef struct joint_rule {
    const char *pattern; /* n_pattern characters, with * and ? */
    size_t n_pattern;
    double error; /* cm */
} joint_rule;

typedef struct motion_request {
    cli_setup setup;
    pith_motion_options options;
    bool has_error; /* --error was given */
    joint_rule joint_rules[MOTION_MAX_RULES];
    size_t n_joint_rules;
    double unit_cm; /* 0: guess */
    motion_range range;
    const char *output;
    const char *html; /* NULL: no page */
    bool together, as_json, check_bound;
} motion_request;

/* Each IN to OUT: the last operand if it is a .pithm file that is not there yet or one of ours, -o, or beside IN. */
cli_exit motion_encode_files(const motion_request *r, char **operands, int n);
cli_exit motion_decode_files(const motion_request *r, char **operands, int n);

/* Gives the joints that --joint names their errors. */
cli_exit motion_apply_rules(const motion_request *r, motion_loaded *m, const char *path);

#endif
