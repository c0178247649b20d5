"""The ticker calls whoever is due, in order; a fault of one costs nobody else a call."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from app.air.ticker import Ticker

MS = 1_000_000


@dataclass
class Caller:
    """Is called ``left`` times, so many milliseconds apart, and does what it is told to each time."""

    left: int
    every_ms: int = 10
    act: Callable[[], None] = lambda: None
    calls: list[tuple[int, int]] = field(default_factory=list)
    is_broken: bool = False
    breaks_again: bool = False

    def step(self, now_ns: int, due_ns: int) -> None:
        self.calls.append((now_ns, due_ns))
        self.act()
        self.left -= 1

    def settle(self, now_ns: int) -> int | None:
        assert now_ns == self.calls[-1][0]
        return self.calls[-1][1] + self.every_ms * MS if self.left else None

    def broke(self) -> None:
        self.is_broken = True
        if self.breaks_again:
            raise RuntimeError("and again")


def fail() -> None:
    raise ValueError("a fault")


async def until(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not is_so():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.005)


def test_deadlines_are_kept_not_intervals() -> None:
    async def run() -> None:
        ticker, one = Ticker(), Caller(5)
        begin = time.monotonic_ns() + 20 * MS
        ticker.call_at(begin, one)
        await until(lambda: not one.left)
        assert [due for _, due in one.calls] == [begin + n * 10 * MS for n in range(5)]
        assert all(now >= due for now, due in one.calls), "never early"
        assert ticker.worst_late_ns == max(now - due for now, due in one.calls)

    asyncio.run(run())


def test_what_was_missed_is_caught_up_on() -> None:
    """A process that stood still owes its frames."""

    async def run() -> None:
        ticker, one = Ticker(), Caller(6)
        one.act = lambda: time.sleep(0.06) if len(one.calls) == 1 else None
        ticker.call_at(time.monotonic_ns(), one)
        await until(lambda: not one.left)
        assert len(one.calls) == 6
        assert one.calls[3][0] - one.calls[1][0] < 15 * MS, "those that are late come at once"

    asyncio.run(run())


def test_a_fault_of_one_costs_nobody_else_a_call() -> None:
    async def run() -> None:
        ticker = Ticker()
        good, bad, worse = Caller(10), Caller(10, act=fail), Caller(10, act=fail, breaks_again=True)
        now = time.monotonic_ns()
        for who in (bad, worse, good):
            ticker.call_at(now, who)
        await until(lambda: not good.left)
        assert (bad.is_broken, worse.is_broken, good.is_broken) == (True, True, False)
        assert len(bad.calls) == len(worse.calls) == 1, "it is called no more"
        assert len(good.calls) == 10

    asyncio.run(run())


def test_who_is_forgotten_is_called_no_more_and_may_come_back() -> None:
    async def run() -> None:
        ticker, one, other = Ticker(), Caller(100), Caller(3)
        ticker.call_at(time.monotonic_ns(), one)
        ticker.forget(one)
        ticker.forget(one)
        ticker.call_at(time.monotonic_ns(), other)
        await until(lambda: not other.left)
        assert not one.calls
        one.left = 2
        ticker.call_at(time.monotonic_ns() + 3600 * 1000 * MS, one)
        ticker.call_at(time.monotonic_ns(), one)
        await until(lambda: not one.left)
        assert len(one.calls) == 2

    asyncio.run(run())


def test_one_may_forget_itself_or_another_while_it_is_called() -> None:
    async def run() -> None:
        ticker, one, other, last = Ticker(), Caller(5), Caller(5), Caller(3, every_ms=30)

        def act() -> None:
            ticker.forget(one)
            ticker.forget(other)

        one.act = act
        now = time.monotonic_ns()
        for who in (one, other, last):
            ticker.call_at(now, who)
        await until(lambda: not last.left)
        assert (len(one.calls), len(other.calls)) == (1, 0)

    asyncio.run(run())


def test_all_do_theirs_before_anybody_settles() -> None:
    """Writing down what was sent may not keep another one's frames waiting."""
    order: list[str] = []

    @dataclass
    class Noted(Caller):
        name: str = ""

        def step(self, now_ns: int, due_ns: int) -> None:
            super().step(now_ns, due_ns)
            order.append(f"{self.name} sends")

        def settle(self, now_ns: int) -> int | None:
            order.append(f"{self.name} settles")
            return super().settle(now_ns)

    async def run() -> None:
        ticker, now = Ticker(), time.monotonic_ns()
        one, other = Noted(1, name="one"), Noted(1, name="other")
        ticker.call_at(now, one)
        ticker.call_at(now, other)
        await until(lambda: len(order) == 4)
        assert order == ["one sends", "other sends", "one settles", "other settles"]

    asyncio.run(run())
