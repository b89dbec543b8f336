"""The error and warning types of Fluvial."""


class DataError(ValueError):
    """The user's data cannot be used; the message names the column, the row and what to do."""


class ShapeError(ValueError):
    """An array does not have the declared shape; the message shows both shapes."""


class ModelFileError(ValueError):
    """A model file is truncated, altered, of an unknown version or of another kind."""


class TrainingError(RuntimeError):
    """Training cannot go on; the message names the epoch."""


class DataWarning(UserWarning):
    """The data can be used, but not as they are; the message says what was done about it."""
