#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Counts the instructions of the kernels in count.cu and holds them against docs/kernels.md.

The machine code of each is read by cuobjdump. An instruction counts as often as the loops around it
run, whose trips the table between `<!-- instructions -->` and `<!-- end -->` names in the order of the
loops; both sides of a branch count, so the figure is an upper bound. A kernel fails by more instructions
a unit than the table allows, and by other loops than it names.

usage: count.py NVCC CUOBJDUMP INCLUDE FILE.cu ARCH DOCS FOLDER [--print]
"""
import pathlib
import re
import subprocess
import sys


def table(docs):
    """{kernel: ([trips], units, instructions a unit)}"""
    text = docs.read_text().split("<!-- instructions -->")[1].split("<!-- end -->")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            for line in text.strip().splitlines()[2:]]
    return {row[0]: ([int(trip) for trip in row[2].split()], int(row[3]), float(row[4])) for row in rows}


def kernels(listing):
    """{kernel: [(address, text)]} of what cuobjdump -sass prints; no padding behind the end."""
    found = {}
    for name, body in re.findall(r"Function : (\S+)\n(.*?)(?=\n\s*\.{6,}|\Z)", listing, re.S):
        name = subprocess.run(["c++filt", name], check=True, capture_output=True, text=True).stdout
        code = [(int(at, 16), text) for at, text in re.findall(r"/\*([0-9a-f]{4,})\*/\s+([^;/]+);", body)]
        found[name.split("(")[0].strip()] = [(at, text) for at, text in code if not text.startswith("NOP")]
    return found


def loops(code):
    """[(first, last)] addresses of the loops: branches backwards, one loop for each target."""
    ends = {}
    for at, text in code:
        if (branch := re.search(r"\bBRA(?:\.\w+)*\s+(?:\S+,\s*)?(0x[0-9a-f]+)", text)) and int(branch[1], 16) < at:
            ends[int(branch[1], 16)] = max(at, ends.get(int(branch[1], 16), 0))
    return sorted(ends.items())


def count(code, around, trips):
    """Instructions that one thread executes."""
    total = 0
    for at, _ in code:
        times = 1
        for (first, last), trip in zip(around, trips):
            times *= trip if first <= at <= last else 1
        total += times
    return total


def main(nvcc, cuobjdump, include, source, arch, docs, folder, only_print=""):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    cubin = folder / f"count_{arch}.cubin"
    run = subprocess.run([nvcc, "-std=c++20", f"-I{include}", f"-arch=sm_{arch}", "-cubin", source, "-o", str(cubin)],
                         capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)
    listing = subprocess.run([cuobjdump, "-sass", str(cubin)], check=True, capture_output=True, text=True).stdout
    rows, problems, codes = table(pathlib.Path(docs)), [], kernels(listing)
    for name, code in sorted(codes.items()):
        around = loops(code)
        if name not in rows:
            problems.append(f"{name}: no row in the table of {docs}")
            rows[name] = ([1] * len(around), 1, 0)
        trips, units, allowed = rows[name]
        if len(trips) != len(around):
            problems.append(f"{name}: {len(around)} loops, {len(trips)} in the table")
            trips = [1] * len(around)
        each = count(code, around, trips) / units
        sizes = " ".join(f"{sum(first <= at <= last for at, _ in code)}@{first:x}" for first, last in around)
        print(f"{name}: {each:.1f} instructions a unit, {len(code)} in all, loops of {sizes or 'none'}")
        if each > allowed:
            problems.append(f"{name}: {each:.1f} instructions a unit, {allowed} allowed")
    problems += [f"{name}: not in {source}" for name in rows if name not in codes]
    if problems and not only_print:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main(*sys.argv[1:])
