"""Docstrings as reStructuredText: stars, bars and underscores of plain English are escaped."""

import re
from typing import Any

EXAMPLE = re.compile(r"\s*(>>>|\.\.\. )")


def setup(app: Any) -> dict[str, bool]:
    """Escape before the extensions that turn sections into markup."""
    app.connect("autodoc-process-docstring", escape, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def escape(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Escape stars, bars and trailing underscores outside code; `lines` is changed in place."""
    in_example = False
    in_code = False
    for number, line in enumerate(lines):
        if not line.strip():
            in_example = False
        elif EXAMPLE.match(line):
            in_example = True
        if in_example:
            continue
        parts = line.split("`")
        for index, part in enumerate(parts):
            if index:
                in_code = not in_code
            if not in_code:
                parts[index] = _escaped(part)
        lines[number] = "`".join(parts)


def first_sentence(docstring: str) -> str:
    """Return the first paragraph of a docstring on one line, escaped."""
    lines = [" ".join(docstring.strip().split("\n\n")[0].split())]
    escape(None, "", "", None, None, lines)
    return lines[0]


def _escaped(text: str) -> str:
    text = re.sub(r"(?<!\\)([*|])", r"\\\1", text)
    return re.sub(r"(?<=\w)_(?=[\s.,:;)]|$)", r"\\_", text)
