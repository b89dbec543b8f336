"""Standardisation with logarithmic tails, for finite values of any magnitude.

Per column, from the user's x to the scaled u:

    v = (x - centre) / scale
    u = v                                         where |v| <= TAIL_START
    u = sign(v) TAIL_START (1 + log(|v| / TAIL_START))   beyond

The map is continuous, with a continuous derivative, strictly monotone, and never clips: a row at
1e300 ends at a few thousand, where a network can still tell it from one at 1e200.
"""

import numpy as np

from fluvial.tables.columns.limits import LARGEST

TAIL_START = 10.0
"""Beyond this many scales from the centre, the map is logarithmic."""


def log_tail(distance: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Map distances v >= 0 to u, logarithmic beyond `TAIL_START`, and return log du/dv as well."""
    with np.errstate(divide="ignore"):
        log_ratio = np.maximum(np.log(distance) - np.log(TAIL_START), 0)
    return np.minimum(distance, TAIL_START * (1 + log_ratio)), -log_ratio


def log_tail_inverse(mapped: np.ndarray) -> np.ndarray:
    """Map u >= 0 back to distances v, which may end at infinity."""
    with np.errstate(over="ignore"):
        beyond = TAIL_START * np.exp(mapped / TAIL_START - 1)
    return np.where(mapped > TAIL_START, beyond, mapped)


def scale_rows(
    matrix: np.ndarray, centre: np.ndarray, scale: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Map rows x to scaled rows u.

    Args:
        matrix: `(n, D)`, finite.
        centre: `(D,)`.
        scale: `(D,)`, positive.

    Returns:
        u, `(n, D)` float64, and log |det du/dx|, `(n,)` float64.

    Examples:
        >>> scaled, log_det = scale_rows(np.array([[3.0]]), np.array([1.0]), np.array([2.0]))
        >>> scaled, log_det.round(3)
        (array([[1.]]), array([-0.693]))
    """
    with np.errstate(over="ignore", under="ignore"):
        offset = matrix - centre
        v = offset / scale
        beyond_float = ~np.isfinite(offset)
        if beyond_float.any():
            v = np.where(beyond_float, (matrix / 2 - centre / 2) / scale * 2, v)
    log_scale = np.log(scale)
    log_slope = np.zeros_like(v)
    tail = np.abs(v) > TAIL_START
    if tail.any():
        columns = np.nonzero(tail)[1]
        log_ratio = _log_absolute(v[tail], matrix[tail], centre[columns], log_scale[columns])
        log_ratio -= np.log(TAIL_START)
        v[tail] = np.sign(v[tail]) * TAIL_START * (1 + log_ratio)
        log_slope[tail] = -log_ratio
    return v, log_slope.sum(axis=1) - log_scale.sum()


def _log_absolute(v, x, centre, log_scale) -> np.ndarray:
    """Return log |v|, from x where v itself is beyond float64."""
    with np.errstate(divide="ignore"):
        halved = np.log(np.abs(x / 2 - centre / 2))
    return np.where(np.isfinite(v), np.log(np.abs(v)), halved + np.log(2.0) - log_scale)


def unscale_rows(scaled: np.ndarray, centre: np.ndarray, scale: np.ndarray) -> np.ndarray:
    """Map scaled rows u back to rows x, the inverse of `scale_rows`.

    Args:
        scaled: `(n, D)`, any float type.
        centre: `(D,)`.
        scale: `(D,)`, positive.

    Returns:
        `(n, D)` float64; what would be beyond float64 ends at its largest number, so all are
        finite unless `scaled` holds NaN.

    Examples:
        >>> unscale_rows(np.array([[1.0]]), np.array([1.0]), np.array([2.0]))
        array([[3.]])
    """
    u = np.asarray(scaled, np.float64)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        tail = np.abs(u) > TAIL_START
        size = np.where(tail, TAIL_START * np.exp(np.abs(u) / TAIL_START - 1), np.abs(u))
        offset = size * scale
        x = np.sign(u) * offset + centre
        # The product may pass float64 on the way although x does not.
        passed = ~(np.isfinite(offset) & np.isfinite(size))
        if passed.any():
            log_half = np.abs(u) / TAIL_START - 1 + np.log(TAIL_START / 2) + np.log(scale)
            half = np.where(tail, np.exp(log_half), np.abs(u) * (scale / 2))
            x = np.where(passed, 2 * (np.sign(u) * half + centre / 2), x)
        return np.clip(x, -LARGEST, LARGEST)
