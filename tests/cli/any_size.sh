#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Pictures of odd sizes, through the command: whole, as a preview, and their last pixel alone.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

for how in "--effort 0" "-q 90" --lossless; do
    for size in 1x1 1x5000 5000x1 7x13 511x513; do
        width=${size%x*} height=${size#*x}
        ppm "$width" "$height" >in.ppm
        # shellcheck disable=SC2086 # words are wanted
        ok "$pith" encode $how in.ppm a.pith
        [ "$(size_of a.pith)" = "$size" ] || fail "$how, $size became $(size_of a.pith)"
        for out in out.ppm out.png; do
            ok "$pith" decode a.pith $out
            [ "$("$pith" compare --json in.ppm $out | grep -oE '"(width|height)": *[0-9]+' | grep -oE '[0-9]+$' | paste -sd x)" = "$size" ] ||
                fail "$how, $size: size of $out"
        done
        ok "$pith" decode --preview a.pith small.ppm
        [ "$(head -n 2 small.ppm | tail -n 1)" = "$(((width + 7) / 8)) $(((height + 7) / 8))" ] || fail "$how, $size: preview"
        ok "$pith" decode --region "1x1+$((width - 1))+$((height - 1))" a.pith corner.ppm
        cmp <(tail -c 3 out.ppm) <(tail -c 3 corner.ppm) || fail "$how, $size: the last pixel alone is another"
    done
done
