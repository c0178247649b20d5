"""The one ticker: calls whatever is due, at absolute deadlines of the monotonic clock, and never waits for anything.

A deadline is kept, not an interval: a turn that comes late is not followed by others that are as late. One exception
costs its own output its connection, and nobody else a frame.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol

import structlog

log = structlog.get_logger()

_NS = 1_000_000_000


class Ticked(Protocol):
    """Who is called when something of theirs is due."""

    def step(self, now_ns: int, due_ns: int) -> None:
        """Do what is due, and nothing else: everybody else whose turn it is waits for it."""

    def settle(self, now_ns: int) -> int | None:
        """Afterwards, when all have done theirs: gives the next deadline (monotonic, nanoseconds), or None to be called no more."""

    def broke(self) -> None:
        """`step` or `settle` has raised an exception: it is called no more."""


class Ticker:
    """Deadlines in a heap, and one timer for the nearest of them."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._heap: list[tuple[int, int, Ticked]] = []
        self._numbers = itertools.count()
        self._live: dict[int, int] = {}
        """By identity of who is called, the number of its entry: older entries are passed over."""
        self._timer: asyncio.TimerHandle | None = None
        self.worst_late_ns = 0
        """The latest call since somebody looked."""

    def call_at(self, due_ns: int, who: Ticked) -> None:
        """Call somebody at a deadline, in place of any deadline of theirs before."""
        number = next(self._numbers)
        self._live[id(who)] = number
        heapq.heappush(self._heap, (due_ns, number, who))
        self._set_timer()

    def forget(self, who: Ticked) -> None:
        """Call somebody no more."""
        self._live.pop(id(who), None)

    def _set_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None
        if self._heap:
            self._timer = self._loop.call_at(self._heap[0][0] / _NS, self._turn)

    def _turn(self) -> None:
        self._timer = None
        called: list[tuple[int, Ticked]] = []
        try:
            while self._heap and self._heap[0][0] <= (now := time.monotonic_ns()):
                due, number, who = heapq.heappop(self._heap)
                if self._live.get(id(who)) != number:
                    continue
                self.worst_late_ns = max(self.worst_late_ns, now - due)
                try:
                    who.step(now, due)
                except Exception:
                    log.exception("an output broke")
                    self._broke(who)
                else:
                    called.append((now, who))
            for now, who in called:
                try:
                    following = who.settle(now)
                except Exception:
                    log.exception("an output broke")
                    self._broke(who)
                else:
                    self._again(who, following)
        finally:
            self._set_timer()

    def _again(self, who: Ticked, following: int | None) -> None:
        if following is None:
            self.forget(who)
        elif id(who) in self._live:
            number = next(self._numbers)
            self._live[id(who)] = number
            heapq.heappush(self._heap, (following, number, who))

    def _broke(self, who: Ticked) -> None:
        """Call it no more, and tell it so."""
        self.forget(who)
        try:
            who.broke()
        except Exception:
            log.exception("an output broke, and could not be told so")
