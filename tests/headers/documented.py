# SPDX-License-Identifier: MIT
"""What the public headers declare is documented: a `///` for each type and each free function.

    documented.py INCLUDE

Missing are: types (struct, class, enum class, concept) and free functions at namespace scope without a docstring; free
functions that take or return tensors and whose docstring names no shape ("[B, C]", "any shape", "of that shape",
"scalar"); free functions and public members whose body throws Error and whose docstring does not say so. Not counted:
namespace detail, files below impl/, forward declarations, specializations, definitions outside of their class.
"""
import bisect
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1]) / "vlsm"

LITERALS = re.compile(
    r'R"(?P<tag>[^(\s]*)\(.*?\)(?P=tag)"|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Fa-f])\'(?:\\.|[^\'\\\n])+\'',
    re.S)
TENSORS = re.compile(r"\bat::Tensor\b|\b(?:Image|Text)Features\b")
SHAPE = re.compile(r"\[[^\]]*\]|\b(?:any|that) shape\b|\bscalar\b")
THROWS = re.compile(r"\bthrow (?:::)?(?:vlsm::)?Error\b")
TYPE = re.compile(r"(struct|class|union|enum class|enum)\b(?: alignas\(.*?\))? ?([\w:]*) ?([:<]|final\b|$)")
NO_FUNCTION = re.compile(r"(using|typedef|friend|static_assert|extern template)\b")
NAME = re.compile(r"([\w:~]*operator ?(?:\(\)|[^\w\s(]+|[\w:& ]+)|[\w:~]+) ?\(")


def blank(text):
    return re.sub(r"[^\n]", " ", text)


def code_of(text):
    """The text without comments and preprocessor lines, its literals emptied; every character keeps its place."""
    text = LITERALS.sub(lambda m: blank(m[0]) if m[0][0] == "/" else '"' + blank(m[0][1:-1]) + '"', text)
    lines, skipped, continued = text.split("\n"), [], False
    for i, line in enumerate(lines):
        directive = None if continued else re.match(r"\s*#\s*(\w+)", line)
        if directive and directive[1].startswith("if"):
            skipped.append(False)
        elif directive and directive[1].startswith("el"):
            skipped[-1] = True  # of several branches, the first is read
        elif directive and directive[1] == "endif":
            skipped.pop()
        if continued or directive or any(skipped):
            lines[i] = blank(line)
        continued = bool(continued or directive) and line.endswith("\\")
    return "\n".join(lines)


