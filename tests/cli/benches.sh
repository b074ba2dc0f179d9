#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# A bench that has no pictures says in one line what to give it, and ends with 1.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

mkdir tree nothing
cp -r "$source_dir/bench" tree/ # a clone, without ../shared
export PITH=$pith

# needs NAME ARGUMENT...: the line and the status.
needs() {
    local name=$1 code=0
    shift
    "tree/bench/$name.sh" "$@" >.out 2>said || code=$?
    [ $code -eq 1 ] || fail "$name $*: status $code, $(cat said)"
    [ "$(wc -l <said)" -eq 1 ] || fail "$name $*: not one line: $(cat said)"
    [ ! -s .out ] || fail "$name $*: said something else: $(cat .out)"
    # A tool may be missing, too.
    grep -qE "^bench/$name.sh: there (are no pictures in .*; give some: bench/$name.sh .*|is no .* \(Debian: .*\))$" said ||
        fail "$name $*: $(cat said)"
}
for name in coder faces faithful forgeries large quality_steps text; do needs $name; done
for name in coder faces faithful forgeries quality_steps text; do needs $name nothing; done
needs large -p nothing 1
needs quality -c pith -o out some=nothing
