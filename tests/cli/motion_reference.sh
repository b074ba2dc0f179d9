#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# The reader that was written from doc/motion-format.md alone finds the numbers that tests/test_motion.c finds, and refuses
# what is damaged.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

if ! command -v python3 >/dev/null; then
    echo "SKIPPED: there is no python3 to run the second reader with" >&2
    exit 77
fi
reader=$source_dir/tests/reference/motion_reader.py
golden=$source_dir/tests/golden/motion
python3 "$reader" "$golden"/*.pithm >second.txt || fail "the second reader refuses a golden file"
diff "$golden/motion.txt" second.txt >difference || fail "the readers differ: $(cat difference)"

# Damage anywhere: both refuse.
n=$(wc -c <"$golden/keyed.pithm")
for ((at = 0; at < n; at += 7)); do
    { head -c "$at" "$golden/keyed.pithm" && printf '\252' && tail -c +$((at + 2)) "$golden/keyed.pithm"; } >bad.pithm
    if cmp -s bad.pithm "$golden/keyed.pithm"; then continue; fi
    if "$pith" motion decode bad.pithm no.glb 2>said; then fail "byte $at: the command takes it"; fi
    if python3 "$reader" bad.pithm >out 2>said; then fail "byte $at: the second reader takes it"; fi
done
