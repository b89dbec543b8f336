"""Figures, drawn with matplotlib and written without a display."""

from fluvial.plots.overview import overview_figure as overview_figure
