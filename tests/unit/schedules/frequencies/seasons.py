"""Seasons for tests: small ones that crowd around a season change, and large ones with a real season's proportions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random
from typing import Any

from hypothesis import strategies as st

from schedules.days import EVERY_DAY, Days
from schedules.frequencies.line import Line
from schedules.season import Season, season
from schedules.time import Span
from tests.unit.schedules.frequencies.minute_by_minute import airings, at

A26, B26 = season("A26"), season("B26")


def line(**changes: Any) -> Line:
    """A line for a test that names what matters of it: every evening of B26."""
    values: dict[str, Any] = {
        "key": "1",
        "khz": 9650,
        "start_minute": 20 * 60,
        "stop_minute": 21 * 60,
        "days": EVERY_DAY,
        "first_date": B26.start.date(),
        "last_date": B26.end.date(),
        "site": "TAC",
    }
    return Line(**(values | changes))


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ---------------------------------------------------------------- small ones, with everything that goes wrong

CENTRES = [date(2026, 10, 25), date(2027, 3, 28), date(2027, 1, 1), date(1970, 1, 1)]
"""Both kinds of change Sunday, a turn of the year, and where minutes become negative."""

starts = st.sampled_from([0, 0, 1, 30, 59, 60, 1380, 1410, 1439]) | st.integers(0, 1439)
lengths = st.sampled_from([1, 30, 60, 60, 61, 120, 720, 1380, 1439, 1440]) | st.integers(1, 1440)
some_days = st.sampled_from(
    [EVERY_DAY, EVERY_DAY, frozenset({7}), frozenset({6, 7}), frozenset({1, 3, 5, 7}), frozenset()]
) | st.frozensets(st.integers(1, 7), min_size=1)
some_zones = st.sampled_from([{"44NE"}, {"44NE", "45NW"}, {"45NW"}, {"27SW"}, ()]).map(frozenset)


@st.composite
def lines(draw: st.DrawFn, centre: date, key: str = "1") -> Line:
    """One-day lines, whole days, lines that never air, tails past midnight; few frequencies, sites and zones, so that they meet."""
    start = draw(starts)
    first = centre + timedelta(days=draw(st.sampled_from([-8, -7, -7, -6, -2, -1, 0, 1])))
    return Line(
        key=key,
        khz=draw(st.sampled_from([7500, 7500, 7500, 7505, 7505.5, 7510, 9000])),
        start_minute=start,
        stop_minute=(start + draw(lengths) - 1) % 1440 + 1,
        days=draw(some_days),
        first_date=first,
        last_date=first + timedelta(days=draw(st.sampled_from([7, 6, 8, 9, 14, 1, 0, -1]))),
        site=draw(st.sampled_from(["TAC", "TAC", "PUG"])),
        zones=draw(some_zones),
        transmitter=draw(st.sampled_from([None, "1", "1", "2"])),
        synchronised=draw(st.sampled_from([None, "a"])),
    )


@st.composite
def seasons_around(
    draw: st.DrawFn, sizes: Sequence[int] = (6, 5, 4, 2, 0), centres: Sequence[date] = CENTRES
) -> tuple[date, list[Line]]:
    """A centre and some lines about it."""
    centre = draw(st.sampled_from(centres))
    return centre, [draw(lines(centre, str(number))) for number in range(draw(st.sampled_from(sizes)))]


@st.composite
def spans_around(draw: st.DrawFn, centre: date) -> Span:
    """A span of up to some days near it, perhaps empty; now and then it does not begin or end with a minute."""
    seconds = st.sampled_from([0, 0, 1, 59])
    start = datetime(centre.year, centre.month, centre.day, tzinfo=UTC) + timedelta(
        days=draw(st.sampled_from([-9, -9, -8, -1, 0, 1])), minutes=draw(starts), seconds=draw(seconds)
    )
    length = timedelta(
        days=draw(st.sampled_from([20, 20, 9, 8, 1, 0])), minutes=draw(starts), seconds=draw(seconds)
    )
    return Span(start, start + length)


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Line, Line]:
    """Two lines of a site with the same start dates, give or take a day, of which one starts about when the other starts or stops."""
    centre = draw(st.sampled_from(CENTRES))
    one, other = draw(lines(centre, "1")), draw(lines(centre, "2"))
    near = draw(st.sampled_from([0, one.minutes, -other.minutes])) + draw(
        st.sampled_from([0, 1, -1]) | st.integers(-61, 61)
    )
    start = (one.start_minute + near) % 1440
    later = timedelta(days=draw(st.integers(-1, 1)))
    other = replace(
        other,
        start_minute=start,
        stop_minute=(start + other.minutes - 1) % 1440 + 1,
        first_date=one.first_date + later,
        last_date=one.last_date + later,
    )
    pair = replace(one, site="PUG"), replace(other, site="PUG")
    return draw(st.sampled_from([pair, pair[::-1]]))


@st.composite
def spans_that_cut(draw: st.DrawFn, cut: Sequence[Line]) -> Span:
    """A span whose ends lie at, or just before or after, a start or stop of the lines."""
    edges = {edge for one in cut for airing in airings(one) for edge in (min(airing), max(airing) + 1)} or {0}
    ends = [
        at(draw(st.sampled_from(sorted(edges))) + draw(st.sampled_from([0, -1, 1, 20]))) for _ in range(2)
    ]
    return Span(min(ends), max(ends))


# ---------------------------------------------------------------- large ones, as a real one is made

CHANNELS = [
    *range(5_900, 6_200, 5),
    *range(7_200, 7_500, 5),
    *range(9_400, 9_900, 5),
    *range(11_600, 12_100, 5),
    *range(13_600, 13_800, 5),
    *range(15_150, 15_600, 5),
    *range(17_550, 17_800, 5),
]
ZONES = [f"{zone}{quadrant}" for zone in range(27, 59) for quadrant in ("NE", "NW", "SE", "SW")]
"""Europe, Africa, Asia and the Pacific: where most shortwave is heard."""
REGIONS = range(0, len(ZONES), 16)
SITES = [f"{first}{second}{third}" for first in "ABCDE" for second in "AEIOU" for third in "KLMN"]


def real_season(size: int, seed: int = 1, which: Season = B26) -> list[Line]:
    """So many other people's lines, with proportions like those counted in one season of 3,305.

    There 193 stopped at 2400, 153 ran past midnight, 43 lasted one day, 65 % ended on the change Sunday, 27 % the day before;
    1,034 pairs met on a frequency, 200 of them with a shared zone.
    """
    random = Random(seed)
    return [_line(random, number, which) for number in range(size)]


def own_season(size: int, seed: int = 2, which: Season = B26) -> list[Line]:
    """So many lines of a station that rents transmitters of five sites towards Korea, evenings and mornings there."""
    random = Random(seed)
    return [
        _line(
            random,
            number,
            which,
            start_minute=random.choice(range(12 * 60, 23 * 60, 30)),
            site=random.choice(SITES[:5]),
            who="Danpa",
            zones=frozenset({"44NE", "45NW"}),
        )
        for number in range(size)
    ]


def _line(random: Random, number: int, which: Season, **fixed: Any) -> Line:
    start = fixed.pop("start_minute", None)
    if start is None:
        earliest = 1260 if random.random() < 0.1 else 0
        start = random.randrange(earliest, 1440, random.choices([30, 5], [9, 1])[0])
    stop = start + random.choices([15, 30, 60, 120, 240, 480], [2, 8, 20, 6, 4, 1])[0]
    if stop > 1440 and random.random() < 0.4:
        stop = 1440
    closes = which.end.date()
    first = which.start.date()
    last = random.choices(
        [closes, closes - timedelta(days=1), closes - timedelta(days=random.randrange(2, 120))], [65, 27, 8]
    )[0]
    if random.random() < 43 / 3305:
        first = last = first + timedelta(days=random.randrange(150))
    values: dict[str, Any] = {
        "key": str(number),
        "khz": random.choice(CHANNELS),
        "start_minute": start,
        "stop_minute": (stop - 1) % 1440 + 1,
        "days": _days(random),
        "first_date": first,
        "last_date": last,
        "site": random.choice(SITES),
        "who": f"B{random.randrange(150)}",
        "zones": _zones(random),
    }
    return Line(**(values | fixed))


def _days(random: Random) -> Days:
    if random.random() < 0.7:
        return EVERY_DAY
    return frozenset(random.sample(range(1, 8), random.randrange(1, 7)))


def _zones(random: Random) -> frozenset[str]:
    region = random.choice(REGIONS)
    return frozenset(random.sample(ZONES[region : region + 16], random.randrange(2, 12)))
