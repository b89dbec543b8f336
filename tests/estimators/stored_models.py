"""Small model files of each kind, made without training, and files with other content."""

import copy
import hashlib
import json
from pathlib import Path
from typing import Any

import jax
import numpy as np
import safetensors.numpy

from fluvial.anomaly.over_density import Bumps
from fluvial.anomaly.rankings import DensityRanking, Ranked
from fluvial.artifacts import ModelFile, read_model
from fluvial.densities import HeldOut, TableDensity
from fluvial.densities.specification import (
    build,
    describe_distribution,
    flow_specification,
    mixture_specification,
)
from fluvial.distributions import GaussianMixture, KernelDensity, Mixture
from fluvial.estimators import DensityRatio, FlowAnomalyDetector, FlowDensity
from fluvial.tables import TableScaler, read_table
from fluvial.training import History

KINDS = ("flow", "mixture", "detector", "ratio")


def table():
    """Forty rows: two columns of numbers, a constant, and a copy of the first."""
    rows = np.random.default_rng(0).normal(size=(40, 2))
    return np.column_stack([rows, np.full(40, 3.0), rows[:, 0]])


def save(kind: str, path: Path) -> None:
    """Write a model file of a kind."""
    matrix, schema = read_table(table())
    # "lu" with a spline, so that a file has orders of columns, factors and bins.
    recipe = "neural_spline_flow" if kind == "detector" else "maf"
    sizes: dict[str, Any] = {"n_features": 2, "n_layers": 2, "hidden_sizes": (4,), "linear": "lu"}
    sizes |= {"n_bins": 4} if kind == "detector" else {}
    specification = flow_specification(recipe, **sizes)
    distribution = build(specification, jax.random.key(0))
    members = ()
    if kind == "mixture":
        gaussians = GaussianMixture([0.4, 0.6], np.eye(2), np.stack([np.eye(2)] * 2))
        parts = [distribution, gaussians, KernelDensity(matrix[:5, :2], 0.5)]
        weights, names = [0.5, 0.3, 0.2], ["maf", "gaussian_mixture", "kernel_density"]
        forms = [specification, *(describe_distribution(part) for part in parts[1:])]
        specification = mixture_specification(forms, weights, names)
        distribution = Mixture(parts, weights)
        pairs = zip(names, weights, strict=True)
        members = tuple({"name": name, "weight": weight, "nats": -1.5} for name, weight in pairs)
    scaler = TableScaler.fit(matrix, warn=False)
    if kind == "detector":
        far = matrix.copy()
        far[:6, 1] += 50
        scaler = scaler.gaussianised(far)
    density = TableDensity(
        schema=schema,
        scaler=scaler,
        distribution=distribution,
        specification=specification,
        history=History((1.5, 1.25), (1.75, 1.5), (1e-3, 1e-4), "max_epochs", 2, 0.5),
        members=members,
        gains={"gaussian": {"gain": 0.1, "standard_error": 0.05}},
        rounding_steps=np.zeros(4),
        n_samples_fit=40,
        held_out=HeldOut.of(np.array([3, 5, 11]), np.array([-1.0, -2.0, -1.5])),
    )
    inner = FlowDensity(flow="auto" if kind == "mixture" else recipe, random_state=0)
    inner.table_density_ = density
    if kind == "ratio":
        ratio = DensityRatio(flow=recipe, random_state=0)
        covariance = np.array([[0.2, 0.05], [0.05, 0.1]])
        ratio.bumps_ = Bumps.none(2).with_one(0.25, np.array([1.0, -0.5]), covariance)
        ratio.reference_ = inner
        ratio.save(path)
        return
    if kind != "detector":
        inner.save(path)
        return
    detector = FlowAnomalyDetector(flow=recipe, score="density", random_state=0)
    held_out = density.held_out
    detector.ranked_ = Ranked(DensityRanking(density), held_out.indices, held_out.log_prob)
    detector.density_, detector.offset_ = inner, -6.5
    detector.save(path, notes={"columns_left_out": ["id"]})


def entries_of(file: ModelFile) -> dict[str, Any]:
    """Return all entries of a file's header, to be changed, the format's own included."""
    own = {"format_version": file.format_version, "kind": file.kind, "libraries": file.libraries}
    return copy.deepcopy({**own, **file.header})


def write_content(path: Path, entries: Any, arrays: dict[str, np.ndarray]) -> None:
    """Write any entries and arrays with a right checksum, also what `write_model` would refuse."""
    if isinstance(entries, dict):
        entries = {"sha256": " " * 64, **entries}
    content = safetensors.numpy.save(arrays, metadata={"fluvial": json.dumps(entries)})
    write_bytes(path, content)


def write_bytes(path: Path, content: bytes) -> None:
    """Write bytes with the checksum in the place of the first 64 spaces."""
    sha256 = hashlib.sha256(content).hexdigest().encode()
    path.write_bytes(content.replace(b" " * 64, sha256, 1))


def blank_content(path: Path) -> bytes:
    """Return the bytes of a file with spaces in the place of its checksum."""
    return path.read_bytes().replace(read_model(path).sha256.encode(), b" " * 64, 1)
