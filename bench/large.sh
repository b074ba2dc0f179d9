#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Large pictures with the built-in model: seconds, and the largest resident memory of the whole command, for
# encoding, decoding, a part, a preview. Fails when a command takes more memory than it was given.
#   bench/large.sh [-m MEMORY-IN-MB] [-o 'ENCODE OPTIONS'] [-p FOLDER] [MEGAPIXELS...]      (default: 1000 MB; 24 and 99)
# The pictures are photos of FOLDER (JPEG files of 512x512; default ../shared/photos) side by side.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
memory=1000 encode_options=() photos=$root/../shared/photos
while getopts m:o:p: option; do
    case $option in
        p) photos=$OPTARG ;;
        m) memory=$OPTARG ;;
        o) read -ra encode_options <<<"$OPTARG" ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || set -- 24 99
pith=$root/build/release/bin/pith
ls "$photos"/*.jpg >/dev/null 2>&1 || no_pictures "$photos" '-p FOLDER (JPEG files of 512x512)'
photos=$(cd "$photos" && pwd)
cd "$root"
work=$(mktemp -d "${TMPDIR:-/tmp}/pith-large-XXXXXX")
trap 'rm -rf -- "$work"' EXIT
mapfile -t all < <(find "$photos" -name '*.jpg' | sort)

# make_picture ACROSS DOWN OUT.ppm: so many photos.
make_picture() {
    local x y parts next=0
    printf 'P6\n%d %d\n255\n' $(($1 * 512)) $(($2 * 512)) >"$3"
    for ((y = 0; y < $2; y++)); do
        parts=()
        for ((x = 0; x < $1; x++, next++)); do
            djpeg -outfile "$work/part.$x" "${all[next % ${#all[@]}]}"
            parts+=("$work/part.$x")
        done
        pnmcat -quiet -lr "${parts[@]}" | tail -c $(($1 * 512 * 512 * 3)) >>"$3"
    done
}

faults=0
# measure NAME COMMAND...
measure() {
    local name=$1 seconds user system kilobytes
    shift
    command time -f '%e %U %S %M' -o "$work/time" "$@"
    read -r seconds user system kilobytes <"$work/time"
    printf '%-28s %8.2f s %8.2f s CPU %8.1f MB\n' "$name" "$seconds" "$(awk "BEGIN {print $user + $system}")" \
        "$(awk "BEGIN {print $kilobytes * 1024e-6}")"
    if [ $((kilobytes * 1024)) -gt $((memory * 1000000)) ]; then
        echo "FAILED: more than $memory MB" >&2
        faults=1
    fi
}

for megapixels in "$@"; do
    across=$(awk "BEGIN {print int(sqrt($megapixels * 1e6 / 262144 * 1.2))}")
    down=$(awk "BEGIN {print int($megapixels * 1e6 / 262144 / $across)}")
    make_picture "$across" "$down" "$work/in.ppm"
    width=$((across * 512)) height=$((down * 512))
    echo "${width}x$height, --memory ${memory}M"
    measure "encode" "$pith" encode --memory "${memory}M" "${encode_options[@]}" "$work/in.ppm" "$work/a.pith"
    measure "decode to JPEG" "$pith" decode --memory "${memory}M" "$work/a.pith" "$work/out.jpg"
    measure "decode --region 512x512" "$pith" decode --memory "${memory}M" \
        --region "512x512+$((width / 2 - 256))+$((height / 2 - 256))" "$work/a.pith" "$work/part.png"
    measure "decode --preview" "$pith" decode --memory "${memory}M" --preview "$work/a.pith" "$work/small.png"
done
exit $faults
