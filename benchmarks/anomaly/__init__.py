"""How well anomalies are found, priced and explained, on real tables."""
