#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The picture in the README: the middle 512x512 pixels of a photo, coded by JPEG, AVIF and Pith at the same sizes, and
# a part of them pixel by pixel, under the codec's name and the bytes of its file. A codec that cannot make a file so
# small shows its smallest. Prints what `pith compare` says of each.
#   bench/readme_picture.sh [-c X,Y] [-b "BYTES..."] [PHOTO.png [OUT.png]]
# The part is 256x256 pixels from X, Y on. The defaults make doc/readme.png from the very middle of kodim21, where
# the gap between AVIF and Pith at 5000 bytes (29 points of SSIMULACRA2) is about the mean of the 24 Kodak photos.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/codecs.sh
. "$root/bench/codecs.sh"
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
corner=128,128
budgets="2500 5000"
while getopts b:c: option; do
    case $option in
        b) budgets=$OPTARG ;;
        c) corner=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
photo=${1:-$root/../shared/images/kodak/kodim21.png}
out=${2:-$root/doc/readme.png}
pith=${PITH:-$root/build/release/bin/pith}
[ -f "$photo" ] || no_pictures "$(dirname "$photo")" "PHOTO.png OUT.png"
command -v avifenc >/dev/null || not_here avifenc libavif-bin
command -v cjpeg >/dev/null || not_here cjpeg libjpeg-turbo-progs
command -v pamcut >/dev/null || not_here pamcut netpbm
side=256
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
plain_copies "$photo" "$work/photo"
read -r width height < <(pamfile -size "$work/photo.ppm")
pamcut -left $(((width - 512) / 2)) -top $(((height - 512) / 2)) -width 512 -height 512 "$work/photo.ppm" |
    pnmtopng -quiet >"$work/middle.png"
plain_copies "$work/middle.png" "$work/plain"

panel() { # FILE LABEL: on standard output, the part of a picture under its label
    pbmtext -builtin fixed "$2" | pnmcrop -quiet |
        pnmpad -quiet -white -width $side -height 22 -halign 0.5 -valign 0.5 >"$work/label"
    as_netpbm "$1" | pamcut -left "${corner%,*}" -top "${corner#*,}" -width $side -height $side |
        pnmcat -quiet -topbottom "$work/label" -
}

rows=()
printf 'at most\tcodec\tbytes\tPSNR\tMS-SSIM\tSSIMULACRA2\n'
for budget in $budgets; do
    panel "$work/plain.ppm" original >"$work/panel-original"
    for codec in JPEG AVIF Pith; do
        note="" coded=$work/coded.${codec,,} decoded=$work/decoded.ppm
        if [ "$codec" = Pith ]; then
            "$pith" encode -s "$budget" "$work/plain.png" "$coded"
            "$pith" decode --force "$coded" "$decoded"
        else
            best_under "${codec,,}" "$work/plain.png" "$budget" "$coded" || note=", its smallest"
            "decode_${codec,,}" "$coded" "$work/decoded"
            as_netpbm "$work/decoded" >"$decoded"
        fi
        bytes=$(stat -c %s "$coded")
        panel "$decoded" "$codec  $bytes bytes$note" >"$work/panel-$codec"
        printf '%s\t%s\t%s%s\n' "$budget" "$codec" "$bytes" "$("$pith" compare "$work/plain.png" "$decoded" |
            awk '/^(psnr_db|ms_ssim|ssimulacra2) / {printf "\t%.4g", $2}')"
    done
    pnmcat -quiet -white -leftright "$work"/panel-{original,JPEG,AVIF,Pith} >"$work/row-$budget"
    rows+=("$work/row-$budget")
done
pnmcat -quiet -topbottom "${rows[@]}" | pnmtopng -quiet -compression 9 >"$work/out.png"
cp -- "$work/out.png" "$out"
