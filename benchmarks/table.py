#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a Markdown table of Google Benchmark's JSON: table.py benchmarks.json benchmarks.md

Exits with 1 where a benchmark found its result wrong.
"""
import sys

from results import Unreadable, failures, medians, read


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def scaled(value, unit):
    for factor, prefix in ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= factor:
            return f"{number(value / factor)} {prefix}{unit}"
    return f"{number(value)} {unit}"


def rates(run):
    units = (("FLOP/s", "FLOP/s"), ("bytes/s", "B/s"), ("items/s", "texts/s"))
    return ", ".join(scaled(run[name], unit) for name, unit in units if name in run)


def device(context):
    """A sentence about the GPU, where there was one."""
    if "device" not in context:
        return ""
    prefix = "device_peak_gflops_"
    products = ", ".join(
        f"{value} GFLOP/s ({key.removeprefix(prefix)})"
        for key, value in context.items()
        if key.startswith(prefix)
    )
    return (
        f" On the GPU, {context['device']}: {products} (products of 8192 x 8192 matrices), "
        f"{context.get('device_peak_gbytes', '?')} GB/s (triad)."
    )


def table(context, runs):
    """Median of the repetitions; the spread is their coefficient of variation."""
    lines = [
        "# Benchmarks",
        "",
        f"vlsm {context.get('vlsm', '?')}, {context.get('date', '?')}, "
        f"{context.get('threads', '?')} threads on {context.get('num_cpus', '?')} CPUs. "
        "Measured peaks of this machine: "
        f"{context.get('peak_gflops', '?')} GFLOP/s (float32 product of 1024 x 1024 matrices), "
        f"{context.get('peak_gbytes', '?')} GB/s (triad).{device(context)} "
        "Every result was checked before it was timed.",
        "",
        "| benchmark | median ms | spread | rate | share of peak |",
        "|---|---:|---:|---:|---:|",
    ]
    for name, milliseconds, spread, run in medians(runs):
        varied = f"{100 * spread:.1f} %" if spread is not None else ""
        share = f"{100 * run['peak_share']:.1f} %" if "peak_share" in run else ""
        lines.append(f"| {name} | {number(milliseconds)} | {varied} | {rates(run)} | {share} |")
    return "\n".join(lines) + "\n"


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        context, runs = read(arguments[1])
    except Unreadable as problem:
        print(problem, file=sys.stderr)
        return 1
    text = table(context, runs)
    with open(arguments[2], "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    wrong = failures(runs)
    for name, message in wrong.items():
        print(f"not timed: {name}: {message}", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
