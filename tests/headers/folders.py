# SPDX-License-Identifier: MIT
"""The folders of include/vlsm form no cycle: whoever reads one need not read those above it.

    folders.py INCLUDE [--edges]

A folder `impl` counts as the one that it stands in: its files define what that one declares.
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
headers = sorted(path for path in root.rglob("*") if path.suffix in (".hpp", ".cuh"))
for header in headers:
    here = header.relative_to(root)
    for included in re.findall(r'#include "vlsm/([^"]+)"', header.read_text(encoding="utf-8")):
        there = pathlib.PurePosixPath(included)
        if folder(there) != folder(here):
            uses[folder(here)][folder(there)].append(f"{here} -> {included}")

if "--edges" in sys.argv:
    for here in sorted(uses):
        print(here + ":", " ".join(sorted(uses[here])))

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
print(f"{len(headers)} headers, {'cycles' if left else 'no cycle'} between their folders")
sys.exit(1 if left or not headers else 0)
