"""Rivals of the flows, to compare them with.

The fits of classical densities, which are members of the default density too.
"""

from fluvial.densities.classical import (
    StackedMixtures as StackedMixtures,
    fit_gaussian_mixture as fit_gaussian_mixture,
    fit_kernel_density as fit_kernel_density,
)
