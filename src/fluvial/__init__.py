"""Normalizing flows for tables: how likely is a row, which do not belong, and more like these.

`FlowDensity`, `FlowAnomalyDetector`, `FlowSynthesizer` and `DensityRatio` are the estimators, and
`load` reads a model file; `bijectors`, `distributions`, `flows` and `training` are the library
below them. Everything is imported on first use, so `import fluvial` costs nothing.

Examples:
    >>> import fluvial
    >>> density = fluvial.FlowDensity(max_epochs=5)
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from fluvial._version import __version__ as __version__

if TYPE_CHECKING:
    from fluvial import (
        anomaly as anomaly,
        artifacts as artifacts,
        baselines as baselines,
        bijectors as bijectors,
        compilation_cache as compilation_cache,
        densities as densities,
        distributions as distributions,
        errors as errors,
        estimators as estimators,
        evaluation as evaluation,
        files as files,
        flows as flows,
        methods as methods,
        networks as networks,
        parallel as parallel,
        parameters as parameters,
        plots as plots,
        programs as programs,
        pyod as pyod,
        report as report,
        shapes as shapes,
        tables as tables,
        testing as testing,
        training as training,
        weights as weights,
    )
    from fluvial.estimators import (
        DensityRatio as DensityRatio,
        FlowAnomalyDetector as FlowAnomalyDetector,
        FlowDensity as FlowDensity,
        FlowSynthesizer as FlowSynthesizer,
        load as load,
    )

__all__ = [
    "DensityRatio",
    "FlowAnomalyDetector",
    "FlowDensity",
    "FlowSynthesizer",
    "__version__",
    "anomaly",
    "artifacts",
    "baselines",
    "bijectors",
    "compilation_cache",
    "densities",
    "distributions",
    "errors",
    "estimators",
    "evaluation",
    "files",
    "flows",
    "load",
    "methods",
    "networks",
    "parallel",
    "parameters",
    "plots",
    "programs",
    "pyod",
    "report",
    "shapes",
    "tables",
    "testing",
    "training",
    "weights",
]
_FROM_ESTIMATORS = (
    "DensityRatio",
    "FlowAnomalyDetector",
    "FlowDensity",
    "FlowSynthesizer",
    "load",
)


def __getattr__(name: str) -> Any:
    if name in _FROM_ESTIMATORS:
        value = getattr(import_module("fluvial.estimators"), name)
        globals()[name] = value
        return value
    if name in __all__:
        return import_module(f"fluvial.{name}")
    raise AttributeError(f"module 'fluvial' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
