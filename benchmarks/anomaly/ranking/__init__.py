"""How well detectors rank the rows of real tables: `make bench-anomaly`."""
