#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What bash, zsh and fish offer is what --help says: every option, the words of its value, and files.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

made=${PITH_BUILD_DIR:-$source_dir/build/release}/completions
[ -d "$made" ] || { echo "SKIPPED: this build has no completions" && exit 77; }
mapfile -t commands < <("$pith" --help | sed -n 's/^  \([a-z]*\) .*/\1/p')
[ "${#commands[@]}" -ge 5 ] || fail "pith --help shows ${#commands[@]} commands"
touch a.pith

options_of() { "$pith" "$1" --help | sed -n 's/^  \(-.,\)\{0,1\} *\(--[a-z-]*\).*/\2/p' | sort; }
letters_of() { "$pith" "$1" --help | sed -n 's/^  \(-.\), --.*/\1/p' | sort; }
# The words that --help shows for an option's value: 8|16 as two lines.
values_of() { "$pith" "$1" --help | sed -nE "s/^.*$2(=| |\[=)([a-z0-9|]+\|[a-z0-9|]+).*/\2/p" | tr '|' '\n' | sort; }

# bash WORD...: what bash offers for the last of them.
# shellcheck disable=SC2016 # expanded by the inner bash
in_bash() {
    bash --norc -c 'source "$1"; shift; COMP_WORDS=(pith "$@"); COMP_CWORD=$#; _pith; printf "%s\n" "${COMPREPLY[@]}"' \
        _ "$made/bash/pith" "$@" 2>said | sort
    [ ! -s said ] || fail "bash said: $(cat said)"
}
expect() { # NAME WORD...: the lines of `got` are the words, in any order
    local name=$1
    shift
    printf '%s\n' "$@" | sort | diff - got || fail "$name"
}

in_bash '' >got
expect "the commands" --help --version help "${commands[@]}"
in_bash en >got
expect "one command" encode
for command in "${commands[@]}"; do
    options_of "$command" >options
    [ "$(wc -l <options)" -ge 3 ] || fail "$command --help shows $(wc -l <options) options"
    in_bash "$command" -- | diff options - || fail "bash: the options of $command"
    in_bash "$command" - | grep -x -e '-.' | diff <(letters_of "$command") - || fail "bash: the letters of $command"
    while read -r option; do
        values_of "$command" "$option" >values
        in_bash "$command" "$option" = '' | sed '/^$/d' | diff values - || fail "bash: the values of $command $option="
    done <options
done
in_bash encode --size 5k --qual >got
expect "an option after others" --quality
in_bash decode --depth '' >got
expect "a value" 16 8
in_bash decode a.pith --depth 1 >got
expect "a begun value" 16
in_bash encode --faithful = s >got
expect "an optional value" strict
in_bash encode --faithful '' >got
expect "no optional value without an equals sign" ''
in_bash model '' >got
expect "the actions of model" list info verify convert
in_bash model -v v >got
expect "an action after an option" verify
in_bash help d >got
expect "the command to help with" decode
in_bash encode -- - >got
expect "no option after --" ''

if command -v fish >/dev/null; then
    in_fish() { HOME=$work XDG_DATA_HOME=$work XDG_CONFIG_HOME=$work fish --no-config -c "source $made/fish/pith.fish; complete -C 'pith $1'" | cut -f 1 | sort; }
    in_fish '' >got
    expect "fish: the commands" help "${commands[@]}"
    for command in "${commands[@]}"; do
        in_fish "$command --" | sed 's/=$//' | sort -u | diff <(options_of "$command") - || fail "fish: the options of $command"
    done
    in_fish "model verify --" | diff <(options_of model) - || fail "fish: the options of model, after what it is to do"
    in_fish 'decode --depth ' >got
    expect "fish: a value" 16 8
    in_fish 'encode --faithful=' >got
    expect "fish: an optional value" --faithful=loose --faithful=normal --faithful=strict
    in_fish 'decode a' >got
    expect "fish: a file" a.pith
else
    echo "SKIPPED: fish is not installed"
fi

# zsh completes only at a terminal, of which zpty makes one. What goes through compadd is what it offers.
if command -v zsh >/dev/null; then
    mkdir functions
    cp "$made/zsh/_pith" functions
    cat >start.zsh <<'START'
fpath=($PWD/functions $fpath); autoload -U compinit; compinit -u -D
compadd() {
    [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]] || {
        local -a hits
        builtin compadd -A hits "$@"
        print -rl -- $hits >>offered
    }
    builtin compadd "$@"
}
finish() { zle -I; print END-OF-"TEST" }
zle -C offer list-choices _main_complete
zle -N finish
bindkey '^X' offer
bindkey '^E' finish
echo BEGIN-OF-""TEST
START
    cat >try.zsh <<'TRY'
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "source ./start.zsh"
zpty -r -m shell line '*BEGIN-OF-TEST*'
zpty -w -n shell "$1"$'\C-x\C-e'
zpty -r -m shell line '*END-OF-TEST*'
zpty -d shell
TRY
    in_zsh() {
        : >offered
        timeout 60 zsh -f try.zsh "pith $1" || fail "zsh does not end: pith $1"
        sed "/^$/d" offered | sort -u
    }
    in_zsh '' >got
    expect "zsh: the commands" "${commands[@]}"
    for command in "${commands[@]}"; do
        in_zsh "$command --" | diff <(options_of "$command") - || fail "zsh: the options of $command"
    done
    in_zsh 'decode --depth=' >got
    expect "zsh: a value" 16 8
    in_zsh 'encode --faithful=' >got
    expect "zsh: an optional value" loose normal strict
    in_zsh 'model ' >got
    expect "zsh: the actions of model" list info verify convert
else
    echo "SKIPPED: zsh is not installed"
fi
