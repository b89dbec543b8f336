"""What is done to the columns before a peer sees them. It needs no more than NumPy and SciPy."""

import numpy as np
from scipy.special import ndtri


def standardised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with columns standardised by the mean and deviation of the training rows."""
    train, test = _varying(train, test)
    magnitude = np.abs(train).max(axis=0)
    train, test = train / magnitude, test / magnitude
    centre, scale = train.mean(axis=0), np.maximum(train.std(axis=0), 1e-12)
    return (train - centre) / scale, np.clip((test - centre) / scale, -1e15, 1e15)


def gaussianised(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows with columns made Gaussian by their ranks among the training rows.

    Beyond these, values are pushed out in proportion to their distance from the median.
    """
    train, test = _varying(train, test)
    pairs = [_column(a, b) for a, b in zip(train.T, test.T, strict=True)]
    return np.stack([a for a, _ in pairs], axis=1), np.stack([b for _, b in pairs], axis=1)


def _varying(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    kept = train.max(axis=0) > train.min(axis=0)
    return train[:, kept], test[:, kept]


def _column(train: np.ndarray, test: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, counts = np.unique(train, return_counts=True)
    images = ndtri((np.cumsum(counts) - counts / 2) / len(train))
    median, low, high = np.median(train), values[0], values[-1]
    found = np.interp(test, values, images)
    for sign, end, image in ((-1, low, images[0]), (1, high, images[-1])):
        beyond = sign * (test - end) > 0
        reach = abs(end - median) or high - low
        ratio = np.minimum(np.abs(test[beyond] - end) / reach, 1e15)
        found[beyond] = image + sign * ratio * max(abs(image), 0.1)
    return np.interp(train, values, images), found