class Header:
    """The types and functions of a file, found by its brackets and semicolons."""

    def __init__(self, path):
        self.path = path
        text = path.read_text(encoding="utf-8")
        self.lines = text.split("\n")
        self.starts = [0]
        for line in self.lines:
            self.starts.append(self.starts[-1] + len(line) + 1)
        self.code = code_of(text)
        self.types = []      # (name, line)
        self.functions = []  # (name, line, signature, body, whether it is free)
        if self.scope(0, "namespace", True) != len(self.code):
            self.fail(len(self.code), "brackets that do not match")

    def fail(self, place, what):
        sys.exit(f"{self.path}:{self.line(place) + 1}: {what}")

    def line(self, place):
        return bisect.bisect_right(self.starts, place) - 1

    def docstring(self, line):
        """The `///` lines above a declaration."""
        found = []
        while line > 0 and self.lines[line - 1].lstrip().startswith("///"):
            line -= 1
            found.insert(0, self.lines[line].strip()[3:].strip())
        return " ".join(found)

    def space(self, place):
        while place < len(self.code) and self.code[place].isspace():
            place += 1
        return place

    def closing(self, place):
        """The place behind the bracket that closes the one here."""
        depth = 0
        for i in range(place, len(self.code)):
            depth += (self.code[i] in "([{") - (self.code[i] in ")]}")
            if depth == 0:
                return i + 1
        self.fail(place, "a bracket that nothing closes")

    def angles(self, place):
        """The place behind the `>` that closes the `<` here."""
        depth, start = 0, place
        while place < len(self.code):
            if self.code[place] in "([{":
                place = self.closing(place)
                continue
            depth += (self.code[place] == "<") - (self.code[place] == ">" and self.code[place - 1] != "-")
            place += 1
            if depth == 0:
                return place
        self.fail(start, "a `<` that nothing closes")

    def constraint(self, place):
        """The place behind the expression of a `requires`: terms joined by && and ||."""
        while True:
            place = self.space(place)
            if nested := re.compile(r"requires\s*").match(self.code, place):
                place = nested.end()
                if self.code[place] == "(":
                    place = self.space(self.closing(place))
            if self.code[place] in "({":
                place = self.closing(place)
            else:
                place = re.compile(r"!?[\w:]*").match(self.code, place).end()
                if self.code[place] == "<":
                    place = self.angles(place)
            if self.code[self.space(place):][:2] not in ("&&", "||"):
                return place
            place = self.space(place) + 2

    def scope(self, place, kind, seen, public=True):
        """Reads the declarations of a namespace or type; the place behind its end. `seen`: whether users see it."""
        while (place := self.space(place)) < len(self.code):
            if self.code[place] == "}":
                return place + 1
            if self.code[place] == ";":
                place += 1
            elif access := re.compile(r"(public|private|protected)\s*:(?!:)").match(self.code, place):
                public, place = access[1] == "public", access.end()
            else:
                place = self.declaration(place, kind, seen and public)
        if place == len(self.code) and kind == "type":
            self.fail(place, "a type that nothing closes")
        return place

    def declaration(self, start, scope, seen):
        """Reads one declaration; the place behind it."""
        code, place, special = self.code, start, False
        while head := re.compile(r"\s*(template\s*(?=<)|requires\b|(?=\[\[))").match(code, place):
            place = head.end()
            if head[1].startswith("template"):
                end = self.angles(place)
                special |= not code[place + 1:end - 1].strip()
                place = end
            else:
                place = self.constraint(place) if head[1] else self.closing(place)
        first = place = self.space(place)
        while code[place] not in ";}" and not (code[place] == "{" and self.begins_body(first, place)):
            if code[place] == "=" and not re.search(r"operator\W*$", code[first:place]):
                return self.value(start, first, place, scope)
            place = self.closing(place) if code[place] in "([{" else place + 1
        if code[place] == "}":
            return place  # what a macro made, without a semicolon
        head, opens = " ".join(code[first:place].split()), code[place] == "{"

        if opens and (space := re.match(r"(?:inline )?namespace\b ?([\w:]*)|extern \"", head)):
            if space[1] and "detail" in space[1].split("::"):
                return self.closing(place)
            return self.scope(place + 1, "namespace", seen)
        if kind := TYPE.match(head):
            special |= kind[3] == "<"
            if opens and scope == "namespace" and not special:
                self.types.append((kind[2], self.line(start)))
            if opens and not kind[1].startswith("enum"):
                return self.scope(place + 1, "type", seen and not special, kind[1] != "class")
            return self.closing(place) if opens else place + 1
        end = self.closing(place) if opens else place + 1
        name = NAME.search(self.flat(head))
        macro = name and scope == "namespace" and name.start() == 0  # a call that stands alone
        if name and not macro and not special and not NO_FUNCTION.match(head):
            member = scope == "type"
            if seen and (member or "::" not in name[1]):
                self.functions.append((name[1], self.line(start), head, code[place:end] if opens else "", not member))
        return end

    def flat(self, head):
        """A signature without template arguments."""
        while (less := re.sub(r"(?<!operator)<[^<>()]*>", "", head)) != head:
            head = less
        return head

    def begins_body(self, first, place):
        """Whether the brace here is no value of a member in a constructor's list."""
        head, depth = self.code[first:place], 0
        for i, c in enumerate(head):
            depth += (c in "([{") - (c in ")]}")
            if depth == 0 and c == ":" and ":" not in (head[i - 1], head[i + 1:i + 2]) and ")" in head[:i]:
                return not re.search(r"[\w>]\s*$", head)
        return True

    def value(self, start, first, place, scope):
        """Reads what is declared with an `=`: a concept, an alias, a variable, a defaulted or a pure function."""
        concept = re.match(r"concept\s+(\w+)", self.code[first:place])
        if concept and scope == "namespace":
            self.types.append((concept[1], self.line(start)))
        while self.code[place] != ";":
            place = self.closing(place) if self.code[place] in "([{" else place + 1
        return place + 1

    def forward(self, function):
        """Whether a function without a body is defined further below."""
        def parameters(signature):
            return re.sub(r" ?= ?[^,()]*(?:\([^()]*\))?(?=[,)])", "", signature[signature.find("("):])
        name, line, signature, body, free = function
        return free and not body and any(
            other[0] == name and other[1] > line and other[3] and parameters(other[2]) == parameters(signature)
            for other in self.functions)


missing = []
counted = 0
for path in sorted(root.rglob("*.hpp")):
    if "impl" in path.relative_to(root).parts:
        continue
    header = Header(path)

    def miss(line, name, what):
        missing.append(f"{path}:{line + 1}: {name}: {what}")

    for name, line in header.types:
        counted += 1
        if not header.docstring(line):
            miss(line, name, "no docstring")
    for function in header.functions:
        name, line, signature, body, free = function
        if header.forward(function):
            continue
        counted += free
        said = header.docstring(line)
        if free and not said:
            miss(line, name, "no docstring")
        elif free and TENSORS.search(signature) and not SHAPE.search(said):
            miss(line, name, "its docstring names no shape")
        if THROWS.search(body) and not re.search(r"\b[Tt]hrow", said):
            miss(line, name, "throws, which its docstring does not say")

print(*missing, sep="\n", end="\n" if missing else "")
print(f"{counted} types and free functions, {len(missing)} docstrings missing or short of something")
sys.exit(1 if missing or not counted else 0)
