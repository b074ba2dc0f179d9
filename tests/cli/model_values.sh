#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# A model with a value that is not finite makes nothing: status 3, and the
# tensor is named.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

# spoil TENSOR OUT: of the tiny model, with the first value of a tensor made NaN.
spoil() {
    local place
    place=$(python3 - "$1" models/tiny.safetensors <<'PYTHON'
import json, struct, sys
with open(sys.argv[2], 'rb') as file:
    n = struct.unpack('<Q', file.read(8))[0]
    entry = json.loads(file.read(n))[sys.argv[1]]
print(8 + n + entry['data_offsets'][0] + {'F16': 0, 'F32': 2}[entry['dtype']])
PYTHON
    )
    cp models/tiny.safetensors "$2"
    printf '\000\176' | dd of="$2" bs=1 seek="$place" conv=notrunc status=none
}

if ! command -v python3 >/dev/null; then
    echo "NOT CHECKED: needs python3"
    exit 77
fi
mv models/mini.safetensors models/tiny.safetensors
ppm 40 24 >in.ppm
ok "$pith" encode --effort 0 -m models/tiny.safetensors in.ppm right.pith # by the model, whatever is smaller
for tensor in dec.lin.bias enc.net.2.a.weight; do
    spoil "$tensor" bad.safetensors
    said="tensor $tensor: value [0-9]+ is not finite \(NaN\)"
    refuses 3 "$said" "$pith" encode -m ./bad.safetensors in.ppm no.pith
    refuses 3 "$said" "$pith" decode -m ./bad.safetensors right.pith no.ppm
    refuses 3 "$said" "$pith" model verify bad.safetensors
    refuses 3 "$said" "$pith" model info bad.safetensors
    refuses 3 "$said" "$pith" model convert --to int8 bad.safetensors no.safetensors
    cp bad.safetensors models/tiny.safetensors # the one that is found by itself
    refuses 3 "$said" "$pith" decode right.pith no.ppm
    cp "$source_dir/tests/data/mini_tiny.safetensors" models/tiny.safetensors
done
ls no.* >/dev/null 2>&1 && fail "left behind: $(ls)"

# The case that was sent in.
case=$source_dir/../shared/cases/model_with_nan.py
if ! [ -f "$case" ] || ! /usr/bin/python3 -c 'import numpy' 2>/dev/null; then
    echo "NOT CHECKED: $case, with python3 and numpy"
    exit 0
fi
for part in encoder decoder; do
    for value in nan inf -inf; do
        /usr/bin/python3 "$case" sd.safetensors "$value" "first_stage_model.$part.conv_in.weight"
        said="tensor vae.$part.conv_in.weight: value 0 is not finite"
        refuses 3 "$said" "$pith" encode -m sd.safetensors in.ppm no.pith
    done
done
ls no.* >/dev/null 2>&1 && fail "left behind: $(ls)"
nothing_left
