/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
#include "files/operands.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "files/folder_walk.h"
#include "files/list_file.h"
#include "files/output_file.h"
#include "files/output_names.h"

/* ---- what a name is ------------------------------------------------------------------ */

static bool is_there(const char *path) {
    struct stat facts;
    return strcmp(path, "-") != 0 && stat(path, &facts) == 0;
}

static bool is_folder(const char *path) {
    struct stat facts;
    return stat(path, &facts) == 0 && S_ISDIR(facts.st_mode);
}

/* Standard output, a device or a pipe. */
static bool is_stream(const char *path) {
    struct stat facts;
    return strcmp(path, "-") == 0 || output_is_handle(path) ||
           (stat(path, &facts) == 0 && !S_ISDIR(facts.st_mode) && !S_ISREG(facts.st_mode));
}

static bool kind_goes_in(file_kind kind, const operand_rules *rules) {
    return rules->encodes ? file_kind_is_picture(kind) : kind == FILE_PITH;
}

/* Whether it is a kind that the command makes. */
static bool is_made(file_kind kind, const operand_rules *rules) {
    return rules->encodes ? kind == FILE_PITH : file_kind_is_picture(kind);
}

static bool is_called_like_out(const char *path, const operand_rules *rules) {
    return is_made(file_kind_of_name(path), rules);
}

bool operand_is_input(const char *path, const operand_rules *rules) {
    const file_kind found = file_kind_of_content(path);
    if (kind_goes_in(found, rules)) return true;
    /* A damaged picture can still be told by its name. */
    return kind_goes_in(file_kind_of_name(path), rules) && !(rules->encodes && found == FILE_PITH);
}

cli_exit operand_check(const char *in, const operand_rules *rules) {
    if (strcmp(in, "-") == 0) return CLI_DONE;
    if (is_folder(in)) return cli_fail(CLI_INPUT, in, "is a folder; -r takes what is in it");
    const file_kind found = file_kind_of_content(in);
    if (!is_made(found, rules)) return CLI_DONE;
    return cli_fail(CLI_INPUT, in, rules->encodes ? "is %s already" : "is %s, not a .pith file", file_kind_text(found));
}

/* The last of two operands. Anything that could be an IN is one: `encode *.jpg` in a
 * folder of two photos must not replace one of them. */
static bool is_out(const char *path, const operand_rules *rules) {
    if (is_stream(path) || is_called_like_out(path, rules)) return true;
    return is_there(path) ? !operand_is_input(path, rules) : !kind_goes_in(file_kind_of_name(path), rules);
}

/* ---- the list -------------------------------------------------------------------------- */

static operand *add(operand_list *list, const char *in) {
    if (list->n_items == list->capacity) {
        const size_t capacity = list->capacity ? 2 * list->capacity : 16;
        operand *grown = realloc(list->items, capacity * sizeof *grown);
        if (!grown) return NULL;
        list->items = grown;
        list->capacity = capacity;
    }
    operand *item = &list->items[list->n_items];
    *item = (operand){.in = strdup(in)};
    if (!item->in) return NULL;
    list->n_items++;
    return item;
}

void operands_free(operand_list *list) {
    for (size_t i = 0; i < list->n_items; i++) {
        free(list->items[i].in);
        free(list->items[i].out);
    }
    free(list->items);
    *list = (operand_list){0};
}

static cli_exit out_of_memory(void) { return cli_fail(CLI_OUTPUT, NULL, "out of memory"); }

/* One IN, with an OUT of that name. */
static cli_exit name_one(operand_list *list, const char *in, const char *out) {
    if (cli_same_file(in, out)) return cli_fail(CLI_USAGE, out, "is the input; it would be overwritten");
    operand *item = add(list, in);
    if (!item) return out_of_memory();
    item->is_named = true;
    item->out = strdup(out);
    return item->out ? CLI_DONE : out_of_memory();
}

/* ---- many ------------------------------------------------------------------------------- */

/* The state of a walk through folders. */
typedef struct reading {
    operand_list *list;
    const operand_options *options;
    const operand_rules *rules;
    output_names *names;
    const char *under; /* the subfolder of the output folder that a walk's files go into; "": none */
    size_t n_faults;   /* of a list */
    bool failed;       /* out of memory */
} reading;

static bool take(reading *r, const char *path, const char *below) {
    char *out = NULL;
    const bool is_unfit = is_folder(path) || is_made(file_kind_of_content(path), r->rules);
    r->failed = !is_unfit && !output_names_choose(&out, r->names, path, r->under, below);
    if (r->failed || (!out && !is_unfit)) return !r->failed; /* the same file again */
    operand *item = add(r->list, path);
    if (item)
        item->out = out;
    else
        free(out);
    r->failed = !item;
    return item != NULL;
}

