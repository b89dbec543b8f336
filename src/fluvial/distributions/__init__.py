"""Distributions: the contract, the bases, mixtures and transformed distributions."""

from fluvial.distributions.adapter import as_distribution as as_distribution
from fluvial.distributions.distribution import Distribution as Distribution
from fluvial.distributions.gaussian_mixture import GaussianMixture as GaussianMixture
from fluvial.distributions.kernel_density import KernelDensity as KernelDensity
from fluvial.distributions.mixture import Mixture as Mixture
from fluvial.distributions.normal import (
    DiagonalNormal as DiagonalNormal,
    StandardNormal as StandardNormal,
)
from fluvial.distributions.student_t import StudentT as StudentT
from fluvial.distributions.transformed import (
    TransformedDistribution as TransformedDistribution,
)
from fluvial.distributions.uniform import Uniform as Uniform
