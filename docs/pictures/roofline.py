#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes the table of predictions in docs/kernels.md, and roofline.svg, of its table of instructions.

usage: roofline.py [--check]   with --check: fails where they are not what they would become
"""
import math
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
DOCS = HERE.parent / "kernels.md"
# Bytes a clock and multiprocessor: GB/s, multiprocessors, GHz that the vendor publishes.
CARDS = {"A100": 1555 / (108 * 1.41), "H100": 3350 / (132 * 1.755), "H200": 4800 / (132 * 1.755)}
COLORS = {"A100": "#4c78a8", "H100": "#f58518", "H200": "#54a24b"}


def rows(text):
    """[(kernel, instructions, bytes)] of a warp."""
    table = text.split("<!-- instructions -->")[1].split("<!-- end -->")[0].strip().splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return [(row[0], float(row[4]), float(row[5])) for row in cells]


def predicted(kernels):
    lines = ["| kernel | clocks to issue | " + " | ".join(f"{card}: to move, share" for card in CARDS) + " |",
             "|---|---:|" + "---:|" * len(CARDS)]
    for name, instructions, moved in kernels:
        issue = instructions / 4
        cells = []
        for rate in CARDS.values():
            move = moved / rate
            cells.append(f"{move:.0f}, {100 * min(1, move / issue):.0f} %" if move >= 10 else
                         f"{move:.1f}, {100 * min(1, move / issue):.0f} %")
        lines.append(f"| {name} | {issue:.{0 if issue >= 10 else 1}f} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def picture(kernels):
    """Bytes an instruction against bytes a clock, both as logarithms; names above, in the order of the points."""
    width, height, left, top, bottom = 760, 540, 60, 200, 490
    low, high, floor, roof = 2, 32, 8, 24
    x = lambda value: left + (width - left - 20) * math.log2(value / low) / math.log2(high / low)
    y = lambda value: bottom - (bottom - top) * math.log2(value / floor) / math.log2(roof / floor)
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" '
             'font-size="12">', f'<rect width="{width}" height="{height}" fill="white"/>']
    for value in (2, 4, 8, 16, 32):
        parts.append(f'<text x="{x(value):.0f}" y="{bottom + 18}" text-anchor="middle">{value}</text>')
    for value in (8, 12, 16, 24):
        parts.append(f'<text x="{left - 8}" y="{y(value) + 4:.0f}" text-anchor="end">{value}</text>')
    parts.append(f'<path d="M{left} {top}V{bottom}H{width - 20}" fill="none" stroke="black"/>')
    taken = 0
    for name, instructions, moved in sorted(kernels, key=lambda kernel: kernel[2] / kernel[1]):
        at = x(min(max(moved / instructions, low), high))
        taken = max(at, taken + 17)
        parts.append(f'<path d="M{at:.1f} {bottom}V{top}L{taken:.1f} {top - 14}" fill="none" stroke="#ccc"/>')
        parts.append(f'<text transform="translate({taken + 3:.1f} {top - 18}) rotate(-55)" font-size="11">{name}</text>')
    for card, rate in CARDS.items():
        corner = max(low, rate / 4)
        parts.append(f'<path d="M{x(corner):.0f} {y(rate):.0f}H{width - 20}" stroke="{COLORS[card]}" fill="none" '
                     'stroke-width="2"/>')
        parts.append(f'<text x="{width - 24}" y="{y(rate) - 5:.0f}" text-anchor="end" fill="{COLORS[card]}">{card}</text>')
    parts.append(f'<path d="M{x(low):.0f} {y(4 * low):.0f}L{x(roof / 4):.0f} {y(roof):.0f}" stroke="black" '
                 'stroke-width="2" fill="none"/>')
    for _, instructions, moved in kernels:
        at = moved / instructions
        for card, rate in CARDS.items():
            reached = max(floor, min(rate, 4 * at))
            parts.append(f'<circle cx="{x(min(max(at, low), high)):.1f}" cy="{y(reached):.1f}" r="4" fill="{COLORS[card]}"/>')
    parts.append(f'<text x="{(left + width) / 2:.0f}" y="{height - 12}" text-anchor="middle">bytes an instruction of a warp</text>')
    parts.append(f'<text transform="translate(18 {(bottom + top) / 2:.0f}) rotate(-90)" text-anchor="middle">bytes a clock and '
                 'multiprocessor</text></svg>')
    return "\n".join(parts) + "\n"


def main(check=""):
    text = DOCS.read_text()
    kernels = rows(text)
    before, rest = text.split("<!-- predicted -->")
    new = before + "<!-- predicted -->\n" + predicted(kernels) + "\n<!-- end -->" + rest.split("<!-- end -->", 1)[1]
    drawn = HERE / "roofline.svg"
    if check:
        if new != text or not drawn.exists() or drawn.read_text() != picture(kernels):
            sys.exit("docs/kernels.md or roofline.svg are not what roofline.py makes of the table: run it")
        print("table and picture are up to date")
        return
    DOCS.write_text(new)
    drawn.write_text(picture(kernels))


if __name__ == "__main__":
    main(*sys.argv[1:])
