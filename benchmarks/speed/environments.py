"""The virtual environments of the peers, in .bench, made when they are first needed."""

import hashlib
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BENCH = ROOT / ".bench"
PINS = ROOT / "benchmarks"

PACKAGES = {
    "jax": ("flowjax", "--editable", "."),
    "torch": ("torch", "zuko", "nflows", "normflows"),
    "pyod": ("pyod",),
    "shap": ("shap", "scikit-learn"),
}
CONSTRAINTS = {
    "jax": (ROOT / "constraints.txt", PINS / "constraints-jax.txt"),
    "torch": (PINS / "constraints-torch.txt",),
    "pyod": (PINS / "constraints-pyod.txt",),
    "shap": (PINS / "constraints-shap.txt",),
}


class Environments:
    """Makes each environment once, and again when its pins change."""

    def __init__(self):
        self._ready: set[str] = set()

    def python(self, name: str) -> Path:
        """Return the interpreter of an environment, "jax", "torch", "pyod" or "shap"."""
        folder = BENCH / f"venv-{name}"
        python = folder / "bin" / "python"
        if name not in self._ready:
            self._make(name, folder, python)
            self._ready.add(name)
        return python

    def _make(self, name: str, folder: Path, python: Path) -> None:
        stamp, pins = folder / ".pins", _fingerprint(name)
        if stamp.exists() and stamp.read_text() == pins:
            return
        packages = PACKAGES[name]
        print(f"installing {', '.join(packages)} into {folder.relative_to(ROOT)}", file=sys.stderr)
        if not python.exists():
            # Without its own pip, since a Python may lack ensurepip; ours installs into it.
            _run(sys.executable, "-m", "venv", "--without-pip", folder)
        pinned = [part for path in CONSTRAINTS[name] for part in ("--constraint", path)]
        # Twice quiet: errors only.
        pip = (sys.executable, "-m", "pip", "--python", python, "install", "-qq")
        _run(*pip, *pinned, *packages)
        stamp.write_text(pins)


def _fingerprint(name: str) -> str:
    files = (*CONSTRAINTS[name], ROOT / "pyproject.toml") if name == "jax" else CONSTRAINTS[name]
    return hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()


def _run(*command: object) -> None:
    subprocess.run([str(part) for part in command], cwd=ROOT, check=True)
