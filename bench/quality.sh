#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Quality at equal bytes: real files of the real command beside JPEG, WebP, AVIF
# and JPEG XL, each at its best setting within a budget (pictures that a codec cannot
# make so small are counted), with PSNR, MS-SSIM, SSIMULACRA2
# and a Frechet distance of patches.
#   bench/quality.sh [OPTION...] [NAME=FOLDER...]
#     -b "BYTES..."   budgets per 512x512 pixels; default "1200 2500 5000 7500 10000 20000"
#     -c "CODEC..."   default "pith avif jxl webp jpeg"; the first is what the others are compared with
#     -e "OPTION..."  more options of pith encode, for instance "-m MODEL --effort 0"
#     -d "OPTION..."  more options of pith decode
#     -o FOLDER       default build/bench/quality: NAME.md, NAME.tsv, NAME.svg and rows-NAME.tsv go there
# Default sets: kodak (../shared/images/kodak, for reporting, never to be tuned
# to) and held-out (of ../shared/photos the pictures that training never sees:
# the first and every 46th by name, as in train/data.py). Results of the other
# codecs are kept in build/bench/cache. JOBS is the number of pictures at a time
# (default: one a core).
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
budgets="1200 2500 5000 7500 10000 20000"
codecs="pith avif jxl webp jpeg"
encode_options=""
decode_options=""
out=$root/build/bench/quality
while getopts b:c:e:d:o: option; do
    case $option in
        b) budgets=$OPTARG ;;
        c) codecs=$OPTARG ;;
        e) encode_options=$OPTARG ;;
        d) decode_options=$OPTARG ;;
        o) out=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
export PITH=${PITH:-$root/build/release/bin/pith} PYTHON=${PYTHON:-/usr/bin/python3}
"$PYTHON" -c 'import numpy' 2>/dev/null || not_here "NumPy for $PYTHON" python3-numpy
export root budgets encode_options decode_options
jobs=${JOBS:-$(nproc)} # before the next line, which nproc obeys
export cache=$root/build/bench/cache OMP_NUM_THREADS=1
mkdir -p "$cache" "$out"

# What a codec's files depend on, beside the picture and the budget.
tool_version() {
    case $1 in
        jpeg) dpkg-query -W -f '${Version}' libjpeg-turbo-progs ;;
        webp) dpkg-query -W -f '${Version}' webp ;;
        avif) dpkg-query -W -f '${Version} ' libavif-bin libaom3 ;;
        jxl) dpkg-query -W -f '${Version}' libjxl-tools ;;
    esac
}
# The number changes with what any of the figures means.
measures=1-$(sha256sum "$root/bench/codecs.sh" | cut -c -12)
export measures

# file_of CODEC PICTURE BYTES OUT WORK: a file of at most so many bytes.
file_of() {
    if [ "$1" = pith ]; then
        # shellcheck disable=SC2086 # options are words
        "$PITH" encode --threads 1 $encode_options -s "$3" "$2" "$4" 2>"$5/said"
    else
        best_under "$1" "$2" "$3" "$4" "$5"
    fi
}
picture_of() { # CODEC FILE OUT
    # shellcheck disable=SC2086 # options are words
    if [ "$1" = pith ]; then "$PITH" decode --threads 1 --format ppm $decode_options "$2" "$3"; else "decode_$1" "$2" "$3"; fi
}
# figures ORIGINAL DECODED: PSNR, MS-SSIM and SSIMULACRA2, between tabs.
figures() {
    "$PITH" compare "$1" "$2" |
        awk '/^(psnr_db|ms_ssim|ssimulacra2) /{row = row (n++ ? "\t" : "") $2} END {print row; exit n != 3}'
}
# patches PICTURE STATISTICS WORK
patches() {
    "$PITH" compare --side-by-side "$3/plain.ppm" "$1" && "$PYTHON" "$root/bench/patch_statistics.py" "$3/plain.ppm" "$2"
}

