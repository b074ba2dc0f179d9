#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The latent coder against a frozen simple coder, xz and zpaq, on the built-in model's latents of a folder of pictures:
# at the quality steps that give BYTES per 512x512, with the model's prior; then on the bytes that method palette makes
# of the same latents.
#   bench/coder.sh [-b "BYTES ..."] [FOLDER]
# BYTES: default 2500 5000 10000. FOLDER: default ../shared/images/kodak, sides of at most 1024.
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
# shellcheck source=bench/pictures.sh
. "$root/bench/pictures.sh"
bytes="2500 5000 10000"
while getopts b: option; do
    case $option in
        b) bytes=$OPTARG ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
folder=${1:-$root/../shared/images/kodak}
mapfile -t pictures < <(find "$folder" -maxdepth 1 \( -name '*.png' -o -name '*.jpg' \) 2>/dev/null | sort)
[ ${#pictures[@]} -gt 0 ] || no_pictures "$folder" '[-b "BYTES ..."] FOLDER'
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
mkdir "$work/latents" "$work/palette"
"$root/build/release/bench/dump_latents" "$root/models/mini-5.safetensors" "$work/latents" "${pictures[@]}"
"$root/build/release/bench/dump_latents" -b "$root/models/mini-5.safetensors" "$work/palette" "${pictures[@]}"
# shellcheck disable=SC2086 # numbers are words
"$root/build/release/bench/bench_coder" -p 1 "$work/latents" $bytes
echo
"$root/build/release/bench/bench_coder" "$work/palette"
