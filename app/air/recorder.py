"""The journal as the ticker writes it: without waiting. A thread puts the records on the disk, in order."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from app.air.journal import Journal
from app.processes import is_news

log = structlog.get_logger()

GATHER_S = 0.05
"""So long after something was told it is written: what a hundred outputs say at once does not hold up what they send."""

AGAIN_S = 1.0
CLOSE_S = 5.0
MOST_WAITING = 20_000
"""Records that wait for a disk which takes none: two hours of the worst. After that the newest are lost."""


@dataclass(frozen=True, slots=True)
class _Told:
    kind: str
    airing_id: int
    version: int
    at: datetime
    detail: str | Mapping[str, Any] | None
    then: Callable[[], None] | None


class Recorder:
    """The writing end of the journal, for a process that may never wait for a disk."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._waiting: deque[_Told] = deque()
        self._lock = threading.Lock()
        self._news = threading.Event()
        self._ending = False
        self._pause = threading.Event()
        """Set when nothing is waited for any more."""
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def tell(
        self,
        kind: str,
        airing_id: int,
        version: int,
        at: datetime,
        detail: str | Mapping[str, Any] | None = None,
        *,
        then: Callable[[], None] | None = None,
    ) -> None:
        """Have one record written as soon as the disk takes it; ``then`` is called, in a thread, once it is there."""
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append(_Told(kind, airing_id, version, at, detail, then))
        self._news.set()

    def reserve(self, records: int) -> None:
        """Set room aside. May wait for the disk. Raises OSError where there is none."""
        with self._lock:
            self._journal.reserve(records)

    def close(self) -> None:
        """Write what waits, if the disk takes it."""
        self._ending = True
        self._pause.set()
        self._news.set()
        self._thread.join(CLOSE_S)
        if not self._thread.is_alive():  # else the disk hangs, and the file is not taken away from under it
            self._journal.close()

    def _run(self) -> None:
        while not (self._ending and not self._waiting):
            self._news.wait()
            self._pause.wait(GATHER_S)
            self._news.clear()
            while self._waiting:
                if self._write(self._waiting[0]):
                    self._waiting.popleft()
                elif self._ending:
                    return
                else:
                    self._pause.wait(AGAIN_S)

    def _write(self, told: _Told) -> bool:
        try:
            with self._lock:
                self._journal.write(told.kind, told.airing_id, told.version, told.at, told.detail)
            if told.then is not None:
                told.then()
        except OSError as error:
            if is_news("air journal"):
                log.warning("the journal cannot be written", waiting=len(self._waiting), error=str(error))
            return False
        except Exception:
            # A fault of ours in one record: the others must not wait for it for ever
            log.exception("a record cannot be written", kind=told.kind, airing=told.airing_id)
        return True
