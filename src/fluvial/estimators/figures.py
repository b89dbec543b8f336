"""Which figures there are of a fitted estimator: the lines to type, in a summary and a notebook."""

import html
from abc import abstractmethod
from typing import Any

from sklearn.base import BaseEstimator
from sklearn.exceptions import NotFittedError
from sklearn.utils.validation import check_is_fitted

from fluvial.anomaly.drift import MIN_REFERENCE
from fluvial.densities import TableDensity
from fluvial.errors import DataError

MORE = 'more under "Draw pictures" in docs/how-to.md, and in help(fluvial.plots)'
"""Where figures are told of."""


class WithFigures(BaseEstimator):
    """Shows, once it is fitted, which figures there are of an estimator."""

    @abstractmethod
    def _figures(self) -> list[str]:
        """Return calls of `fluvial.plots` on the fitted `model`, rows `X` and labels `y`."""

    def _repr_html_inner(self) -> str:
        return super()._repr_html_inner() + self._figures_in_html()

    def _repr_mimebundle_(self, **kwargs: Any) -> dict[str, str]:
        shown = super()._repr_mimebundle_(**kwargs)
        if "text/html" in shown:
            shown["text/html"] += self._figures_in_html()
        return shown

    def _figures_in_words(self) -> str:
        """Return lines for a summary."""
        lines = [f"  {line}" for line in [*self._figures(), MORE]]
        return "\n".join(["figures       of this model, rows X and their labels y", *lines])

    def _figures_in_html(self) -> str:
        """Return what unfolds to these lines; nothing before fit."""
        try:
            check_is_fitted(self)
        except NotFittedError:
            return ""
        lines = html.escape("\n".join(self._figures()))
        return (
            "<details><summary>Figures of this model, rows X and their labels y</summary>"
            f"<pre>{lines}</pre><p>{html.escape(MORE)}</p></details>"
        )


def figures_of_density(density: TableDensity) -> list[str]:
    """Return the calls for a density.

    Examples:
        >>> X = np.random.default_rng(0).normal(size=(100, 2))
        >>> figures_of_density(FlowDensity(flow="classical").fit(X).table_density_)[0]
        'fluvial.plots.corner(X, model.sample(500))'
    """
    found = []
    if density.condition is None:
        found.append("fluvial.plots.corner(X, model.sample(500))")
        if density.schema.n_columns == 2 == density.scaler.n_kept:
            found.append("fluvial.plots.density_2d(model, samples=X)")
        if density.scaler.n_kept > 1 and _has_flow(density):
            found.append("fluvial.plots.latent(model, X)")
    if density.history.train_loss:
        found.append("fluvial.plots.training_history(model)")
    return found


def _has_flow(density: TableDensity) -> bool:
    specification = density.specification
    parts = specification["parts"] if specification["type"] == "mixture" else [specification]
    return any(part["type"] == "flow" for part in parts)


def figures_of_detector(detector: Any) -> list[str]:
    """Return the calls for a fitted detector; `condition` is that of X where it takes one."""
    rows = "X" if detector.density_.condition_ is None else "X, condition=condition"
    score = f"model.score_samples({rows})"
    threshold = "threshold=model.offset_"
    found = [
        f"fluvial.plots.signal(range(len(X)), -{score}, threshold=-model.offset_)",
        f'fluvial.plots.score_histogram({{"X": {score}}}, {threshold})',
        f"fluvial.plots.threshold_cost({score}, y, {threshold})",
    ]
    try:
        detector.calibrated()
        found.append(f"fluvial.plots.calibration(model.p_values({rows}))")
    except DataError:  # with too few rows
        pass
    known = detector.reference_
    if known is not None and (known.scores >= detector.offset_).sum() >= MIN_REFERENCE:
        found.append(f"fluvial.plots.drift(model.drift({rows}))")
    if detector.density_.history_.train_loss:
        found.append("fluvial.plots.training_history(model.density_)")
    return found
