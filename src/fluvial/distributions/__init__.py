"""Distributions: the contract, the bases, mixtures and transformed distributions."""

from fluvial.distributions.adapter import as_distribution as as_distribution
from fluvial.distributions.distribution import Distribution as Distribution
