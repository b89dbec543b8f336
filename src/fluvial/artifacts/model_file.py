"""The model file: safetensors arrays with one versioned JSON header and a checksum over all of it.

A safetensors file is eight bytes with the length n of a JSON table, the table, and the bytes of the
arrays. The table's `__metadata__` holds one string, `fluvial`: the header, itself JSON, with the
format version, the kind of model, what wrote it, the model's own entries, and the SHA-256 of the
whole file with the 64 characters of that field replaced by spaces.
"""

import errno
import hashlib
import os
import platform
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import safetensors.numpy

from fluvial._version import __version__
from fluvial.artifacts.atomic import atomic_path
from fluvial.artifacts.header import LONGEST_HEADER, compose, parse
from fluvial.errors import ModelFileError, printable, told

FORMAT_VERSION = 1
"""The version that is written."""

READABLE_VERSIONS = (1,)
"""The versions that are read."""

LIBRARIES = ("jax", "equinox", "numpy")
"""Libraries whose versions a file tells."""

FIELD = "fluvial"
"""The entry of safetensors' metadata that holds the model header."""

BLANK = " " * 64
"""What stands in place of the 64 hexadecimal digits of the checksum while it is computed."""

OWN_ENTRIES = ("format_version", "kind", "libraries", "sha256")
"""Entries of the model header that the format makes itself."""


@dataclass(frozen=True)
class ModelFile:
    """What a model file holds.

    Attributes:
        kind: what the model is, for example "FlowDensity".
        format_version: version of the file format.
        libraries: versions of what wrote it.
        sha256: checksum of the file, 64 hexadecimal digits.
        header: the model's own entries.
        arrays: the model's arrays by name.
    """

    kind: str
    format_version: int
    libraries: dict[str, str]
    sha256: str
    header: dict[str, Any]
    arrays: dict[str, np.ndarray]


def write_model(
    path: str | os.PathLike,
    *,
    kind: str,
    header: Mapping[str, Any],
    arrays: Mapping[str, np.ndarray],
    replace: bool = True,
) -> str:
    """Write a model file, whole or not at all.

    Args:
        path: the file.
        kind: what the model is.
        header: the model's own entries, of what JSON holds; without NaN and infinities.
        arrays: the model's arrays by name.
        replace: whether a file that exists is replaced, be it one that appears meanwhile.

    Returns:
        The checksum, 64 hexadecimal digits.

    Raises:
        ValueError: where the header holds what JSON cannot, or an entry of the format's own name,
            or is longer than what `read_model` takes.
        FileExistsError: where the file exists and is not to be replaced.
        OSError: where the file cannot be written; it names the file.

    Examples:
        >>> _ = write_model("m.fluvial", kind="demo", header={"n": 1}, arrays={"a": np.ones(2)})
        >>> read_model("m.fluvial").header
        {'n': 1}
    """
    taken = sorted(set(OWN_ENTRIES) & set(header))
    if taken:
        raise ValueError(f"header entries of the file format's own names: {taken}")
    entries = {
        "format_version": FORMAT_VERSION,
        "kind": kind,
        "sha256": BLANK,
        "libraries": writer_versions(),
        **header,
    }
    text = compose(entries)
    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    # ascontiguousarray makes a scalar one-dimensional.
    contiguous = {name: array.reshape(np.shape(arrays[name])) for name, array in contiguous.items()}
    blank = safetensors.numpy.save(contiguous, metadata={FIELD: text})
    sha256 = hashlib.sha256(blank).hexdigest()
    with atomic_path(path, replace=replace) as temporary:
        temporary.write_bytes(blank.replace(BLANK.encode(), sha256.encode(), 1))
    return sha256


def read_model(path: str | os.PathLike, kind: str | tuple[str, ...] | None = None) -> ModelFile:
    """Read and check a model file.

    Args:
        path: the file.
        kind: the kind or kinds that will do; any where it is None.

    Returns:
        What the file holds.

    Raises:
        ModelFileError: where it is not a model file, truncated, altered, of an unknown format
            version, or of another kind.
        OSError: where there is no such file, or it cannot be read.

    Examples:
        >>> _ = write_model("m.fluvial", kind="demo", header={}, arrays={"a": np.ones(2)})
        >>> read_model("m.fluvial", kind="demo").arrays["a"]
        array([1., 1.])
    """
    where = os.fspath(path)
    data = _content(Path(path), where)
    entries = _checked_entries(data, where)
    found = entries["kind"]
    wanted = (kind,) if isinstance(kind, str) else kind
    if wanted is not None and found not in wanted:
        raise ModelFileError(
            f"{where} holds a {printable(found[:80])}, but a {' or a '.join(wanted)} is needed"
        )
    try:
        arrays = safetensors.numpy.load(data)
    except (safetensors.SafetensorError, ArithmeticError, LookupError, TypeError, ValueError) as e:
        raise ModelFileError(f"{where} is damaged: {printable(str(e))}") from None
    own = {name: value for name, value in entries.items() if name not in OWN_ENTRIES}
    return ModelFile(
        found, entries["format_version"], entries["libraries"], entries["sha256"], own, arrays
    )


