# SPDX-License-Identifier: MIT
"""The folders of include/vlsm form no cycle: whoever reads one need not read those above it.

    folders.py INCLUDE [--edges]
    folders.py INCLUDE --dot > folders.dot

A folder `impl` counts as the one that it stands in: its files define what that one declares. --dot draws the folders in
Graphviz's language, without the arrows that follow from others; dashed are those that include no LibTorch, nor does what
they use.
"""
import collections
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]) / "vlsm"


def folder(path):
    parts = [part for part in path.parts[:-1] if part != "impl"]
    return "/".join(parts) or "."


uses = collections.defaultdict(lambda: collections.defaultdict(list))
heavy = set()  # folders with a header that includes LibTorch
headers = sorted(path for path in root.rglob("*") if path.suffix in (".hpp", ".cuh"))
for header in headers:
    here = header.relative_to(root)
    text = header.read_text(encoding="utf-8")
    if re.search(r"#include <(torch|ATen|c10)/", text):
        heavy.add(folder(here))
    for included in re.findall(r'#include "vlsm/([^"]+)"', text):
        there = pathlib.PurePosixPath(included)
        if folder(there) != folder(here):
            uses[folder(here)][folder(there)].append(f"{here} -> {included}")

if "--edges" in sys.argv:
    for here in sorted(uses):
        print(here + ":", " ".join(sorted(uses[here])))



def below(here, seen=None):
    """All folders that `here` uses, directly or not."""
    seen = set() if seen is None else seen
    for there in uses[here].keys() - seen:
        seen.add(there)
        below(there, seen)
    return seen


def draw():
    folders = sorted({folder(header.relative_to(root)) for header in headers})
    print("digraph folders {\n  rankdir=TB; ranksep=0.7; nodesep=0.15;")
    print("  node [shape=box, fontname=Helvetica, fontsize=11, height=0.3]; edge [arrowsize=0.6, color=gray40];")
    for here in folders:
        light = not ({here} | below(here)) & heavy
        label = "vlsm.hpp" if here == "." else here
        print(f'  "{here}" [label="{label}"{", style=dashed" if light else ""}];')
    for here in folders:
        implied = set().union(*(below(there) for there in uses[here]))
        for there in sorted(set(uses[here]) - implied):
            print(f'  "{here}" -> "{there}";')
    print("}")


# Folders from which nothing is left to take away stand in a cycle, or above one.
left = {here: set(uses[here]) for here in {folder(h.relative_to(root)) for h in headers}}
while free := [here for here, there in left.items() if not there & left.keys()]:
    for here in free:
        del left[here]
while free := [here for here in left if not any(here in there for there in left.values())]:
    for here in free:
        del left[here]

for here in sorted(left):
    for there in sorted(left[here] & left.keys()):
        print(f"{here} uses {there}, which leads back to it:", *uses[here][there][:3], sep="\n  ")
if "--dot" in sys.argv and not left:
    draw()
else:
    print(f"{len(headers)} headers, {'cycles' if left else 'no cycle'} between their folders")
sys.exit(1 if left or not headers else 0)
