"""Log lines for who may never wait: a thread writes them, and whatever is wrong with the log stays there.

What the air process logs to may be a file on a full disk, a pipe that nobody reads or one whose reader has ended with
the supervisor. It would raise or block in the midst of what is being sent.
"""

from __future__ import annotations

import contextlib
import os
import queue
import threading

import structlog

MOST_WAITING = 1000
"""Lines; more than that are lost."""


class LogLines:
    """In place of a stream (`write`, `flush`). What is behind it is an open descriptor."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
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
            line = self._lines.get().encode(errors="backslashreplace")
            with contextlib.suppress(OSError):  # gone, or full: there is nobody left to tell
                os.write(self._descriptor, line)


def log_without_waiting(descriptor: int) -> None:
    """From now on this process logs through a thread."""
    lines: object = LogLines(descriptor)
    structlog.configure(logger_factory=structlog.WriteLoggerFactory(lines))  # type: ignore[arg-type]
