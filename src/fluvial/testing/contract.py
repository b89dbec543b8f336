"""The check of a bijector's contract."""

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, ArrayLike

from fluvial.bijectors import Bijector
from fluvial.bijectors._surface import OntoSurface
from fluvial.distributions import Distribution
from fluvial.errors import ShapeError
from fluvial.testing.coordinates import InCoordinates
from fluvial.testing.findings import Findings
from fluvial.testing.latents import random_latents
from fluvial.testing.randomise import split_trained
from fluvial.testing.row_parameters import both_ways, takes_row_parameters

STEP = 1e-6
"""Step of the central differences, relative to the magnitude of the coordinate."""


OPPOSITE = "the log det of inverse is{} the negative of that of forward"

FAST_COMPILATION: Any = {"xla_backend_optimization_level": 0}
"""Programs run two or three times, at few points: compiling fast is all that counts."""


class BijectorCheckError(AssertionError):
    """A bijector breaks its contract; each line says which part, where and by how much."""


def check_bijector(
    bijector: Bijector,
    key: Array,
    *,
    n: int = 8,
    base: Distribution | None = None,
    condition: ArrayLike | None = None,
    rtol: float = 1e-6,
    rtol_differences: float = 1e-4,
) -> dict[str, float]:
    """Check that a bijector keeps its contract, at random latents and in float64.

    It checks that both round trips return; that both log dets are finite, opposite, and equal to
    the log determinant of the Jacobian, by automatic differentiation and by central differences;
    that a row does not depend on the rows beside it, nor on their parameters where a transformer
    takes those of all rows at once; that gradients of all trained parameters are finite in both
    directions; and that the points move at all. A bijector that starts as the
    identity has to be moved away from it first, see `randomise`.

    Args:
        bijector: the bijector; its arrays are taken to float64.
        key: a key of `jax.random`.
        n: number of latents, at least 2.
        base: where the latents are drawn from; a standard normal where it is None, moved into the
            domain of an `Elementwise` map.
        condition: `(n, *condition_shape)`; standard normal where it is None and one is declared.
        rtol: tolerance, relative to 1 + magnitude, of all but the central differences.
        rtol_differences: the tolerance of the central differences.

    Returns:
        The worst error of each invariant by its name, relative to 1 + magnitude; of what has to be
        finite the share that is not.

    Raises:
        BijectorCheckError: where the contract is broken; it names every invariant that is.
        ShapeError: where `condition` has not the declared shape.
        ValueError: where `n` is less than 2.

    Examples:
        >>> errors = check_bijector(Affine(1.0, 2.0), jax.random.key(0))
        >>> errors["inverse(forward(z)) is z"] < 1e-12
        True
    """
    if n < 2:
        raise ValueError(f"n must be at least 2, but is {n}")
    with jax.enable_x64(True):
        bijector = jax.tree.map(_in_float64, bijector)
        if isinstance(bijector, OntoSurface):
            bijector = InCoordinates(bijector)
        z, condition = _inputs(bijector, key, n, base, condition)
        findings = Findings()
        forward, inverse = (_compiled(bijector, name) for name in ("forward", "inverse"))
        there = forward(z, condition)
        _check_direction(findings, "forward", there, rtol, rtol_differences)
        back = inverse(there.out, condition)
        _check_direction(findings, "inverse", back, rtol, rtol_differences)
        again = forward(back.out, condition)
        for what, got, wanted in (
            ("inverse(forward(z)) is{} z", back.out, z),
            ("forward(inverse(x)) is{} x", again.out, there.out),
            (OPPOSITE, back.log_det, -there.log_det),
        ):
            findings.close(what.format(""), what.format(" not"), got, wanted, rtol)
        if not np.any(np.abs(there.out.reshape(n, -1) - z.reshape(n, -1)) > rtol):
            findings.faults.append(
                "the bijector moves none of its points: at the identity a wrong formula looks "
                "right; move its parameters first (fluvial.testing.randomise)"
            )
        if takes_row_parameters(bijector):
            _check_row_parameters(findings, bijector, key, z, rtol)
    if findings.faults:
        raise BijectorCheckError("\n".join(findings.faults))
    return findings.worst


class _Direction(NamedTuple):
    """What one direction gives at n points of D columns."""

    out: Array
    log_det: Array
    in_company: Array  # `out`, computed in one batch with other points
    jacobians: Array  # (n, D, D), by automatic differentiation
    differences: Array  # (n, D, D), by central differences
    gradients: Any  # of each output column and of the log dets, for all trained parameters


def _compiled(bijector: Bijector, name: str) -> Callable[[Array, Array | None], _Direction]:
    """Return the evaluation of one direction, from points and condition."""
    arrays, static = eqx.partition(bijector, eqx.is_array)

    def run(arrays, points, condition, company):
        return _evaluate(eqx.combine(arrays, static), name, points, condition, company)

    program = jax.jit(run, compiler_options=FAST_COMPILATION)

    def evaluate(points: Array, condition: Array | None) -> _Direction:
        found = program(arrays, points, condition, points[0])
        other = program(arrays, points, condition, points[-1])
        return found._replace(in_company=other.out)

    return evaluate


