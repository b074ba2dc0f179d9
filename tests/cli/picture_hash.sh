#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The hash of the decoded picture: what --with-hash keeps, decode compares and
# fails by, and prints; and that it is what anyone finds who hashes the samples.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"
differs="the decoded picture is not the one that was encoded"

# warns PATTERN COMMAND...: ends with 0, and one line is a warning that matches.
warns() {
    local pattern=$1 code=0
    shift
    "$@" 2>.said || code=$?
    [ $code -eq 0 ] || fail "status $code: $* -- $(cat .said)"
    [ "$(grep -cE "^pith: .*: warning: .*($pattern)" .said)" -eq 1 ] || fail "no warning: $* -- $(cat .said)"
    [ "$(wc -l <.said)" -eq 1 ] || fail "not one line: $* -- $(cat .said)"
}
u32() { # NUMBER...: little endian
    local n
    for n in "$@"; do
        # shellcheck disable=SC2059 # the format is the bytes
        printf "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x' $((n & 255)) $((n >> 8 & 255)) $((n >> 16 & 255)) $((n >> 24)))"
    done
}

grainy 150 140 >in.ppm
ok "$pith" encode --with-hash in.ppm a.pith
ok "$pith" encode in.ppm without.pith
ok "$pith" encode --with-hash --faithful -q 80 in.ppm b.pith
cmp <(head -c -14 a.pith) without.pith || fail "the rest of the file is another"
{ head -c -14 a.pith && tail -c 14 b.pith; } >other.pith # its hash is of another picture

# Equal: nothing is said.
ok "$pith" decode a.pith a.ppm
ok "$pith" decode --check a.pith checked.ppm
cmp a.ppm checked.ppm
ok "$pith" decode --check b.pith b.ppm

# What is hashed.
ok "$pith" decode --print-hash a.pith a.ppm >line
hash=$({ u32 150 140 3 8 && tail -c $((150 * 140 * 3)) a.ppm; } | sha256sum | cut -d' ' -f1)
[ "$(cat line)" = "$hash  a.pith" ] || fail "printed $(cat line), hashed by hand $hash"
ok "$pith" decode --print-hash --format pam - /dev/null <a.pith >line
[ "$(cat line)" = "$hash  -" ] || fail "printed $(cat line) of standard input"
ok "$pith" decode --print-hash a.pith a.jpg >line
[ "$(cat line)" = "$hash  a.pith" ] || fail "the hash depends on the format that is written"
ok "$pith" decode --print-hash --region 70x31+8+9 a.pith part.ppm >line
part=$({ u32 70 31 3 8 && tail -c $((70 * 31 * 3)) part.ppm; } | sha256sum | cut -d' ' -f1)
[ "$(cat line)" = "$part  a.pith" ] || fail "of a part printed $(cat line), hashed by hand $part"
mkdir out
ok "$pith" decode --quiet --print-hash a.pith b.pith -o out >lines
[ "$(grep -c "^[0-9a-f]\{64\}  [ab].pith$" lines)" -eq 2 ] || fail "of two files printed $(cat lines)"
grep -qx "$hash  a.pith" lines || fail "another hash in a batch: $(cat lines)"

# 16 bits, low byte first; Netpbm has the high byte first.
{ printf 'P5\n40 30\n65535\n' && head -c 2400 a.ppm; } >deep.pgm
ok "$pith" encode --with-hash -e 0 deep.pgm deep.pith
ok "$pith" decode --print-hash deep.pith deep_out.pgm >line
deep=$({ u32 40 30 1 16 && tail -c 2400 deep_out.pgm | dd conv=swab status=none; } | sha256sum | cut -d' ' -f1)
[ "$(cat line)" = "$deep  deep.pith" ] || fail "of 16 bits printed $(cat line), hashed by hand $deep"
ok "$pith" decode --depth 8 deep.pith deep_out.pgm # not the picture of the hash
refuses 1 "samples of 16 bits" "$pith" decode --check --depth 8 deep.pith deep_out.pgm

