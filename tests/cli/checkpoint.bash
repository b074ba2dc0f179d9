#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck disable=SC2154 # of common.bash
# Checkpoints of random weights in the real formats; sourced behind common.bash.
maker=$source_dir/../shared/sd/make_checkpoint.py
if ! [ -f "$maker" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    echo "NOT CHECKED: needs $maker, python3 and numpy"
    exit 77
fi
# checkpoint OPTION...: narrow ones, in seconds.
checkpoint() { /usr/bin/python3 "$maker" --seed 1 --vae-ch 32 --unet-ch 64 "$@" >/dev/null; }
