"""Normalizing flows for tables."""
