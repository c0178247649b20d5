"""Ctrl-C during an import: what is under way is finished, and nothing new is begun."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

INTERRUPTED = 130
"""The exit status of a command that Ctrl-C ended."""


class Interruption:
    """Whether somebody has pressed Ctrl-C. A second time ends the process as it stands, which loses nothing: the next run goes on."""

    def __init__(self) -> None:
        self.wanted = False

    def press(self, *_: object) -> None:
        if self.wanted:
            os._exit(INTERRUPTED)  # threads cannot be stopped, and the interpreter would wait for them
        self.wanted = True


@contextmanager
def interruption() -> Iterator[Interruption]:
    """Take SIGINT and SIGTERM over for as long as the block lasts (of the main thread; elsewhere nobody presses)."""
    made = Interruption()
    if threading.current_thread() is not threading.main_thread():
        yield made
        return
    before = [(number, signal.signal(number, made.press)) for number in (signal.SIGINT, signal.SIGTERM)]
    try:
        yield made
    finally:
        for number, handler in before:
            signal.signal(number, handler)
