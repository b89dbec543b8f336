"""`llms.txt`: the pages of the site, each with its address and first sentence, as plain text."""

from pathlib import Path
from typing import Any

from docutils import nodes

INTRODUCTION = """# Fluvial

> Normalizing flows for tables on JAX: how likely is a row, which rows do not belong, and more rows
> like these. scikit-learn estimators, a command line, and a library of bijectors and flows.

Directions: forward maps latents z to data x, inverse maps back. Log densities are natural
logarithms, in the units of the columns. Scores: higher is more normal.
"""


def setup(app: Any) -> dict[str, bool]:
    """Write the file when the pages are written."""
    app.connect("build-finished", write)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def write(app: Any, exception: Exception | None) -> None:
    """Write `llms.txt` beside the first page."""
    if exception is not None or app.builder.format != "html":
        return
    lines = [INTRODUCTION]
    for title, wanted in (
        ("Pages", lambda page: "/" not in page),
        ("Tutorials", lambda page: page.startswith("auto_tutorials/")),
        ("API", lambda page: page.startswith("api/")),
    ):
        pages = sorted(page for page in app.env.found_docs if wanted(page))
        lines += [f"## {title}", ""]
        lines += [line_of(app, page) for page in pages]
        lines.append("")
    Path(app.outdir, "llms.txt").write_text("\n".join(lines), encoding="utf-8")


def line_of(app: Any, page: str) -> str:
    """Return an item of a list: the title as a link, and the first paragraph's first sentence."""
    title = app.env.titles[page].astext() if page in app.env.titles else page
    first = ""
    for paragraph in app.env.get_doctree(page).findall(nodes.paragraph):
        inside = paragraph.parent
        if isinstance(inside, (nodes.section, nodes.document)):
            first = " ".join(paragraph.astext().split()).split(". ")[0].rstrip(".:")
            break
    return f"- [{title}]({page}.html)" + (f": {first}" if first else "")
