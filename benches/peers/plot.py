#!/usr/bin/env python3
"""Draws the time a document against the number of subscriptions: plot.py SCALE.csv PLOT.svg."""

import csv
import math
import sys

WIDTH, HEIGHT = 720, 400
LEFT, RIGHT, TOP, BOTTOM = 70, 190, 40, 55
COLOURS = {"profiles": "#1b6ca8", "resumes": "#c2571a"}
INK, GRID = "#333", "#ddd"


def main():
    with open(sys.argv[1]) as file:
        rows = list(csv.DictReader(file))
    lines = {}
    for row in rows:
        size = int(row["subscriptions"])
        lines.setdefault((row["data_set"], "Tripline"), []).append((size, float(row["us_per_doc"])))
        lines.setdefault((row["data_set"], "floor"), []).append((size, float(row["floor_us_per_doc"])))
    with open(sys.argv[2], "w") as file:
        file.write(draw(lines))


def draw(lines):
    points = [point for line in lines.values() for point in line]
    decades = range(math.floor(math.log10(min(x for x, _ in points))), math.ceil(math.log10(max(x for x, _ in points))) + 1)
    step = nice_step(max(y for _, y in points))
    top = step * math.ceil(max(y for _, y in points) / step)
    x_of = lambda size: LEFT + (math.log10(size) - decades[0]) / max(1, decades[-1] - decades[0]) * (WIDTH - LEFT - RIGHT)
    y_of = lambda time: HEIGHT - BOTTOM - time / top * (HEIGHT - TOP - BOTTOM)
    svg = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" fill="{INK}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="20" font-size="14">Time a document (µs), one thread, against stored subscriptions</text>',
    ]
    for decade in decades:
        x = x_of(10**decade)
        svg.append(f'<path d="M{x:.1f} {TOP}V{HEIGHT - BOTTOM}" stroke="{GRID}"/>')
        svg.append(f'<text x="{x:.1f}" y="{HEIGHT - BOTTOM + 20}" text-anchor="middle">{10**decade:,}</text>')
    for count in range(round(top / step) + 1):
        y = y_of(count * step)
        svg.append(f'<path d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}" stroke="{GRID}"/>')
        svg.append(f'<text x="{LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{count * step:,.0f}</text>')
    svg.append(f'<text x="{(LEFT + WIDTH - RIGHT) / 2}" y="{HEIGHT - 12}" text-anchor="middle">subscriptions</text>')
    labels = place_labels({key: y_of(line[-1][1]) for key, line in lines.items()})
    for (data_set, what), line in lines.items():
        colour = COLOURS.get(data_set, INK)
        path = " ".join(f"{x_of(x):.1f},{y_of(y):.1f}" for x, y in line)
        dashes = ' stroke-dasharray="5 4"' if what == "floor" else ""
        svg.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"{dashes}/>')
        if what != "floor":
            svg += [f'<circle cx="{x_of(x):.1f}" cy="{y_of(y):.1f}" r="3.5" fill="{colour}"/>' for x, y in line]
        x, y = x_of(line[-1][0]) + 10, labels[data_set, what] + 4
        svg.append(f'<text x="{x:.1f}" y="{y:.1f}" fill="{colour}">{what}, {data_set}</text>')
    return "\n".join([*svg, "</svg>", ""])


def nice_step(most):
    """A step of 1, 2 or 5 times a power of ten that cuts the axis into four to ten."""
    power = 10 ** math.floor(math.log10(most))
    return next(power * factor for factor in (0.1, 0.2, 0.5, 1) if most / (power * factor) <= 10)


def place_labels(wanted):
    """The heights of labels, moved apart so that none covers another."""
    placed, lowest = {}, -math.inf
    for key in sorted(wanted, key=wanted.get):
        placed[key] = lowest = max(wanted[key], lowest + 15)
    return placed


if __name__ == "__main__":
    main()
