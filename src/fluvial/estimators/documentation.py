"""The description of the hyperparameters that both estimators share."""

from typing import TypeVar

Estimator = TypeVar("Estimator", bound=type)

PLACE = "{hyperparameters}"
"""Stands in an estimator's docstring where the description belongs."""

HYPERPARAMETERS = """\
    n_layers : int or None, default=None
        Layers of the flow, at least 1 (2 for "real_nvp" and "nice"); None: chosen by recipe.
    hidden_sizes : tuple of int or None, default=None
        Units of each hidden layer of each layer's network; None: (128, 128), with "real_nvp" and
        up to four columns (64, 64).
    n_bins : int or None, default=None
        Bins of each spline, for "auto" and "neural_spline_flow" alone; None: 16 for "auto", else 8.
    batch_size : int, default=256
        Rows a training step; with "auto", fewer where rows are few.
    max_epochs : int, default=200
        Passes over the training rows at most; with "auto", `effort` bounds them too.
    max_seconds : float or None, default=None
        Limit of the wall time of training, compilation included. What has begun to be compiled is
        compiled to its end, so that the limit may be passed by one compilation: 2 to 10 seconds
        on two idle cores, the more the more layers and bins, and longer on busy ones. Where it
        binds, results depend on the machine's speed. With "auto", folds that are not done by then
        are left out, one flow is trained with less than 40 seconds, and none with less than 10:
        Gaussian mixtures and kernels serve alone then, which a warning says. A single flow that no
        time was left for stays untrained, which a warning says, too.
    learning_rate : float, default=0.001
        Highest learning rate; "auto" takes three times as much, in fewer steps.
    validation_fraction : float, default=0.1
        Share of the rows held out to choose the best epoch and to judge, in [0, 1). Identical rows
        stay on one side. With 0, training ends after `max_epochs` and keeps the last parameters.
    patience : int or None, default=None
        Epochs without a better held-out density after which training ends; None: 20 with held-out
        rows, no early stop without.
    verbose : int, default=0
        0 is silent; from 1 on, progress is shown on stderr.
    random_state : int, RandomState instance or None, default=None
        Determines the held-out rows, the starting parameters and the order of training; the same
        number gives bit-equal results on the same machine.
    effort : {"fast", "balanced", "thorough"}, default="balanced"
        How much work "auto" takes, in steps and not in seconds, so that seeds reproduce: at most
        1,000, 4,000 or 20,000 training steps of each flow, or 1,000, 2,000 or 5,000 a fold where
        members are cross-fitted; beyond 10,000 rows in proportion to them, up to three times as
        many with 13 columns or fewer, twice with 20. One flow ignores it, with a warning.
    weight_decay : float or None, default=None
        How much the weight matrices of the networks shrink at each step, times the learning rate
        and apart from the gradient (AdamW). None: 1e-4, and with "auto" 0.1 to 3 as each flow has
        it, of which held-out rows tell the better; a number is that of all of them.
    min_delta : float, default=0.0
        By how many nats a row the held-out density must be better to count for `patience`; larger
        values end training sooner.
    scaling : {"robust", "standard"} or None, default="robust"
        How columns are scaled before the flow. "robust": by the median and a quantile range, with
        a logarithmic tail; columns with far groups are made about Gaussian first for a single
        flow. "standard": by the mean and the standard deviation (of n - 1) of the rows that are
        trained on, nothing compressed, so that a far value stays far and widens the scale of all.
        None: columns as they are, for those that are about standard normal already. Densities are
        in the units of the columns in any case.
"""


def with_hyperparameters(estimator: Estimator) -> Estimator:
    """Put the description into the docstring of an estimator."""
    if estimator.__doc__ is not None:  # python -OO strips docstrings
        estimator.__doc__ = estimator.__doc__.replace(f"    {PLACE}\n", HYPERPARAMETERS)
    return estimator
