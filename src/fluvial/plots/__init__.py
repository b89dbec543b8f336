"""Figures: each a function on matplotlib axes that it takes and returns."""

from fluvial.plots.change_of_variables import change_of_variables_1d as change_of_variables_1d
from fluvial.plots.heat_maps import density_2d as density_2d
from fluvial.plots.histograms import score_histogram as score_histogram
from fluvial.plots.latents import latent as latent
from fluvial.plots.losses import training_history as training_history
from fluvial.plots.mapping import flow_mapping as flow_mapping
from fluvial.plots.overview import overview_figure as overview_figure
from fluvial.plots.pairs import corner as corner, pair as pair
from fluvial.plots.scores import (
    calibration as calibration,
    signal as signal,
    threshold_cost as threshold_cost,
)
from fluvial.plots.wealth import drift as drift
