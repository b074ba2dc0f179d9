#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What it costs to share the cores with other work. Encodes in turn with one thread a core and with a single thread,
# first while a busy loop runs on every core, then without the loops. Fails if on busy cores the first median is more
# than 1.1 times the second.
#   bench/busy.sh [-n TIMES] PICTURE...      (default: 7 times each)
set -euo pipefail
export LC_ALL=C
times=7
while getopts n: option; do
    case $option in
        n) times=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || {
    echo "usage: bench/busy.sh [-n TIMES] PICTURE..." >&2
    exit 1
}
pith=${PITH:-$(cd "$(dirname "$0")/.." && pwd)/build/release/bin/pith}
work=$(mktemp -d "${TMPDIR:-/tmp}/pith-busy-XXXXXX")
loops=()
# shellcheck disable=SC2317 # the trap calls it
finish() {
    [ ${#loops[@]} -eq 0 ] || kill "${loops[@]}"
    rm -rf -- "$work"
}
trap finish EXIT

# seconds OPTION... PICTURE: of one encode.
seconds() {
    local start=$EPOCHREALTIME
    "$pith" encode "${@:1:$#-1}" "${@: -1}" "$work/out.pith" >/dev/null 2>&1 || exit
    awk "BEGIN {printf \"%.3f\\n\", $EPOCHREALTIME - $start}"
}

median() { sort -n "$1" | sed -n "$(((times + 1) / 2))p"; }

faults=0
# compare NAME: all pictures, in the present state of the machine.
compare() {
    local picture i all one
    for picture in "${pictures[@]}"; do
        : >"$work/all" && : >"$work/one"
        for ((i = 0; i < times; i++)); do
            seconds "$picture" >>"$work/all"
            seconds --threads 1 "$picture" >>"$work/one"
        done
        all=$(median "$work/all") one=$(median "$work/one")
        printf '%-8s %-40s %7.3f s, with one thread %7.3f s\n' "$1" "$(basename "$picture")" "$all" "$one"
        if [ "$1" = busy ] && awk "BEGIN {exit !($all > 1.1 * $one)}"; then
            echo "FAILED: threads waiting for busy cores cost more than they gain" >&2
            faults=1
        fi
    done
}

pictures=("$@")
for ((i = 0; i < $(nproc); i++)); do
    (while :; do :; done) &
    loops+=($!)
done
compare busy
kill "${loops[@]}"
loops=()
compare idle
exit $faults
