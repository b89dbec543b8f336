"""Public methods of modules that JAX's transformations take as they are."""

import types
from collections.abc import Callable
from typing import Any, TypeVar, cast

import equinox as eqx

Function = TypeVar("Function", bound=Callable[..., Any])


class BoundMethod(eqx.Module):
    """A method of a module; a tree of the module's arrays, equal to itself alone.

    `jax.jit` looks its programs up by the function. Equinox compares bound methods by the values of
    their arrays, which cannot be hashed; these are, as Python's own, the same where function and
    module are the same objects. A module never changes, so a program is never that of other
    parameters; JAX forgets it with the module.
    """

    __func__: Callable[..., Any] = eqx.field(static=True)
    __self__: Any

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.__func__(self.__self__, *args, **kwargs)

    def __hash__(self) -> int:
        return hash((self.__func__, id(self.__self__)))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, BoundMethod)
            and self.__func__ is other.__func__
            and self.__self__ is other.__self__
        )

    @property
    def __wrapped__(self) -> Callable[..., Any]:
        return types.MethodType(self.__func__, self.__self__)

    @property
    def __name__(self) -> str:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.__func__.__name__

    @property
    def __doc__(self) -> str | None:  # pyright: ignore[reportIncompatibleVariableOverride]
        return self.__func__.__doc__


class _Method:
    """The descriptor behind `method`."""

    def __init__(self, function: Callable[..., Any]):
        self._function = function
        self.__wrapped__ = function
        self.__doc__ = function.__doc__
        self.__name__ = function.__name__
        self.__module__ = function.__module__

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self._function if instance is None else BoundMethod(self._function, instance)


def method(function: Function) -> Function:
    """Make a method of an Equinox module one that `jax.jit` takes, as in `jax.jit(flow.log_prob)`.

    Examples:
        >>> flow = StandardNormal(2)
        >>> jax.jit(flow.log_prob)(jnp.zeros((5, 2))).shape
        (5,)
    """
    return cast(Function, _Method(function))
