"""Progress on stderr: a bar on a terminal, a line at the start and the end elsewhere."""

import sys
from typing import Protocol


def say(line: str) -> None:
    """Write a line to stderr."""
    sys.stderr.write(line + "\n")
    sys.stderr.flush()


class Progress(Protocol):
    """What the driver tells."""

    def update(self, done: float, train_loss: float, validation_loss: float | None) -> None: ...
    def expect(self, total: int) -> None: ...
    def finish(self, message: str) -> None: ...


class Silent:
    """Shows nothing."""

    def update(self, done: float, train_loss: float, validation_loss: float | None) -> None:
        """Show nothing."""

    def expect(self, total: int) -> None:
        """Show nothing."""

    def finish(self, message: str) -> None:
        """Show nothing."""


class Lines:
    """A line at the start and a line at the end, for logs."""

    def __init__(self, start: str):
        say(start)

    def update(self, done: float, train_loss: float, validation_loss: float | None) -> None:
        """Show nothing in between."""

    def expect(self, total: int) -> None:
        """Show nothing in between."""

    def finish(self, message: str) -> None:
        """Write the last line, if there is one."""
        if message:
            say(message)


class Bar:
    """A bar with the losses and the time left, for a terminal."""

    def __init__(self, total: int, unit: str = "epoch"):
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn(unit + " {task.completed:.0f}/{task.total}"),
            BarColumn(),
            TextColumn("{task.fields[losses]}"),
            TimeRemainingColumn(),
        )
        # A part may take minutes, so that the last seconds tell nothing about the speed.
        self._bar = Progress(
            *columns,
            console=Console(stderr=True),
            transient=True,
            speed_estimate_period=float("inf"),
        )
        self._task = self._bar.add_task("", total=total, losses="compiling")
        self._bar.start()

    def update(self, done: float, train_loss: float, validation_loss: float | None) -> None:
        """Move the bar."""
        losses = f"train {train_loss:.4f}"
        if validation_loss is not None:
            losses += f"  held-out {validation_loss:.4f}"
        self._bar.update(self._task, completed=done, losses=losses)

    def expect(self, total: int) -> None:
        """Let the bar end at another number."""
        self._bar.update(self._task, total=total)

    def finish(self, message: str) -> None:
        """Remove the bar and write the last line, if there is one."""
        self._bar.stop()
        if message:
            say(message)


def progress(*, show: bool, total: int, start: str, unit: str = "epoch") -> Progress:
    """Return what fits the place: nothing, a bar on a terminal, or lines."""
    if not show:
        return Silent()
    return Bar(total, unit) if sys.stderr.isatty() else Lines(start)
