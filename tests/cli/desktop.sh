#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Programs of GTK see what `pith decode` writes, desktops know the media type and get thumbnails, and bad files fail.
# shellcheck source=tests/cli/common.bash
. "$(dirname "$0")/common.bash"

build=${PITH_BUILD_DIR:-$source_dir/build/release}
loader=$build/desktop/libpixbufloader-pith.so
probe=$build/bin/pith-pixbuf

# ---- the media type --------------------------------------------------------------------------

ppm 40 24 >in.ppm
ok "$pith" encode -q 60 in.ppm a.pith
for program in update-mime-database gio; do
    command -v "$program" >/dev/null || { echo "SKIPPED: $program is not installed" && exit 77; }
done
mkdir -p mime/packages
cp "$source_dir/desktop/pith.xml" mime/packages
export XDG_DATA_HOME=$work
ok update-mime-database mime
cp a.pith no_ending
type_of() { gio info -a standard::content-type "$1" | sed -n 's/.*content-type: //p'; }
[ "$(type_of a.pith)" = image/x-pith ] || fail "a.pith is $(type_of a.pith)"
[ "$(type_of no_ending)" = image/x-pith ] || fail "by its content a .pith file is $(type_of no_ending)"
[ "$(type_of in.ppm)" != image/x-pith ] || fail "in.ppm is image/x-pith"

# ---- the loader --------------------------------------------------------------------------------

query=$(command -v gdk-pixbuf-query-loaders ||
    ls "$(pkg-config --variable=gdk_pixbuf_binarydir gdk-pixbuf-2.0 2>/dev/null)/../gdk-pixbuf-query-loaders" 2>/dev/null) || query=
[ -e "$loader" ] || { echo "SKIPPED: this build has no gdk-pixbuf loader" && exit 77; }
[ "$query" ] || { echo "SKIPPED: gdk-pixbuf-query-loaders is not installed" && exit 77; }
export GDK_PIXBUF_MODULE_FILE=$work/loaders.cache
# gdk-pixbuf's programs cannot load what the sanitizers watch, but ours can: then the list is written here.
watched=no
if nm -D "$loader" | grep __asan >/dev/null; then
    watched=yes
    printf '"%s"\n"pith" 4 "gdk-pixbuf" "Pith" "MIT"\n"image/x-pith" ""\n"pith" ""\n"\\360PIT" "" 100\n\n' "$loader" >"$GDK_PIXBUF_MODULE_FILE"
else
    "$query" "$loader" >"$GDK_PIXBUF_MODULE_FILE"
fi
grep -q '"image/x-pith"' "$GDK_PIXBUF_MODULE_FILE" || fail "gdk-pixbuf-query-loaders does not list the loader"

# The whole conformance set: grey and colour, alpha, exact, palette, 16 bits, residuals.
n=0
export PITH_MODELS=$source_dir/models
for file in "$source_dir"/tests/conformance/*.pith; do
    "$pith" decode --quiet --depth 8 --force "$file" decoded.png || fail "decode $file"
    ok "$probe" -p decoded.png >decoded.pam
    ok "$probe" -p "$file" >seen.pam
    cmp decoded.pam seen.pam || fail "gdk-pixbuf sees other pixels of $file"
    n=$((n + 1))
done
[ "$n" -ge 48 ] || fail "only $n pictures were compared"
"$probe" "$source_dir/tests/conformance/metadata.pith" >said || fail "gdk-pixbuf does not open metadata.pith"
grep -q ': pith [0-9]*x[0-9]* RGB profile$' said || fail "no colour profile: $(cat said)"

# A small picture that is asked for is the preview, where that has the pixels, else the picture made smaller.
cp "$source_dir/tests/conformance/alpha.pith" b.pith
"$pith" decode --quiet --preview b.pith preview.png
ok "$probe" -p preview.png >preview.pam
size=$(head -n 3 preview.pam | sed -nE 's/^(WIDTH|HEIGHT) //p' | sort -n | tail -n 1)
ok "$probe" -p b.pith "$size" >seen.pam
cmp -s preview.pam seen.pam || fail "a small picture is not the preview"
ok "$probe" -p b.pith $((size + 1)) >seen.pam
if cmp -s preview.pam seen.pam; then fail "a larger picture is the preview"; fi

if [ $watched = yes ]; then
    echo "SKIPPED, thumbnails: gdk-pixbuf-thumbnailer cannot load what the sanitizers watch"
elif command -v gdk-pixbuf-thumbnailer >/dev/null; then
    ok gdk-pixbuf-thumbnailer -s 16 b.pith thumbnail.png >/dev/null
    file thumbnail.png | grep -qE 'PNG image data, (16 x [0-9]+|[0-9]+ x 16),' || fail "the thumbnail is $(file thumbnail.png)"
else
    echo "SKIPPED, thumbnails: gdk-pixbuf-thumbnailer is not installed"
fi

# ---- bad files ---------------------------------------------------------------------------------

# refused FILE...: the program says why it does not open them, in one line each, and nothing else, and does not crash.
refused() {
    local code=0
    "$probe" "$@" >said 2>errors || code=$?
    if [ "$code" -ne 1 ] || [ -s errors ]; then fail "status $code: $(cat said errors)"; fi
    [ "$(grep -cE '^[^:]*: [0-9]+: .+' said)" -eq $# ] || fail "not all were refused, each in a line: $(cat said)"
}
export PITH_MODELS=$work/models # what they were made with
while read -r name kind _; do
    case $name:$kind in
        \#*) ;;
        *:ok) ok "$probe" "$source_dir/tests/invalid/$name" >said ;;
        *) bad+=("$source_dir/tests/invalid/$name") ;;
    esac
done <"$source_dir/tests/invalid/list.txt"
[ "${#bad[@]}" -ge 120 ] || fail "only ${#bad[@]} files are invalid"
refused "${bad[@]}"
[ "$(grep -c ': 0: ' said)" -ge 100 ] || fail "hardly any file is corrupt: $(cat said)"

bytes=$(wc -c <a.pith)
mkdir cut
for ((n = 0; n < bytes; n += n < 40 ? 1 : 17)); do head -c "$n" a.pith >"cut/$n.pith"; done
head -c $((bytes - 1)) a.pith >cut/last.pith
refused cut/*.pith
