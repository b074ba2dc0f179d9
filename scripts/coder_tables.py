#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Writes the integer tables of the latent coder's arithmetic as C, or as lists for the specification.

  scripts/coder_tables.py logistic > src/entropy/tables_logistic.c
  scripts/coder_tables.py scale > src/codec/tables_scale.c
  scripts/coder_tables.py text
"""
import sys
from decimal import Decimal as D, ROUND_HALF_UP, getcontext

getcontext().prec = 50


def rounded(x):
    return int(x.to_integral_value(ROUND_HALF_UP))


def squash():
    """65536 / (1 + e^-x), x = i / 16."""
    return [rounded(65536 / (1 + (-D(i) / 16).exp())) for i in range(177)]


def softplus():
    """1024 ln(1 + e^-x), x = i / 16."""
    return [rounded(1024 * (1 + (-D(i) / 16).exp()).ln()) for i in range(129)]


def ln():
    """65536 ln(1 + i / 256)."""
    return [rounded(65536 * (1 + D(i) / 256).ln()) for i in range(257)]


def octave():
    """32768 * 2^(i / 8), rounded up: where the eighths of an octave begin."""
    return [int((32768 * D(2) ** (D(i) / 8)).to_integral_value('ROUND_CEILING')) for i in range(1, 8)]


def inverse_scale():
    """1024 / s for a logistic scale s = 2^((level + 36.5) / 8) / 512."""
    return [rounded(1024 * 512 / D(2) ** ((D(i) + D('36.5')) / 8)) for i in range(84)]


def inverse_scale_log():
    """1024 ln(e^(1 / s) - 1)."""
    return [rounded(1024 * ((512 / D(2) ** ((D(i) + D('36.5')) / 8)).exp() - 1).ln()) for i in range(84)]


FILES = {
    'logistic': ('entropy/logistic.h', [
        ('uint16_t', 'logistic_squash_table', squash), ('uint16_t', 'logistic_softplus_table', softplus),
        ('uint16_t', 'logistic_ln_table', ln)]),
    'scale': ('codec/lat_contexts.h', [
        ('uint16_t', 'lat_octave_table', octave), ('int32_t', 'lat_inverse_scale', inverse_scale),
        ('int32_t', 'lat_inverse_scale_log', inverse_scale_log)]),
}


def lines(values, width, indent):
    out = indent
    for i, v in enumerate(values):
        word = '%d,' % v
        if len(out) + len(word) + 1 > width:
            yield out.rstrip()
            out = indent
        out += word + ' '
    yield out.rstrip()


def main(which):
    if which == 'text':
        for _, tables in FILES.values():
            for _, name, make in tables:
                print('%s (%s)\n' % (name, ' '.join(make.__doc__.split())))
                print('\n'.join(lines(make(), 100, '    ')).rstrip(',') + '\n')
        return
    header, tables = FILES[which]
    print('/* SPDX-License-Identifier: MIT\n * SPDX-FileCopyrightText: 2026 The Pith authors */')
    print('/* Made by `scripts/coder_tables.py %s`; part of the format, never changed. */' % which)
    print('#include "%s"' % header)
    for ctype, name, make in tables:
        values = make()
        print('\n/* %s */\nconst %s %s[%d] = {' % (make.__doc__.rstrip('.'), ctype, name, len(values)))
        print('\n'.join(lines(values, 112, '    ')))
        print('};')


if __name__ == '__main__':
    if len(sys.argv) != 2 or sys.argv[1] not in ('text', *FILES):
        sys.exit(__doc__)
    main(sys.argv[1])
