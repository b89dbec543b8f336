r"""
6. Anomaly detection: from a density to a decision
==================================================

A row is an anomaly where the density is low: so much is easily said. This tutorial shows where that
is not the best idea, why distances lose their meaning as columns grow, and then compares four
densities on telemetry: a histogram, a kernel density, an autoencoder and a flow. It ends with what
a density does not give: a threshold that knows what errors cost, the reasons for an alarm, and a
report to pass on.

The telemetry is simulated, unless the environment variable ``FLUVIAL_DATA`` names a folder that
holds ``hpc.parquet``, the log of a supercomputer's node.
"""

import os
import tempfile
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib import pyplot as plt
from scipy.stats import norm, spearmanr
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.neighbors import KernelDensity
from sklearn.neural_network import MLPRegressor

from fluvial import FlowAnomalyDetector, plots
from fluvial.anomaly import CostModel, choose_by_cost
from fluvial.errors import DataWarning
from fluvial.report import examine, write_report

rng = np.random.default_rng(0)

# %%
# The right density is not the best detector
# ------------------------------------------
#
# 9,900 rows of N(0, 1), and 100 of N(10, 0.1): rare, far away, and narrow. Which rows rank as
# strangest if the density is known exactly?

x = np.concatenate([rng.normal(0, 1, 9_900), rng.normal(10, 0.1, 100)])
is_rare = np.arange(10_000) >= 9_900
normal_part = norm.logpdf(x)
exact = np.logaddexp(np.log(0.99) + normal_part, np.log(0.01) + norm.logpdf(x, 10, 0.1))
at_ten = np.log(0.01) + norm.logpdf(10, 10, 0.1)
lower = np.mean(exact[~is_rare] < at_ten)
print(f"log density at the rare mode {at_ten:.1f}; {lower:.1%} of the normal rows are below it")

# %%
# A hundred rows in a space of a tenth are dense: denser than the tails of the normal rows. What
# tells them is not how likely a row is in the mixture of both, but how likely it is *among normal
# rows*, or the ratio of the two. Fitted to all rows, the default detector comes to the same: it
# sees that a small clump lies apart, says so, and leaves it out of what is normal.

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DataWarning)
    detector = FlowAnomalyDetector(random_state=0).fit(x[:, None])
for name, score in (
    ("exact density of all rows", exact),
    ("density of the normal rows", normal_part),
    ("ratio of the two", normal_part - exact),
    ("default detector", detector.score_samples(x[:, None])),
):
    found = is_rare[np.argsort(score, kind="stable")[:100]].mean()
    auroc = roc_auc_score(is_rare, -score)
    print(f"{name:28s} AUROC {auroc:.3f}, of the lowest 100 are rare: {found:.0%}")

# %%
# So fit to rows that are normal where you can; where you cannot, do not trust a density to call
# rare clumps strange.
#
# Distances lose their meaning
# ----------------------------
#
# Take 1,000 uniform rows and a new one: how much farther away is the farthest than the nearest?

dimensions = 2 ** np.arange(9)
ratios = []
for D in dimensions:
    rows, new = rng.uniform(size=(1_000, D)), rng.uniform(size=(50, D))
    distance = np.sqrt(((new[:, None] - rows) ** 2).sum(axis=-1))
    ratios.append(np.median(distance.max(axis=1) / distance.min(axis=1)))
    if D in (1, 2, 16, 256):
        print(f"D = {D:3d}: the farthest is {ratios[-1]:.1f} times as far as the nearest")

figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
axes.plot(dimensions, ratios, "o-", color="#0072B2")
axes.axhline(1, color="#808080", ls=":")
axes.set(xscale="log", yscale="log", xlabel="columns D", ylabel="farthest / nearest")
plt.show()

# %%
# With many independent columns all rows are about equally far. Real columns depend on each other,
# so that rows lie near a surface of far fewer dimensions; it is this that a density has to find.
#
# The telemetry
# -------------
#
# Rows in the order of time. The simulated ones have sixteen columns that follow a daily load and
# three slow states; in six stretches of 10 to 40 rows one of the relations is broken, while every
# column stays within its usual range. Training rows come first, then rows with labels to choose
# thresholds on, then those that judge.


def simulated(n=6_000):
    hidden = np.zeros((n, 4))
    hidden[:, 0] = np.sin(2 * np.pi * np.arange(n) / 288)
    steps = rng.normal(0, 0.1, (n, 3))
    for t in range(1, n):
        hidden[t, 1:] = 0.98 * hidden[t - 1, 1:] + steps[t]
    mixing = rng.normal(0, 1, (4, 16))
    rows = np.tanh(hidden @ mixing) + np.exp(0.5 * hidden[:, :1]) * rng.normal(0, 0.1, (n, 16))
    labels = np.zeros(n, bool)
    for start in (3_200, 3_600, 4_100, 4_700, 5_200, 5_700):
        stretch = slice(start, start + int(rng.integers(10, 41)))
        columns = rng.permutation(16)[:4]
        rows[stretch, columns] = rows[rng.permutation(3_000)[: stretch.stop - start]][:, columns]
        labels[stretch] = True
    return rows, labels, [f"sensor_{j:02d}" for j in range(16)]