def _content(path: Path, where: str) -> bytes:
    """Return the bytes of a file that begins like a model file, and is no endless device."""
    with path.open("rb") as file:
        mode = os.fstat(file.fileno()).st_mode
        if stat.S_ISCHR(mode) or stat.S_ISBLK(mode):
            raise OSError(errno.EINVAL, "Is a device, not a model file", where)
        # Looked at first: what is no model file may be larger than memory.
        _check_start(file.peek(9)[:9], where)
        return file.read()


def _checked_entries(data: bytes, where: str) -> dict[str, Any]:
    """Return the header's entries once version, length, checksum and the format's own are right."""
    table, start = _table(data, where)
    entries = _entries(table, where)
    version = entries.get("format_version")
    if type(version) is not int or version not in READABLE_VERSIONS:
        known = ", ".join(map(str, READABLE_VERSIONS))
        raise ModelFileError(
            f"{where} has format version {told(version)}, but this fluvial "
            f"({__version__}) reads {known}; it was written by fluvial "
            f"{_writer(entries)}: read it with that version, or save the model again with this one"
        )
    _check_length(table, len(data) - start, where)
    _check_sum(data, start, entries.get("sha256"), where)
    kind, libraries = entries.get("kind"), entries.get("libraries")
    versions = libraries.values() if isinstance(libraries, dict) else [None]
    if not isinstance(kind, str) or not all(isinstance(version, str) for version in versions):
        raise ModelFileError(
            f"{where} is damaged: 'kind' must be a text, and 'libraries' an object of texts, but "
            f"they are {told(kind)} and {told(libraries)}"
        )
    return entries


def _check_start(start: bytes, where: str) -> None:
    """Refuse what cannot be a model file by its first nine bytes."""
    if not start:
        raise ModelFileError(f"{where} is empty, not a model file")
    if len(start) < 9:
        raise ModelFileError(
            f"{where} is not a model file, or truncated: it has {len(start)} bytes"
        )
    if start[8:9] != b"{":
        raise ModelFileError(f"{where} is not a model file: it does not begin like safetensors")
    length = int.from_bytes(start[:8], "little")
    if length > LONGEST_HEADER:
        raise ModelFileError(
            f"{where} is not a model file: it declares a header of {length:,} bytes, where "
            f"{LONGEST_HEADER:,} are the most"
        )


def _table(data: bytes, where: str) -> tuple[dict[str, Any], int]:
    """Return the safetensors table and where the arrays begin."""
    length = int.from_bytes(data[:8], "little")
    if len(data) < 8 + length:
        raise ModelFileError(
            f"{where} is truncated: it ends inside its header, at byte {len(data)} of at least "
            f"{8 + length}; copy or save it again"
        )
    try:
        table = parse(data[8 : 8 + length].decode())
    except ValueError as error:
        raise ModelFileError(f"{where} is damaged: its header is not JSON: {error}") from None
    return table, 8 + length


def _entries(table: dict[str, Any], where: str) -> dict[str, Any]:
    try:
        text = table["__metadata__"][FIELD]
        entries = parse(text) if isinstance(text, str) else None
    except (KeyError, TypeError):
        raise ModelFileError(
            f"{where} is a safetensors file, but not a model that fluvial wrote"
        ) from None
    except ValueError as error:
        raise ModelFileError(f"{where} is damaged: its model header is not JSON: {error}") from None
    if not isinstance(entries, dict):
        raise ModelFileError(f"{where} is damaged: its model header is no JSON object")
    return entries


def _check_length(table: dict[str, Any], held: int, where: str) -> None:
    try:
        ends = [entry["data_offsets"][1] for name, entry in table.items() if name != "__metadata__"]
        needed = int(max(ends, default=0))
    except (ArithmeticError, LookupError, TypeError, ValueError):
        raise ModelFileError(f"{where} is damaged: its table of arrays is not readable") from None
    if held < needed:
        raise ModelFileError(
            f"{where} is truncated: it holds {held} of {needed} bytes of arrays; "
            "copy or save it again"
        )


def _check_sum(data: bytes, start: int, sha256: Any, where: str) -> None:
    altered = ModelFileError(
        f"{where} was altered after it was written: its SHA-256 does not fit its content; "
        "copy or save it again"
    )
    if not isinstance(sha256, str) or len(sha256) != len(BLANK) or not sha256.isascii():
        raise altered
    head = data[:start].replace(sha256.encode(), BLANK.encode(), 1)
    digest = hashlib.sha256(head)
    digest.update(memoryview(data)[start:])
    if digest.hexdigest() != sha256:
        raise altered


def writer_versions() -> dict[str, str]:
    """Return the versions that a file written now tells: of fluvial, its libraries, Python."""
    others = {name: metadata.version(name) for name in LIBRARIES}
    return {"fluvial": __version__, **others, "python": platform.python_version()}


def _writer(entries: dict[str, Any]) -> str:
    libraries = entries.get("libraries")
    version = libraries.get("fluvial") if isinstance(libraries, dict) else None
    return printable(version[:80]) if isinstance(version, str) else "of unknown version"
