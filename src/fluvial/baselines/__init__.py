"""Classical densities with held-out hyper-parameters, as distributions of this library."""

from fluvial.baselines.gaussian_mixture import (
    choose_gaussian_mixture as choose_gaussian_mixture,
    fit_gaussian_mixture as fit_gaussian_mixture,
)
from fluvial.baselines.kernel_density import fit_kernel_density as fit_kernel_density