def supercomputer(path):
    table = pd.read_parquet(path)
    features = table.drop(columns=["timestamp", "anomaly"])
    return features.to_numpy(float), table["anomaly"].to_numpy() != 0, list(features.columns)


given = Path(os.environ.get("FLUVIAL_DATA", ".")) / "hpc.parquet"
rows, labels, names = supercomputer(given) if given.is_file() else simulated()
train, valid, test = slice(0, 3_000), slice(3_000, 4_500), slice(4_500, None)
centre, spread = rows[train].mean(axis=0), rows[train].std(axis=0) + 1e-9
Z = (rows - centre) / spread
table = pd.DataFrame(rows, columns=names)
print(f"{'telemetry of a supercomputer' if given.is_file() else 'simulated telemetry'}: ", end="")
print(f"{rows.shape[0]} rows, {rows.shape[1]} columns, {labels.sum()} anomalous")

# %%
# Four densities
# --------------
#
# The **histogram** takes the columns as independent, and multiplies their histograms.


def histogram(train, rows, n_bins=20):
    total = np.zeros(len(rows))
    for column, values in zip(train.T, rows.T, strict=True):
        counts, edges = np.histogram(column, n_bins)
        place = np.clip(np.searchsorted(edges, values) - 1, 0, n_bins - 1)
        outside = (values < edges[0]) | (values > edges[-1])
        total += np.log(np.where(outside, 0.5, counts[place] + 0.5) / len(column))
    return total


# %%
# The **kernel density** puts a Gaussian on every training row.
#
# The **autoencoder** g squeezes a row through a few numbers and unfolds it again; its error is
# large where a row is not like those it was trained on. Training by squared errors is maximum
# likelihood of a Gaussian of fixed variance around what it returns,
#
# .. math:: \log p(x) = -\frac{\lVert g(x) - x\rVert^2}{2 \sigma^2}
#           - \frac{D}{2} \log(2 \pi \sigma^2) ,
#
# with a minus in front of the error. As a function of x it is no density, since it need not
# integrate to 1, but it ranks rows.


