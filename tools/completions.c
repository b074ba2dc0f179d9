/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* Prints what makes a shell complete the command, from the option tables: a program of the build, not installed.
 *   pith-completions bash|zsh|fish */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"

/* ---- what the tables say ---------------------------------------------------------------- */

static bool is_short(const cli_option *o) { return o->code < CLI_LONG_ONLY; }
static bool is_optional(const cli_option *o) { return o->argument && o->argument[0] == '['; }

/* The words of "a|b", or "[=a|b]", with spaces between; "" when it is not such a list. */
static const char *choices_of(const cli_option *o, char *words, size_t n_bytes) {
    words[0] = '\0';
    if (!o->argument || !strchr(o->argument, '|')) return words;
    snprintf(words, n_bytes, "%s", o->argument + (is_optional(o) ? 2 : 0));
    for (char *c = words; *c; c++)
        if (*c == '|' || *c == ']') *c = *c == '|' ? ' ' : '\0';
    return words;
}
#define WORDS_BYTES 64

/* The argument names a file or a folder. */
static bool takes_file(const cli_option *o) {
    static const char *const names[] = {"MODEL", "PATH", "FILE", "ROOT", "OUT", "OUT.png", "OUT.html"};
    for (size_t i = 0; o->argument && i < sizeof names / sizeof names[0]; i++)
        if (strcmp(o->argument, names[i]) == 0) return true;
    return false;
}

/* The first words of "list | info MODEL...": what a command does is its first operand then. "" for other commands. */
#define ACTIONS_BYTES 256
static const char *actions_of(const cli_command *command, char *words, size_t n_bytes) {
    size_t n = 0;
    for (const char *at = strchr(command->arguments, ' '); at && n + 1 < n_bytes; at = strchr(at, '|')) {
        at += strspn(at, " |");
        size_t length = strcspn(at, " |");
        if (!islower((unsigned char)at[0]) || n + length + 2 > n_bytes) break;
        if (n > 0) words[n++] = ' ';
        memcpy(words + n, at, length);
        n += length;
    }
    words[n] = '\0';
    return words;
}

/* ---- bash --------------------------------------------------------------------------------- */

static void bash_words(const cli_command *command) {
    for (const cli_option *o = command->options; o->code; o++) {
        if (is_short(o)) printf("-%c ", o->code);
        printf("--%s ", o->name);
    }
}

/* Lines of a case for the words that may follow an option. An optional value follows an equals sign only. */
static void bash_values(const cli_command *command) {
    char words[WORDS_BYTES];
    for (const cli_option *o = command->options; o->code; o++) {
        if (!o->argument) continue;
        printf("        %s:--%s", command->name, o->name);
        if (is_short(o) && !is_optional(o)) printf(" | %s:-%c", command->name, o->code);
        printf(")%s words='%s' is_value=%s is_file=%s ;;\n", is_optional(o) ? " [ \"$glued\" ] &&" : "",
               choices_of(o, words, sizeof words), "yes", takes_file(o) ? "yes" : "");
    }
}

static void print_bash(void) {
    char words[ACTIONS_BYTES];
    printf("# bash completion for pith; made from the tables of its options.\n"
           "_pith() {\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} option=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}\n"
           "    local glued='' words='' is_value='' is_file='' first=2 i\n"
           "    COMPREPLY=()\n"
           "    if [ \"$cur\" = '=' ]; then\n" /* bash takes --a=b for three words */
           "        glued=yes cur=''\n"
           "    elif [ \"$option\" = '=' ]; then\n"
           "        glued=yes option=${COMP_WORDS[COMP_CWORD - 2]}\n"
           "    fi\n"
           "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W 'help --help --version");
    for (size_t i = 0; i < N_COMMANDS; i++) printf(" %s", commands[i]->name);
    printf("' -- \"$cur\")\n"
           "        return\n"
           "    fi\n"
           "    case $command:$option in\n");
    for (size_t i = 0; i < N_COMMANDS; i++) bash_values(commands[i]);
    printf("    esac\n"
           "    if [ \"$is_file\" ]; then\n"
           "        compopt -o default 2>/dev/null\n"
           "        return\n"
           "    fi\n"
           "    if [ \"$is_value\" ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "        return\n"
           "    fi\n"
           "    for ((i = 2; i < COMP_CWORD; i++)); do\n"
           "        case ${COMP_WORDS[i]} in\n"
           "            --) cur=./ ;;\n" /* no option from here on */
           "            -*) [ $i -ne $first ] || first=$((first + 1)) ;;\n"
           "        esac\n"
           "    done\n"
           "    case $command in\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        printf("        %s)\n            case $cur in -*) words='", commands[i]->name);
        bash_words(commands[i]);
        printf("' ;; esac\n");
        if (actions_of(commands[i], words, sizeof words)[0])
            printf("            [ \"$words\" ] || [ \"$COMP_CWORD\" -ne $first ] || words='%s'\n", words);
        printf("            ;;\n");
    }
    printf("        help) [ \"$COMP_CWORD\" -ne 2 ] || words='");
    for (size_t i = 0; i < N_COMMANDS; i++) printf("%s ", commands[i]->name);
    printf("' ;;\n"
           "    esac\n"
           "    if [ \"$words\" ]; then\n"
           "        mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$cur\")\n"
           "    else\n"
           "        compopt -o default 2>/dev/null\n"
           "    fi\n"
           "}\n"
           "complete -F _pith pith\n");
}