# info.
"$pith" info a.pith | grep -qx "  hash      ${hash:0:16}, of the decoded picture" || fail "info: $("$pith" info a.pith)"
"$pith" info --json a.pith | grep -q "\"picture_hash\": \"${hash:0:16}\"" || fail "info --json shows no hash"
"$pith" info without.pith | grep -q hash && fail "info shows a hash where there is none"
"$pith" info --json without.pith | grep -q '"picture_hash": null' || fail "info --json without a hash"

# Different: a warning and the picture, or with --check an error and none.
warns "$differs.*${hash:0:16}" "$pith" decode other.pith out.ppm
cmp out.ppm a.ppm
rm out.ppm
refuses 5 "other.pith: $differs" "$pith" decode --check other.pith out.ppm
[ ! -e out.ppm ] || fail "--check failed and wrote a picture"
ok "$pith" decode --quiet other.pith out.ppm
code=0
"$pith" decode --check a.pith other.pith b.pith -o out2 2>.said || code=$?
[ $code -eq 5 ] || fail "status $code of a batch with a picture that differs"
{ [ -e out2/a.png ] && [ -e out2/b.png ] && [ ! -e out2/other.png ]; } || fail "of a batch $(ls out2) was written"

# Other pictures than the hash's are not compared, and --check says so.
for option in "--region 20x20" --preview --no-residual "--steps 0" --tolerate "--depth 16"; do
    # shellcheck disable=SC2086 # two words
    ok "$pith" decode $option other.pith out.ppm
    # shellcheck disable=SC2086
    refuses 1 "is of the whole picture" "$pith" decode $option --check other.pith out.ppm
done
refuses 2 "without.pith: has no hash" "$pith" decode --check without.pith none.ppm
[ ! -e none.ppm ] || fail "--check of a file without a hash wrote a picture"

# A hash of one's own: of any file, and of parts.
ok "$pith" decode --check="$hash" without.pith out.ppm
ok "$pith" decode --check="${hash:0:16}" without.pith out.ppm
ok "$pith" decode --check="$(tr a-f A-F <<<"${hash:0:33}")" without.pith out.ppm
ok "$pith" decode --check="$part" --region 70x31+8+9 without.pith out.ppm
rm out.ppm
refuses 5 "without.pith: .*not the one of --check: its hash is $hash" \
    "$pith" decode --check="$part" without.pith out.ppm
last=${hash: -1}
refuses 5 "its hash is" "$pith" decode --check="${hash:0:63}$([ "$last" = 0 ] && echo 1 || echo 0)" without.pith out.ppm
[ ! -e out.ppm ] || fail "--check=HASH failed and wrote a picture"
for wrong in "" 123456789012345 "${hash}0" "${hash:0:20}g"; do
    refuses 1 "16 to 64 hex digits" "$pith" decode --check="$wrong" a.pith out.ppm
done
refuses 1 "for one picture" "$pith" decode --check="$hash" a.pith b.pith -o out
refuses 1 "where the picture would go" "$pith" decode --print-hash a.pith -

# The engine whose arithmetic is the same finds the same; another one has nothing to compare.
ok "$pith" decode --backend ref --check a.pith ref.ppm
cmp ref.ppm a.ppm
if "$pith" decode --backend onednn without.pith onednn.ppm 2>.said; then
    ok "$pith" decode --backend onednn other.pith onednn.ppm
    refuses 1 "differ from machine to machine" "$pith" decode --backend onednn --check a.pith onednn.ppm
    refuses 1 "the same on every machine" "$pith" encode --backend onednn --with-hash in.ppm onednn.pith
else
    echo "NOT CHECKED: the engine onednn ($(cat .said))"
fi

# --size includes it.
ok "$pith" encode --with-hash -s 900 in.ppm small.pith
[ "$(wc -c <small.pith)" -le 900 ] || fail "larger than --size"
ok "$pith" decode --check small.pith out.ppm
# What is lossless has one too, and no need of a model.
ok "$pith" encode --with-hash --lossless in.ppm exact.pith
ok "$pith" decode --check --print-hash exact.pith exact.ppm >line
cmp exact.ppm in.ppm
exact=$({ u32 150 140 3 8 && tail -c $((150 * 140 * 3)) in.ppm; } | sha256sum | cut -d' ' -f1)
[ "$(cat line)" = "$exact  exact.pith" ] || fail "of an exact picture printed $(cat line), hashed by hand $exact"