def autoencoder(train, rows, sigma=1.0):
    bottleneck = max(4, train.shape[1] // 16)
    g = MLPRegressor(
        hidden_layer_sizes=(32, bottleneck, 32), activation="tanh", max_iter=150, random_state=0
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it stops at the last epoch, and says so
        g.fit(train, train)
    error = ((g.predict(rows) - rows) ** 2).sum(axis=1)
    return -error / (2 * sigma**2) - train.shape[1] / 2 * np.log(2 * np.pi * sigma**2)


# %%
# The **flow** is a Real NVP of six couplings, here as a detector, which scales by itself. Beside
# it stands the default detector, which ranks by several measures and needs no flow.

shared = {"random_state": 0}
with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)
    flow = FlowAnomalyDetector(
        flow="real_nvp", n_layers=6, hidden_sizes=(32,), score="density", max_epochs=60, **shared
    ).fit(rows[train])
    default = FlowAnomalyDetector(**shared).fit(table[train])
scores = {
    "histogram": histogram(Z[train], Z),
    "kernel density": KernelDensity(bandwidth=0.5).fit(Z[train]).score_samples(Z),
    "autoencoder": autoencoder(Z[train], Z),
    "flow": flow.score_samples(rows),
    "default": default.score_samples(table),
}

# %%
# Thresholds by what errors cost
# ------------------------------
#
# Ranking is not deciding. Say that a false alarm costs 1 and a missed anomaly 5, and that an alarm
# within twelve rows of an anomaly is in time. The threshold of the lowest cost on the middle part,
# the one in the widest gap among those that cannot be told apart, is then judged on the last part.

cost = CostModel(false_alarm=1, miss=5, tolerance=12)
nobody = cost.cost(np.zeros(len(labels[test])), labels[test], -1.0)
print(f"alarming nobody costs {nobody:.0f}")
print(f"{'':16s}{'AUROC':>7s}{'AP':>7s}{'cost':>7s}")
for name, score in scores.items():
    chosen = choose_by_cost(score[valid], labels[valid], cost)
    paid = cost.cost(score[test], labels[test], chosen.threshold)
    auroc = roc_auc_score(labels[test], -score[test])
    precision = average_precision_score(labels[test], -score[test])
    print(f"{name:16s}{auroc:7.3f}{precision:7.3f}{paid:7.0f}")
alike = spearmanr(scores["flow"][test], scores["kernel density"][test]).statistic
print(f"rank correlation of flow and kernel density on the last part: {alike:.2f}")

# %%
# The last line says how alike the signals of flow and kernel density are: 1 would be the same order
# of the rows. Like signals may differ in the few rows that are anomalies, and rank these otherwise.
#
# On the simulated telemetry the histogram cannot see a broken relation, since every column by
# itself is normal. On the supercomputer's, where columns themselves go astray, nearly every
# density will do, and the cost depends on the threshold more than on the model.
#
# The flow's signal over time, with the labelled stretches, and what every threshold costs on the
# middle part:

shown = scores["flow"]
chosen = choose_by_cost(shown[valid], labels[valid], cost)
later = np.arange(3_000, len(rows))
figure, axes = plt.subplots(2, 1, figsize=(10, 6.5), layout="constrained")
plots.signal(later, -shown[later], labels[later], -chosen.threshold, ax=axes[0])
axes[0].set_yscale("symlog", linthresh=10)
plots.threshold_cost(
    shown[valid], labels[valid], cost_model=cost, threshold=chosen.threshold, ax=axes[1]
)
plt.show()

# %%
# The same in two lines of the detector, which remembers how its threshold was chosen:

flow.set_threshold("cost", rows[valid], labels[valid], false_alarm=1, miss=5, tolerance=12)
judged = flow.evaluate(rows[test], labels[test], cost_model=cost)
found = sum(each.first_alarm is not None for each in judged.detections)
print(f"cost {judged.cost:.0f}: false alarms {judged.false_alarm_cost:.0f}, ", end="")
print(f"misses {judged.miss_cost:.0f}; {found} of {len(judged.detections)} stretches found")

# %%
# Reasons
# -------
#
# Why is a row flagged? `explain` replaces columns, one after the other, by the value that makes
# the row most normal, and tells the column, its value and the normal one. Here for the strangest
# row of the last part, by the default detector:

strangest = 4_500 + int(np.argmin(scores["default"][test]))
(why,) = default.explain(table[strangest : strangest + 1])
print(f"row {strangest}, score {why.score:.1f}, with these values {why.score_then:.1f}:")
for reason in why.reasons[:4]:
    print(f"  {reason.column} is {reason.value:.2f}, and {reason.normal_value:.2f} would be normal")

# %%
# A report
# --------
#
# Whoever has to act on alarms was not here when they were computed. A report says it all on one
# page: a verdict in words, scores and threshold, the strangest rows with their reasons, drift, what
# the alarms are worth where there are labels, and what the model is and promises. It opens in any
# browser and loads nothing; beside it stands the same as JSON.

default.set_threshold("cost", table[valid], labels[valid], false_alarm=1, miss=5, tolerance=12)
found = examine(
    default, table[test], labels[test], cost_model=cost, table="the last part", first_row=4_500
)
with tempfile.TemporaryDirectory() as folder:
    page = Path(folder) / "report.html"
    write_report(found, page)
    print(f"{page.stat().st_size / 1e3:.0f} kB of HTML")
print(*found.verdict, sep="\n")

# %%
# On files the same takes three commands:
#
# .. code-block:: text
#
#     fluvial fit normal.csv -o plant.fluvial
#     fluvial threshold plant.fluvial labelled.csv --label anomaly --miss 5 -o chosen.fluvial
#     fluvial report chosen.fluvial new.csv -o report.html
#
# The page on anomalies tells the rest: p-values, false discovery rates and drift.
#
# Exercises
# ---------
#
# 1. The first example again: does `score="typicality"`, which calls densities strange that are
#    unusually low *or* high, find the clump?
# 2. How does the flow's cost on the last part change without a tolerance?
# 3. Flag rows of the last part at a false discovery rate of 10 %. How many of the flagged ones are
#    normal, and what was assumed?
#
# Solutions
# ---------
#
# 1. No better than the density itself. The clump is less dense than most normal rows, and denser
#    than their tails; there is nothing unusually high about it.

usual = np.median(exact)
print(f"usual log density {usual:.2f}, that of the clump {np.median(exact[is_rare]):.2f}")
print(f"AUROC of typicality {roc_auc_score(is_rare, np.abs(exact - usual)):.3f}")

# %%
# 2. Every row of a stretch then needs an alarm of its own, and every alarm beside it is false.

strict = CostModel(false_alarm=1, miss=5)
chosen = choose_by_cost(shown[valid], labels[valid], strict)
print(f"cost {strict.cost(shown[test], labels[test], chosen.threshold):.0f}, ", end="")
print(f"alarming nobody {strict.cost(np.zeros(len(labels[test])), labels[test], -1.0):.0f}")

# %%
# 3. Rows of a log drift and depend on their neighbours, so that the promise does not hold, and far
#    more of the flagged rows are normal. `default.drift(table[test])` would have said so.
#
#    .. admonition:: What is promised, and under which assumptions
#       :class: promise
#
#       **Promised**: on average at most a tenth of the flagged rows is normal.
#       **Assumed**: normal rows are exchangeable with the calibration rows.

flagged = default.flag(table[test], false_discovery_rate=0.1)
normal = int((flagged & ~labels[test]).sum())
print(f"{flagged.sum()} flagged, {normal} of them normal")
