/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* pith motion: character animation to .pithm files and back. */
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"
#include "motion/motion_report.h"
#include "motion/motion_work.h"

static const cli_option options[] = {
    {'o', "output", "OUT", "the file to write, or the folder for many files"},
    {CLI_ERROR, "error", "LENGTH", "encode, compare: the largest error of any joint at any sample (default 0.01cm)"},
    {CLI_SHELL, "shell", "LENGTH", "encode, compare: measured this far from the joint (default 3cm)"},
    {CLI_JOINT, "joint", "NAME=LENGTH",
     "encode, compare: another error for joints of this name; * and ? stand for any letters"},
    {CLI_UNIT, "unit", "LENGTH", "what one unit of a BVH file is, such as 1cm or 5.644cm (default: guessed)"},
    {CLI_EFFORT, "effort", "N", "encode: 0 (fast) to 3 (small)"},
    {CLI_TOGETHER, "together", NULL, "encode: all INs, of one skeleton, into one file"},
    {CLI_RANGE, "range", "FROM:TO", "decode: only this part, in seconds"},
    {CLI_BOUND_LEVEL, "bound", NULL, "compare: check B against its promise, or --error; status 5 if it fails"},
    {CLI_HTML, "html", "OUT.html",
     "compare: write a page on which both skeletons move, with the error of each joint over time"},
    CLI_OPTION_JSON,
    CLI_OPTION_FORCE,
    CLI_OPTION_QUIET,
    CLI_OPTION_THREADS,
    CLI_OPTION_LIMIT,
    CLI_OPTION_HELP,
    {0},
};

static bool parse_range(motion_range *range, const char *text) {
    char from[32], *end;
    const char *colon = strchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof from) return false;
    memcpy(from, text, (size_t)(colon - text));
    from[colon - text] = '\0';
    if (from[0] && !cli_parse_number(&range->from, from, 0, 1e9)) return false;
    range->to = colon[1] ? strtod(colon + 1, &end) : 0;
    return colon[1] == '\0' || (*end == '\0' && range->to > range->from);
}

static bool take_number(double *v, const char *text, const cli_command *command, const char *name, cli_exit *code) {
    if (!motion_parse_length(v, text))
        *code = cli_usage(command, "--%s takes a length such as 0.1mm or 1cm, not \"%s\"", name, text);
    return *code == CLI_DONE;
}

static cli_exit take_option(motion_request *r, const cli_command *command, int option, const char *argument) {
    cli_exit code = CLI_DONE;
    double effort;
    if (option == 'o') r->output = argument;
    if (option == CLI_ERROR && take_number(&r->options.error, argument, command, "error", &code)) r->has_error = true;
    if (option == CLI_SHELL) (void)take_number(&r->options.shell, argument, command, "shell", &code);
    if (option == CLI_UNIT) (void)take_number(&r->unit_cm, argument, command, "unit", &code);
    if (option == CLI_TOGETHER) r->together = true;
    if (option == CLI_BOUND_LEVEL) r->check_bound = true;
    if (option == CLI_JSON) r->as_json = true;
    if (option == CLI_HTML) r->html = argument;
    if (option == CLI_QUIET) cli_be_quiet();
    if (option == CLI_EFFORT) {
        if (!cli_parse_number(&effort, argument, 0, 3) || effort != (double)(int)effort)
            return cli_usage(command, "--effort takes 0 to 3, not \"%s\"", argument);
        r->options.effort = (int)effort;
    }
    if (option == CLI_RANGE && !parse_range(&r->range, argument))
        return cli_usage(command, "--range takes FROM:TO in seconds, not \"%s\"", argument);
    if (option == CLI_JOINT) {
        const char *equals = strrchr(argument, '=');
        if (r->n_joint_rules == MOTION_MAX_RULES)
            return cli_usage(command, "--joint more than %d times", MOTION_MAX_RULES);
        if (!equals || equals == argument || !motion_parse_length(&r->joint_rules[r->n_joint_rules].error, equals + 1))
            return cli_usage(command, "--joint takes NAME=LENGTH such as 'Hand*=0.1mm', not \"%s\"", argument);
        r->joint_rules[r->n_joint_rules].pattern = argument;
        r->joint_rules[r->n_joint_rules++].n_pattern = (size_t)(equals - argument);
    }
    if (code == CLI_DONE) (void)cli_take_setup(&r->setup, command, option, argument, &code);
    return code;
}

static int run(const cli_command *command, int argc, char **argv) {
    motion_request r = {.options = {.struct_size = sizeof r.options}};
    const char *argument;
    (void)!pith_motion_options_defaults(&r.options, sizeof r.options);
    for (int option; (option = cli_next_option(command, argc, argv, &argument)) != 0;) {
        if (option < 0) return CLI_USAGE;
        if (option == CLI_HELP) return cli_show_help(command);
        cli_exit code = take_option(&r, command, option, argument);
        if (code != CLI_DONE) return (int)code;
    }
    const char *what = optind < argc ? argv[optind] : "";
    char **operands = argv + optind + 1;
    int n = argc - optind - 1;
    bool encode = strcmp(what, "encode") == 0, decode = strcmp(what, "decode") == 0;
    if (encode || decode) {
        if (n == 0) return cli_usage(command, "%s: which file?", what);
        if (r.check_bound) return cli_usage(command, "--bound is for compare");
        if (encode && (r.range.from > 0 || r.range.to > 0)) return cli_usage(command, "--range is for decode");
        if (r.together && (!encode || !r.output)) return cli_usage(command, "--together is for encode, and needs -o");
        return (int)(encode ? motion_encode_files(&r, operands, n) : motion_decode_files(&r, operands, n));
    }
    if (r.output) return cli_usage(command, "-o is for encode and decode");
    if (r.html && strcmp(what, "compare") != 0) return cli_usage(command, "--html is for compare");
    if (strcmp(what, "info") == 0) {
        if (n == 0) return cli_usage(command, "info: which file?");
        return (int)motion_info_files(&r, operands, n);
    }
    if (strcmp(what, "compare") == 0) {
        if (n != 2) return cli_usage(command, "compare: two files are needed");
        return (int)motion_compare_files(&r, operands[0], operands[1]);
    }
    return cli_usage(command, "\"encode\", \"decode\", \"info\" or \"compare\" is needed");
}

const cli_command cli_motion = {
    "motion", "[OPTION...] encode IN... | decode IN... | info FILE... | compare A B",
    "Character animation (BVH, GLB) to .pithm files and back, every joint within a bound that is checked.", options,
    run};
