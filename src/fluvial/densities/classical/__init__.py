"""Classical densities with held-out hyperparameters, as distributions of this library."""

from fluvial.densities.classical.gaussian_mixture import (
    fit_gaussian_mixture as fit_gaussian_mixture,
)
from fluvial.densities.classical.kernel_density import fit_kernel_density as fit_kernel_density
from fluvial.densities.classical.stacked_mixtures import StackedMixtures as StackedMixtures
