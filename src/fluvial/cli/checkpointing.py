"""The checkpoint of `fluvial fit`: whether there is one, where, and going on from it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fluvial.cli.destination import check_destination
from fluvial.cli.failures import bad_option, say
from fluvial.errors import DataError, ModelFileError

if TYPE_CHECKING:
    from fluvial.densities import Checkpoint


def check_options(checkpoint: bool | None, *, resume: bool, max_seconds: float | None) -> bool:
    """Return whether a fit keeps checkpoints.

    Args:
        checkpoint: whether they are asked for from the start (True), from the first minute on
            (None), or not at all (False).
        resume: whether the fit goes on from one.
        max_seconds: its limit of time.

    Raises:
        typer.BadParameter: where the options contradict each other.
    """
    if resume and checkpoint is False:
        bad_option("--resume", "goes on keeping checkpoints; leave --no-checkpoint out")
    if max_seconds is None or max_seconds == float("inf"):
        return checkpoint is not False
    if resume or checkpoint:
        bad_option(
            "--resume" if resume else "--checkpoint",
            "what a fit learns within --max-seconds depends on the time, and cannot be resumed; "
            "leave one of the two out",
        )
    return False


def open_checkpoint(
    output: Path, table: Path, *, asked: bool, resume: bool, force: bool, quiet: bool
) -> Checkpoint:
    """Return the checkpoint that belongs to a model file, once it may be read or written.

    Args:
        output: the model file.
        table: the input, which is never replaced.
        asked: whether checkpoints are kept from the start.
        resume: whether the fit goes on from the last one.
        force: whether any file in its place may be replaced.
        quiet: whether to keep remarks back.

    Raises:
        DataError: where there is none to resume; where another file is in its place.
        OSError: where it is asked for and cannot be written.
    """
    from fluvial.densities.checkpoint import AFTER_SECONDS, SUFFIX, Checkpoint  # late, with JAX

    path = output.with_name(output.name + SUFFIX)
    exists = _is_there(path)
    if resume and not exists:
        raise DataError(f"{path}: there is no checkpoint to resume; leave --resume out to begin")
    if asked or resume or exists:
        check_destination(path, force=True, inputs=[table])
    if exists and not resume:
        if not (force or _is_checkpoint(path)):
            raise DataError(
                f"{path}: is no checkpoint, and would be replaced by one; move it, or use --force "
                "or --no-checkpoint"
            )
        say(f"fluvial: {path} is of a fit that was not finished; --resume would go on from there")
    if resume and not quiet:
        say(f"fluvial: going on from {path}")
    return Checkpoint(path, resume=resume, after=0 if asked or resume else AFTER_SECONDS)


def _is_there(path: Path) -> bool:
    try:
        return path.exists() or path.is_symlink()
    except OSError:  # a name that is too long
        return False


def _is_checkpoint(path: Path) -> bool:
    from fluvial.artifacts import read_model
    from fluvial.densities.checkpoint import KIND

    try:
        read_model(path, kind=KIND)
    except (ModelFileError, OSError):
        return False
    return True
