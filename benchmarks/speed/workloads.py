"""The workloads W1 to W11, as data."""

from benchmarks.speed.models import (
    MAF,
    REAL_NVP,
    SPLINE,
    SPLINE_COUPLING,
    SPLINE_LU,
    WIDE_MAF,
    Model,
    maf_of,
)
from benchmarks.speed.tasks import OURS, Entrant, Goal, Race, Task, Workload


def _training(model: Model, rows: int, goals, *, batch_size: int = 256, beside=()) -> Race:
    task = Task("train", model, rows, batch_size)
    bare = Entrant("flowjax, step alone", "flowjax", Task("bare_step", model, rows, batch_size))
    title = f"training step, {model}, batch {batch_size}, {rows:,} rows"
    return Race(title, task, goals, beside=(*beside, bare), unit="step")


def _log_prob(model: Model) -> Race:
    goals = (Goal("faster", 2.0),)
    return Race(f"log_prob, {model}, 10,000 rows", Task("log_prob", model, 10_000), goals)


def _sampling(model: Model, rows: int, goals) -> Race:
    density = Entrant("fluvial log_prob", OURS, Task("log_prob", model, rows))
    title = f"sample, {model}, {rows:,} rows"
    return Race(title, Task("sample", model, rows), goals, beside=(density,))


_NEAR_DENSITY = Goal("at_most", 1.5, "fluvial log_prob")
_LU = Entrant("fluvial, LU maps", OURS, Task("train", SPLINE_LU, 5_120))
_PEAK = Entrant("matmul", OURS, Task("matmul"))
_ONE = Entrant("fluvial, 1 member", OURS, Task("train", REAL_NVP, 3_000))

WORKLOADS = (
    Workload(
        "W1",
        "training step, Real NVP",
        ">= 5x faster than flowjax, >= 10x than zuko",
        (_training(REAL_NVP, 3_000, (Goal("faster", 5, "flowjax"), Goal("faster", 10, "zuko"))),),
    ),
    Workload(
        "W2",
        "training step, MAF",
        ">= 2.5x the best peer",
        (_training(MAF, 5_120, (Goal("faster", 2.5),)),),
    ),
    Workload(
        "W3",
        "training step, wide MAF",
        ">= 1.5x the best peer, and >= 60 % of the matmul peak in dense-equivalent flops",
        (
            _training(
                WIDE_MAF,
                5_120,
                (Goal("faster", 1.5), Goal("peak", 0.6, "matmul")),
                batch_size=512,
                beside=(_PEAK,),
            ),
        ),
    ),
    Workload(
        "W4",
        "training step, spline flows",
        ">= 3x the best peer",
        (
            _training(SPLINE, 5_120, (Goal("faster", 3),), beside=(_LU,)),
            _training(SPLINE_COUPLING, 5_120, (Goal("faster", 3),)),
        ),
    ),
    Workload(
        "W5",
        "log_prob of the models of W2 to W4",
        ">= 2x the best peer",
        tuple(_log_prob(model) for model in (MAF, WIDE_MAF, SPLINE, SPLINE_COUPLING)),
    ),
    Workload(
        "W6",
        "sampling",
        "autoregressive, D=43: >= 20x the best peer and <= 1.5x the time of log_prob; "
        "coupling: >= 1.5x the best peer",
        (
            *(
                _sampling(model, rows, (Goal("faster", 20), _NEAR_DENSITY))
                for model in (MAF, WIDE_MAF, SPLINE)
                for rows in (1_000, 10_000)
            ),
            *(
                _sampling(maf_of(n_features), rows, (_NEAR_DENSITY,))
                for n_features in (8, 63)
                for rows in (1_000, 10_000)
            ),
            *(_sampling(SPLINE_COUPLING, rows, (Goal("faster", 1.5),)) for rows in (1_000, 10_000)),
        ),
    ),
    Workload(
        "W7",
        "kernel density, 20,000 queries on 30,000 rows, D=8",
        ">= 100x scikit-learn",
        (
            Race(
                "kernel density, 20,000 queries on 30,000 rows, D=8",
                Task("kernel_density", rows=20_000),
                (Goal("faster", 100, "scikit-learn"),),
                peers=("scikit-learn",),
            ),
        ),
    ),
    Workload(
        "W8",
        "growth with columns, rows and layers",
        "sampling grows with D as log_prob does; time a row flat in rows; compilation flat in "
        "layers",
        special="growth",
    ),
    Workload(
        "W9",
        "whole processes, cold",
        "fit of 3,000 x 2 in <= 6 s; <= 1/3 of zuko's script; memory <= data + 600 MB; the default "
        "mixture of 10,000 x 10 in <= 60 s",
        special="processes",
    ),
    Workload(
        "W10",
        "an ensemble of 8 against 1 member, W1's model",
        "<= 4x the time of one",
        (
            Race(
                f"a step of 8 members, {REAL_NVP}, batch 256",
                Task("ensemble", REAL_NVP, 3_000, members=8),
                (Goal("at_most", 4, "fluvial, 1 member"),),
                peers=(),
                beside=(_ONE,),
                unit="step",
            ),
        ),
    ),
    Workload(
        "W11",
        "time to quality on five tables",
        ">= 5x sooner than the best peer's recipe reaches its best of 60 s",
        special="quality",
    ),
)