# measure CODEC VERSION NAME PICTURE.png STATISTICS ROWS: all budgets of one picture.
measure() {
    local codec=$1 version=$2 name=$3 picture=$4 statistics=$5 rows=$6 work pixels budget bytes key stats row
    # shellcheck source=bench/codecs.sh
    . "$root/bench/codecs.sh"
    work=$(mktemp -d)
    trap 'rm -rf -- "$work"' RETURN
    pixels=$(pngtopnm -quiet "$picture" | pamfile -size | awk '{print $1 * $2}')
    for budget in $budgets; do
        bytes=$((budget * pixels / 262144))
        stats=$statistics/$codec-$budget-$name.stats
        key=$cache/$(printf '%s\n' "$codec" "$version" "$measures" "$bytes" "$(sha256sum <"$picture")" | sha256sum | cut -c -32)
        if [ "$codec" = pith ] || [ ! -f "$key.row" ]; then
            rm -f -- "$work/coded" "$work/decoded" "$stats"
            if file_of "$codec" "$picture" "$bytes" "$work/coded" "$work"; then
                picture_of "$codec" "$work/coded" "$work/decoded" || return 1
                row=$(figures "$picture" "$work/decoded") && patches "$work/decoded" "$stats" "$work" || return 1
                row=$(stat -c %s "$work/coded")$'\t'$row
            elif [ "$codec" = pith ] && ! grep -q 'cannot be made as small as' "$work/said"; then
                cat "$work/said" >&2 # another fault than the size
                return 1
            else
                row=-
            fi
            if [ "$codec" != pith ]; then
                if [ -f "$stats" ]; then cp -- "$stats" "$key.stats"; fi
                printf '%s\n' "$row" >"$key.row.$$" && mv -- "$key.row.$$" "$key.row"
            fi
        elif [ -f "$key.stats" ]; then
            cp -- "$key.stats" "$stats"
        fi
        if [ "$codec" != pith ]; then row=$(cat "$key.row"); fi
        printf '%s\t%s\t%s\t%s\t%s\n' "$codec" "$name" "$budget" "$pixels" "$row" >>"$rows/$codec-$name"
    done
}
# original NAME FILE PICTURE.png STATISTICS: the picture as PNG, and its statistics.
original() {
    local work status=0
    work=$(mktemp -d)
    [ -f "$3" ] || { "$PITH" compare --side-by-side "$3.$$" "$2" && mv -- "$3.$$" "$3"; }
    patches "$3" "$4/original-$1.stats" "$work" || status=$?
    rm -rf -- "$work"
    return $status
}
export -f measure original file_of picture_of figures patches

# run_set NAME TITLE FILE...
run_set() {
    local set=$1 title=$2 file name codec picture work
    shift 2
    work=$(mktemp -d)
    mkdir -p "$work/stats" "$work/rows" "$cache/originals"
    for file in "$@"; do
        name=$(basename "$file")
        picture=$cache/originals/$(sha256sum "$file" | cut -c -32).png
        printf '%s\0%s\0%s\0%s\0' "${name%.*}" "$file" "$picture" "$work/stats"
    done | tee "$work/originals" | xargs -0 -n 4 -P "$jobs" bash -c 'original "$@"' original
    for codec in $codecs; do
        while IFS= read -r -d '' name && IFS= read -r -d '' file && IFS= read -r -d '' picture && IFS= read -r -d ''; do
            printf '%s\0%s\0%s\0%s\0%s\0%s\0' "$codec" "$(tool_version "$codec")" "$name" "$picture" "$work/stats" "$work/rows"
        done <"$work/originals"
    done | xargs -0 -n 6 -P "$jobs" bash -c 'measure "$@"' measure
    for codec in $codecs; do cat "$work/rows/$codec-"*; done >"$out/rows-$set.tsv"
    "$PYTHON" "$root/bench/quality_table.py" "$out/rows-$set.tsv" "$work/stats" "$title" "$out/$set"
    rm -rf -- "$work"
}

pictures_of() { find "$1" -maxdepth 1 -type f \( -name '*.png' -o -name '*.jpg' -o -name '*.jpeg' -o -name '*.webp' -o -name '*.ppm' \) | sort; }
n_sets=0
take_set() { # NAME TITLE; file names on standard input
    local files
    mapfile -t files
    [ ${#files[@]} -gt 0 ] || return 0
    run_set "$1" "$2: ${#files[@]} pictures" "${files[@]}" && echo && n_sets=$((n_sets + 1))
}
if [ $# -gt 0 ]; then
    for set in "$@"; do take_set "${set%%=*}" "${set%%=*}" < <(pictures_of "${set#*=}"); done
else
    shared=$root/../shared
    [ ! -d "$shared/images/kodak" ] || take_set kodak Kodak < <(pictures_of "$shared/images/kodak")
    [ ! -d "$shared/photos" ] || take_set held-out "Photos kept from training" < <(pictures_of "$shared/photos" | awk 'NR % 46 == 1')
fi
if [ $n_sets -eq 0 ]; then
    [ $# -eq 0 ] || no_pictures "$*" NAME=FOLDER...
    echo "bench/quality.sh: there is no ../shared: the example photo alone; others: bench/quality.sh NAME=FOLDER..." >&2
    take_set example "The example photo" < <(pictures_of "$root/examples")
fi
