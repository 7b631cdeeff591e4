#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Compiles a kernel file for a row of cards and holds what ptxas says against docs/kernels.md.

No spills, no local memory; registers and static shared memory within the table between the markers
`<!-- budget -->` and `<!-- end -->`; an mma instruction in each kernel whose row demands one.

usage: ptxas.py NVCC INCLUDE FILE.cu GENCODE DOCS FOLDER, with GENCODE as nvcc's option takes it
"""
import pathlib
import re
import shutil
import subprocess
import sys


def budget(docs):
    """{(kernel, arithmetic, width): (registers, bytes of static shared memory, tensor core)}"""
    text = docs.read_text().split("<!-- budget -->")[1].split("<!-- end -->")[0]
    rows = [[cell.strip().strip("`") for cell in line.strip().strip("|").split("|")]
            for line in text.strip().splitlines()[2:]]
    return {tuple(row[:3]): (int(row[3]), int(row[4]), row[5]) for row in rows}


def key_of(symbol):
    """('fusion_attention_forward', 'f16', '64') of a kernel's mangled name."""
    name = subprocess.run(["c++filt", symbol], check=True, capture_output=True, text=True).stdout
    kernel = re.search(r"(\w+)[<(]", name)[1]
    if engine := re.search(r"(Simt|MmaTf32)<(\d+)", name):
        return kernel, {"Simt": "f32", "MmaTf32": "tf32"}[engine[1]], engine[2]
    if engine := re.search(r"Mma16<vlsm::kernels::(\w+), (\d+)", name):
        return kernel, {"Half": "f16", "BFloat16": "bf16"}[engine[1]], engine[2]
    if row := re.search(r"Layout<(\d+), (\d+)>", name):  # lanes, and each lane's pieces of four numbers
        return kernel, "all", str(4 * int(row[1]) * int(row[2]))
    # Other kernels are told apart by the table's "all" alone.
    return kernel, "all", "all"


def main(nvcc, include, source, gencode, docs, folder):
    limits = budget(pathlib.Path(docs))
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    run = subprocess.run(
        [nvcc, "-std=c++20", f"-I{include}", f"-gencode={gencode}", "-Xptxas", "-v",
         "--keep", "--keep-dir", str(folder), "-fatbin", source, "-o", str(folder / "kernels.fatbin")],
        capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(run.stdout + run.stderr)
    ptx = "".join(path.read_text() for path in folder.glob("*.ptx"))
    bodies = dict(re.findall(r"\.entry (\w+)\((.*?)\n}\n", ptx, re.S))
    problems, seen, most = [], {card: set() for card in re.findall(r"sm_\w+", gencode)}, 0
    for symbol, card, report in re.findall(
            r"Compiling entry function '(\w+)' for '(\w+)'(.*?Used .*?)\n", run.stderr, re.S):
        key = key_of(symbol)
        row = limits.get(key) or limits.get((key[0], key[1], "all")) or limits.get((key[0], "all", "all"))
        name = f"{card}: " + " ".join(key)
        if row is None:
            problems.append(f"{name}: no row in the table of {docs}")
            continue
        seen[card].add(symbol)
        number = lambda pattern: int((re.search(pattern, report) or [0, 0])[1])
        registers, shared = number(r"Used (\d+) registers"), number(r"(\d+) bytes smem")
        most = max(most, registers)
        spills = number(r"(\d+) bytes spill stores") + number(r"(\d+) bytes spill loads")
        if spills or number(r"(\d+) bytes stack frame"):
            problems.append(f"{name}: {spills} bytes of spills, or local memory")
        if registers > row[0]:
            problems.append(f"{name}: {registers} registers, {row[0]} allowed")
        if shared > row[1]:
            problems.append(f"{name}: {shared} bytes of static shared memory, {row[1]} allowed")
        if row[2] != "-" and row[2] not in bodies.get(symbol, ""):
            problems.append(f"{name}: no {row[2]} in its PTX")
    shutil.rmtree(folder)
    problems += [f"{card}: ptxas named no kernel" for card in seen if not seen[card]]
    if problems or not seen:
        sys.exit("\n".join(problems) or f"no card in {gencode}")
    for card, symbols in seen.items():
        print(f"{card}: {len(symbols)} kernels, no spills")
    print(f"at most {most} registers")


if __name__ == "__main__":
    main(*sys.argv[1:])