/* ---- zsh ---------------------------------------------------------------------------------- */

/* Inside '...' of a specification of _arguments or a list of _describe. */
static void zsh_text(const char *text) {
    for (; *text; text++) {
        if (strchr("[]:\\", *text)) putchar('\\');
        if (*text == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*text);
    }
}

static void zsh_option(const cli_option *o) {
    char words[WORDS_BYTES];
    const char *tie = !o->argument ? "" : is_optional(o) ? "=-" : "=";
    printf("                ");
    if (is_short(o))
        printf("'(-%c --%s)'{-%c%s,--%s%s}", o->code, o->name, o->code,
               is_optional(o) ? "-"
               : o->argument  ? "+"
                              : "",
               o->name, tie);
    if (!is_short(o)) printf("--%s%s", o->name, tie);
    printf("'[");
    zsh_text(o->help);
    printf("]");
    if (o->argument) {
        printf("%s", is_optional(o) ? "::" : ":");
        zsh_text(o->name);
        printf(":");
        if (choices_of(o, words, sizeof words)[0])
            printf("(%s)", words);
        else if (takes_file(o))
            printf("_files");
    }
    printf("' \\\n");
}

static void print_zsh(void) {
    char words[ACTIONS_BYTES];
    printf("#compdef pith\n"
           "# zsh completion for pith; made from the tables of its options.\n"
           "_pith() {\n"
           "    local curcontext=$curcontext context state line ret=1\n"
           "    local -a commands=(\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        printf("        '%s:", commands[i]->name);
        zsh_text(commands[i]->summary);
        printf("'\n");
    }
    printf("    )\n"
           "    _arguments -C '(- *)'{-h,--help}'[show the commands]' '(- *)'{-V,--version}'[show the version]' \\\n"
           "        '1:command:->command' '*::argument:->argument' && ret=0\n"
           "    case $state in\n"
           "        command) _describe command commands && ret=0 ;;\n"
           "        argument) case $words[1] in\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        printf("            %s) _arguments -s -S \\\n", commands[i]->name);
        for (const cli_option *o = commands[i]->options; o->code; o++) zsh_option(o);
        if (actions_of(commands[i], words, sizeof words)[0]) printf("                '1:action:(%s)' \\\n", words);
        printf("                '*:file:_files' && ret=0 ;;\n");
    }
    printf("            help) _describe command commands && ret=0 ;;\n"
           "        esac ;;\n"
           "    esac\n"
           "    return ret\n"
           "}\n"
           "_pith \"$@\"\n");
}

/* ---- fish --------------------------------------------------------------------------------- */

/* Inside '...' of fish. */
static void fish_text(const char *text) {
    for (; *text; text++) {
        if (*text == '\'' || *text == '\\') putchar('\\');
        putchar(*text);
    }
}

static void fish_option(const cli_command *command, const cli_option *o) {
    char words[WORDS_BYTES];
    printf("complete -c pith -n '__pith_command %s' -l %s", command->name, o->name);
    if (is_short(o)) printf(" -s %c", o->code);
    if (choices_of(o, words, sizeof words)[0])
        printf(" %s -a '%s'", is_optional(o) ? "-f" : "-x", words);
    else if (takes_file(o))
        printf(" -r -F");
    else if (o->argument && !is_optional(o))
        printf(" -x");
    printf(" -d '");
    fish_text(o->help);
    printf("'\n");
}

static void print_fish(void) {
    char words[ACTIONS_BYTES];
    printf("# fish completion for pith; made from the tables of its options.\n"
           "function __pith_command -d 'the command is this one, or there is none yet'\n"
           "    set -l words (commandline -opc)\n"
           "    test \"$words[2]\" = \"$argv[1]\"\n"
           "end\n"
           "complete -c pith -n __pith_command -f\n"
           "complete -c pith -n __pith_command -a help -d 'show how a command is used'\n"
           "complete -c pith -n __pith_command -s h -l help -d 'show the commands'\n"
           "complete -c pith -n __pith_command -s V -l version -d 'show the version'\n");
    for (size_t i = 0; i < N_COMMANDS; i++) {
        const cli_command *command = commands[i];
        printf("complete -c pith -n __pith_command -a %s -d '", command->name);
        fish_text(command->summary);
        printf("'\ncomplete -c pith -n '__pith_command help' -f -a %s\n", command->name);
        for (const cli_option *o = command->options; o->code; o++) fish_option(command, o);
        if (actions_of(command, words, sizeof words)[0])
            printf("complete -c pith -n '__pith_command %s; and not __fish_seen_subcommand_from %s' -a "
                   "'%s'\n",
                   command->name, words, words);
    }
}

int main(int argc, char **argv) {
    const char *shell = argc == 2 ? argv[1] : "";
    if (strcmp(shell, "bash") == 0)
        print_bash();
    else if (strcmp(shell, "zsh") == 0)
        print_zsh();
    else if (strcmp(shell, "fish") == 0)
        print_fish();
    else
        return cli_fail(CLI_USAGE, NULL, "pith-completions bash|zsh|fish");
    return fflush(stdout) == 0 && !ferror(stdout) ? CLI_DONE : CLI_OUTPUT;
}
