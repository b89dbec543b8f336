"""Distributions: the contract, the bases, mixtures and transformed distributions."""

from fluvial.distributions._estimate import Estimate as Estimate
from fluvial.distributions.adapter import as_distribution as as_distribution
from fluvial.distributions.beta import Beta as Beta
from fluvial.distributions.distribution import Distribution as Distribution
from fluvial.distributions.divergence import kl_divergence as kl_divergence
from fluvial.distributions.exponential import Exponential as Exponential
from fluvial.distributions.gaussian_mixture import GaussianMixture as GaussianMixture
from fluvial.distributions.kernel_density import KernelDensity as KernelDensity
from fluvial.distributions.laplace import Laplace as Laplace
from fluvial.distributions.log_normal import LogNormal as LogNormal
from fluvial.distributions.logistic import Logistic as Logistic
from fluvial.distributions.mixture import Mixture as Mixture
from fluvial.distributions.multivariate_normal import (
    MultivariateNormalTriL as MultivariateNormalTriL,
)
from fluvial.distributions.normal import (
    DiagonalNormal as DiagonalNormal,
    MultivariateNormalDiag as MultivariateNormalDiag,
    Normal as Normal,
    StandardNormal as StandardNormal,
)
from fluvial.distributions.student_t import StudentT as StudentT
from fluvial.distributions.transformed import (
    TransformedDistribution as TransformedDistribution,
)
from fluvial.distributions.uniform import Uniform as Uniform
