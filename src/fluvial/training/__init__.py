"""Maximum likelihood: compiled training, early stopping, history."""

from fluvial.training.driver import fit as fit
from fluvial.training.ensemble import fit_ensemble as fit_ensemble
from fluvial.training.history import History as History
from fluvial.training.stacking import stack as stack
from fluvial.training.trainable import decayed as decayed, trainable as trainable
