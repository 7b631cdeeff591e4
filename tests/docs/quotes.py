# SPDX-License-Identifier: MIT
"""Checks that the code quoted in Markdown files is that of the examples.

    quotes.py ROOT

A quote stands between `<!-- include FILE MARKER -->` and `<!-- end -->`; in the file its lines stand between two
lines `// [MARKER]`.
"""
import pathlib
import re
import sys
import textwrap

root = pathlib.Path(sys.argv[1])
wrong = 0
quotes = 0
for page in [root / "README.md", *sorted((root / "docs").glob("*.md"))]:
    text = page.read_text(encoding="utf-8")
    for file, marker, quoted in re.findall(r"<!-- include (\S+) (\S+) -->\n```cpp\n(.*?)```\n<!-- end -->", text, re.S):
        quotes += 1
        sections = re.findall(rf"^ *// \[{marker}\]\n(.*?)^ *// \[{marker}\]$", (root / file).read_text(encoding="utf-8"), re.S | re.M)
        if len(sections) != 1 or textwrap.dedent(sections[0]) != quoted:
            print(f"{page.name}: the quote of {file} [{marker}] is not what the file says")
            wrong += 1
print(f"{quotes} quotes, {wrong} wrong")
sys.exit(1 if wrong or not quotes else 0)
