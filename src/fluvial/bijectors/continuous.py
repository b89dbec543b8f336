"""Continuous flows: the paths of an ordinary differential equation."""

from collections.abc import Callable
from typing import Any, Literal, get_args

import equinox as eqx
import jax
import jax.numpy as jnp
from jaxtyping import Array

from fluvial.bijectors.bijector import EventPair, PerEvent
from fluvial.networks import MLP, Activation
from fluvial.networks.random import Key
from fluvial.parameters import RandomKey
from fluvial.shapes import Shape, condition_size

Trace = Literal["exact", "hutchinson"]

MAX_STEPS = 4096
"""Steps of the solver; an equation that needs more is not solved but an error."""


class VelocityNetwork(eqx.Module):
    """A network of the time, the point and the condition.

    Args:
        key: a random key.
        n_features: columns D.
        hidden_sizes: units of each hidden layer.
        condition_size: length of a flattened condition, 0 for none.
        activation: smooth; a name of `fluvial.networks.ACTIVATIONS`, or any function.

    Examples:
        >>> network = VelocityNetwork(jax.random.key(0), n_features=2, hidden_sizes=(8,))
        >>> network(jnp.asarray(0.5), jnp.ones(2)).shape
        (2,)
    """

    mlp: MLP

    def __init__(
        self,
        key: Key,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...],
        condition_size: int = 0,
        activation: Activation = "tanh",
    ):
        width = 1 + n_features + condition_size
        self.mlp = MLP(key, width, n_features, hidden_sizes=hidden_sizes, activation=activation)

    def __call__(self, t: Array, x: Array, condition: Array | None = None) -> Array:
        parts = [t.reshape(1).astype(x.dtype), x]
        if condition is not None:
            parts.append(condition.reshape(-1))
        return self.mlp(jnp.concatenate(parts)[None])[0]


class Continuous(PerEvent):
    """The flow of `dx/dt = f(t, x)` from the latents at t = 0 to the data at t = 1.

    Both directions solve the equation with steps of Tsitouras' method that diffrax chooses for each
    row; the log det is the integral of the trace of `df/dx`. "exact" computes the trace by D
    passes of f at each step; "hutchinson" estimates it by `e . (df/dx) e` with random signs e,
    the same along a path and for all rows, by one: log dets, and so densities, are then right in
    the mean, and training draws other signs at each step. Training goes backwards through the steps
    (reverse mode only).

    Needs diffrax: `pip install "fluvial[diffrax]"`.

    Args:
        key: a random key.
        n_features: columns D.
        hidden_sizes: units of each hidden layer of the network f; not with a `velocity`.
        trace: "exact" or "hutchinson".
        condition_shape: shape of a condition, or None.
        activation: name of the network's activation; a smooth one.
        velocity: a function of one's own in place of the built network, `f(t, x)`, or
            `f(t, x, condition)` where a condition is declared, from the time, (D,) and the
            condition to (D,). An `equinox.Module` is trained.
        tolerance: of a step, relative to 1 + the magnitude; 1e-5 in float32 and 1e-8 in float64
            where it is None.

    Raises:
        ValueError: where `trace` is unknown, or not exactly one of `hidden_sizes` and
            `velocity` is given.
        ImportError: in use, where diffrax is not installed.

    Examples:
        >>> flow = Continuous(None, n_features=2, velocity=lambda t, x: 0.5 * x)
        >>> x, log_det = flow.forward_and_log_det(jnp.ones(2))
        >>> x.round(3).tolist(), round(float(log_det), 3)
        ([1.649..., 1.649...], 1.0)

    References:
        Chen et al. 2018, arXiv 1806.07366, theorem 1; Grathwohl et al. 2018, arXiv 1810.01367,
        equations 6-8.
    """

    velocity: Callable[..., Array]
    noise: RandomKey | None
    tolerance: float | None = eqx.field(static=True)
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True)

    def __init__(
        self,
        key: Key | None,
        *,
        n_features: int,
        hidden_sizes: tuple[int, ...] | None = None,
        trace: Trace = "exact",
        condition_shape: Shape | None = None,
        activation: Activation = "tanh",
        velocity: Callable[..., Array] | None = None,
        tolerance: float | None = None,
    ):
        if trace not in get_args(Trace):
            raise ValueError(f"trace must be one of {get_args(Trace)}, but is {trace!r}")
        if (hidden_sizes is None) == (velocity is None):
            raise ValueError("a continuous flow needs either hidden_sizes or velocity=")
        if velocity is None:
            velocity = VelocityNetwork(
                key,  # pyright: ignore[reportArgumentType]
                n_features=n_features,
                hidden_sizes=tuple(hidden_sizes or ()),
                condition_size=condition_size(condition_shape),
                activation=activation,
            )
        self.velocity = velocity
        self.noise = RandomKey() if trace == "hutchinson" else None
        self.tolerance = tolerance
        self.event_shape = (n_features,)
        self.condition_shape = condition_shape

    def _event_forward_and_log_det(self, z, condition) -> EventPair:
        return self._solve(z, condition, 0.0, 1.0)

    def _event_inverse_and_log_det(self, x, condition) -> EventPair:
        return self._solve(x, condition, 1.0, 0.0)

    def _solve(self, start: Array, condition: Array | None, t0: float, t1: float) -> EventPair:
        diffrax = _diffrax()
        signs = None
        if self.noise is not None:
            signs = jax.random.rademacher(self.noise.value, start.shape, start.dtype)

        def slopes(t, state, args):
            velocity, condition = args
            more = () if condition is None else (condition,)
            return _with_trace(lambda x: velocity(jnp.asarray(t), x, *more), state[0], signs)

        tolerance = self.tolerance
        if tolerance is None:
            tolerance = 1e-8 if start.dtype == jnp.float64 else 1e-5
        solution = diffrax.diffeqsolve(
            diffrax.ODETerm(slopes),
            diffrax.Tsit5(),
            jnp.asarray(t0, start.dtype),
            jnp.asarray(t1, start.dtype),
            None,
            (start, jnp.zeros((), start.dtype)),
            (self.velocity, condition),
            stepsize_controller=diffrax.PIDController(rtol=tolerance, atol=tolerance),
            max_steps=MAX_STEPS,
        )
        end, log_det = solution.ys
        return end[0], log_det[0].astype(jnp.result_type(float))


def _with_trace(velocity: Callable[[Array], Array], x: Array, signs: Array | None) -> Any:
    """Return the velocity and the trace of its Jacobian, or an estimate of it by random signs."""
    if signs is not None:
        out, moved = jax.jvp(velocity, (x,), (signs,))
        return out, jnp.sum(signs * moved)
    out, push = jax.linearize(velocity, x)
    return out, jnp.trace(jax.vmap(push)(jnp.eye(len(x), dtype=x.dtype)))


def _diffrax() -> Any:
    try:
        import diffrax
    except ImportError as error:
        raise ImportError(
            'a continuous flow needs diffrax: pip install "fluvial[diffrax]"'
        ) from error
    return diffrax
