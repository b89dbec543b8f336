"""Scikit-learn estimators on normalizing flows."""

from fluvial.estimators.density import FlowDensity as FlowDensity
from fluvial.estimators.density_ratio import DensityRatio as DensityRatio
from fluvial.estimators.detector import FlowAnomalyDetector as FlowAnomalyDetector
from fluvial.estimators.loading import load as load
from fluvial.estimators.synthesizer import FlowSynthesizer as FlowSynthesizer
