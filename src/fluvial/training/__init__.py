"""Compiled training: maximum likelihood, variational inference and other objectives, history."""

from fluvial.training.ensemble import fit_ensemble as fit_ensemble
from fluvial.training.history import History as History
from fluvial.training.loss import loss as loss
from fluvial.training.maximum_likelihood import fit as fit
from fluvial.training.minimisation import minimise as minimise
from fluvial.training.objective import (
    Batch as Batch,
    Objective as Objective,
    negative_log_likelihood as negative_log_likelihood,
)
from fluvial.training.stacking import stack as stack
from fluvial.training.trainable import (
    decayed as decayed,
    partition as partition,
    trainable as trainable,
)
from fluvial.training.variational import (
    VariationalFit as VariationalFit,
    fit_variational as fit_variational,
)
