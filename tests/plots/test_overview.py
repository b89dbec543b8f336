"""The figure of the demo holds the numbers that it was given."""

import io

import numpy as np
import pytest

from fluvial.plots import overview_figure


@pytest.fixture
def figure():
    rng = np.random.default_rng(0)
    return overview_figure(
        {"benign": rng.normal(0, 2, 200), "malignant": rng.normal(-500, 100, 80)},
        threshold=-10.0,
        real=rng.normal(size=(70, 2)),
        sampled=rng.normal(size=(90, 2)),
        columns=("radius", "texture"),
        title="A title",
    )


def test_each_group_adds_up_to_all_of_it(figure):
    benign, malignant = figure.axes[0].containers
    for bars in (benign, malignant):
        assert sum(bar.get_height() for bar in bars) == pytest.approx(100)


def test_the_threshold_parts_the_groups(figure):
    axes = figure.axes[0]
    (line,) = axes.lines
    threshold = line.get_xdata()[0]
    benign, malignant = axes.containers
    beyond = [
        sum(bar.get_height() for bar in bars if bar.get_x() > threshold)
        for bars in (benign, malignant)
    ]
    assert beyond == pytest.approx([0, 100])


def test_all_points_are_drawn_and_everything_is_labelled(figure):
    left, right = figure.axes
    assert sorted(len(points.get_offsets()) for points in right.collections) == [70, 90]
    assert "radius" in right.get_xlabel()
    assert "texture" in right.get_ylabel()
    assert "nats" in left.get_xlabel()
    texts = [text.get_text() for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert {"benign (200 rows)", "malignant (80 rows)", "sampled (90 rows)"} <= set(texts)


def test_it_can_be_written_without_a_display(figure, monkeypatch):
    monkeypatch.delenv("DISPLAY", raising=False)
    stream = io.BytesIO()
    figure.savefig(stream, format="png")
    assert stream.getvalue().startswith(b"\x89PNG")
