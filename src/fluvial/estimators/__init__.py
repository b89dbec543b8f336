"""scikit-learn estimators: density and anomaly detection on tables."""
