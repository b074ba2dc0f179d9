# shellcheck shell=bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# How a bench ends when it lacks something: one line that says what to give it, and
# the exit status 1. Sourced.

# no_pictures FOLDER ARGUMENTS: there are none in FOLDER; ARGUMENTS are what the bench takes instead.
no_pictures() {
    echo "bench/$(basename "$0"): there are no pictures in $1; give some: bench/$(basename "$0") $2" >&2
    exit 1
}

# not_here WHAT PACKAGES: WHAT is missing; Debian's PACKAGES have it.
not_here() {
    echo "bench/$(basename "$0"): there is no $1 (Debian: $2)" >&2
    exit 1
}
