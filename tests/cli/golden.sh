#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The readers that were written from doc/ alone decode every golden file to its
# symbols, and refuse every invalid file for the reason that the list gives;
# file(1), where it is installed, knows a .pith file by doc/pith.magic.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
reference=$source_dir/tests/reference golden=$source_dir/tests/golden invalid=$source_dir/tests/invalid

if command -v file >/dev/null; then
    for name in "$golden"/*.pith; do
        [ "$(file -b -m "$source_dir/doc/pith.magic" "$name")" = "Pith image data, version 1.0" ] ||
            fail "file(1): $(file -m "$source_dir/doc/pith.magic" "$name")"
        [ "$(file -b --mime-type -m "$source_dir/doc/pith.magic" "$name")" = image/x-pith ] || fail "file(1): mime type"
    done
    ppm 16 16 >other.ppm
    file -b -m "$source_dir/doc/pith.magic" other.ppm | grep -q Pith && fail "file(1): a PPM is taken for a .pith file"
else
    echo "NOT CHECKED: doc/pith.magic (file(1) is not installed)"
fi

"$PITH_BUILD_DIR/bin/pith-exact" "$golden"/*.pith >exact.txt || fail "pith-exact: $(cat exact.txt)"
diff "$golden/exact.txt" exact.txt || fail "not the bits that the golden files always had"
"$PITH_BUILD_DIR/bin/pith-figures" | diff "$golden/figures.txt" - || fail "the encoder's figures have other bits"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second reader with" >&2
    exit 77
fi

python3 "$reference/golden_symbols.py" "$golden"/*.pith >symbols.txt || fail "a golden file is refused"
diff "$golden/symbols.txt" symbols.txt || fail "the second reader finds other symbols"

# The library's core finds the same symbols, opacities, metadata, residual and colours.
for name in "$golden"/*.pith; do
    name=${name##*/}
    second=$(awk -v n="$name" '$1 == n {print $2, $3, $5, $6, $7}' symbols.txt)
    first=$(awk -v n="$name" '$1 == n {print $3, $7, $9, $11, $13}' exact.txt)
    [ "$first" = "$second" ] || fail "$name: $first, by the second reader $second"
done

# What needs the model is not the second reader's; the rest has the kind in its message.
code=0
python3 "$reference/golden_symbols.py" "$invalid"/*.pith >good.txt 2>said || code=$?
[ $code -eq 1 ] || fail "status $code for invalid files"
n=0
while read -r name kind _; do
    [ "$name" != '#' ] || continue
    said=$(grep "/$name: " said || true)
    case $kind in
        model) ;;
        ok) grep -q "^$name " good.txt || fail "$name is refused: $said" ;;
        *) [[ $said =~ :\ $kind:\  ]] || fail "$name is not refused as $kind: $said" ;;
    esac
    n=$((n + 1))
done <"$invalid/list.txt"
[ $n -ge 90 ] || fail "only $n invalid files"
