"""One file a library, with the same small interface: see `base.Adapter`."""

from importlib import import_module

from benchmarks.speed.adapters.base import Adapter, Prepared, Unsupported

MODULES = {
    "fluvial": "fluvial_adapter",
    "flowjax": "flowjax_adapter",
    "zuko": "zuko_adapter",
    "nflows": "nflows_adapter",
    "normflows": "normflows_adapter",
    "scikit-learn": "sklearn_adapter",
}
ENVIRONMENT = {"zuko": "torch", "nflows": "torch", "normflows": "torch"}
"""The virtual environment of each library; "jax" where it is not named."""


def load(library: str) -> Adapter:
    """Import a library and return its adapter."""
    return import_module(f"benchmarks.speed.adapters.{MODULES[library]}").ADAPTER


__all__ = ["ENVIRONMENT", "MODULES", "Adapter", "Prepared", "Unsupported", "load"]
