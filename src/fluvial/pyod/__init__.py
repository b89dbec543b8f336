"""`FlowDetector`, the anomaly detector behind the interface of PyOD; needs the extra `pyod`."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from fluvial.pyod._detector import FlowDetector as FlowDetector

__all__ = ["FlowDetector"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module 'fluvial.pyod' has no attribute {name!r}")
    try:
        import_module("pyod.models.base")
    except ImportError as error:
        raise ImportError(
            "FlowDetector needs PyOD, which is not installed; install it with "
            "pip install 'fluvial[pyod]'"
        ) from error
    from fluvial.pyod._detector import FlowDetector

    return FlowDetector
