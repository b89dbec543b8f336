"""The density of a table, as a scikit-learn estimator."""

import os
from collections.abc import Iterator
from typing import Any

import jax
import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    DensityMixin,
    TransformerMixin,
)
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from fluvial.distributions import Mixture
from fluvial.errors import ShapeError
from fluvial.estimators import blocks, settings
from fluvial.estimators.comparison import warn_of_fit
from fluvial.estimators.learning import learn
from fluvial.estimators.split import Fold, split, training_rows
from fluvial.estimators.summary import summarise
from fluvial.tables import TableScaler, read_table

ROWS_AT_ONCE = 64 * blocks.BLOCK
"""So many rows are scaled and scored at once."""


class FlowDensity(ClassNamePrefixFeaturesOutMixin, TransformerMixin, DensityMixin, BaseEstimator):
    """Probability density of a table of numbers, learned by normalizing flows.

    The columns are standardised robustly inside (median and a quantile range, a logarithmic
    tail beyond ten of these, never clipped), and densities are in the units of the table's own
    columns. Constant columns and exact copies of other columns are left out of the density; a row
    that departs from them by more than 1e-6 of their magnitude loses 1e6 nats a column. No finite
    row scores NaN or infinity.

    Parameters
    ----------
    flow : {"auto", "neural_spline_flow", "maf", "iaf", "real_nvp", "nice"}, default="auto"
        "auto" is a mixture of flows, a Gaussian mixture and a kernel density, weighted on held-out
        rows (see Notes); the others are one flow of that recipe of `fluvial.flows`. "real_nvp" and
        "nice" are quickest.
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
        Limit of the wall time of training. Where it binds, results depend on the machine's speed.
        With "auto", folds that are not done by then are left out, one flow is trained with less
        than 40 seconds, and none with less than 10: Gaussian mixtures and kernels serve alone then,
        which a warning says.
    learning_rate : float, default=0.001
        Highest learning rate; "auto" takes three times as much, in fewer steps.
    validation_fraction : float, default=0.1
        Share of the rows held out to choose the best epoch, in [0, 1). Identical rows stay on one
        side. With 0, training ends after `max_epochs` and keeps the last parameters.
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
        members are cross-fitted (see Notes); beyond 10,000 rows in proportion to them, up to three
        times as many with 13 columns or fewer, twice with 20. Single recipes ignore it.

    Attributes
    ----------
    distribution_ : Flow or Mixture
        The fitted distribution, in scaled units.
    members_ : tuple of dict
        With "auto", each member of the mixture: its "name", its "weight" and its "nats", the mean
        log density of the rows that weighted it, in scaled units. Empty for one flow.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to scaled rows and back.
    schema_ : fluvial.tables.Schema
        Names and types of the columns.
    history_ : fluvial.training.History
        Losses in scaled units and learning rate of each epoch, and why training ended.
    held_out_indices_ : ndarray of shape (n_held_out,)
        Places of the held-out rows among those given to fit; with cross-fits, of those that one of
        the fits left out.
    held_out_score_ : float or None
        Mean log density of the held-out rows, in nats, each under what was fitted without it; None
        without held-out rows.
    held_out_standard_error_ : float or None
        Standard error of that mean; None with fewer than two held-out rows.
    gains_ : dict
        By how many nats a held-out row scores better than under "gaussian" and, with "auto", under
        "gaussian_mixture" alone: the mean "gain" and its "standard_error".
    rounding_steps_ : ndarray of shape (n_features_in_,)
        The width of the noise that each column got in training; zero where values do not repeat.
    n_samples_fit_ : int
        Rows given to fit.
    specification_ : dict
        What `distribution_` is, in the form that a model file holds.
    n_features_in_ : int
        Columns given to fit.
    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, where all of them are strings.

    Notes
    -----
    `flow="auto"` fits a neural spline flow with LU maps between its layers, two with permutations,
    of strong and of weak weight decay, and an affine autoregressive flow; with `effort="fast"` two
    with LU maps alone, with "thorough" a further one of strong decay. Beside them it fits Gaussian
    mixtures of many sizes and a kernel density with a held-out bandwidth; the weights of their
    mixture, and of the sizes, maximise the likelihood of the held-out rows [1]_. Members of less
    than 1 % are dropped, but the best flow and the Gaussian mixtures, which keep 0.1 %: `transform`
    needs a flow; far from all rows the Gaussians decide. A flow whose training diverges is left
    out.

    Where rows are few, members are cross-fitted: three times up to 1,000 rows ("fast"), five times
    up to 5,000 ("balanced") or 20,000 ("thorough"), and always with fewer than 100 held-out rows.
    Each time another tenth (a sixth with "fast"; below 200 rows a fifth or third) of all rows is
    held out for choosing and weighting, whatever `validation_fraction`, and all these flows stay in
    the mixture: every row is fitted to, and judged by the fit that has not seen it. Below 12 rows
    weights are equal.

    Columns whose values repeat are taken for rounded: the rows that are trained on get uniform
    noise of the column's smallest step. Scores are deterministic.

    References
    ----------
    .. [1] Smyth and Wolpert 1998, Stacked density estimation.

    See Also
    --------
    FlowAnomalyDetector : Flags the rows that do not belong.
    fluvial.flows : The flows themselves.

    Examples
    --------
    >>> import numpy as np
    >>> from fluvial import FlowDensity
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> density = FlowDensity(flow="maf", max_epochs=5, random_state=0).fit(X)
    >>> density.score_samples(X).shape, density.sample(3).shape
    ((200,), (3, 2))
    """

    def __init__(
        self,
        flow=settings.FLOW,
        n_layers=None,
        hidden_sizes=None,
        n_bins=None,
        batch_size=settings.BATCH_SIZE,
        max_epochs=settings.MAX_EPOCHS,
        max_seconds=None,
        learning_rate=settings.LEARNING_RATE,
        validation_fraction=settings.VALIDATION_FRACTION,
        patience=None,
        verbose=0,
        random_state=None,
        effort=settings.EFFORT,
    ):
        self.flow = flow
        self.n_layers = n_layers
        self.hidden_sizes = hidden_sizes
        self.n_bins = n_bins
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.max_seconds = max_seconds
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.verbose = verbose
        self.random_state = random_state
        self.effort = effort

    def fit(self, X, y=None):
        """Learn the density of the rows of a table.

        Parameters
        ----------
        X : array or pandas, polars or pyarrow table of shape (n_samples, n_features)
            Finite numbers; booleans count as 0 and 1. Not modified.
        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        self : FlowDensity
            The fitted estimator.

        Raises
        ------
        DataError
            For fewer than two rows, only constant columns, text, dates, missing values,
            infinities and equal column names; the message names the column and the row.
        TrainingError
            Where training diverges.
        ValueError
            Where a hyper-parameter is out of its range.
        """
        self._fit(X)
        return self

    def _fit(self, X) -> np.ndarray:
        """Fit, and return the log density of the held-out rows in the order of their places."""
        settings.check_settings(self)
        matrix, schema = read_table(X)
        rng = check_random_state(self.random_state)
        folds = split(self, matrix, rng)
        scaler = TableScaler.fit(matrix, training=training_rows(folds), label=schema.label)
        seed = rng.randint(np.iinfo(np.int32).max)
        learned = learn(self, matrix, folds, scaler, seed=seed)
        # Nothing is replaced before all is learned: a fit that fails leaves the last one whole.
        self._remember_columns(schema)
        self.scaler_, self.n_samples_fit_ = scaler, len(matrix)
        self.specification_, self.distribution_ = learned.specification, learned.distribution
        self.history_, self.members_ = learned.history, learned.members
        self.rounding_steps_, self.gains_ = learned.rounding_steps, learned.gains
        log_prob = self._keep_held_out(matrix, folds, learned.held_out)
        if self.flow == settings.AUTO:
            warn_of_fit(self, matrix)
        return log_prob

    def score_samples(self, X):
        """Return the log density of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        log_prob : ndarray of shape (n_samples,)
            Natural logarithm of the density in the units of the columns, float64 and finite;
            higher is more normal.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        """
        return self._log_prob(self._matrix(X))

    def score(self, X, y=None):
        """Return the mean log density of the rows.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.
        y : Ignored
            Present for scikit-learn's conventions.

        Returns
        -------
        log_prob : float
            The mean of `score_samples(X)`, in nats a row.
        """
        return float(np.mean(self.score_samples(X)))

    def sample(self, n_samples=1, random_state=None):
        """Draw new rows.

        Parameters
        ----------
        n_samples : int, default=1
            How many.
        random_state : int, RandomState instance or None, default=None
            The same number gives the same rows.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_)
            float64 rows in the units of the columns; constants and copies are restored.

        Raises
        ------
        ValueError
            Where `n_samples` is not at least 1.
        """
        check_is_fitted(self)
        if n_samples < 1:
            raise ValueError(f"n_samples must be at least 1, but is {n_samples}")
        seed = check_random_state(random_state).randint(np.iinfo(np.int32).max)
        scaled = blocks.sample(self.distribution_, int(n_samples), seed=seed, dtype=self._dtype)
        return self.scaler_.inverse_transform(scaled)

    def transform(self, X):
        """Map rows to the latent space, in which the fitted rows are nearly standard normal.

        With `flow="auto"` this is the latent space of the mixture's best flow.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers.

        Returns
        -------
        Z : ndarray of shape (n_samples, n_kept)
            float64 latents of the columns that are not left out.
        """
        matrix, bijector = self._matrix(X), self._bijector
        latents = [blocks.to_latent(bijector, scaled) for scaled, _ in self._scaled(matrix)]
        return np.concatenate(latents).astype(np.float64)

    def inverse_transform(self, Z):
        """Map latents back to rows, constants and copies restored.

        Parameters
        ----------
        Z : array or table of shape (n_samples, n_kept)
            Latents, as `transform` gives them.

        Returns
        -------
        X : ndarray of shape (n_samples, n_features_in_)
            float64 rows in the units of the columns.
        """
        check_is_fitted(self)
        latents, _ = read_table(Z)
        if latents.shape[1] != self.scaler_.n_kept:
            raise ShapeError(
                f"Z has shape {latents.shape}, but latents have {self.scaler_.n_kept} columns"
            )
        scaled = blocks.from_latent(self._bijector, latents.astype(self._dtype))
        return self.scaler_.inverse_transform(scaled)

    def summary(self):
        """Tell what fit did.

        Returns
        -------
        summary : str
            Lines on the recipe and its sizes, the rows and epochs, the held-out density with its
            standard error and its gain over classical densities, and what was done to each column.
        """
        check_is_fitted(self)
        return summarise(self)

    def save(self, path: str | os.PathLike) -> None:
        """Write a model file, whole or not at all; `fluvial.load` reads it.

        Parameters
        ----------
        path : str or path-like
            The file; one that exists is replaced.
        """
        from fluvial.estimators.persistence import save

        save(self, path)

    @property
    def _n_features_out(self) -> int:
        return self.scaler_.n_kept

    @property
    def _dtype(self) -> np.dtype:
        """The precision of the model, float32 unless float64 was switched on at fit."""
        leaves = (leaf for leaf in jax.tree.leaves(self.distribution_) if hasattr(leaf, "dtype"))
        kinds = [np.dtype(leaf.dtype) for leaf in leaves if leaf.dtype in (np.float32, np.float64)]
        return max(kinds, key=lambda kind: kind.itemsize)

    @property
    def _bijector(self) -> Any:
        """The map of the flow; of the one with the largest weight in a mixture."""
        distribution = self.distribution_
        if isinstance(distribution, Mixture):
            weights = np.asarray(distribution.weights)
            order = np.argsort(-weights, kind="stable")
            parts = [distribution.distributions[k] for k in order]
        else:
            parts = [distribution]
        bijectors = [part.bijector for part in parts if hasattr(part, "bijector")]
        if not bijectors:
            raise TypeError(f"a {type(distribution).__name__} without a flow has no latent space")
        return bijectors[0]

    def _keep_held_out(
        self, matrix: np.ndarray, folds: list[Fold], scaled: np.ndarray
    ) -> np.ndarray:
        """Keep places and scores of the held-out rows, given their log density (m,) as scaled.

        Returns:
            Their log density in the units of the columns, (m,) in the order of their places.
        """
        places = np.concatenate([fold.held_out for fold in folds])[: len(scaled)]
        order = np.argsort(places)
        self.held_out_indices_ = places[order]
        self.held_out_score_ = self.held_out_standard_error_ = None
        _, log_det = self.scaler_.transform(matrix[self.held_out_indices_], dtype=self._dtype)
        log_prob = scaled[order] + log_det
        if len(places):
            self.held_out_score_ = float(log_prob.mean())
        if len(places) > 1:
            self.held_out_standard_error_ = float(log_prob.std(ddof=1) / np.sqrt(len(places)))
        return log_prob

    def _remember_columns(self, schema) -> None:
        self.schema_ = schema
        self.n_features_in_ = schema.n_columns
        if schema.named:
            self.feature_names_in_ = np.array(schema.names, object)
        elif hasattr(self, "feature_names_in_"):
            del self.feature_names_in_

    def _matrix(self, X) -> np.ndarray:
        check_is_fitted(self)
        return self.schema_.align(X, owner=type(self).__name__)

    def _log_prob(self, matrix: np.ndarray) -> np.ndarray:
        parts = [
            blocks.log_prob(self.distribution_, scaled) + log_det
            for scaled, log_det in self._scaled(matrix)
        ]
        return np.concatenate(parts)

    def _scaled(self, matrix: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Scale some rows after the other, so that memory stays flat."""
        dtype = self._dtype
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            yield self.scaler_.transform(matrix[start : start + ROWS_AT_ONCE], dtype=dtype)
