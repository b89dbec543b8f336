"""How well densities fit: held-out log-likelihoods of Fluvial and of its peers, row by row."""
