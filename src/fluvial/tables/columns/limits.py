"""The ends of what float64 holds."""

import numpy as np

SMALLEST = float(np.nextafter(0.0, 1.0))
"""The smallest positive float64, 4.9e-324."""

LARGEST = float(np.finfo(np.float64).max)
"""The largest finite float64, 1.8e308."""