def _evaluate(
    bijector: Bijector, name: str, points: Array, condition: Array | None, company: Array
) -> _Direction:
    """Evaluate a batch of the points, the points moved by steps, and a crowd of equal others."""
    shape = points.shape
    n, size = shape[0], math.prod(shape[1:])
    shape_out = bijector.event_shape if name == "forward" else bijector.latent_shape
    flat = points.reshape(n, size)
    steps = STEP * (1 + jnp.abs(flat))
    moves = jnp.eye(size)[:, None] * steps  # (D, n, D)
    crowd = jnp.broadcast_to(company.reshape(size), (1, n, size))
    batch = jnp.concatenate([flat[None], flat + moves, flat - moves, crowd])
    trained, rest = split_trained(bijector)

    def apply(trained, batch):
        method = getattr(eqx.combine(trained, rest), f"{name}_and_log_det")
        out, log_det = method(batch.reshape(-1, *shape), condition)
        return out.reshape(batch.shape), log_det

    # One program for everything: a cotangent for each output column, and one for the log det.
    (out, log_det), pull_back = jax.vjp(apply, trained, batch)

    def pull(cotangent):
        of_out = jnp.broadcast_to(cotangent[:size], out.shape)
        return pull_back((of_out, jnp.broadcast_to(cotangent[size], log_det.shape)))

    gradients, rows = jax.vmap(pull)(jnp.eye(size + 1, dtype=points.dtype))
    columns = (out[1 : size + 1] - out[size + 1 : -1]) / (2 * steps.T[..., None])
    return _Direction(
        out=out[0].reshape(n, *shape_out),
        log_det=log_det[0],
        in_company=out[0].reshape(n, *shape_out),
        jacobians=jnp.moveaxis(rows[:size, 0], 0, 1),
        differences=jnp.moveaxis(columns, 0, -1),
        gradients=gradients,
    )


def _check_direction(
    findings: Findings, name: str, found: _Direction, rtol: float, rtol_differences: float
) -> None:
    for values, what in ((found.out, "values"), (found.log_det, "log dets")):
        findings.finite(
            f"{what} of {name} are finite", f"{name} gives {what} that are not finite", values
        )
    findings.close(
        f"{name} of a row is its own",
        f"{name} of a row depends on the rows beside it",
        found.in_company,
        found.out,
        rtol,
    )
    for how, jacobians, tolerance in (
        ("by automatic differentiation", found.jacobians, rtol),
        ("by central differences", found.differences, rtol_differences),
    ):
        what = f"the log det of {name} is{{}} that of its Jacobian {how}"
        with np.errstate(invalid="ignore", divide="ignore"):
            wanted = np.linalg.slogdet(jacobians)[1]
        findings.close(what.format(""), what.format(" not"), found.log_det, wanted, tolerance)
    for path, leaf in jax.tree_util.tree_leaves_with_path(found.gradients):
        where = jax.tree_util.keystr(path).lstrip(".")
        findings.finite(
            f"gradients of {name} are finite",
            f"{name} has a gradient of {where} that is not finite",
            leaf,
        )


def _check_row_parameters(
    findings: Findings, bijector: Bijector, key: Array, z: Array, rtol: float
) -> None:
    what = "with parameters for each row, in axes behind their own,"
    try:
        found = jax.jit(partial(both_ways, bijector, key), compiler_options=FAST_COMPILATION)(z)
    except (TypeError, ValueError) as error:
        raise BijectorCheckError(
            f"the bijector fails {what} where it says that it takes them (fluvial.bijectors."
            f"Elementwise tells how they broadcast): {error}"
        ) from error
    for name, (together, alone) in found.items():
        findings.close(
            "a row has parameters of its own",
            f"{what} the {name} of a row depends on the rows beside it",
            together,
            alone,
            rtol,
        )


def _inputs(
    bijector: Bijector,
    key: Array,
    n: int,
    base: Distribution | None,
    condition: ArrayLike | None,
) -> tuple[Array, Array | None]:
    of_latents, of_condition = jax.random.split(key)
    if base is None:
        z = random_latents(bijector, of_latents, (n,)).astype(jnp.float64)
    else:
        z = base.sample(of_latents, (n,)).astype(jnp.float64)
    if bijector.condition_shape is None:
        return z, None
    needed = (n, *bijector.condition_shape)
    if condition is None:
        return z, jax.random.normal(of_condition, needed, jnp.float64)
    if jnp.shape(condition) != needed:
        raise ShapeError(f"condition has shape {jnp.shape(condition)}, but must have {needed}")
    return z, jnp.asarray(condition, jnp.float64)


def _in_float64(leaf: Any) -> Any:
    return leaf.astype(jnp.float64) if eqx.is_inexact_array(leaf) else leaf
