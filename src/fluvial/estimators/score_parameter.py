"""A parameter called `score`, which scikit-learn must not take for a method."""

from typing import Any, NoReturn


class ScoreParameter:
    """Stores the parameter, and is not there when asked for: `get_params` tells it.

    scikit-learn calls the attribute `score` of an estimator wherever there is one.
    """

    def __set__(self, estimator: Any, value: Any) -> None:
        vars(estimator)["score"] = value

    def __get__(self, estimator: Any, owner: type) -> NoReturn:
        raise AttributeError("a detector has no method score; get_params tells the parameter")
