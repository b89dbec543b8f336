"""Checks of the contracts, for bijectors of one's own and for those of Fluvial."""
