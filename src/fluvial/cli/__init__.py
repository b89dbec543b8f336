"""The command line: `fluvial fit`, `score`, `sample`, `info` and `demo`, one file a verb."""

from typing import TYPE_CHECKING, Any

from fluvial.cli.process import main as main

if TYPE_CHECKING:
    from fluvial.cli.application import app as app


def __getattr__(name: str) -> Any:
    # Late, so that `main` hears Ctrl-C while the application is imported.
    if name != "app":
        raise AttributeError(f"module 'fluvial.cli' has no attribute {name!r}")
    from fluvial.cli.application import app

    return app