static bool take_found(void *user, const char *path, const char *below) {
    reading *r = user;
    if (operand_is_input(path, r->rules)) return take(r, path, below);
    r->list->n_left_out++;
    if (r->options->verbose) cli_say(path, "is not a %s: left out", r->rules->encodes ? "picture" : ".pith file");
    return true;
}

/* The last name of a folder's path; "" of ".", ".." and "/". */
static char *folder_name(const char *path) {
    char *copy = strdup(path);
    if (!copy) return NULL;
    for (size_t n = strlen(copy); n > 0 && copy[n - 1] == '/'; n--) copy[n - 1] = '\0';
    const char *name = cli_name_of(copy);
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0) name = "";
    memmove(copy, name, strlen(name) + 1);
    return copy;
}

/* With -r, several folders keep their names below OUT; the contents of a single one go into OUT itself. */
static void take_folder(reading *r, const char *path, bool is_only) {
    char *under = is_only || !r->list->folder ? strdup("") : folder_name(path);
    r->failed = !under;
    r->under = under;
    if (under) {
        const cli_exit code = folder_walk(path, r->list->folder, take_found, r);
        if (code > r->list->code) r->list->code = code;
    }
    r->under = "";
    free(under);
}

/* The part of a path below a folder; NULL, with a message, where it is not below it. */
static const char *below_tree(const char *path, const char *tree) {
    size_t n = strlen(tree);
    while (n > 0 && tree[n - 1] == '/') n--;
    const char *rest = path + n;
    if (strncmp(path, tree, n) == 0 && *rest == '/') {
        while (*rest == '/') rest++;
        /* What climbs out of the tree would climb out of the output folder. */
        if (*rest && strncmp(rest, "../", 3) != 0 && !strstr(rest, "/../")) return rest;
    }
    cli_fail(CLI_USAGE, path, "is not below %s, which --keep-tree names", tree);
    return NULL;
}

/* A file that stands alone, not in a folder of -r. False at the end. */
static bool take_file(reading *r, const char *path) {
    const char *tree = r->options->tree, *below = tree ? below_tree(path, tree) : cli_name_of(path);
    if (below) return take(r, path, below);
    if (r->list->code < CLI_USAGE) r->list->code = CLI_USAGE;
    return true;
}

#define MOST_FAULTS 20 /* of a list that are told */

/* An item with the OUT that was listed or that follows from its own name alone, so that no part of the list and no
 * order gives it another. No file is looked at: a list may have millions, of which this run takes a part. */
static bool take_listed(void *user, const char *in, const char *listed) {
    reading *r = user;
    const char *owner = NULL, *tree = r->options->tree;
    char *out = NULL;
    if (strcmp(in, "-") == 0 || (listed && strcmp(listed, "-") == 0)) {
        cli_fail(CLI_USAGE, in, "a list has no names for standard input and output");
        return ++r->n_faults < MOST_FAULTS;
    }
    const char *below = listed || !tree ? cli_name_of(in) : below_tree(in, tree);
    if (!below) return ++r->n_faults < MOST_FAULTS;
    r->failed = !output_names_claim(&out, &owner, r->names, in, listed, below);
    if (r->failed) return false;
    if (owner && strcmp(in, owner) == 0) {
        cli_say(in, "is listed again: left out");
        return true;
    }
    if (owner) {
        cli_fail(CLI_USAGE, in, "and %s would become one file%s", owner,
                 tree || listed ? "" : ": --keep-tree keeps folders apart, and a line may give an OUT");
        return ++r->n_faults < MOST_FAULTS;
    }
    operand *item = add(r->list, in);
    r->failed = !item;
    if (!item) {
        free(out);
        return false;
    }
    item->is_named = listed != NULL;
    item->out = out;
    return true;
}

/* A list that is wrong is refused before anything is done. */
static cli_exit read_list(reading *r) {
    const cli_exit code = list_file_read(r->options->list, r->options->null_ended, take_listed, r);
    if (code != CLI_DONE || r->n_faults == 0) return code;
    return cli_fail(CLI_USAGE, r->options->list, "nothing was done%s",
                    r->n_faults < MOST_FAULTS ? "" : ", and the rest of the list was not looked at");
}

