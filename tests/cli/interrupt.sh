#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Ended by a signal in the middle: status 130, no half file, the old one stays.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 1000 800 | cat >part.ppm
{ printf 'P6\n1000 8000\n255\n'; for _ in 1 2 3 4 5 6 7 8 9 10; do tail -c 2400000 part.ppm; done; } >in.ppm
mkdir out
echo old >out/a.pith
set +m
for signal in TERM INT HUP; do
    # env --default-signal: a background job of a script ignores SIGINT.
    env --default-signal=INT,HUP "$pith" encode --threads 1 --backend ref in.ppm out/a.pith 2>said &
    process=$!
    for _ in $(seq 200); do
        [ -n "$(find out -name '.pith-*')" ] && break
        sleep 0.05
    done
    [ -n "$(find out -name '.pith-*')" ] || fail "SIG$signal: no temporary file was seen"
    kill -s $signal $process
    code=0
    wait $process || code=$?
    [ $code -eq 130 ] || fail "SIG$signal: status $code, $(cat said)"
    { [ "$(ls -A out)" = a.pith ] && [ "$(cat out/a.pith)" = old ]; } || fail "SIG$signal left $(ls -A out)"
done
