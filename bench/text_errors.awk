# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# awk -f text_errors.awk TRUTH OCR...: prints the share of wrong characters, how
# many are wrong, and how many there are. Each line of TRUTH is held against the
# place in an OCR's text where it fits best (edit distance with free ends), so
# that the order of lines does not count, and the best of the OCRs is taken.
function squeezed(s) {
    gsub(/[ \t\f\r]+/, " ", s)
    sub(/^ /, "", s)
    sub(/ $/, "", s)
    return s
}
function whole(file,   text, line) {
    while ((getline line < file) > 0) text = text " " line
    close(file)
    return squeezed(text)
}
function wrong(line, text,   n, m, i, j, c, diagonal, above, least, best, row, letter) {
    n = length(line)
    m = length(text)
    for (j = 0; j <= m; j++) row[j] = 0
    for (j = 1; j <= m; j++) letter[j] = substr(text, j, 1)
    for (i = 1; i <= n; i++) {
        c = substr(line, i, 1)
        diagonal = row[0]
        row[0] = i
        for (j = 1; j <= m; j++) {
            above = row[j]
            least = diagonal + (c != letter[j])
            if (above + 1 < least) least = above + 1
            if (row[j - 1] + 1 < least) least = row[j - 1] + 1
            row[j] = least
            diagonal = above
        }
    }
    best = n
    for (j = 0; j <= m; j++) if (row[j] < best) best = row[j]
    return best
}
BEGIN {
    for (k = 2; k < ARGC; k++) text[k] = whole(ARGV[k])
    while ((getline line < ARGV[1]) > 0) {
        line = squeezed(line)
        if (line == "") continue
        least = length(line)
        for (k = 2; k < ARGC; k++) {
            errors = wrong(line, text[k])
            if (errors < least) least = errors
        }
        n_wrong += least
        n += length(line)
    }
    printf "%.4f %d %d\n", n ? n_wrong / n : 0, n_wrong, n
}
