/* SPDX-License-Identifier: MIT
 * SPDX-FileCopyrightText: 2026 The Pith authors */
/* The quantiser, the last stage that uses floats; see doc/format.md, "Step". */
#include "codec/quantise.h"

#include <float.h>
#include <math.h>

#include "codec/latent_coder.h"

_Static_assert(FLT_EVAL_METHOD == 0, "float must be computed as float (gcc: -fexcess-precision=fast, on x86 SSE)");

/* 2^(i / 64) rounded to binary32, i = 0..63. Made by
 *   python3 -c "import decimal as d; d.getcontext().prec = 60
 *   for i in range(64):
 *       m = (d.Decimal(2) ** (d.Decimal(i) / 64) - 1) * 2 ** 23
 *       print('0x1.%06xp0f,' % (int(m + d.Decimal('0.5')) * 2))" */
static const float step_mantissas[64] = {
    0x1.000000p0f, 0x1.02c9a4p0f, 0x1.059b0ep0f, 0x1.087452p0f, 0x1.0b5586p0f, 0x1.0e3ec4p0f, 0x1.11301ep0f,
    0x1.1429aap0f, 0x1.172b84p0f, 0x1.1a35bep0f, 0x1.1d4874p0f, 0x1.2063b8p0f, 0x1.2387a6p0f, 0x1.26b456p0f,
    0x1.29e9e0p0f, 0x1.2d285ap0f, 0x1.306fe0p0f, 0x1.33c08cp0f, 0x1.371a74p0f, 0x1.3a7db4p0f, 0x1.3dea64p0f,
    0x1.4160a2p0f, 0x1.44e086p0f, 0x1.486a2cp0f, 0x1.4bfdaep0f, 0x1.4f9b28p0f, 0x1.5342b6p0f, 0x1.56f474p0f,
    0x1.5ab07ep0f, 0x1.5e76f2p0f, 0x1.6247ecp0f, 0x1.662388p0f, 0x1.6a09e6p0f, 0x1.6dfb24p0f, 0x1.71f75ep0f,
    0x1.75feb6p0f, 0x1.7a1148p0f, 0x1.7e2f34p0f, 0x1.82589ap0f, 0x1.868d9ap0f, 0x1.8ace54p0f, 0x1.8f1aeap0f,
    0x1.93737cp0f, 0x1.97d82ap0f, 0x1.9c4918p0f, 0x1.a0c668p0f, 0x1.a5503cp0f, 0x1.a9e6b6p0f, 0x1.ae89fap0f,
    0x1.b33a2cp0f, 0x1.b7f770p0f, 0x1.bcc1eap0f, 0x1.c199bep0f, 0x1.c67f12p0f, 0x1.cb720ep0f, 0x1.d072d4p0f,
    0x1.d5818ep0f, 0x1.da9e60p0f, 0x1.dfc974p0f, 0x1.e502eep0f, 0x1.ea4afap0f, 0x1.efa1bep0f, 0x1.f50766p0f,
    0x1.fa7c18p0f,
};

float lat_step(uint32_t index) {
    if (index > LAT_MAX_STEP_INDEX) index = LAT_MAX_STEP_INDEX;
    return ldexpf(step_mantissas[index % 64], (int)(index / 64) - 16);
}

uint32_t lat_step_index_from_log2(float log2_step) {
    double index = ((double)log2_step + 16) * 64 + 0.5;
    if (isnan(index)) return LAT_STEP_INDEX_ONE;
    if (index < 0) return 0;
    return index < LAT_MAX_STEP_INDEX ? (uint32_t)index : LAT_MAX_STEP_INDEX;
}

/* In binary64 the quotient of two binary32 values never rounds across a half. */
static int16_t quantise_one(float value, double step) {
    if (!isfinite(value)) return 0;
    double magnitude = fabs((double)value) / step + 0.5;
    int symbol = magnitude < LAT_MAX_SYMBOL ? (int)magnitude : LAT_MAX_SYMBOL;
    return (int16_t)(value < 0 ? -symbol : symbol);
}

void lat_quantise(const float *values, size_t count, float step, int16_t *symbols) {
    for (size_t i = 0; i < count; i++) symbols[i] = quantise_one(values[i], (double)step);
}

void lat_dequantise(const int16_t *symbols, size_t count, float step, float *values) {
    for (size_t i = 0; i < count; i++) values[i] = (float)symbols[i] * step;
}
