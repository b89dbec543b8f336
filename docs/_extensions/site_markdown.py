"""Markdown pages as the site shows them: files from outside this folder, and boxes of promises.

The pages read well on their own, too, where their links lead to files of the repository.
"""

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
MIRRORED = {
    "changelog": "CHANGELOG.md",
    "contributing": "CONTRIBUTING.md",
    "benchmarks": "benchmarks/README.md",
}
"""Pages that are files of the repository, by the name of the page."""

PROMISE = re.compile(r"^> \*\*Promised\*\*.*\n(?:^>.*\n)*", flags=re.MULTILINE)
TITLE = "What is promised, and under which assumptions"


def setup(app: Any) -> dict[str, bool]:
    """Change pages as they are read."""
    app.connect("source-read", read)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def read(app: Any, page: str, source: list[str]) -> None:
    """Put the text of a mirrored file in place, and change links and promises of any page."""
    if page in MIRRORED:
        path = ROOT / MIRRORED[page]
        app.env.note_dependency(str(path))
        source[0] = path.read_text(encoding="utf-8")
    if str(app.env.doc2path(page)).endswith(".md"):
        source[0] = boxed(relinked(source[0], MIRRORED.get(page)))


def relinked(text: str, mirrored: str | None) -> str:
    """Let links to files of the repository lead to their pages."""
    for page, path in MIRRORED.items():
        for written in (f"../{path}", path if mirrored else f"../{path}"):
            text = re.sub(rf"\]\({re.escape(written)}(#[^)]*)?\)", rf"]({page}.md\1)", text)
    # A script stands for the page that is made of it.
    text = re.sub(r"\]\(tutorials/(\w+)\.py\)", r"](auto_tutorials/\1.rst)", text)
    if mirrored:
        up = "../" * mirrored.count("/")
        text = text.replace(f"]({up}docs/", "](")
    return text


def boxed(text: str) -> str:
    """Make a box of each quotation that begins with "Promised"."""

    def box(match: re.Match[str]) -> str:
        inside = re.sub(r"^> ?", "", match[0], flags=re.MULTILINE)
        return f":::{{admonition}} {TITLE}\n:class: promise\n{inside}:::\n"

    return PROMISE.sub(box, text)
