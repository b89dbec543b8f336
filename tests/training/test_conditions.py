"""Conditions of any units."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from fluvial import flows
from fluvial.errors import DataError
from fluvial.training import fit, fit_ensemble


def rows(n=1500, seed=0):
    """A column that follows a condition c of unit scale, with noise of .1."""
    rng = np.random.default_rng(seed)
    c = rng.normal(size=(n, 1))
    return c + 0.1 * rng.normal(size=(n, 1)), c


def small(key, condition_shape=(1,)):
    sizes = {"n_layers": 2, "hidden_sizes": (16,), "condition_shape": condition_shape}
    return flows.maf(key, n_features=1, **sizes)


@pytest.mark.parametrize(("centre", "scale"), [(0, 1), (2000, 10), (1e4, 100), (1e6, 1), (0, 1e-6)])
def test_the_units_of_a_condition_do_not_matter(centre, scale, getkey):
    x, c = rows()
    options = {"max_epochs": 40, "learning_rate": 1e-2, "show_progress": False}
    flow, _ = fit(getkey(), small(getkey()), x, condition=centre + scale * c, **options)
    new, c = rows(500, 1)
    # The entropy of a normal of deviation .1 is -.88 nats.
    assert np.mean(flow.log_prob(new, centre + scale * c)) > 0.6


def test_training_on_keeps_the_scale(getkey):
    x, c = rows(100)
    options = {"max_epochs": 1, "show_progress": False}
    flow, _ = fit(getkey(), small(getkey()), x, condition=2000 + 10 * c, **options)
    centre = flow.bijector.centre.value
    assert centre == pytest.approx(np.mean(2000 + 10 * c), rel=1e-5)
    again, _ = fit(getkey(), flow, x, condition=c, **options)
    np.testing.assert_array_equal(again.bijector.centre.value, centre)


def test_the_scale_is_that_of_the_rows_that_count(getkey):
    x, c = rows(150)
    c, weight = 2000 + 10 * c, np.arange(150) % 3
    spoilt = np.where(weight[:, None], c, 1e6)
    flow, _ = fit(getkey(), small(getkey()), x, spoilt, weight, max_epochs=1, show_progress=False)
    repeated = np.repeat(c, weight, axis=0)
    assert flow.bijector.centre.value == pytest.approx(repeated.mean(), rel=1e-6)
    assert flow.bijector.scale.value == pytest.approx(repeated.std(), rel=1e-6)


def test_members_of_an_ensemble_share_the_scale(getkey):
    x, c = rows(100)
    members = [small(getkey()) for _ in range(2)]
    keys = [getkey(), getkey()]
    fitted, _ = fit_ensemble(keys, members, x, 50 + c, max_epochs=1, show_progress=False)
    one, other = (flow.bijector.centre.value for flow in fitted)
    np.testing.assert_array_equal(one, other)
    assert one == pytest.approx(np.mean(50 + c), rel=1e-5)


def test_a_condition_that_the_precision_cannot_hold_is_refused(getkey):
    x, c = rows(100)
    with pytest.raises(DataError, match=r"condition\[0\] varies by .* around 1000000"):
        fit(getkey(), small(getkey()), x, condition=1e9 + c)
    with jax.enable_x64(True):
        flow, _ = fit(
            getkey(), small(getkey()), x, condition=1e9 + c, max_epochs=1, show_progress=False
        )
        assert jnp.isfinite(flow.log_prob(x, 1e9 + c)).all()


def test_a_condition_that_does_not_vary_is_centred(getkey):
    x, _ = rows(100)
    options = {"max_epochs": 2, "show_progress": False}
    flow, _ = fit(getkey(), small(getkey(), ()), x, condition=np.full(100, 1e5), **options)
    assert np.isfinite(flow.log_prob(x, np.full(100, 1e5))).all()
    assert flow.bijector.scale.value == 1
