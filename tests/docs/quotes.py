# SPDX-License-Identifier: MIT
"""Checks that the code quoted in Markdown files is that of the examples, and that files which they name are there.

    quotes.py ROOT [--write]

A quote stands between `<!-- include FILE MARKER -->` and `<!-- end -->`; in the file its lines stand between two
lines `// [MARKER]`. With --write, quotes that differ are renewed. Every path between `<!-- files -->` and `<!-- end -->`
is that of a file below ROOT or ROOT/include/vlsm.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(sys.argv[1])
write = "--write" in sys.argv
wrong = 0
quotes = 0
lost = 0


def renewed(match):
    global quotes, wrong
    quotes += 1
    file, marker, quoted = match.groups()
    sections = re.findall(rf"^ *// \[{marker}\]\n(.*?)^ *// \[{marker}\]$", (root / file).read_text(encoding="utf-8"), re.S | re.M)
    if len(sections) == 1 and textwrap.dedent(sections[0]) == quoted:
        return match[0]
    print(f"{page.name}: the quote of {file} [{marker}] is not what the file says")
    wrong += 1
    return match[0].replace(quoted, textwrap.dedent(sections[0])) if len(sections) == 1 else match[0]


for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    text = page.read_text(encoding="utf-8")
    new = re.sub(r"<!-- include (\S+) (\S+) -->\n```cpp\n(.*?)```\n<!-- end -->", renewed, text, flags=re.S)
    if write and new != text:
        page.write_text(new, encoding="utf-8")
    for files in re.findall(r"<!-- files -->\n(.*?)<!-- end -->", new, flags=re.S):
        for path in re.findall(r"`([\w/]+\.\w+)`", files):
            if not (root / path).is_file() and not (root / "include/vlsm" / path).is_file():
                print(f"{page.name}: there is no file {path}")
                lost += 1
print(f"{quotes} quotes, {wrong} wrong" + (f"; {lost} files lost" if lost else ""))
sys.exit(1 if (wrong and not write) or lost or not quotes else 0)
