"""Speed against the peers: `python -m benchmarks.speed W1 W6`."""
