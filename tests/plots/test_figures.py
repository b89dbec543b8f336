"""Every figure holds the numbers that it was given, on the axes that it was given."""

import jax
import jax.numpy as jnp
import matplotlib as mpl
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from matplotlib.figure import Figure

from fluvial import FlowDensity, flows, plots
from fluvial.anomaly import CostModel, Drift
from fluvial.bijectors import Chain, Exp, Repeat, Scale, Shift
from fluvial.distributions import Normal, StandardNormal
from fluvial.errors import DataError, ShapeError
from fluvial.plots.mapping import steps
from fluvial.training import History

ROWS = np.random.default_rng(0).normal(size=(60, 3))


@pytest.fixture(autouse=True)
def no_window():
    mpl.use("Agg")
    yield
    from matplotlib import pyplot

    pyplot.close("all")


@pytest.fixture
def ax():
    return Figure().subplots()


def test_a_heat_map_holds_the_density_on_its_grid(ax):
    assert plots.density_2d(StandardNormal(2), limits=((-1, 1), (0, 2)), n=5, ax=ax) is ax
    values = ax.collections[0].get_array().reshape(5, 5)
    # Row by row upwards: x1 is 0.5 in the second one.
    expected = np.exp(-(0.5**2 + np.linspace(-1, 1, 5) ** 2) / 2) / (2 * np.pi)
    np.testing.assert_allclose(values[1], expected, rtol=1e-5)
    assert ax.get_xlim() == (-1, 1)


def test_target_and_estimate_share_their_colours():
    left, right = plots.density_2d(
        lambda x: -np.sum(x**2, axis=1), target=lambda x: 1 - np.sum(x**2, axis=1), n=11, log=True
    )
    assert left.collections[0].get_clim() == right.collections[0].get_clim() == (-11, 1)
    assert (left.get_title(), right.get_title()) == ("target", "estimate")


def test_samples_alone_are_drawn_within_their_range(ax):
    plots.density_2d(samples=ROWS[:, :2], ax=ax)
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), ROWS[:, :2])


def test_a_history_and_a_list_of_losses(ax):
    history = History((3.0, 2.0), (3.5, 2.5), (1e-3, 0.0), "max_epochs", 2, 1.0)
    plots.training_history(history, ax=ax)
    train, held_out, kept = ax.lines
    assert list(train.get_ydata()) == [3.0, 2.0]
    assert list(held_out.get_ydata()) == [3.5, 2.5]
    assert kept.get_xdata()[0] == 2
    assert len(plots.training_history([1.0, 0.5]).lines) == 1
    with pytest.raises(ValueError, match="no losses"):
        plots.training_history([])


def test_latents_of_a_flow_and_of_an_estimator(ax):
    flow = flows.real_nvp(jax.random.key(0), n_features=3, n_layers=2, hidden_sizes=(4,))
    plots.latent(flow, ROWS, columns=(2, 0), ax=ax)
    expected = np.asarray(flow.bijector.inverse(ROWS))[:, [2, 0]]
    np.testing.assert_allclose(ax.collections[0].get_offsets(), expected, rtol=1e-6)
    with pytest.raises(ShapeError, match="3 latents"):
        plots.latent(flow, ROWS, columns=(0, 3))


def test_a_mapping_ends_where_forward_does():
    flow = flows.maf(jax.random.key(0), n_features=2, n_layers=3, hidden_sizes=(4,))
    panels = plots.flow_mapping(flow, grid=4, layers=True)
    # Three layers, and the reversal that an odd number of them leaves.
    assert len(panels) == 5
    start, end = (np.asarray(panels[k].collections[0].get_offsets()) for k in (0, -1))
    np.testing.assert_allclose(end, np.asarray(flow.bijector.forward(start)), atol=1e-5)
    alone = plots.flow_mapping(flow, grid=4)
    np.testing.assert_allclose(alone.collections[0].get_offsets(), end, atol=1e-5)


def test_steps_are_in_the_order_of_forward():
    stack = Repeat([Shift(1.0), Shift(2.0)])
    found = steps(Chain([stack, Scale(3.0)]))
    z = jnp.float32(1.0)
    for step, expected in zip(found, (3.0, 5.0, 6.0), strict=True):
        z = step.forward(z)
        assert float(z) == expected


def test_stretches_keep_their_mass():
    axes = plots.change_of_variables_1d(Normal(0.0, 1.0), Exp(), samples=np.exp(ROWS[:, 0]))

    def masses(ax):
        found = []
        for stretch in ax.collections:
            (path,) = stretch.get_paths()
            x, y = path.vertices.T
            found.append(abs(np.sum((x[1:] - x[:-1]) * (y[1:] + y[:-1]) / 2)))
        return found

    np.testing.assert_allclose(masses(axes[0]), masses(axes[2]), rtol=5e-3)
    assert sum(masses(axes[0])) == pytest.approx(0.9973, abs=1e-3)


def test_a_signal_marks_what_lies_above_the_threshold(ax):
    plots.signal([0, 1, 2, 3], [1.0, 5.0, 2.0, 9.0], [0, 1, 0, 0], 4.0, ax=ax)
    _, alarms = ax.collections
    np.testing.assert_array_equal(alarms.get_offsets(), [[1, 5], [3, 9]])
    with pytest.raises(ShapeError, match="index"):
        plots.signal([0, 1], [1.0])


def test_costs_are_those_of_the_cost_model(ax):
    scores, y = np.array([-9.0, -1.0, -5.0, 0.0]), [1, 0, 0, 1]
    model = CostModel(miss=5)
    plots.threshold_cost(scores, y, cost_model=model, ax=ax)
    thresholds, costs = ax.lines[0].get_data()
    expected = [model.cost(scores, np.array(y) == 1, t) for t in thresholds]
    np.testing.assert_allclose(costs, expected)
    # None, the first anomaly, one and two false alarms beside it, and all rows.
    assert costs.tolist() == [10, 5, 6, 7, 2]


