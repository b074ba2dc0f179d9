# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
# Bytes at equal quality of what the second of two rows-NAME.tsv (bench/quality.sh) has, against the first:
# the mean over the qualities that both reach of the logarithm of bytes (G. Bjoentegaard, VCEG-M33, 2001), with
# straight lines between the budgets' means over the pictures; MS-SSIM in decibels.
BEGIN {
    FS = "\t"
    split("PSNR MS-SSIM SSIMULACRA2", names, " ")
}
FNR == 1 { side++ }
$5 != "-" {
    n[side, $3]++
    bytes[side, $3] += log($5 / $4)
    sum[side, $3, 1] += $6
    sum[side, $3, 2] += -10 * log(1 - $7) / log(10)
    sum[side, $3, 3] += $8
    budgets[$3]
}
# The points of a side in the order of their quality.
function points(side, measure, x, y,    budget, count, i, held) {
    count = 0
    for (budget in budgets) {
        if (!((side, budget) in n)) continue
        count++
        x[count] = sum[side, budget, measure] / n[side, budget]
        y[count] = bytes[side, budget] / n[side, budget]
        for (i = count; i > 1 && x[i] < x[i - 1]; i--) {
            held = x[i]; x[i] = x[i - 1]; x[i - 1] = held
            held = y[i]; y[i] = y[i - 1]; y[i - 1] = held
        }
    }
    return count
}
function at(q, x, y, count,    i) {
    for (i = 2; i < count && q > x[i]; i++);
    return y[i - 1] + (y[i] - y[i - 1]) * (q - x[i - 1]) / (x[i] - x[i - 1])
}
END {
    for (m = 1; m <= 3; m++) {
        na = points(1, m, xa, ya)
        nb = points(2, m, xb, yb)
        low = xa[1] > xb[1] ? xa[1] : xb[1]
        high = xa[na] < xb[nb] ? xa[na] : xb[nb]
        if (na < 2 || nb < 2 || low >= high) {
            print names[m] ": no qualities that both reach"
            continue
        }
        total = 0
        for (i = 0; i < 1000; i++) {
            q = low + (high - low) * (i + 0.5) / 1000
            total += at(q, xb, yb, nb) - at(q, xa, ya, na)
        }
        printf "%s: %+.1f %% of bytes\n", names[m], 100 * (exp(total / 1000) - 1)
    }
}
