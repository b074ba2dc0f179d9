#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Every picture format that is read: by its content, from a pipe as from a file.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

n=0 absent=()
for file in "$source_dir"/fuzz/corpus/image/*; do
    name=${file##*/}
    cp "$file" "wrong.ending"
    code=0
    "$pith" encode "wrong.ending" "$name.pith" 2>said || code=$?
    if [ $code -ne 0 ] && grep -q "this pith was built without" said; then
        absent+=("$name")
        continue
    fi
    [ $code -eq 0 ] || fail "$name: $(cat said)"
    # shellcheck disable=SC2002 # a pipe is what this is about
    cat "$file" | "$pith" encode - piped.pith 2>/dev/null || fail "$name: not from a pipe"
    cmp "$name.pith" piped.pith || fail "$name: another picture from a pipe"
    "$pith" encode - piped.pith <"$file" 2>/dev/null
    cmp "$name.pith" piped.pith || fail "$name: another picture from standard input"
    n=$((n + 1))
done
[ ${#absent[@]} -eq 0 ] || echo "built without: ${absent[*]}"
[ $n -ge 10 ] || fail "only $n formats"

# Written are Netpbm's two kinds: PAM keeps alpha.
printf 'P7\nWIDTH 2\nHEIGHT 1\nDEPTH 4\nMAXVAL 255\nTUPLTYPE RGB_ALPHA\nENDHDR\n\001\002\003\000\012\024\036\377' >in.pam
ok "$pith" encode in.pam a.pith
ok "$pith" decode a.pith out.pam
[ "$(sed -n 6p out.pam)" = "TUPLTYPE RGB_ALPHA" ] || fail "PAM without alpha"
"$pith" decode --format pam a.pith - | cmp - out.pam || fail "--format pam"
