# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash
# The other codecs, by their own reference tools, each at its best setting whose
# file stays within a budget. Sourced by benches and scripts/demo.

# encode_NAME SETTING IN.png OUT, decode_NAME IN OUT (PPM or PNG by content);
# a larger setting, of 0 up to what range_of says, makes a larger file.
range_of() {
    case $1 in
        jpeg | webp) echo 100 ;;
        avif) echo 63 ;;
        jxl) echo 249 ;; # distances 25, the worst there is, to 0.1
    esac
}
encode_jpeg() { pngtopnm -quiet "$2" | cjpeg -quality "$1" -optimize -progressive -outfile "$3"; }
decode_jpeg() { djpeg -ppm -outfile "$2" "$1"; }
encode_webp() { cwebp -quiet -m 6 -q "$1" "$2" -o "$3"; }
decode_webp() { dwebp -quiet "$1" -o "$2"; }
encode_avif() { # avifenc 1.x calls these options deprecated
    avifenc -s 4 -j 1 --min $((63 - $1)) --max $((63 - $1)) "$2" "$3" >/dev/null 2> >(grep -v "are deprecated" >&2)
}
decode_avif() { avifdec -j 1 "$1" "$2.png" >/dev/null && mv -- "$2.png" "$2"; }
encode_jxl() { cjxl --quiet --num_threads=0 -e 7 -d "$(((250 - $1) / 10)).$(((250 - $1) % 10))" "$2" "$3" 2>/dev/null; }
decode_jxl() { djxl --quiet --num_threads=0 "$1" "$2.png" 2>/dev/null && mv -- "$2.png" "$2"; }

# plain_copies IN.png OUT: its pixels as OUT.ppm and OUT.png, without a profile, which avifenc would store.
plain_copies() { pngtopnm -quiet "$1" >"$2.ppm" 2>/dev/null && pnmtopng -quiet "$2.ppm" >"$2.png" 2>/dev/null; }
# as_netpbm FILE: what a decode_NAME wrote, on standard output.
as_netpbm() { case $(head -c 2 "$1") in P[1-7]) cat "$1" ;; *) pngtopnm -quiet "$1" ;; esac }

# best_under CODEC IN.png BYTES OUT [TRIES]: leaves the largest file of at most
# BYTES in OUT. Fails when even the lowest setting is larger: OUT then has that
# one. What was tried stays in the folder TRIES, for other BYTES of this picture.
best_under() {
    local codec=$1 in=$2 bytes=$3 out=$4 tries=${5:-} status=0 size least most low high middle round
    if [ -z "$tries" ]; then
        tries=$(mktemp -d)
        best_under "$codec" "$in" "$bytes" "$out" "$tries" || status=$?
        rm -rf -- "$tries"
        return $status
    fi
    least=$(size_at "$codec" 0 "$in" "$tries") || return 2
    if [ "$least" -gt "$bytes" ]; then
        cp -- "$tries/$codec-0" "$out"
        return 1
    fi
    low=0 high=$(($(range_of "$codec") + 1)) most=0
    for ((round = 1; high - low > 1; round++)); do # low fits, in `least` bytes; high does not, in `most` where known
        middle=$(awk -v low="$low" -v high="$high" -v least="$least" -v most="$most" -v bytes="$bytes" -v round="$round" '
            BEGIN {
                guess = (low + high) / 2
                if (most > 0 && round % 3) guess = low + (high - low) * log(bytes / least) / log(most / least)
                print int(guess <= low + 1 ? low + 1 : guess >= high - 1 ? high - 1 : guess)
            }')
        size=$(size_at "$codec" "$middle" "$in" "$tries") || return 2
        if [ "$size" -le "$bytes" ]; then low=$middle least=$size; else high=$middle most=$size; fi
    done
    cp -- "$tries/$codec-$low" "$out"
}
size_at() { # CODEC SETTING IN.png TRIES
    [ -f "$4/$1-$2" ] || "encode_$1" "$2" "$3" "$4/$1-$2" || return
    stat -c %s "$4/$1-$2"
}
