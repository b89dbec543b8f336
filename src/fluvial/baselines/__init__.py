"""Rivals of the flows, to compare them with, behind the interface of the estimators.

`KernelDensity`, `GaussianMixtureDensity` and `HistogramDensity` are densities in the units of the
columns; `Autoencoder` and `NearestNeighbors` only rank. The fits of classical densities, which are
members of the default density too, stand beside them.
"""

from fluvial.baselines.autoencoder import Autoencoder as Autoencoder
from fluvial.baselines.gaussian_mixture import GaussianMixtureDensity as GaussianMixtureDensity
from fluvial.baselines.histogram import HistogramDensity as HistogramDensity
from fluvial.baselines.kernel_density import KernelDensity as KernelDensity
from fluvial.baselines.nearest_neighbors import NearestNeighbors as NearestNeighbors
from fluvial.densities.classical import (
    StackedMixtures as StackedMixtures,
    fit_gaussian_mixture as fit_gaussian_mixture,
    fit_kernel_density as fit_kernel_density,
)
