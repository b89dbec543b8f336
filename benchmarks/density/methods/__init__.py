"""The methods of the benchmark, by name. Imports no library: each has an environment of its own."""

import ast
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
OURS = "fluvial"


@dataclass(frozen=True)
class Method:
    """A way to fit a density.

    Attributes:
        name: as the command line and the tables call it.
        module: of this package, with `fit(job)`.
        environment: "jax" or "torch", one of the peers'; None: the project's own.
        sources: files and folders on which results depend, beside the module's own.
        arguments: passed to the method.
        timed: whether the limit of `--peer-seconds` ends its training.
    """

    name: str
    module: str
    environment: str | None = None
    sources: tuple[Path, ...] = ()
    arguments: dict[str, Any] = field(default_factory=dict)
    timed: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is Fluvial."""
        return self.name.partition(":")[0] == OURS

    def fingerprint(self, seconds: float) -> str:
        """Return a digest of the method's code and settings; results of other code are stale."""
        digest = sha256(repr((self.arguments, seconds if self.timed else None)).encode())
        for source in (HERE / f"{self.module}.py", HERE / "base.py", *self.sources):
            files = sorted(source.rglob("*.py")) if source.is_dir() else [source]
            for file in files:
                digest.update(file.read_bytes())
        return digest.hexdigest()


_TRAINING = HERE / "training.py"
_TORCH = (_TRAINING, HERE / "torch_trainee.py", ROOT / "benchmarks" / "constraints-torch.txt")
_JAX = (_TRAINING, ROOT / "benchmarks" / "constraints-jax.txt")

METHODS = {
    method.name: method
    for method in (
        Method("gaussian", "gaussian"),
        Method("kde", "kde"),
        Method("gmm", "gmm"),
        Method("nflows", "nflows_nsf", "torch", _TORCH, timed=True),
        Method("flowjax", "flowjax_nsf", "jax", _JAX, timed=True),
        Method("zuko", "zuko_nsf", "torch", _TORCH, timed=True),
        Method(OURS, "flow_density", None, (ROOT / "src" / "fluvial",)),
    )
}


def method(name: str) -> Method:
    """Return the method of a name; "fluvial:effort=fast:n_layers=3" has arguments.

    Raises:
        KeyError: for an unknown name.
        ValueError: for arguments that are none, or of a method that takes none.
    """
    stem, *settings = name.split(":")
    known = METHODS[stem]
    if not settings:
        return known
    if stem != OURS:
        raise ValueError(f"{stem} takes no arguments: {name}")
    arguments = dict(_argument(setting) for setting in settings)
    return Method(name, known.module, known.environment, known.sources, arguments)


def _argument(setting: str) -> tuple[str, Any]:
    key, equals, value = setting.partition("=")
    if not equals:
        raise ValueError(f"not of the form key=value: {setting}")
    try:
        return key, ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return key, value
