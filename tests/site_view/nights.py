"""Nights of a station whose sites go wrong by a plan: what befalls which site, from when to when, all from one seed."""

from __future__ import annotations

import asyncio
import wave
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import cycle
from pathlib import Path
from random import Random

import numpy as np

from app.airings.models import Intent
from app.engine.process import Engine
from app.handoffs.models import Handoff
from tests.integration.engine.living import DAWN, ON_AIR_AT, LivingStation, ingest
from tests.site_view.sites import Site

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)
CLOCK = "clock"
"""The fault of a site whose clock is an hour off."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """What befalls a site. Instants are minutes before the airing; a negative one lies after it."""

    site: str
    kind: str
    from_minute: int
    to_minute: int


@dataclass(frozen=True, slots=True)
class Night:
    number: int
    troubles: tuple[Trouble, ...]
    recall_minute: int | None
    """When the news of version 1 is recalled."""
    kill_s: tuple[float, ...]
    """The engine is ended so many seconds into the deliveries of a version."""

    @property
    def on_air_at(self) -> datetime:
        return ON_AIR_AT + self.number * DAY


def foresee(
    sites: Sequence[Site], nights: int, random: Random, *, mended_in_time: frozenset[str]
) -> list[Night]:
    """Every kind of every site in turn. A third of the troubles last over the airing, but at ``mended_in_time`` none.

    On every third night version 1 is recalled, and half of the troubles begin with that.
    """
    kinds = {site.label: _in_turn([*site.faults, CLOCK], random) for site in sites}
    made = []
    for number in range(nights):
        recall = random.randrange(45, 75) if number % 3 == 1 else None
        troubles = []
        for site in sites:
            kind = next(kinds[site.label])
            if kind == CLOCK and recall:  # what it airs an hour early is not what lies there in the end
                kind = next(kinds[site.label])
            begins = recall if recall and random.random() < 0.5 else random.randrange(50, 96)
            lasting = random.random() < 0.33 and site.label not in mended_in_time
            troubles.append(Trouble(site.label, kind, begins, -5 if lasting else random.randrange(8, 40)))
        kills = (random.uniform(0, 0.15), random.uniform(0, 0.15)) if number % 2 else ()
        made.append(Night(number, tuple(troubles), recall, kills))
    return made


def _in_turn(kinds: list[str], random: Random) -> Iterator[str]:
    random.shuffle(kinds)
    return cycle(kinds)


class EngineEnded(Exception):
    """The engine was ended while deliveries were under way."""


@dataclass
class HauntedStation(LivingStation):
    """Its engine can be ended in mid-delivery, and comes back."""

    kills: list[float] = field(default_factory=list)
    """Seconds into the next deliveries after which the engine is ended, one for each."""
    ended: int = 0

    async def _finish(self, engine: Engine) -> bool:
        if engine.deliveries and self.kills:
            await asyncio.wait([*engine.deliveries.values()], timeout=self.kills.pop())
            if engine.deliveries:
                raise EngineEnded
        return await super()._finish(engine)

    def live_on(self, until: datetime, at_rest: Callable[[Engine], None]) -> None:
        """Live until then, through as many engines as it takes."""
        while True:
            try:
                return self.live_until(until, at_rest)
            except EngineEnded:
                self.ended += 1

    def todays_news(self, number: int, folder: Path) -> int:
        """Two new pieces of news, no night's like another's; gives the one that airs unless it is recalled."""
        made = 0
        for which in (0, 1):
            path = folder / f"news-{number}-{which}.wav"
            _write_tones(path, Random(100 * number + which))
            made = ingest(self.database, self.settings, path, "news", now=self.clock() + which * MINUTE)
        return made

    def ask_again(self, feed: int) -> None:
        """A person asks for what has failed to be tried again."""
        for handoff in self.rows(Handoff, Handoff.feed_id == feed, Handoff.state == "failed"):
            self.add(
                Intent(
                    airing_id=handoff.airing_id,
                    handoff_id=handoff.id,
                    kind="retry",
                    person_id=1,
                    created_at=self.clock(),
                )
            )


def _write_tones(path: Path, random: Random) -> None:
    """Twelve seconds of half-second tones."""
    at = np.arange(24_000) / 48_000
    tones = [np.sin(2 * np.pi * random.randrange(300, 3000) * at) * np.hanning(24_000) for _ in range(24)]
    with wave.open(str(path), "wb") as stream:
        stream.setparams((1, 2, 48_000, 0, "NONE", ""))
        stream.writeframes((np.concatenate(tones) * 8000).astype("<i2").tobytes())


def dawn(number: int) -> datetime:
    """When the station begins to work for a night."""
    return DAWN + number * DAY
