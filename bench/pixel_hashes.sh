#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# One file, one picture: photos are encoded here to 5000 bytes and at quality 75 (with a residual), and decoded by
# every instruction set, number of threads, tile size, compiler and machine there is. Prints a row for each: how many
# pictures, and the SHA-256 of the list of all their hashes. Ends with 1 if a row differs.
#   bench/pixel_hashes.sh [-n N] PICTURE...
#     -n N  how many of the pictures the emulated machines decode (default 3): they are some 30 times as slow; the
#           first row is then given for these alone too
# Machines are taken from build/platforms, where scripts/check-platforms has built for them.
set -euo pipefail
export LC_ALL=C NODE_PATH=/usr/share/nodejs
root=$(cd "$(dirname "$0")/.." && pwd)
few=3
while getopts n: option; do
    case $option in
        n) few=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { echo "usage: bench/pixel_hashes.sh [-n N] PICTURE..., such as ../shared/images/kodak/*.png" >&2 && exit 1; }
pith=$root/build/release/bin/pith
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
i=0
for picture in "$@"; do
    i=$((i + 1))
    name=$(printf %03d $i)
    "$pith" encode --quiet -s 5000 "$picture" "$work/$name-size.pith"
    "$pith" encode --quiet -q 75 "$picture" "$work/$name-quality.pith"
done
mapfile -t all < <(cd "$work" && ls -- *.pith)
some=("${all[@]:0:2*few}")
cd "$work"

declare -A first
row() { # NAME SET HASH-LINES
    local n hash
    n=$(wc -l <<<"$3")
    hash=$(awk '{print $1}' <<<"$3" | sha256sum | cut -c 1-16)
    printf '%-28s %3d %s\n' "$1" "$n" "$hash"
    : "${first[$2]:=$hash}"
    [ "$hash" = "${first[$2]}" ] || different=true
}
different=false options=()
by() { # NAME SET COMMAND...: every file by a command, with $options
    local name=$1 set=$2 files=("${all[@]}") lines
    shift 2
    [ "$set" = all ] || files=("${some[@]}")
    lines=$(for file in "${files[@]}"; do
        "$@" decode "${options[@]}" --quiet --print-hash --force --format ppm "$file" /dev/null || exit 1
    done) || { echo "$name: fails" && different=true && return; }
    row "$name" "$set" "$lines"
}
with() { # NAME OPTION...
    options=("${@:2}")
    by "$1" all "$pith"
    options=()
}
with "here"
for set in v4 v3 v2 base; do
    if "$pith" decode --backend exact-$set --quiet --force "${all[0]}" /dev/null --format ppm 2>/dev/null; then
        with "x86-64 $set" --backend exact-$set
    fi
done
for threads in 1 2 7; do with "$threads threads" --threads $threads; done
with "tiles (--memory 64M)" --memory 64M

for compiler in gcc clang; do
    for level in 1 3; do
        folder=$root/build/hashes/$compiler-O$level
        if ! { cmake -S "$root" -B "$folder" -DCMAKE_C_COMPILER=$compiler -DPITH_ONEDNN=OFF -DCMAKE_BUILD_TYPE=None \
            -DCMAKE_C_FLAGS="-O$level -DNDEBUG" && cmake --build "$folder" --target pith; } >"$work/log" 2>&1; then
            echo "$compiler -O$level: does not build" && different=true && continue
        fi
        by "$compiler -O$level" all "$folder/bin/pith"
    done
done

platforms=$root/build/platforms
by "here, the first $few" some "$pith"
for machine in aarch64:arm64 s390x:s390x; do
    name=${machine%:*}
    [ ! -x "$platforms/$name/bin/pith" ] ||
        by "$name (qemu)" some "qemu-$name" -L "$platforms/root-${machine#*:}" "$platforms/$name/bin/pith"
done
if [ -e "$platforms/wasm/bin/pith-decode.js" ]; then
    quiet=()
    node --no-experimental-fetch -e 0 2>/dev/null && quiet=(--no-experimental-fetch)
    lines=$(node "${quiet[@]}" "$platforms/wasm/bin/pith-decode.js" --hash "${some[@]}") || different=true
    row "WebAssembly (node)" some "$lines"
fi
! $different || { echo "pixel_hashes: not one column" && exit 1; }
