# SPDX-License-Identifier: MIT
# SPDX-FileCopyrightText: 2026 The Pith authors
"""Plots of quality over size, as SVG: a logarithmic axis of sizes, lines that are named at their ends; light or dark as
the reader's system is."""
import math
from dataclasses import dataclass
from html import escape

LEFT, RIGHT, TOP, BOTTOM = 44, 62, 26, 36  # margins, in user units
LABEL_HEIGHT = 13
N_Y_STEPS = 5  # at most so many grid lines, or one more


@dataclass
class Line:
    name: str
    colour: str
    strong: bool  # thicker, and drawn over the others
    points: list  # of (x, y, hollow), from left to right; one that is not finite is left out

    def __post_init__(self):
        self.points = [p for p in self.points if math.isfinite(p[0]) and math.isfinite(p[1]) and p[0] > 0]


class Frame:
    """Where values are drawn."""

    def __init__(self, lines, y_least, x, y, width, height):
        self.x, self.y = x + LEFT, y + TOP
        self.width, self.height = width - LEFT - RIGHT, height - TOP - BOTTOM
        xs = [math.log(p[0]) for line in lines for p in line.points] or [0]
        ys = [max(p[1], y_least) for line in lines for p in line.points] or [0]
        x_room = max(0.04 * (max(xs) - min(xs)), 0.02)
        y_room = max(0.06 * (max(ys) - min(ys)), 1e-6 + 1e-3 * abs(max(ys)))
        self.log_least, self.log_most = min(xs) - x_room, max(xs) + x_room
        self.least, self.most = min(ys) - y_room, max(ys) + y_room

    def x_of(self, value):
        return self.x + self.width * (math.log(value) - self.log_least) / (self.log_most - self.log_least)

    def y_of(self, value):
        return self.y + self.height * (self.most - value) / (self.most - self.least)


def nice_step(span):
    """1, 2 or 5 times a power of ten, of which at most N_Y_STEPS fit in the span."""
    power = 10 ** math.floor(math.log10(span / N_Y_STEPS))
    return next(factor * power for factor in (1, 2, 5, 10) if factor == 10 or span / (factor * power) <= N_Y_STEPS)


def grid(f):
    step = nice_step(f.most - f.least)
    n_decimals = 0 if step >= 1 else math.ceil(-math.log10(step) - 1e-9)
    for i in range(math.ceil(f.least / step), math.floor(f.most / step) + 1):
        yield (f'<path d="M{f.x:.1f} {f.y_of(i * step):.1f}h{f.width:.1f}" stroke="currentColor" '
               f'opacity="{".5" if i == 0 else ".16"}"/><text x="{f.x - 6:.1f}" y="{f.y_of(i * step) + 4:.1f}" '
               f'text-anchor="end" opacity=".75">{i * step:.{n_decimals}f}</text>\n')
    for power in range(math.floor(f.log_least / math.log(10)), math.ceil(f.log_most / math.log(10))):
        for value in (10.0**power * factor for factor in (1, 2, 5)):
            if f.log_least <= math.log(value) <= f.log_most:
                yield (f'<path d="M{f.x_of(value):.1f} {f.y:.1f}v{f.height:.1f}" stroke="currentColor" opacity=".16"/>'
                       f'<text x="{f.x_of(value):.1f}" y="{f.y + f.height + 16:.1f}" text-anchor="middle" '
                       f'opacity=".75">{value:g}</text>\n')


def drawn(f, line):
    width, radius = ("2.8", "3.4") if line.strong else ("1.6", "2.6")
    path = "L".join(f"{f.x_of(x):.1f} {f.y_of(y):.1f}" for x, y, _ in line.points)
    circles = "".join(f'<circle cx="{f.x_of(x):.1f}" cy="{f.y_of(y):.1f}" r="{radius}" '
                      f'fill="{"none" if hollow else line.colour}"/>' for x, y, hollow in line.points)
    return (f'<g stroke="{line.colour}" stroke-width="{width}"><path fill="none" stroke-linejoin="round" '
            f'd="{path and "M" + path}"/>{circles}</g>\n')


def names(f, lines):
    """Each beside its line's last point, moved so that none covers another."""
    labels = [[min(max(f.y_of(line.points[-1][1]), f.y), f.y + f.height), line] for line in lines if line.points]
    labels.sort(key=lambda label: label[0])
    for above, label in zip(labels, labels[1:]):
        label[0] = max(label[0], above[0] + LABEL_HEIGHT)
    lowest = f.y + f.height
    for label in reversed(labels):  # back up from the bottom
        label[0] = min(label[0], lowest)
        lowest = label[0] - LABEL_HEIGHT
    for y, line in labels:
        yield (f'<text x="{f.x + f.width + 6:.1f}" y="{y + 4:.1f}" fill="{line.colour}" '
               f'font-weight="{"700" if line.strong else "500"}">{escape(line.name)}</text>\n')


def plot(title, x_name, y_least, lines, number, x, y, width, height):
    """Of `lines`, in a rectangle of the document; what lies lower than y_least is cut off. No other plot of the
    document has the same `number`."""
    f = Frame(lines, y_least, x, y, width, height)
    area = f"area{number}"
    return "".join([
        f'<g font-size="11.5" fill="currentColor" stroke="none">\n<text x="{f.x:.1f}" y="{y + 14:.1f}" '
        f'font-size="13.5" font-weight="600">{escape(title)}</text>\n',
        f'<text x="{f.x + f.width / 2:.1f}" y="{f.y + f.height + 31:.1f}" text-anchor="middle" '
        f'opacity=".75">{escape(x_name)}</text>\n',
        *grid(f),
        f'<clipPath id="{area}"><rect x="{f.x:.1f}" y="{f.y:.1f}" width="{f.width:.1f}" '
        f'height="{f.height:.1f}"/></clipPath>\n<g clip-path="url(#{area})">\n',
        *(drawn(f, line) for line in sorted(lines, key=lambda line: line.strong)),
        "</g>\n", *names(f, lines), "</g>\n"])


def document(title, width, height, contents):
    return (f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
            f"font-family=\"system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif\">\n<title>{escape(title)}</title>\n"
            "<style>svg{color:#222;background:#fff}"
            "@media(prefers-color-scheme:dark){svg{color:#ddd;background:#161618}}</style>\n" + contents + "</svg>\n")
