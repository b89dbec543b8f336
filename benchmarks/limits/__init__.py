"""Where Fluvial's limits are: memory, rows a second, the limit of time, awkward columns."""
