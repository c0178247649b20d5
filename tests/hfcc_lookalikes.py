"""Season files that look like HFCC's, which may not be redistributed: the same columns, the same quirks as often.

The quirks were counted in one real season of 3,305 lines; a file of n lines has them in proportion, at places that the seed
chooses. What the lines say is made up: any likeness to a station is chance.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from schedules.season import Season, season

REAL_LINES = 3_305
STOPS_AT_2400 = 193
ACROSS_MIDNIGHT = 153
ONE_DAY = 43
NEVER_ON_THE_AIR = 2
OUT_OF_BAND = 289
TO_THE_CHANGE_SUNDAY = 0.65
TO_THE_DAY_BEFORE = 0.27

BANDS = [
    (5_900, 6_200),
    (7_200, 7_450),
    (9_400, 9_900),
    (11_600, 12_100),
    (13_570, 13_870),
    (15_100, 15_800),
    (17_480, 17_900),
    (21_450, 21_850),
]
BETWEEN_BANDS = [(5_600, 5_895), (7_455, 7_600), (9_200, 9_395), (11_500, 11_595), (12_105, 12_200)]
SITES = ["TAM", "TSH", "KCH", "TAC", "WOF", "MEY", "A-A", "P.K", "YAM", "BEI", "KUJ", "URU", "IS", "HB", "NA"]
ZONES = [
    *(
        "44NE",
        "44",
        "44,45",
        "45NW,44E",
        "43,44NE",
        "33S,44N",
        "41,43,44NE",
        "27,28",
        "37N,38NW",
        "18SW,27",
        "8,9,10",
    ),
    *("49,50,54", "55,58,59,60", "39,40", "46SE,47SW,52N", "12,13,14,15,16", "30S,31S", "48", "51,56,61N"),
]
LANGUAGES = ["Kor", "Eng", "Cmn", "Jpn", "Rus", "Arb", "Kor,Eng", "Tibetan", "Français"]
BROADCASTERS = ["AAA", "BBX", "CCR", "DDX", "EEK", "FFQ"]


@dataclass(frozen=True)
class Quirks:
    """Which lines of a file have which quirk, by their place from 0."""

    stops_at_2400: frozenset[int]
    across_midnight: frozenset[int]
    one_day: frozenset[int]
    never_on_the_air: frozenset[int]
    out_of_band: frozenset[int]
    to_the_change_sunday: frozenset[int]
    to_the_day_before: frozenset[int]


def lookalike(lines: int = REAL_LINES, seed: int = 26, code: str = "A26") -> str:
    """The text of a season file of so many lines, with HFCC's header, CRLF at line ends."""
    return "\r\n".join([*header(code), *records(lines, seed, season(code)), ""])


def header(code: str) -> list[str]:
    ruler = ";----+----+----+------------------------------+---+----+-------+---+---+-------+------+------+-+-----+"
    ruler += "----------+---+---+---+-----+-+-----+-----+-----+-------"
    titles = ";FREQ STRT STOP CIRAF ZONES                    LOC POWR AZIMUTH SLW ANT DAYS    FDATE  TDATE MOD AFRQ "
    titles += "LANGUAGE   ADM BRC FMO REQ# OLD ALT1 ALT2  ALT3  NOTES"
    return [f"; {code} ALL, a look-alike", ruler, titles, ruler]


def records(lines: int, seed: int, of: Season) -> list[str]:
    random = Random(seed)
    quirks = quirks_of(lines, random)
    return [_record(random, place, quirks, of) for place in range(lines)]


def quirks_of(lines: int, random: Random) -> Quirks:
    """Each quirk at as many places as its share of the real season asks; those that exclude each other at others."""
    share = lines / REAL_LINES
    places = random.sample(range(lines), lines)
    times = iter(random.sample(range(lines), lines))
    dates = iter(places)

    def take(source: object, count: float) -> frozenset[int]:
        assert hasattr(source, "__next__")
        return frozenset(next(source) for _ in range(round(count)))

    return Quirks(
        stops_at_2400=take(times, STOPS_AT_2400 * share),
        across_midnight=take(times, ACROSS_MIDNIGHT * share),
        one_day=take(dates, ONE_DAY * share),
        never_on_the_air=take(dates, NEVER_ON_THE_AIR * share),
        to_the_change_sunday=take(dates, TO_THE_CHANGE_SUNDAY * lines),
        to_the_day_before=take(dates, TO_THE_DAY_BEFORE * lines),
        out_of_band=frozenset(random.sample(range(lines), round(OUT_OF_BAND * share))),
    )


def _record(random: Random, place: int, quirks: Quirks, of: Season) -> str:
    low, high = random.choice(BETWEEN_BANDS if place in quirks.out_of_band else BANDS)
    start, stop = _times(random, place, quirks)
    first, last, days = _dates(random, place, quirks, of)
    broadcaster = random.choice(BROADCASTERS)
    columns = [
        f"{random.randrange(low, high + 1, 5):5d}",
        f"{start // 60:02d}{start % 60:02d}",
        f"{stop // 60:02d}{stop % 60:02d}",
        f"{random.choice(ZONES):<30}",
        f"{random.choice(SITES):<3}",
        f"{random.choice([10, 50, 100, 250, 300, 500]):4d}",
        f"{random.choice(['0', 'ND', '2', '45', '118', '290', '352']):<7}",
        f"{random.choice([-30, -15, 0, 0, 0, 15]):3d}",
        f"{random.choice([100, 146, 205, 216, 218, 926]):3d}",
        f"{days:<7}",
        f"{first:%d%m%y}",
        f"{last:%d%m%y}",
        random.choice("DDDDN"),
        f"{random.choice(['', '', '7515', '11560']):>5}",
        f"{random.choice(LANGUAGES):<10}",
        f"{random.choice(['CHN', 'KOR', 'USA', 'G']):<3}",
        broadcaster,
        random.choice([broadcaster, "TSX", "   "]),
        f"{place + 1:5d}",
        random.choice("   O"),
        *(f"{random.choice(['', '', '9690']):>5}" for _ in range(3)),
        random.choice(["", "", "DRM", "été"]),
    ]
    return " ".join(columns)


def _times(random: Random, place: int, quirks: Quirks) -> tuple[int, int]:
    """Start and stop in minutes; 1440 is written 2400."""
    minutes = random.choice([15, 30, 60, 60, 120])
    if place in quirks.stops_at_2400:
        return 1440 - minutes, 1440
    if place in quirks.across_midnight:
        return 1440 - minutes, random.choice([15, 30, 60])
    start = random.randrange(0, 1440 - 120, 15)
    return start, start + minutes


def _dates(random: Random, place: int, quirks: Quirks, of: Season) -> tuple[date, date, str]:
    """First and last date, and the column of days in HFCC's numbers, 1 = Sunday."""
    opening, change = of.start.date(), of.end.date()
    within = opening + timedelta(days=random.randrange(7, (change - opening).days - 7))
    if place in quirks.one_day | quirks.never_on_the_air:
        weekday = within.isoweekday() % 7 + 1
        off = 1 if place in quirks.never_on_the_air else 0
        return within, within, str((weekday + off - 1) % 7 + 1)
    days = random.choice(["1234567", "1234567", "1234567", "23456", "1     7", " 2 4 6", "17", "  3"])
    if place in quirks.to_the_change_sunday:
        return opening, change, days
    if place in quirks.to_the_day_before:
        return opening, change - timedelta(days=1), days
    return opening, within, days
