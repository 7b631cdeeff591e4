#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Makes a Markdown table of Google Benchmark's JSON: table.py benchmarks.json benchmarks.md

Exits with 1 where a benchmark found its result wrong.
"""
import json
import sys

MILLISECONDS = {"ns": 1e-6, "us": 1e-3, "ms": 1.0, "s": 1e3}


def number(value):
    """Three significant digits, without an exponent."""
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3g}"


def rate(run):
    for name, unit in (("FLOP/s", "FLOP/s"), ("bytes/s", "B/s"), ("items/s", "texts/s")):
        if name in run:
            value = run[name]
            for factor, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
                if value >= factor:
                    return f"{number(value / factor)} {prefix}{unit}"
            return f"{number(value)} {unit}"
    return ""


def table(result):
    """Median of the repetitions; the spread is their coefficient of variation."""
    context = result["context"]
    spread = {
        run["run_name"]: run["real_time"]
        for run in result["benchmarks"]
        if run.get("aggregate_name") == "cv"
    }
    lines = [
        "# Benchmarks",
        "",
        f"vlsm {context.get('vlsm', '?')}, {context['date']}, "
        f"{context.get('threads', '?')} threads on {context['num_cpus']} CPUs. "
        "Measured peaks of this machine: "
        f"{context.get('peak_gflops', '?')} GFLOP/s (float32 product of 1024 x 1024 matrices), "
        f"{context.get('peak_gbytes', '?')} GB/s (triad). "
        "Every result was checked before it was timed.",
        "",
        "| benchmark | median ms | spread | rate | share of peak |",
        "|---|---:|---:|---:|---:|",
    ]
    for run in result["benchmarks"]:
        if run.get("aggregate_name") != "median":
            continue
        name = run["run_name"].removesuffix("/real_time")
        median = number(run["real_time"] * MILLISECONDS[run["time_unit"]])
        varied = f"{100 * spread[run['run_name']]:.1f} %" if run["run_name"] in spread else ""
        share = f"{100 * run['peak_share']:.1f} %" if "peak_share" in run else ""
        lines.append(f"| {name} | {median} | {varied} | {rate(run)} | {share} |")
    return "\n".join(lines) + "\n"


def main(arguments):
    if len(arguments) != 3:
        print(__doc__, file=sys.stderr)
        return 2
    with open(arguments[1], encoding="utf-8") as file:
        result = json.load(file)
    text = table(result)
    with open(arguments[2], "w", encoding="utf-8") as file:
        file.write(text)
    print(text)
    failed = [run for run in result["benchmarks"] if run.get("error_occurred")]
    # A wrong result is reported once a repetition.
    for name, message in dict.fromkeys((run["run_name"], run["error_message"]) for run in failed):
        print(f"not timed: {name.removesuffix('/real_time')}: {message}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