def test_calibration_draws_the_shares_of_p_values(ax):
    plots.calibration([0.1, 0.2, 0.2, 1.0], ax=ax)
    levels, share = ax.lines[1].get_data()
    np.testing.assert_allclose(share, [np.mean(np.array([0.1, 0.2, 0.2, 1]) <= t) for t in levels])
    with pytest.raises(DataError, match="p-values"):
        plots.calibration([0.5, 1.5])


def test_corner_and_pair_take_their_columns():
    axes = plots.corner(ROWS, ROWS + 1, columns=(2, 0))
    assert axes.shape == (2, 2)
    assert not axes[0, 1].get_visible()
    np.testing.assert_allclose(
        np.sort(axes[1, 0].collections[0].get_offsets(), axis=0), np.sort(ROWS[:, [2, 0]], axis=0)
    )
    ax = plots.pair(ROWS, columns=(0, 1))
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("x0", "x1")
    with pytest.raises(ShapeError, match=r"0\.\.\.2"):
        plots.pair(ROWS, columns=(0, 3))
    with pytest.raises(ShapeError, match="samples"):
        plots.corner(ROWS, ROWS[:, :2])


@pytest.mark.parametrize("convert", [pl.from_pandas, pa.Table.from_pandas, lambda frame: frame])
def test_columns_of_tables_are_matched_by_name(convert):
    frame = pd.DataFrame(np.random.default_rng(0).normal([0, 9], size=(60, 2)), columns=["a", "b"])
    turned = convert(frame[["b", "a"]])
    drawn = plots.pair(convert(frame), turned)
    assert drawn.get_xlabel() == "a"
    points, samples = (each.get_offsets() for each in drawn.collections)
    np.testing.assert_array_equal(points, samples)
    density = FlowDensity(flow="classical", random_state=0).fit(frame)
    mapped = plots.density_2d(density, samples=turned, n=10)
    assert (mapped.get_xlabel(), mapped.get_ylabel()) == ("a", "b")
    assert mapped.get_ylim()[0] > 4
    with pytest.raises(ShapeError, match="data have the columns 'a', 'b', but samples 'b', 'c'"):
        plots.pair(frame, frame.rename(columns={"a": "c"})[["b", "c"]])


def test_a_histogram_holds_the_shares_of_each_group(ax):
    groups = {"usual": -np.linspace(1, 2, 40), "odd": [-1.5, -1.5, -1e6]}
    plots.score_histogram(groups, -2.5, ax=ax)
    usual, odd = (np.array([bar.get_height() for bar in group]) for group in ax.containers)
    assert usual.sum() == pytest.approx(100)
    assert sorted(odd[odd > 0]) == pytest.approx([100 / 3, 200 / 3])
    assert ax.containers[1][-1].get_height() == pytest.approx(100 / 3)  # the farthest, in the last
    assert ax.lines[0].get_xdata()[0] == 2.5
    assert ax.get_xscale() == "symlog"
    assert plots.score_histogram({"one": np.ones(3)}).get_xscale() == "linear"
    with pytest.raises(DataError, match="must have scores"):
        plots.score_histogram({"usual": [np.nan]})
    with pytest.raises(DataError, match="one to three groups"):
        plots.score_histogram({})


def test_a_few_scores_far_above_do_not_flatten_the_others(ax):
    scores = np.linspace(30, 32, 50)
    assert plots.signal(np.arange(50), scores, ax=ax).get_yscale() == "linear"
    assert plots.signal(np.arange(51), [*scores, 1e6], ax=ax).get_yscale() == "symlog"


def test_a_pair_names_what_it_shows(ax):
    plots.pair(ROWS, ROWS + 1, labels=("training", "flagged"), ax=ax)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "flagged"]


def test_the_wealth_of_a_drift_is_drawn_at_its_rows(ax):
    found = Drift(True, 3, 1, 5.0, [], 6, 1, ((0, 0.0), (1, -0.5), (3, 5.0), (5, 300.0)))
    times = np.arange(6) * 10.0
    plots.drift(found, times, ax=ax)
    wealth, warning, since = ax.lines
    np.testing.assert_array_equal(wealth.get_xydata(), [(0, 0), (10, -0.5), (30, 5), (50, 300)])
    assert warning.get_ydata()[0] == pytest.approx(np.log(100))
    assert since.get_xdata()[0] == 10
    np.testing.assert_array_equal(ax.collections[0].get_offsets(), [(30, 5.0)])
    assert ax.get_yscale() == "symlog"
    with pytest.raises(ShapeError, match="6 rows were looked at"):
        plots.drift(found, times[:5])
    with pytest.raises(DataError, match="all are flagged"):
        plots.drift(Drift(False, None, None, 0.0, [], 6, 6))


def test_a_pair_is_coloured_by_scores():
    scores = ROWS[:, 0]
    ax = plots.pair(ROWS, ROWS + 1, scores=scores, labels=("rows", "others"))
    points = ax.collections[0]
    shown = np.asarray(points.get_offsets())
    np.testing.assert_allclose(np.asarray(points.get_array()), shown[:, 0])
    assert (np.diff(np.asarray(points.get_array())) <= 0).all()  # the lowest on top
    assert [axes.get_ylabel() for axes in ax.figure.axes][1] == "score"
    with pytest.raises(ShapeError, match="need"):
        plots.pair(ROWS, scores=scores[:-1])
