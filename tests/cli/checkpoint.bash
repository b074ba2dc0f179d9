#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck disable=SC2154 # of common.bash
# Checkpoints of random weights in the real formats; sourced behind common.bash.
maker=$(dirname "$pith")/pith-checkpoint
# checkpoint OPTION...: narrow ones, in seconds.
checkpoint() { "$maker" "$@" || fail "pith-checkpoint $*"; }
