"""Reading ahead: what comes next is made while the present is worked on."""

import queue
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

T = TypeVar("T")

WAITING = 2
"""Items that are made ahead at most, so that memory stays flat."""

_SECONDS_BETWEEN_LOOKS = 0.1
"""After as many seconds, a full queue is looked at again: whether anybody still reads."""

_END = object()


@contextmanager
def ahead(items: Iterable[T]) -> Iterator[Iterator[T]]:
    """Make items in a thread of their own, at most `WAITING` ahead.

    Args:
        items: what to make; whatever it raises is raised where the item would have come.

    Yields:
        The items in their order. When the block ends, no more are made, and the thread has ended.

    Examples:
        >>> with ahead(range(3)) as numbers:
        ...     list(numbers)
        [0, 1, 2]
    """
    made: queue.Queue[tuple[Any, BaseException | None]] = queue.Queue(WAITING)
    left = threading.Event()

    def put(item: Any, error: BaseException | None = None) -> bool:
        while not left.is_set():
            with suppress(queue.Full):
                made.put((item, error), timeout=_SECONDS_BETWEEN_LOOKS)
                return True
        return False

    def make() -> None:
        try:
            for item in items:
                if not put(item):
                    return
            put(_END)
        except BaseException as error:  # raised again where the items are taken
            put(_END, error)

    def taken() -> Iterator[T]:
        while True:
            item, error = made.get()
            if error is not None:
                raise error
            if item is _END:
                return
            yield item

    thread = threading.Thread(target=make, name="reading ahead", daemon=True)
    thread.start()
    try:
        yield taken()
    finally:
        left.set()
        thread.join()
