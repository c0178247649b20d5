"""Log lines for who may never wait: a thread writes them, and whatever is wrong with the log stays there.

What the air process logs to may be a file on a full disk, a pipe that nobody reads or one whose reader has ended with
the supervisor. It would raise or block in the midst of what is being sent.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from typing import TextIO

import structlog

MOST_WAITING = 1000
"""Lines; more than that are lost."""


class LogLines:
    """In place of a stream (`write`, `flush`)."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._lines: queue.Queue[str] = queue.Queue(MOST_WAITING)
        threading.Thread(target=self._run, name="log", daemon=True).start()

    def write(self, text: str) -> int:
        with contextlib.suppress(queue.Full):
            self._lines.put_nowait(text)
        return len(text)

    def flush(self) -> None:
        """Nothing is waited for."""

    def _run(self) -> None:
        while True:
            text = self._lines.get()
            with contextlib.suppress(
                OSError, ValueError
            ):  # gone, full, or closed: there is nobody left to tell
                self._stream.write(text)
                self._stream.flush()


def log_without_waiting(stream: TextIO) -> None:
    """From now on this process logs through a thread."""
    lines: object = LogLines(stream)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(lines))  # type: ignore[arg-type]
