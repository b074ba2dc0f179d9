# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# shellcheck shell=bash
# The rivals, each at its best setting whose file is not above a budget, by
# their own reference tools. Sourced by bench/kodak.sh and scripts/demo.

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
encode_avif() { avifenc -s 4 -j 1 --min $((63 - $1)) --max $((63 - $1)) "$2" "$3" >/dev/null; }
decode_avif() { avifdec -j 1 "$1" "$2.png" >/dev/null && mv -- "$2.png" "$2"; }
encode_jxl() { cjxl --quiet --num_threads=0 -e 7 -d "$(((250 - $1) / 10)).$(((250 - $1) % 10))" "$2" "$3" 2>/dev/null; }
decode_jxl() { djxl --quiet --num_threads=0 "$1" "$2.png" 2>/dev/null && mv -- "$2.png" "$2"; }

# best_under CODEC IN.png BYTES OUT: leaves the largest file of at most BYTES in
# OUT. Fails when even the lowest setting is larger: OUT then has that one.
best_under() {
    local codec=$1 in=$2 bytes=$3 out=$4 low=0 high middle
    high=$(($(range_of "$codec") + 1))
    "encode_$codec" 0 "$in" "$out" || return 2
    [ "$(stat -c %s "$out")" -le "$bytes" ] || return 1
    while [ $((high - low)) -gt 1 ]; do # low fits, high does not
        middle=$(((low + high) / 2))
        "encode_$codec" $middle "$in" "$out.try" || return 2
        if [ "$(stat -c %s "$out.try")" -le "$bytes" ]; then
            low=$middle
            mv -- "$out.try" "$out"
        else
            high=$middle
        fi
    done
    rm -f -- "$out.try"
}
