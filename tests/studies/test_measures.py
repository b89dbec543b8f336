"""What the studies measure, where truths are known, and one tiny run of each."""

from pathlib import Path

import numpy as np
import pytest
from benchmarks.studies import coccaro, depth, dimension, rare, synthetic
from benchmarks.studies.generators import MAF
from benchmarks.studies.labelled import Labelled
from benchmarks.studies.page import Page
from benchmarks.studies.study import Study
from benchmarks.studies.two_groups import COMMON, RARE, SHARE, Exact, LikelihoodRatio, draw

STUDIES = (
    coccaro.COCCARO,
    depth.DEPTH,
    dimension.DIMENSION,
    rare.RARE_STUDY,
    synthetic.SYNTHETIC_STUDY,
)
NO_DATA = Path("nowhere")


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_the_reduced_grid_is_smaller_and_no_cell_is_there_twice(study: Study):
    few, all_of_it = (study.cells(full, NO_DATA) for full in (False, True))
    assert len(few) < len(all_of_it)
    for cells in (few, all_of_it):
        assert len({str(sorted(cell.items())) for cell in cells}) == len(cells)


@pytest.mark.parametrize("study", STUDIES, ids=lambda study: study.name)
def test_a_page_of_nothing_can_be_written(study: Study, tmp_path):
    page = Page(tmp_path, study.name)
    study.report([], page)
    page.write()


def test_exact_density_and_ratio_are_those_of_the_two_groups():
    rows, is_rare = draw(2_000, seed=0)
    assert is_rare.sum() == 2
    density = (1 - SHARE) * COMMON.pdf(rows) + SHARE * RARE.pdf(rows)
    np.testing.assert_allclose(Exact().log_prob(rows), np.log(density))
    ratio = COMMON.pdf(rows) / RARE.pdf(rows)
    np.testing.assert_allclose(LikelihoodRatio().log_prob(rows), np.log(ratio), atol=1e-9)


@pytest.mark.parametrize(("model", "share"), [(rare.RATIO, 0.74), (rare.EXACT, 0.42)])
def test_rare_rows_rank_as_published(model, share, tmp_path):
    cell = {"kind": "ranking", "model": model, "seed": 0, "rows": 5_000, "fresh": 200_000}
    record = {**cell, **rare.measure(cell, NO_DATA)}
    # The published shares are of one draw of 50 rare rows.
    assert record["share"] == pytest.approx(share, abs=2 * np.sqrt(share * (1 - share) / 50))
    assert np.all(np.diff(record["efficiency"]) >= 0)
    page = Page(tmp_path, "rare")
    rare.report([record], page)
    assert f"[{share:.2f}]" in page.write()
    assert (tmp_path / "rare-points.png").exists()


def test_efficiency_and_purity_count():
    score = np.array([-3.0, -2.0, -1.0, 0.0])
    is_rare = np.array([True, False, True, False])
    assert rare._selection(score, is_rare, -2.0) == [0.5, 0.5, 0.5]
    assert rare._selection(score, is_rare, -4.0) == [0.0, None, 0.0]


def test_a_wrong_value_is_in_one_column_of_each_row():
    rows = np.zeros((100, 3))
    found = dimension.with_a_wrong_value(rows, np.ones((100, 3)), seed=0)
    assert found.sum(axis=1).tolist() == [1.0] * 100
    assert (found.sum(axis=0) > 15).all()
    assert not rows.any()


def test_fresh_rows_of_the_truth_are_like_it():
    cell = {"method": "truth", "columns": 4, "seed": 0, "rows": 0, "drawn": 2_000, "draws": 3}
    found = coccaro.measure(cell, NO_DATA)
    assert found["kl"] == 0
    assert 0.1 < found["ks"] < 0.9
    assert found["wasserstein"] < 0.2


def test_a_deeper_flow_of_two_gaussians_is_closer():
    cell = {"kind": "maf", "target": "two_gaussians", "seed": 0, "width": 16}
    cell |= {"rows": 2_000, "steps": 400}
    one, three = (depth.measure({**cell, "layers": n}, NO_DATA)["kl"] for n in (1, 3))
    assert three < one - 0.1


def test_a_kernel_density_of_few_columns_ranks_nearly_as_the_truth():
    cell = {"kind": "columns", "columns": 2}
    truth = dimension.measure({**cell, "model": dimension.TRUTH, "rows": 0}, NO_DATA)
    kernels = dimension.measure({**cell, "model": dimension.KERNEL, "rows": 300}, NO_DATA)
    assert truth["auroc"] > 0.55
    assert abs(kernels["auroc"] - truth["auroc"]) < 0.03
    assert 0 < kernels["kl"] < 0.3
    # Two float32 columns and a weight for each row, and the bandwidth.
    assert 300 * 12 <= kernels["bytes"] < 300 * 16


def test_classifiers_learn_from_synthetic_rows():
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=1_000)
    rows = rng.normal(size=(1_000, 2))
    # A bend, which a flow learns to follow.
    rows[:, 1] = rows[:, 0] ** 2 + 0.3 * rows[:, 1] + 4.0 * labels
    cell = {"rows_of": MAF, "balanced": True, "seed": 0, "shares": [0.5, 1.0]}
    found = synthetic.usefulness(cell | {"layers": 3, "steps": 150}, Labelled(rows, labels))
    assert len(found["synthetic"]) == len(found["mixed"]) == 2
    for accuracy in (found["synthetic"][1], found["mixed"][0]):
        assert all(right > 0.8 and even > 0.8 for right, even in accuracy.values())
