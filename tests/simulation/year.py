"""A year of nights, compiled one after the other from a library that grows: is rotation fair, and is any rule ever broken?

    python -m tests.simulation.year                 # 365 nights, a few minutes
    python -m tests.simulation.year --nights 60

Every night a magazine of half an hour at 14:00 UTC, and its repeat at 20:00 with an ident of its own. What was heard is what
the next night's compiler is told; whether the rules were kept is judged afterwards, from the log alone.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from random import Random

from schedules.candidates import Candidate, Request
from schedules.clock import Clock, parse_clock
from schedules.compile import compile_rundown
from schedules.elements import Fill, Pick
from schedules.errors import Uncompilable
from schedules.rules import Aired, Rest
from schedules.rundown import Rundown, SegmentSource, audio_airs_at
from schedules.time import SAMPLE_RATE, night_of

FIRST_NIGHT = datetime(2026, 1, 1, 14, tzinfo=UTC)
REPEATED_AFTER = timedelta(hours=6)
FRAME = 1152
SERIES = "먼 길"
REMEMBERED = timedelta(days=40)

MAGAZINE = parse_clock(
    [
        {"type": "interval_signal", "seconds": 10},
        {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired"},
        {
            "type": "pick",
            "kinds": ["news"],
            "count": 2,
            "max_age_days": 4,
            "rests": [{"of": "item", "airings": 2}],
            "at": "+0:00:25",
            "within_s": 10,
        },
        {"type": "next_episode", "series": SERIES, "required": False, "priority": 2},
        {
            "type": "pick",
            "kinds": ["talk"],
            "order": "least_recently_aired",
            "rests": [{"of": "item", "days": 14}, {"of": "presenter", "days": 1}],
        },
        {
            "type": "pick",
            "kinds": ["testimony"],
            "order": "weighted",
            "required": False,
            "priority": 1,
            "rests": [{"of": "item", "days": 21}],
            "quotas": [{"of": "tag", "value": "sad", "most": 2, "per": "week"}],
        },
        {"type": "fill", "kinds": ["music"], "min_s": 60},
        {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired"},
    ]
)
REPEAT = parse_clock(
    [
        {"type": "pick", "kinds": ["ident"], "order": "least_recently_aired"},
        {"type": "repeat"},
        {"type": "fill", "kinds": ["music"]},
    ]
)

# A kind's pieces at the beginning, new ones a day, shortest and longest in seconds
KINDS = {
    "ident": (6, 0.01, 8, 20),
    "news": (4, 2.2, 60, 240),
    "talk": (24, 0.7, 180, 480),
    "testimony": (12, 0.4, 150, 400),
    "drama": (0, 0.5, 240, 420),
    "music": (30, 0.25, 120, 300),
}


@dataclass(slots=True)
class Verdict:
    """What a year came to."""

    nights: int = 0
    without: int = 0
    broken: list[str] = field(default_factory=list)
    unproved: int = 0
    noticed_s: float = 0.0
    slowest_s: float = 0.0
    seconds: float = 0.0
    plays: Counter[int] = field(default_factory=Counter)
    """How often each segment was in a magazine."""
    heard: Counter[int] = field(default_factory=Counter)
    """The same, repeats included: they take idents of their own, from the same rotation."""
    shortest_gap: dict[str, timedelta] = field(default_factory=dict)
    """Between two magazines with the same segment, by kind."""
    library: dict[int, Candidate] = field(default_factory=dict)

    def of_kind(self, kind: str) -> list[int]:
        """How often each segment of a kind was heard in a magazine; an ident, in its repeat too."""
        plays = self.heard if kind == "ident" else self.plays
        return [plays[one.segment_id] for one in self.library.values() if one.kind == kind]


class Station:
    """A library that grows by a few pieces a day, and what was heard of it."""

    def __init__(self, seed: int = 1) -> None:
        self.random = Random(seed)
        self.library: dict[int, Candidate] = {}
        self.history: list[Aired] = []
        self.episodes = 0
        for kind, (count, *_) in KINDS.items():
            for _number in range(count):
                self.add(kind, FIRST_NIGHT - timedelta(days=self.random.uniform(0, 3)))

    def add(self, kind: str, at: datetime) -> None:
        number = len(self.library) + 1
        self.episodes += kind == "drama"
        _, _, shortest, longest = KINDS[kind]
        self.library[number] = Candidate(
            number,
            f"{number:064x}",
            kind,
            frozenset({"sad"} if kind == "testimony" and self.random.random() < 0.5 else ()),
            round(self.random.uniform(shortest, longest) * SAMPLE_RATE),
            0,
            at,
            presenter=f"p{self.random.randrange(5)}" if kind in {"talk", "news"} else None,
            series=SERIES if kind == "drama" else None,
            episode=self.episodes if kind == "drama" else None,
        )

    def grow(self, until: datetime) -> None:
        for kind, (_, daily, *_) in KINDS.items():
            for _number in range(int(daily + self.random.random())):
                self.add(kind, until - timedelta(hours=self.random.uniform(1, 23)))

    def request(
        self, clock: Clock, starts_at: datetime, minutes: float, repeated: Sequence[int] = ()
    ) -> Request:
        target = round(minutes * 60 * SAMPLE_RATE) // FRAME * FRAME
        history = tuple(
            replace(aired, ours=aired.ours == (clock is MAGAZINE))
            for aired in self.history
            if starts_at - aired.at < REMEMBERED
        )
        library = tuple(self.library.values())
        return Request(
            clock,
            starts_at,
            target,
            FRAME,
            library,
            8 * SAMPLE_RATE,
            history=history,
            repeated=tuple(repeated),
        )

    def air(self, rundown: Rundown, starts_at: datetime, *, is_magazine: bool) -> None:
        for item in rundown.items:
            if isinstance(item.source, SegmentSource):
                one = self.library[item.source.segment_id]
                at = audio_airs_at(item, starts_at)
                self.library[one.segment_id] = replace(one, last_aired_at=at)
                self.history.append(
                    Aired(one.segment_id, at, starts_at, is_magazine, one.presenter, one.tags)
                )


def simulate(nights: int, seed: int = 1) -> Verdict:
    """So many nights."""
    station, verdict = Station(seed), Verdict(nights)
    for night in range(nights):
        starts_at = FIRST_NIGHT + timedelta(days=night)
        station.grow(starts_at)
        rundown = _aired(station, verdict, station.request(MAGAZINE, starts_at, 30), is_magazine=True)
        chosen = _spoken(rundown) if rundown else []
        request = station.request(REPEAT, starts_at + REPEATED_AFTER, 30, chosen)
        _aired(station, verdict, request, is_magazine=False)
        if rundown is not None:
            verdict.broken += _broken(station, rundown, starts_at)
    verdict.library = station.library
    _judge_gaps(station, verdict)
    return verdict


def _aired(station: Station, verdict: Verdict, request: Request, *, is_magazine: bool) -> Rundown | None:
    began = time.perf_counter()
    try:
        rundown = compile_rundown(request)
    except Uncompilable as refusal:
        verdict.without += 1
        verdict.broken.append(f"{request.starts_at:%Y-%m-%d %H:%M} UTC: {refusal}")
        return None
    finally:
        seconds = time.perf_counter() - began
        verdict.seconds += seconds
        verdict.slowest_s = max(verdict.slowest_s, seconds)
    assert rundown.fit is not None
    verdict.unproved += not rundown.fit.proved
    verdict.noticed_s += rundown.fit.noticed_samples / SAMPLE_RATE
    station.air(rundown, request.starts_at, is_magazine=is_magazine)
    verdict.heard.update(rundown.segment_ids())
    if is_magazine:
        verdict.plays.update(rundown.segment_ids())
    return rundown


def _spoken(rundown: Rundown) -> list[int]:
    """What a repeat repeats: all but what filled the time."""
    return [
        item.source.segment_id
        for item in rundown.items
        if isinstance(item.source, SegmentSource)
        and item.element is not None
        and not isinstance(MAGAZINE.elements[item.element], Fill)
    ]


def _broken(station: Station, rundown: Rundown, starts_at: datetime) -> Iterator[str]:
    """Rules that a magazine broke, by the log."""
    before = [aired for aired in station.history if aired.at < starts_at]
    week = [one for one in station.history if night_of(starts_at) - night_of(one.at) < timedelta(days=7)]
    if sum("sad" in aired.tags for aired in week if aired.airing <= starts_at) > 2:
        yield f"{starts_at:%Y-%m-%d}: more than two sad testimonies in a week"
    for item in rundown.items:
        element = MAGAZINE.elements[item.element] if item.element is not None else None
        if not isinstance(item.source, SegmentSource) or not isinstance(element, Pick):
            continue
        one = station.library[item.source.segment_id]
        for rest in element.rests:
            if any(_is_like(rest, one, aired) for aired in _resting(rest, before, starts_at)):
                yield f"{starts_at:%Y-%m-%d}: #{one.segment_id} was to rest"


def _resting(rest: Rest, before: Sequence[Aired], starts_at: datetime) -> list[Aired]:
    if rest.days is not None:
        return [aired for aired in before if starts_at - aired.at < timedelta(days=rest.days)]
    last = sorted({aired.airing for aired in before if aired.ours})[-(rest.airings or 0) :]
    return [aired for aired in before if aired.ours and aired.airing in last]


def _is_like(rest: Rest, one: Candidate, aired: Aired) -> bool:
    if rest.of == "item":
        return one.segment_id == aired.segment_id
    return one.presenter is not None and one.presenter == aired.presenter


def _judge_gaps(station: Station, verdict: Verdict) -> None:
    last: dict[int, datetime] = {}
    gaps: dict[str, list[timedelta]] = defaultdict(list)
    for aired in station.history:
        if not aired.ours:
            continue
        if aired.segment_id in last and last[aired.segment_id] != aired.airing:
            gaps[station.library[aired.segment_id].kind].append(aired.airing - last[aired.segment_id])
        last[aired.segment_id] = aired.airing
    verdict.shortest_gap = {kind: min(some) for kind, some in gaps.items()}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--nights", type=int, default=365)
    parser.add_argument("--seed", type=int, default=1)
    wanted = parser.parse_args()
    verdict = simulate(wanted.nights, wanted.seed)
    programmes = 2 * verdict.nights
    print(f"{verdict.nights} nights, {programmes} programmes, a library of {len(verdict.library)} at the end")
    print(f"rules broken               {len(verdict.broken)}")
    print(f"programmes not to be had   {verdict.without}")
    print(f"not proved to be the best  {verdict.unproved}")
    print(
        f"noticed by a listener      {verdict.noticed_s:.1f} s in all (music cut; signal nobody asked for, twice)"
    )
    print(
        f"a programme takes          {verdict.seconds / programmes:.3f} s, the slowest {verdict.slowest_s:.2f} s"
    )
    print("kind       pieces  unused  least  most  shortest gap between magazines")
    for kind in KINDS:
        plays = verdict.of_kind(kind)
        gap = verdict.shortest_gap.get(kind)
        print(
            f"{kind:<10} {len(plays):>6} {plays.count(0):>7} {min(plays, default=0):>6} {max(plays, default=0):>5}  "
            f"{f'{gap.days} days' if gap else 'never twice'}"
        )
    for line in verdict.broken[:10]:
        print(line)


if __name__ == "__main__":
    main()
