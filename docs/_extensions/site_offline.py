"""Pages that load nothing from the network: the build fails where one would."""

import re
from pathlib import Path
from typing import Any

from sphinx.errors import SphinxError

REMOTE = re.compile(
    r"<script[^>]*\ssrc=\"(?:https?:)?//[^\"]*\"|<img[^>]*\ssrc=\"(?:https?:)?//[^\"]*\""
    r"|<link[^>]*rel=\"(?:stylesheet|preload|preconnect)\"[^>]*href=\"(?:https?:)?//[^\"]*\""
    r"|<link[^>]*href=\"(?:https?:)?//[^\"]*\"[^>]*rel=\"(?:stylesheet|preload|preconnect)\""
)


def setup(app: Any) -> dict[str, bool]:
    """Look at the pages when they are written."""
    app.connect("build-finished", refuse_remote)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def refuse_remote(app: Any, exception: Exception | None) -> None:
    """Fail where a page loads a script, a style, a font or a picture from elsewhere.

    Raises:
        SphinxError: naming page and address.
    """
    if exception is not None or app.builder.format != "html":
        return
    for path in sorted(Path(app.outdir).rglob("*.html")):
        found = REMOTE.search(path.read_text(encoding="utf-8"))
        if found:
            raise SphinxError(f"{path.name} loads from the network: {found[0]}")
