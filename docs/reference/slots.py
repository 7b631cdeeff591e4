# SPDX-License-Identifier: MIT
"""Draws the way of a picture and a sentence through the slots, as segmenter.hpp says it, in Graphviz's language.

    slots.py INCLUDE > slots.dot

A box is a call `slot->forward(…)`, an arrow a value that one call returns and another reads.
"""
import pathlib
import re
import sys

text = (pathlib.Path(sys.argv[1]) / "vlsm/segmenter/segmenter.hpp").read_text(encoding="utf-8")
text = re.sub(r"//[^\n]*", "", text)
slots = re.findall(r"child<\w+>\(\"(\w+)\"\)", text)
call = re.compile(r"(?:(\w+) const (\w+) = |return )(\w+)->forward\(((?:[^()]|\([^()]*\))*)\);")
function = re.compile(r"([\w:]+) (\w+)\(([^()]*)\) const \{(.*?)\n?  ?\}\n", re.S)

arrows, halves, made = [], [], {}  # made: a type, and which slot a function returns it from
for returned, name, parameters, body in function.findall(text):
    calls = call.findall(body)
    if not calls:
        continue
    halves.append((name, [slot for _, _, slot, _ in calls]))
    known = {}
    for parameter in parameters.split(","):
        kind, said = parameter.replace("const&", "").split()
        known[said] = (made.get(kind, said), kind)
    for kind, variable, slot, arguments in calls:
        for argument in re.split(r", *", arguments):
            argument = re.findall(r"\w+", argument)[-1]  # of `a ? x.to(b) : x`: x
            source, type_ = known[argument]
            arrows.append((source, slot, argument, type_))
        known[variable] = (slot, kind)
        last = slot
    made[returned] = last
    if last == slots[-1]:
        arrows.append((last, "logits", "", returned))

if {slot for _, slots_ in halves for slot in slots_} != set(slots) or len(slots) != 5:
    sys.exit(f"slots.py: segmenter.hpp has the slots {slots} and calls {halves}")

print('digraph slots {\n  rankdir=LR; node [fontname=Helvetica, fontsize=11]; edge [fontname=Helvetica, fontsize=9];')
for name, inside in halves:
    print(f'  subgraph cluster_{name} {{ label="{name}"; fontname=Helvetica; fontsize=10; color=gray;')
    for slot in inside:
        print(f'    {slot} [shape=box, style=filled, fillcolor="#e8eef7", label="{slot}"];')
    print("  }")
for source, slot, value, kind in arrows:
    label = kind if value in ("", source) else f"{value}\\n{kind}"
    print(f'  {source} -> {slot} [label="{label}"];')
for end in ("image", "tokens", "logits"):
    print(f"  {end} [shape=plaintext];")
print("}")
