#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Wrong usage is told in one line, with status 1, before any work; and every
# option of --help is in the command's page, and the other way round.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

ppm 16 16 >in.ppm
ok "$pith" encode in.ppm a.pith

refuses 1 "which command" "$pith"
refuses 1 "no such command" "$pith" transcode
refuses 1 "no such command" "$pith" help transcode
refuses 1 "no such option: --fast" "$pith" encode --fast in.ppm b.pith
refuses 1 "no such option: -x" "$pith" encode -x in.ppm b.pith
refuses 1 "no such option: -x" "$pith" encode -vx in.ppm b.pith
refuses 1 "no such option: --verbose=3" "$pith" encode --verbose=3 in.ppm b.pith
refuses 1 "-q needs a value" "$pith" encode in.ppm b.pith -q
refuses 1 "--model needs a value" "$pith" encode in.ppm b.pith --model
refuses 1 "an IN is needed" "$pith" encode
refuses 1 "an IN is needed" "$pith" decode
refuses 1 "\"c.pith\" cannot be the OUT of 2 INs" "$pith" encode in.ppm b.pith c.pith
refuses 1 "\"c.png\" cannot be the OUT of 2 INs" "$pith" decode a.pith b.pith c.png
refuses 1 "-o needs a name" "$pith" encode in.ppm -o ""
refuses 1 "exclude each other" "$pith" encode -v --quiet in.ppm
refuses 1 "takes loose, normal or strict, not \"bogus\"" "$pith" encode --faithful=strict --faithful=bogus in.ppm
for level in "" none Strict 2 normal,strict; do
    refuses 1 "takes loose, normal or strict, not \"$level\"" "$pith" encode "--faithful=$level" in.ppm b.pith
    refuses 1 "takes loose, normal or strict, not \"$level\"" "$pith" compare --bound "$level" in.ppm in.ppm
done
refuses 1 "is not inside the picture of 16x16" "$pith" encode --protect 12,0,5,5 in.ppm b.pith
for area in "" 0,0,9 0,0,9,9,9 0,0,0,9 0,0,9,0 -1,0,9,9 0,0,9.5,9 0,0,9x9 "0,0,9,9 " 0,0,9,4294967296 a,b,c,d; do
    refuses 1 "takes X,Y,W,H, not \"$area\"" "$pith" encode --protect 0,0,9,9 --protect "$area" in.ppm b.pith
done
refuses 1 "for JPEG and WebP" "$pith" decode -q 50 a.pith b.png
refuses 1 "for JPEG and WebP" "$pith" decode -q 50 a.pith
refuses 1 "1 to 100" "$pith" decode -q 50.5 a.pith b.jpg
refuses 1 "exclude each other" "$pith" encode -q 5 -s 5k in.ppm b.pith
refuses 1 "neither --quality nor --size" "$pith" encode --method palette -q 5 in.ppm b.pith
refuses 1 "neither --quality nor --size" "$pith" encode -s 5k in.ppm b.pith --method palette
refuses 1 "latent or palette" "$pith" encode --method jpeg in.ppm b.pith
ok "$pith" encode --method palette in.ppm p.pith
refuses 1 "2 steps or none" "$pith" decode --steps 4 p.pith b.png
rm p.pith
for q in 101 -1 "" five nan 1e1; do refuses 1 "0 to 100" "$pith" encode "-q$q " in.ppm b.pith; done
for s in 0 -5 5q bpp "" nan; do refuses 1 "not \"$s\"" "$pith" encode "--size=$s" in.ppm b.pith; done
for n in 0 -1 1.5 two; do refuses 1 "1 to 1024" "$pith" encode "--threads=$n" in.ppm b.pith; done
refuses 1 "exact, onednn or ref" "$pith" encode --backend gpu in.ppm b.pith
refuses 1 "exact, onednn or ref" "$pith" decode --backend gpu a.pith b.png
refuses 1 "ends like no format" "$pith" decode a.pith b.gif
refuses 1 "ends like no format" "$pith" decode a.pith noending
refuses 1 "not \"gif\"" "$pith" decode --format gif a.pith b.png
refuses 1 "PNG, PPM and PAM" "$pith" decode --depth 16 a.pith b.jpg
refuses 1 "8 or 16" "$pith" decode --depth 12 a.pith b.png
for r in 0x5 5x 5 5x5+1 5x5+1+ 5x5-1-1 5x5+1+1+1 5x99999999999 x; do
    refuses 1 "takes WxH" "$pith" decode "--region=$r" a.pith b.png
done
refuses 1 "memory takes 64M and more" "$pith" decode --memory 1M a.pith b.png
refuses 1 "memory takes 64M and more" "$pith" encode --memory 2bpp in.ppm b.pith
ok "$pith" encode --memory 64M in.ppm - >/dev/null
refuses 1 "takes no --realism" "$pith" decode --preview --realism 1 a.pith b.png
for r in -0.1 1.1 nan much ""; do refuses 1 "realism takes 0 to 1" "$pith" decode "--realism=$r" a.pith b.png; done
refuses 1 "takes no --steps" "$pith" decode --preview --steps 0 a.pith b.png
refuses 1 "not inside the picture of 16x16" "$pith" decode --region 5x5+12+0 a.pith b.png
for n in -1 1.5 1001 many; do refuses 1 "0 to 1000" "$pith" decode "--steps=$n" a.pith b.png; done
refuses 1 "FILE is needed" "$pith" info
refuses 1 "two pictures" "$pith" compare in.ppm
refuses 1 "two pictures" "$pith" compare in.ppm in.ppm in.ppm
refuses 1 "needs a picture" "$pith" compare --side-by-side out.png
refuses 1 "\"list\"" "$pith" model
refuses 1 "\"list\"" "$pith" model remove
[ "$(find . -maxdepth 1 -type f -not -name '.*' | sort | tr '\n' ' ')" = "./a.pith ./in.ppm " ] || fail "files were made: $(ls)"

# IN = OUT, by name, by link, by the two kinds of links.
ln -s in.ppm soft.ppm
ln in.ppm hard.ppm
for same in in.ppm ./in.ppm soft.ppm hard.ppm; do refuses 1 "is the input" "$pith" encode in.ppm $same; done
refuses 1 "is the input" "$pith" decode --format png a.pith a.pith
refuses 1 "is an input" "$pith" compare --side-by-side in.ppm a.pith in.ppm

# Help goes to standard output.
"$pith" --version | grep -qE '^pith [0-9]+\.[0-9]+\.[0-9]+$' || fail "--version"
for command in encode decode info compare model; do
    "$pith" --help | grep -q "^  $command " || fail "pith --help lacks $command"
    ok "$pith" "$command" --help >help
    cmp help <("$pith" help "$command")
    cmp help <("$pith" "$command" -h)
    page=$source_dir/doc/man/pith-$command.md
    [ -f "$page" ] || fail "no $page"
    sed -n 's/^  \(-.,\)\{0,1\} *--\([a-z-]*\).*/\2/p' help | sort >in_help
    # shellcheck disable=SC2016 # the backquotes are Markdown's
    grep '^`-' "$page" | sed 's/.*--\([a-z-]*\).*/\1/' | sort >in_page
    [ -s in_help ] || fail "$command --help shows no option"
    diff in_help in_page || fail "$command: --help and $page differ"
    # shellcheck disable=SC2016
    sed -n 's/^  -\(.\), --\([a-z-]*\).*/`-\1`, `--\2/p' help | while read -r line; do
        grep -qF -- "$line" "$page" || fail "$page: no $line"
    done
done
