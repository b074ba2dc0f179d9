#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Bytes of animation at a measured maximum error, whole files with their skeletons: Pith beside ACL (as measured in
# acl.tsv, at the error that ACL really had), gltfpack and `xz -9` of quantised differences; then the curve of rate
# against error, times and memory.
#   bench/motion.sh [FOLDER [EFFORT]]     FOLDER: ../shared/motion; needs scripts/build release; gltfpack, brotli, time
set -euo pipefail
export LC_ALL=C
root=$(cd "$(dirname "$0")/.." && pwd)
data=${1:-$root/../shared/motion} effort=${2:-1}
pith=$root/build/release/bin/pith
if [ ! -f "$data/acl.tsv" ]; then
    echo "bench/motion.sh: SKIPPED: there are no clips in $data"
    exit 77
fi
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT

# encode CLIP UNIT ERROR: bytes of the file, after the bound is checked by a process of its own
encode() {
    "$pith" motion encode --quiet --force --effort "$effort" --unit "$2cm" --error "$3cm" "$1" "$work/out.pithm"
    "$pith" motion compare --quiet --bound --unit "$2cm" "$1" "$work/out.pithm" >"$work/figures" || exit 1
    wc -c <"$work/out.pithm"
}
figure() { awk -v name="$1" '$1 == name {print $2}' "$work/figures" | sort -g | tail -n 1; }

echo "== at ACL's own largest error, motion capture of $data/test (effort $effort)"
printf '%-46s %6s %10s %9s %9s %9s %6s %6s\n' clip asked "error (cm)" ACL "xz" Pith "to ACL" "to xz"
tail -n +2 "$data/acl.tsv" | while IFS=$'\t' read -r clip _ _ _ _ unit asked bytes error _; do
    n=$(encode "$data/test/$clip" "$unit" "$error")
    deltas=$(python3 "$root/bench/motion_deltas.py" "$pith" "$data/test/$clip" "$unit" "$error")
    printf '%-46s %6s %10s %9d %9d %9d %6.3f %6.3f\n' "$clip" "$asked" "$error" "$bytes" "$deltas" "$n" \
        "$(bc -l <<<"$n / $bytes")" "$(bc -l <<<"$n / $deltas")"
done | tee "$work/acl"
awk '{sum[$2] += log($7); xz[$2] += log($8); n[$2]++}
    END {for (a in sum) printf "geometric mean, ACL asked for %s cm: %.3f of ACL, %.3f of xz\n", a, exp(sum[a] / n[a]), exp(xz[a] / n[a])}' "$work/acl" | sort

echo
echo "== bytes a second at a bound, the same clips"
printf '%-46s %6s %9s %9s\n' clip bound Pith "jitter"
cut -f 1,5,6 "$data/acl.tsv" | tail -n +2 | sort -u | while IFS=$'\t' read -r clip seconds unit; do
    for bound in 0.01 0.03 0.1 0.3 1 3; do
        n=$(encode "$data/test/$clip" "$unit" "$bound")
        printf '%-46s %6s %9.0f %9s\n' "$clip" "$bound" "$(bc -l <<<"$n / $seconds")" "$(figure jitter)"
    done
done

echo
echo "== GLB: bytes of the animation alone at 0.01, 0.1 and 1 cm; gltfpack -cc at its own settings, with brotli -9"
if command -v gltfpack >/dev/null && command -v brotli >/dev/null; then
    printf '%-34s %9s %9s %9s %12s\n' file "0.01 cm" "0.1 cm" "1 cm" "gltfpack"
    # FILE UNIT: so that the horse is 1.7 m high and the fox 0.7 m
    while read -r file unit; do
        sizes=()
        for bound in 0.01 0.1 1; do
            (encode "$data/test/$file" "$unit" "$bound") >/dev/null
            sizes+=("$("$pith" motion info --json "$work/out.pithm" | tr -d ' \n' | grep -o '"bytes":[0-9]*,"slices"' | grep -o '[0-9]*' | awk '{s += $1} END {print s}')")
        done
        # With and without the animations: the difference is theirs.
        gltfpack -cc -kn -i "$data/test/$file" -o "$work/with.glb" >/dev/null
        python3 - "$data/test/$file" "$work/still.glb" <<'PY'
import json, struct, sys
data = open(sys.argv[1], "rb").read()
n = struct.unpack("<I", data[12:16])[0]
scene = json.loads(data[20:20 + n])
scene.pop("animations", None)
text = json.dumps(scene).encode()
text += b" " * (-len(text) % 4)
rest = data[20 + n:]
with open(sys.argv[2], "wb") as out:
    out.write(b"glTF" + struct.pack("<II", 2, 20 + len(text) + len(rest)) + struct.pack("<I", len(text)) + b"JSON" + text + rest)
PY
        gltfpack -cc -kn -i "$work/still.glb" -o "$work/without.glb" >/dev/null
        packed=$(($(brotli -9 -c "$work/with.glb" | wc -c) - $(brotli -9 -c "$work/without.glb" | wc -c)))
        printf '%-34s %9d %9d %9d %12d\n' "$file" "${sizes[@]}" "$packed"
    done <<<"quaternius/Horse.glb 37.6
khronos/Fox.glb 1.153
khronos/CesiumMan.glb 100
kaykit/Med_MovementAdvanced.glb 100"
else
    echo "SKIPPED: gltfpack or brotli is not installed"
fi

echo
echo "== times and memory, one thread: the longest clip"
clip=$data/test/cmu-cgspeed/14_08.bvh
if [ -x /usr/bin/time ]; then
    for bound in 0.01 0.1 1; do
        /usr/bin/time -f '%U %S %M' -o "$work/time" "$pith" motion encode --quiet --force --threads 1 --unit 5.644cm --error "${bound}cm" "$clip" "$work/out.pithm"
        read -r user system memory <"$work/time"
        printf 'encode at %s cm: %.2f s for 21.9 s of motion, %d MB\n' "$bound" "$(bc -l <<<"$user + $system")" $((memory / 1000))
        /usr/bin/time -f '%U %S %M' -o "$work/time" "$pith" motion decode --quiet --force --threads 1 "$work/out.pithm" "$work/out.bvh"
        read -r user system memory <"$work/time"
        printf 'decode to BVH: %.2f s for 2626 poses, %d MB\n' "$(bc -l <<<"$user + $system")" $((memory / 1000))
    done
else
    echo "SKIPPED: /usr/bin/time is not installed"
fi
