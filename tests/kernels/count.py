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
    """{kernel: ([trips of its loops], units, instructions a unit)}"""
    text = docs.read_text().split("<!-- instructions -->")[1].split("<!-- end -->")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            for line in text.strip().splitlines()[2:]]
    return {row[0]: ([float(trip) for trip in row[2].split()], int(row[3]), float(row[4])) for row in rows}


def kernels(listing):
    """{kernel: [(address, text)]} of what cuobjdump -sass prints; no padding behind the end."""
    found = {}
    for name, body in re.findall(r"Function : (\S+)\n(.*?)(?=\n\s*\.{6,}|\Z)", listing, re.S):
        name = subprocess.run(["c++filt", name], check=True, capture_output=True, text=True).stdout
        code = [(int(at, 16), text) for at, text in re.findall(r"/\*([0-9a-f]{4,})\*/\s+([^;/]+);", body)]
        found[name.split("(")[0].strip()] = [(at, text) for at, text in code if not text.startswith("NOP")]
    return found


def successors(code):
    """{address: [addresses that may be next]}"""
    places, result = [at for at, _ in code], {}
    known = set(places)
    for i, (at, text) in enumerate(code):
        word = text.split()
        maybe = word[0].startswith("@")
        name = word[1] if maybe else word[0]
        after = places[i + 1:i + 2]
        if name.startswith("BRA"):
            # "BRA UP0, 0x120" and "BRA.U !UP0, 0x120" depend on a predicate, too.
            target = int(re.search(r"0x([0-9a-f]+)", text)[1], 16)
            maybe = maybe or "," in text
            result[at] = [target] * (target in known) + (after if maybe else [])
        elif name.startswith(("EXIT", "RET")):
            result[at] = after if maybe else []
        else:
            result[at] = after
    return result


def loops(code):
    """[(first, {addresses})] of the natural loops, one for each address that a loop begins with."""
    after = successors(code)
    before = {at: [] for at in after}
    for at, others in after.items():
        for other in others:
            before[other].append(at)
    # What every way to an instruction goes through.
    start = code[0][0]
    reachable, todo = {start}, [start]
    while todo:
        for other in after[todo.pop()]:
            if other not in reachable:
                reachable.add(other)
                todo.append(other)
    order = [at for at, _ in code if at in reachable]
    through = {at: None for at in order}
    through[start] = {start}
    changed = True
    while changed:
        changed = False
        for at in order[1:]:
            sets = [through[one] for one in before[at] if through.get(one) is not None]
            new = set.intersection(*sets) | {at} if sets else None
            if new != through[at]:
                through[at], changed = new, True
    found = {}
    for at in order:
        for head in after[at]:
            if head == at or through[at] is None or head not in through[at]:
                continue
            body, todo = found.setdefault(head, {head}), [at]
            while todo:
                one = todo.pop()
                if one not in body:
                    body.add(one)
                    todo += [other for other in before[one] if other in reachable]
    return sorted(found.items())


def count(code, around, trips):
    """Instructions that one thread executes."""
    total = 0
    for at, _ in code:
        times = 1
        for (_, body), trip in zip(around, trips):
            times *= trip if at in body else 1
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
        sizes = " ".join(f"{len(body)}@{first:x}" for first, body in around)
        print(f"{name}: {each:.1f} instructions a unit, {len(code)} in all, loops of {sizes or 'none'}")
        if each > allowed:
            problems.append(f"{name}: {each:.1f} instructions a unit, {allowed} allowed")
    problems += [f"{name}: not in {source}" for name in rows if name not in codes]
    if problems and not only_print:
        sys.exit("\n".join(problems))


if __name__ == "__main__":
    main(*sys.argv[1:])
