"""How strange rows are beside the rows of a table, whatever the units and shapes of its columns."""

from fluvial.anomaly.relative.score import RelativeScore as RelativeScore
