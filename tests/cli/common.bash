#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck disable=SC2034 # the variables are for the scripts
# What the tests of the command share; sourced, not run. Each works in an empty
# folder of its own, with tests/data's tiny model in the place of the built-in.
set -euo pipefail
export LC_ALL=C OMP_WAIT_POLICY=passive # threads that spin while they wait are slow where tests run side by side
source_dir=${PITH_SOURCE_DIR:-$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)}
pith=${PITH_BUILD_DIR:-$source_dir/build/release}/bin/pith
work=$(mktemp -d "${TMPDIR:-/tmp}/pith-cli-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
cd "$work"
mkdir models
cp "$source_dir/tests/data/mini_tiny.safetensors" models/mini.safetensors
export PITH_MODELS=$work/models XDG_DATA_HOME=$work/no-such-folder
export HOME=$work/no-home XDG_CACHE_HOME=$work/cache
unset HF_HOME

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# ok COMMAND...: ends with 0 and says nothing on standard error.
ok() {
    local code=0
    "$@" 2>"$work/.said" || code=$?
    [ "$code" -eq 0 ] || fail "status $code: $* -- $(cat "$work/.said")"
    [ ! -s "$work/.said" ] || fail "said something: $* -- $(cat "$work/.said")"
}

# refuses STATUS PATTERN COMMAND...: ends with that status and one line on
# standard error, "pith: " and what the extended regular expression matches;
# nothing on standard output, and no temporary file anywhere.
refuses() {
    local status=$1 pattern=$2 code=0
    shift 2
    "$@" >"$work/.out" 2>"$work/.said" || code=$?
    [ "$code" -eq "$status" ] || fail "status $code, not $status: $* -- $(cat "$work/.said")"
    [ "$(wc -l <"$work/.said")" -eq 1 ] || fail "not one line: $* -- $(cat "$work/.said")"
    grep -qE "^pith: .*($pattern)" "$work/.said" || fail "\"$pattern\" not said: $* -- $(cat "$work/.said")"
    [ ! -s "$work/.out" ] || fail "wrote to standard output: $*"
    nothing_left
}

# wait_for PROCESS COMMAND...: until the command succeeds, however slow the machine is; false when the process has ended
# before.
wait_for() {
    local process=$1
    shift
    until "$@"; do
        kill -0 "$process" 2>/dev/null || return 1
        sleep 0.05
    done
}

# No temporary file of ours in the work folder or below.
nothing_left() {
    local left
    left=$(find "$work" -name '.pith-*')
    [ -z "$left" ] || fail "left behind: $left"
}

# What was there before: begins as a .pith file does.
old_pith() { printf '\xf0PIT old' >"$1"; }
is_old() { [ "$(tail -c 3 "$1")" = old ] && [ "$(wc -c <"$1")" -eq 8 ]; }

# being_written PROCESS FOLDER: how many files in it the process has open that have no name yet, or one for the time
# being only.
being_written() {
    local n=0 to
    for handle in /proc/"$1"/fd/*; do
        to=$(readlink "$handle" 2>/dev/null) || continue
        [[ $to == "$work/$2/#"* || $to == "$work/$2/.pith-"* ]] && n=$((n + 1))
    done
    echo $n
}

# wait_until_written PROCESS FOLDER N: until so many are.
wait_until_written() {
    for _ in $(seq 400); do
        [ "$(being_written "$1" "$2")" -eq "$3" ] && return
        sleep 0.05
    done
    fail "no $3 files were being written: $(ls -l "/proc/$1/fd" 2>&1)"
}

# ppm WIDTH HEIGHT: a colour picture to standard output.
ppm() {
    printf 'P6\n%d %d\n255\n' "$1" "$2"
    awk -v w="$1" -v h="$2" 'BEGIN {for (y = 0; y < h; y++) for (x = 0; x < w; x++)
        printf "%c%c%c", 33 + (x * 2 + y) % 90, 33 + (x + y * 3) % 90, 33 + (x * y) % 90}'
}

# grainy WIDTH HEIGHT: the same, of shades with noise. From 130x130 on it is coded as photos are: it is not drawn, and an
# exact file of it is larger.
grainy() {
    printf 'P6\n%d %d\n255\n' "$1" "$2"
    awk -v w="$1" -v h="$2" 'function noise() {return (s = s * 16807 % 2147483647) % 40}
        BEGIN {s = 1; for (y = 0; y < h; y++) for (x = 0; x < w; x++)
            printf "%c%c%c", 33 + x * 50 / w + noise(), 33 + y * 50 / h + noise(), 83 - x * 50 / w + noise()}'
}

# size_of FILE: "WIDTHxHEIGHT" of a .pith file.
size_of() { "$pith" info "$1" | awk '$1 == "picture" {sub(",", "", $2); print $2}'; }
