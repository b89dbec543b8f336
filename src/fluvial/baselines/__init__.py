"""Classical densities with held-out hyper-parameters, as distributions of this library."""

from fluvial.baselines.gaussian_mixture import fit_gaussian_mixture as fit_gaussian_mixture
from fluvial.baselines.kernel_density import fit_kernel_density as fit_kernel_density
from fluvial.baselines.stacked_mixtures import StackedMixtures as StackedMixtures
