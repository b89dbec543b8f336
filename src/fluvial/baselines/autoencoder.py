"""A network that reproduces rows through a narrow layer, as an estimator."""

import math
from typing import Any

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array

from fluvial.baselines.baseline import Baseline, Rows
from fluvial.densities.evaluation import by_blocks
from fluvial.densities.hyperparameters import Hyperparameters
from fluvial.densities.ranges import whole
from fluvial.networks import MLP
from fluvial.programs import Compiled
from fluvial.shapes import Shape
from fluvial.training import Batch, minimise

SMALLEST_DEVIATION = 1e-3
"""Of a column that is reproduced without error, in standard deviations of the column."""


class Reproduction(eqx.Module):
    """`g(x) = decoder(encoder(x))`, with few units between the two.

    Args:
        key: a random key.
        n_features: columns D.
        n_latent: units of the narrow layer.
        hidden_sizes: units of each hidden layer of the encoder; the decoder has them in reverse.

    Examples:
        >>> network = Reproduction(jax.random.key(0), n_features=3, n_latent=1, hidden_sizes=(8,))
        >>> network(jnp.zeros((5, 3))).shape
        (5, 3)
    """

    encoder: MLP
    decoder: MLP
    event_shape: Shape = eqx.field(static=True)
    condition_shape: Shape | None = eqx.field(static=True, default=None)

    def __init__(
        self, key: Array, *, n_features: int, n_latent: int, hidden_sizes: tuple[int, ...]
    ):
        keys = jax.random.split(key)
        self.encoder = MLP(keys[0], n_features, n_latent, hidden_sizes=hidden_sizes)
        self.decoder = MLP(keys[1], n_latent, n_features, hidden_sizes=hidden_sizes[::-1])
        self.event_shape = (n_features,)

    def __call__(self, x: Array) -> Array:
        return self.decoder(self.encoder(x))


def squared_error(network: Reproduction, batch: Batch, key: Array) -> Array:
    """Return `sum_j (x_j - g_j(x))^2` of each row of a batch, (n,): the loss of training."""
    return jnp.sum((batch.x - network(batch.x)) ** 2, axis=-1)


class Autoencoder(Baseline):
    """How well a network with a narrow layer reproduces a row.

    `score_samples(x) = sum_j log N(x_j | g_j(x), sigma_j^2)`, in nats and in the units of the
    columns, with `sigma_j` the root mean squared error of column j in held-out rows. It ranks, and
    is no density: g depends on the row, so that it does not integrate to one, and a row may be far
    from all others and yet be reproduced.

    Parameters
    ----------
    n_latent : int or None, default=None
        Units of the narrow layer; None: half as many as columns vary.
    hidden_sizes : tuple of int, default=(64,)
        Units of each hidden layer of the encoder; the decoder has them in reverse.
    batch_size : int, default=256
        Rows a training step.
    max_epochs : int, default=200
        Passes over the training rows at most.
    learning_rate : float, default=0.001
        The highest learning rate.
    validation_fraction : float, default=0.1
        Share of the rows held out to end training and for `sigma_`, in [0, 1). With none the
        training rows serve.
    patience : int or None, default=None
        Epochs without a lower held-out error after which training ends; None: 20.
    verbose : int, default=0
        0 is silent; from 1 on, progress is shown on stderr.
    random_state : int, RandomState instance or None, default=None
        Determines which rows are held out, the start and the order of training.

    Attributes
    ----------
    network_ : fluvial.baselines.autoencoder.Reproduction
        Of standardised rows.
    sigma_ : ndarray of shape (n_kept,)
        The deviations of the standardised columns that vary.
    history_ : fluvial.training.History
        The mean squared errors of each epoch.
    scaler_ : fluvial.tables.TableScaler
        From rows of the table to standardised rows and back.
    n_features_in_ : int
        Columns given to fit.

    References
    ----------
    .. [1] Hawkins, He, Williams and Baxter 2002, Outlier detection using replicator neural
       networks.

    Examples
    --------
    >>> from fluvial.baselines import Autoencoder
    >>> X = np.random.default_rng(0).normal(size=(100, 3))
    >>> model = Autoencoder(max_epochs=2, random_state=0).fit(X)
    >>> model.score_samples(X).shape, model.errors(X).shape
    ((100,), (100, 3))
    """

    def __init__(
        self,
        n_latent=None,
        hidden_sizes=(64,),
        batch_size=256,
        max_epochs=200,
        learning_rate=1e-3,
        validation_fraction=0.1,
        patience=None,
        verbose=0,
        random_state=None,
    ):
        self.n_latent = n_latent
        self.hidden_sizes = hidden_sizes
        self.batch_size = batch_size
        self.max_epochs = max_epochs
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.patience = patience
        self.verbose = verbose
        self.random_state = random_state

    def errors(self, X) -> np.ndarray:
        """Return the squared error of every column of each row.

        Parameters
        ----------
        X : array or table of shape (n_samples, n_features)
            Finite numbers; columns of a table are found by name.

        Returns
        -------
        error : ndarray of shape (n_samples, n_features)
            `(x_j - g_j(x))^2` of standardised columns; 0 for columns that are left out, since they
            are constant or copies.

        Raises
        ------
        DataError
            Where columns are missing or unknown, and as `fit` does.
        """
        matrix = self._matrix(X)
        scaled, _ = self.scaler_.transform(matrix, dtype=np.float64)
        found = np.zeros_like(matrix)
        found[:, self.scaler_.left_out.kept] = self._errors(scaled)
        return found

    def _check_parameters(self) -> None:
        super()._check_parameters()
        if self.n_latent is not None:
            whole("n_latent", self.n_latent, or_none=True)
        # Of the same names and ranges as those of a flow.
        names = ("hidden_sizes", "learning_rate", "patience", "verbose")
        Hyperparameters(flow="maf", **{name: getattr(self, name) for name in names})

    def _learn(self, rows: Rows, rng: np.random.RandomState) -> None:
        n_features = rows.all.shape[1]
        start, key = jax.random.split(jax.random.key(int(rng.randint(np.iinfo(np.int32).max))))
        network = Reproduction(
            start,
            n_features=n_features,
            n_latent=max(n_features // 2, 1) if self.n_latent is None else self.n_latent,
            hidden_sizes=tuple(self.hidden_sizes),
        )
        settings: dict[str, Any] = {"validation_fraction": 0.0}
        if len(rows.held_out):
            settings["validation_data"] = rows.judges
        self.network_, self.history_ = minimise(
            key,
            network,
            squared_error,
            rows.fitted_to,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            learning_rate=self.learning_rate,
            patience=self.patience,
            show_progress=self.verbose > 0,
            **settings,
        )
        judges = rows.judges if len(rows.held_out) else rows.all
        deviation = np.sqrt(self._errors(judges).mean(axis=0))
        self.sigma_ = np.maximum(deviation, SMALLEST_DEVIATION)

    def _score(self, scaled: np.ndarray) -> np.ndarray:
        constant = np.log(self.sigma_).sum() + len(self.sigma_) * math.log(2 * math.pi) / 2
        return -(self._errors(scaled) / self.sigma_**2).sum(axis=1) / 2 - constant

    def _errors(self, scaled: np.ndarray) -> np.ndarray:
        """Return the squared errors (n, D) of standardised rows, float64."""
        dtype = self.network_.encoder.layers[0].weight.dtype
        return (scaled - by_blocks(_reproduced, self.network_, scaled.astype(dtype))) ** 2


@Compiled
def _reproduced(network: Reproduction, rows: Array) -> Array:
    return network(rows)
