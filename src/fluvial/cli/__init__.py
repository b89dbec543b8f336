"""The command line: `fluvial fit`, `score`, `sample`, `info` and `demo`, one file a verb."""

from fluvial.cli.app import app as app, main as main
