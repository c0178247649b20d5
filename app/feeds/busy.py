"""One at a time at each file of a site."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from app.feeds.errors import PassingFeedError

_busy: set[tuple[str, str]] = set()
_busy_lock = threading.Lock()


@contextlib.contextmanager
def alone(address: str, name: str) -> Iterator[None]:
    """Refuse a second one at the same file: a writer that hung in a dead mount or connection might else wake up and
    rename an old version over a new, and readers would hang beside it, one more with every attempt.

    Raises:
        PassingFeedError: code ``busy``.
    """
    with _busy_lock:
        if (address, name) in _busy:
            raise PassingFeedError(
                "busy", "an earlier attempt at this file still hangs: is the site's mount or server dead?"
            )
        _busy.add((address, name))
    try:
        yield
    finally:
        with _busy_lock:
            _busy.discard((address, name))