/* Keeps the part of the list that is asked for. */
static void keep_part(operand_list *list, const operand_options *options) {
    size_t n_kept = 0;
    for (size_t i = 0; i < list->n_items; i++) {
        operand *item = &list->items[i];
        if (list_file_part(item->in, options->n_parts) == options->part) {
            list->items[n_kept++] = *item;
        } else {
            free(item->in);
            free(item->out);
        }
    }
    list->n_items = n_kept;
}

static cli_exit read_many(operand_list *list, const operand_options *options, const operand_rules *rules,
                          char **operands, int n_operands) {
    /* a.jpg and a.png must not become one file, whatever else the list has. */
    const bool keep = options->keep_extension || (options->list && rules->encodes);
    output_names *names = output_names_new(list->folder, rules->ending, keep);
    reading r = {.list = list, .options = options, .rules = rules, .names = names, .under = "", .failed = !names};
    for (int i = 0; i < n_operands && !r.failed; i++)
        if (options->recursive && is_folder(operands[i]))
            take_folder(&r, operands[i], n_operands == 1);
        else
            take_file(&r, operands[i]);
    const cli_exit code = r.failed || !options->list ? CLI_DONE : read_list(&r);
    output_names_free(&names);
    return r.failed ? out_of_memory() : code;
}

/* ---- the grammar --------------------------------------------------------------------------- */

/* Whether -o OUT is a file: its name says so, or it is one already. */
static bool output_is_file(const char *output, const operand_rules *rules) {
    const size_t n = strlen(output);
    if (output[n - 1] == '/' || is_folder(output)) return false;
    return is_stream(output) || is_called_like_out(output, rules) || file_kind_of_name(output) != FILE_UNKNOWN ||
           is_there(output);
}

static cli_exit read_with_output(operand_list *list, const cli_command *command, const operand_options *options,
                                 const operand_rules *rules, char **operands, int n_operands) {
    if (options->output[0] == '\0') return cli_usage(command, "-o needs a name");
    const bool from_folder = n_operands > 0 && options->recursive && is_folder(operands[0]);
    if (output_is_file(options->output, rules)) {
        if (n_operands == 1 && !from_folder && !options->list) return name_one(list, operands[0], options->output);
        return cli_fail(CLI_USAGE, options->output, "is not a folder, which -o needs for more than one IN");
    }
    for (int i = 0; i < n_operands; i++)
        if (strcmp(operands[i], "-") == 0)
            return cli_usage(command, "standard input has no name: -o takes a file then");
    list->folder = options->output;
    list->is_many = true;
    return read_many(list, options, rules, operands, n_operands);
}

static cli_exit read_operands(operand_list *list, const cli_command *command, const operand_options *options,
                              const operand_rules *rules, char **operands, int n_operands) {
    if (n_operands == 0 && !options->list) return cli_usage(command, "an IN is needed");
    if (n_operands > 0 && options->list)
        return cli_usage(command, "--files-from names the INs: none are typed beside it");
    if (options->null_ended && !options->list) return cli_usage(command, "-0 goes with --files-from");
    if (options->tree && !options->output) return cli_usage(command, "--keep-tree goes with -o FOLDER");
    if (options->output) return read_with_output(list, command, options, rules, operands, n_operands);
    if (options->list) {
        list->is_many = true;
        return read_many(list, options, rules, operands, 0);
    }
    const char *last = operands[n_operands - 1];
    if (n_operands == 1 && strcmp(last, "-") == 0) return name_one(list, "-", "-");
    if (n_operands == 2 && !options->recursive) {
        if (is_folder(last))
            return cli_fail(CLI_OUTPUT, last, "cannot write: is a folder; -o writes into it, -r reads what is in it");
        if (is_out(last, rules) || cli_same_file(operands[0], last)) return name_one(list, operands[0], last);
    }
    if (n_operands > 2 && is_called_like_out(last, rules) && !is_there(last))
        return cli_usage(command, "\"%s\" cannot be the OUT of %d INs: -o takes a folder", last, n_operands - 1);
    for (int i = 0; i < n_operands; i++)
        if (strcmp(operands[i], "-") == 0) return cli_usage(command, "\"-\" goes with one IN and one OUT");
    list->is_many = n_operands > 1 || options->recursive;
    return read_many(list, options, rules, operands, n_operands);
}

cli_exit operands_read(operand_list *list, const cli_command *command, const operand_options *options,
                       const operand_rules *rules, char **operands, int n_operands) {
    *list = (operand_list){0};
    const cli_exit code = read_operands(list, command, options, rules, operands, n_operands);
    if (code == CLI_DONE && options->n_parts > 0 && !list->is_many)
        return cli_usage(command, "--slice is for many files");
    if (code == CLI_DONE && options->n_parts > 0) keep_part(list, options);
    return code;
}
