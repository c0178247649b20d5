"""Blocking work that may hang for ever (a dead mount, a resolver) without holding up anything else.

The event loop's own pool has a handful of threads: a few dead mounts would fill it, and every other feed would wait.
So each transfer has a daemon thread of its own, which neither the pool nor the end of the process waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import threading
from collections.abc import Callable, Generator
from typing import TypeVar

T = TypeVar("T")

GRACE_S = 2.0
"""A cancelled thread gets this long to stop at its next block."""


class StoppedError(Exception):
    """Nobody waits for this work any more."""


class Stop:
    """Asked between blocks by the work, set when its task is cancelled."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def check(self) -> None:
        """Raise StoppedError once the task is gone."""
        if self._event.is_set():
            raise StoppedError

    def between(self, chunks: Generator[bytes, None, None]) -> Generator[bytes, None, None]:
        """The same blocks, with a check before each: nothing is ever completed for a task that is gone."""
        with contextlib.closing(chunks):
            for chunk in chunks:
                self.check()
                yield chunk

    def set(self) -> None:
        self._event.set()

    def is_set(self) -> bool:
        return self._event.is_set()


async def in_own_thread(work: Callable[[Stop], T], seconds: float) -> T:
    """Run ``work`` in its own thread, at most so long. Cancelling the task, or the end of its time, stops the work at its
    next ``Stop.check()``.

    Raises:
        TimeoutError: it took too long; the work may still hang, but no longer does anything.
    """
    loop = asyncio.get_running_loop()
    stop = Stop()
    done: asyncio.Future[T] = loop.create_future()
    done.add_done_callback(lambda future: future.exception())  # seen, even if nobody waits any more

    def run() -> None:
        try:
            result = work(stop)
        except BaseException as error:  # noqa: BLE001 - handed to the task that waits
            settle = functools.partial(done.set_exception, error)
        else:
            settle = functools.partial(done.set_result, result)
        with contextlib.suppress(RuntimeError):  # the loop was closed while we hung
            loop.call_soon_threadsafe(settle)

    threading.Thread(target=run, name="feed", daemon=True).start()
    try:
        await asyncio.wait([done], timeout=seconds)
    finally:
        if not done.done():
            stop.set()
            await asyncio.wait([done], timeout=GRACE_S)
    if not done.done() or stop.is_set():
        raise TimeoutError
    return done.result()
