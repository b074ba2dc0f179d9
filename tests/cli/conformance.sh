#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# What 1.0 promised (doc/versioning.md): the files of the conformance set give the pixels that they always gave, and
# neither they nor the models they need have changed.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
set=$source_dir/tests/conformance
unset PITH_MODELS

(cd "$source_dir" && sha256sum --quiet -c tests/conformance/models.txt) || fail "a model of a release has changed"
(cd "$set" && sha256sum --quiet -c files.txt) || fail "a file of the conformance set has changed"
for path in "$set"/*.pith; do
    name=${path##*/}
    grep -q " $name\$" "$set/pixels.txt" || fail "$name has no row in pixels.txt"
    grep -q " $name\$" "$set/files.txt" || fail "$name has no row in files.txt"
done
for path in "$source_dir"/models/*.safetensors; do
    grep -q " models/${path##*/}\$" "$set/models.txt" || fail "$path has no row in models.txt"
done

"$source_dir/scripts/check-conformance" "$pith" || fail "not the pixels of the conformance set"
# By other instruction sets too; under the sanitizers test_nn_vec compares them.
for engine in exact-base exact-v2 exact-v3; do
    ! grep -q fsanitize "${PITH_BUILD_DIR:-$source_dir/build/release}/CMakeCache.txt" || break
    "$pith" decode --backend $engine -o x.pam --force --format pam "$set/eight.pith" 2>said ||
        { grep -q "no network engine" said && continue; }
    "$source_dir/scripts/check-conformance" -b $engine "$pith" || fail "$engine: not the pixels of the conformance set"
done

# A changed row is noticed.
cp -r "$set" "$work/set"
mkdir -p tree/tests tree/scripts
mv set tree/tests/conformance
cp "$source_dir/scripts/check-conformance" tree/scripts/
sed -i '/ eight.pith/!d; s/^./x/' tree/tests/conformance/pixels.txt
if tree/scripts/check-conformance "$pith" >said; then fail "another hash is not noticed"; fi
grep -q "not the pixels" said || fail "what it says of another hash: $(cat said)"
