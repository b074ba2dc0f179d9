#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# A program that was copied elsewhere has its model inside, or says what to do.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
build=$(dirname "$(dirname "$pith")")

mkdir alone
cp "$pith" alone/pith
ppm 40 30 >in.ppm
unset PITH_MODELS
missing="no built-in model, such as mini-5.safetensors, is in .*$XDG_DATA_HOME/pith/models: put it there, or set PITH_MODELS"
if [ "$(alone/pith model list | wc -l)" -eq 1 ]; then
    alone/pith model list | grep -q "^mini-[0-9]* .* :built-in " || fail "model list: $(alone/pith model list)"
    ok alone/pith encode in.ppm a.pith
    ok alone/pith decode a.pith a.ppm
    ok alone/pith encode -m :built-in in.ppm b.pith
    cmp a.pith b.pith
    ok "$pith" decode a.pith b.ppm # the file that lies beside this one is the same
    cmp a.ppm b.ppm
else
    refuses 3 "$missing" alone/pith encode in.ppm no.pith
    refuses 3 "built without a model" alone/pith encode -m :built-in in.ppm no.pith
fi
refuses 3 ".*nosuch: " "$pith" encode -m ./nosuch in.ppm no.pith

# On the shared library, which has none.
cp "$build/examples/example_roundtrip" alone/
export LD_LIBRARY_PATH=$build
if alone/example_roundtrip 2>said; then
    echo "NOT CHECKED: the shared library has the model inside"
else
    grep -q "^$missing" said || fail "a copied program says: $(cat said)"
    PITH_MODELS=$work/models alone/example_roundtrip >said || fail "$(cat said)"
    mkdir -p "$XDG_DATA_HOME/pith/models"
    cp models/mini.safetensors "$XDG_DATA_HOME/pith/models/"
    alone/example_roundtrip >said 2>&1 || fail "$(cat said)"
    : >"$XDG_DATA_HOME/pith/models/mini.safetensors"
    alone/example_roundtrip 2>said && fail "an empty model"
    grep -q "^$XDG_DATA_HOME/pith/models/mini.safetensors: is empty" said || fail "$(cat said)"
fi
ls no.* >/dev/null 2>&1 && fail "left behind: $(ls)"
nothing_left
