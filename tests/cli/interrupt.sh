#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Ended by a signal in the middle: status 128 + the signal's number, no half file, the old one stays.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 1000 800 | cat >part.ppm
{ printf 'P6\n1000 8000\n255\n'; for _ in 1 2 3 4 5 6 7 8 9 10; do tail -c 2400000 part.ppm; done; } >in.ppm
mkdir out
old_pith out/a.pith
set +m
for signal in TERM INT HUP; do
    # env --default-signal: a background job of a script ignores SIGINT.
    env --default-signal=INT,HUP "$pith" encode --threads 1 --backend ref in.ppm out/a.pith 2>said &
    process=$!
    wait_until_written $process out 1
    kill -s $signal $process
    code=0
    wait $process || code=$?
    [ $code -eq $((128 + $(kill -l $signal))) ] || fail "SIG$signal: status $code, $(cat said)"
    { [ "$(ls -A out)" = a.pith ] && is_old out/a.pith; } || fail "SIG$signal left $(ls -A out)"
done
