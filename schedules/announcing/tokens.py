"""An announcement as tokens: one for each clip of the station's voice pack, each with the text that it says.

    여기는 단파 시험 방송입니다. 오늘은 이천이십육 년 십일월 이십구 일 일요일입니다. 한국 시간으로 밤 열한 시부터 자정까지 보내
    드립니다. 주파수는 칠천오백십오 킬로헤르츠입니다. 다음 방송은 내일 새벽 다섯 시에 보내 드리는 아침 소식입니다.

The same facts always give the same tokens, in whatever order the frequencies come.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final, Literal, get_args

from schedules.announcing.numbers import number_parts
from schedules.announcing.vocabulary import VOCABULARY, WEEKDAYS
from schedules.errors import BadAnnouncement
from schedules.said import say
from schedules.time import Span, to_kst, to_pyongyang, to_utc

Part = Literal["station", "date", "time", "frequencies", "next"]
Zone = Literal["kst", "pyongyang"]

TEMPLATE: Final[tuple[Part, ...]] = get_args(Part)
"""Everything, in the usual order."""

_SENTENCE_PAUSE_MS: Final = 600
_LIST_PAUSE_MS: Final = 250
_DAY: Final = timedelta(days=1)
# How a station calls the hours; each from its hour on. Noon and midnight themselves have names.
_PERIODS: Final = ((21, "night"), (18, "evening"), (12, "afternoon"), (6, "morning"), (0, "before-dawn"))


@dataclass(frozen=True, slots=True)
class Token:
    """One clip of a voice pack, called `key`, or what is said in its place: `text`.

    `key` is None where nothing can be recorded: punctuation, a title without a code. `attached` texts are written, and
    said, without a space after the token before. After it comes a silence of `pause_ms`.
    """

    key: str | None
    text: str
    attached: bool = False
    pause_ms: int = 0


@dataclass(frozen=True, slots=True)
class NextProgramme:
    """What to listen to next. With a `code`, its title may be recorded as `programme-<code>`."""

    title: str
    starts_at: datetime
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is true of one airing. Instants are aware and on whole minutes.

    `khz` are the frequencies of all lines that are really active, kept in ascending order, each once; empty where they are
    not to be named, or not known because a change is not acknowledged. `zone` is whose clock is spoken; the date is the
    start's on that clock.

    Raises BadAnnouncement.
    """

    station: str
    on_air: Span
    khz: tuple[float, ...] = ()
    zone: Zone = "kst"
    next: NextProgramme | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "khz", tuple(sorted(set(self.khz))))
        if not self.station.strip():
            raise BadAnnouncement("the station has no name to speak: give it one")
        if not timedelta(0) < self.on_air.duration <= _DAY:
            raise BadAnnouncement("the airing must last more than no time and a day at most")
        if self.next is not None and not self.next.title.strip():
            raise BadAnnouncement("the next programme has no title to speak: give it one, or leave it out")
        if self.next is not None and to_utc(self.next.starts_at) <= self.on_air.start:
            raise BadAnnouncement(
                f'"{self.next.title}" does not start after this airing, so it is not the next'
            )

    def local(self, instant: datetime) -> datetime:
        """As the clock shows it that is spoken. Raises BadAnnouncement between two minutes."""
        if (exact := to_utc(instant)).second or exact.microsecond:
            raise BadAnnouncement(f"{exact.isoformat()} is not on a whole minute, so it cannot be spoken")
        return to_kst(exact) if self.zone == "kst" else to_pyongyang(exact)


def announcement(facts: Facts, template: Sequence[str] = TEMPLATE) -> tuple[Token, ...]:
    """The parts that `template` names, in its order, a sentence each. Nothing of `next` where nothing is known of it.

    Where no frequency is given, that part says so without a number. Raises BadAnnouncement.
    """
    parts = check_template(template)
    sentences = {
        "station": _station,
        "date": _date,
        "time": _time,
        "frequencies": _frequencies,
        "next": _next,
    }
    tokens = [token for part in parts for token in _sentence(tuple(sentences[part](facts)))]
    return (*tokens[:-1], *(replace(last, pause_ms=0) for last in tokens[-1:]))


def check_template(names: Sequence[str]) -> tuple[Part, ...]:
    """The names as parts. Raises BadAnnouncement for none, an unknown one, or one that comes twice."""
    if not names or len(set(names)) < len(names):
        told = "an announcement names at least one part, and each once at most"
        raise BadAnnouncement(say("announcement-parts", told))
    if unknown := sorted(set(names) - set(TEMPLATE)):
        told = '"{given}" is no part of an announcement: choose from {allowed:, }'
        raise BadAnnouncement(say("announcement-unknown", told, given=unknown[0], allowed=TEMPLATE))
    return tuple(part for name in names for part in TEMPLATE if part == name)


def text_of(tokens: Sequence[Token]) -> str:
    """What the tokens say, as it is written."""
    return "".join(token.text if token.attached else f" {token.text}" for token in tokens).strip()


def _clip(key: str, *, attached: bool = False) -> Token:
    return Token(key, VOCABULARY[key], attached)


def _sentence(tokens: tuple[Token, ...]) -> tuple[Token, ...]:
    return (*tokens, Token(None, ".", attached=True, pause_ms=_SENTENCE_PAUSE_MS)) if tokens else ()


def _station(facts: Facts) -> Iterator[Token]:
    yield _clip("here-is")
    yield Token("station", facts.station)
    yield _clip("is", attached=True)


def _date(facts: Facts) -> Iterator[Token]:
    today = facts.local(facts.on_air.start).date()
    yield _clip("today-is")
    yield from _number(today.year)
    yield _clip("year")
    yield from _day_of_year(today)
    yield _clip("is", attached=True)


def _time(facts: Facts) -> Iterator[Token]:
    start, stop = (facts.local(instant) for instant in (facts.on_air.start, facts.on_air.end))
    yield _clip("korean-time" if facts.zone == "kst" else "pyongyang-time")
    yield from _clock(start)
    yield _clip("from", attached=True)
    # 밤 열 시부터 열한 시까지: what both have in common is said once
    same = start.date() == stop.date() and _period(start) == _period(stop) and not _is_named(start)
    yield from list(_clock(stop))[1 if same else 0 :]
    yield _clip("until", attached=True)


def _frequencies(facts: Facts) -> Iterator[Token]:
    if not facts.khz:
        yield _clip("this-frequency")
        return
    yield _clip("frequencies-are")
    for left, khz in zip(range(len(facts.khz) - 1, -1, -1), facts.khz, strict=True):
        yield from _khz(khz)
        yield _clip(("kilohertz-is", "kilohertz-and", "kilohertz")[min(left, 2)])
        if left > 1:
            yield Token(None, ",", attached=True, pause_ms=_LIST_PAUSE_MS)


def _next(facts: Facts) -> Iterator[Token]:
    coming = facts.next
    if coming is None:
        return
    today = facts.local(facts.on_air.start).date()
    when = facts.local(coming.starts_at)
    yield _clip("next-is")
    # The coming midnight needs no day. Any other would be two nights at once with one: it is 영 시
    is_coming_midnight = _is_midnight(when) and when.date() == today + _DAY
    if when.date() == today or is_coming_midnight:
        yield from _clock(when)
    else:
        yield from [_clip("tomorrow")] if when.date() == today + _DAY else _day_of_year(when.date())
        yield from _clock(when, midnight_by_name=False)
    yield _clip("broadcast-at", attached=True)
    yield Token(f"programme-{coming.code}" if coming.code else None, coming.title)
    yield _clip("is", attached=True)


def _day_of_year(day: date) -> Iterator[Token]:
    yield _clip(f"month-{day.month}")
    yield from _number(day.day)
    yield _clip("day")
    yield _clip(f"weekday-{WEEKDAYS[day.weekday()]}")


def _clock(when: datetime, *, midnight_by_name: bool = True) -> Iterator[Token]:
    """새벽 영 시 삼십 분, 오전 여섯 시, 정오, 오후 열두 시 십 분, 밤 열한 시, 자정."""
    if _is_named(when) and (midnight_by_name or not _is_midnight(when)):
        yield _clip("midnight" if _is_midnight(when) else "noon")
        return
    yield _clip(_period(when))
    yield _clip(f"hour-{when.hour - 12 if when.hour > 12 else when.hour}")
    if when.minute:
        yield from _number(when.minute)
        yield _clip("minutes")


def _period(when: datetime) -> str:
    return next(name for first_hour, name in _PERIODS if when.hour >= first_hour)


def _is_midnight(when: datetime) -> bool:
    return (when.hour, when.minute) == (0, 0)


def _is_named(when: datetime) -> bool:
    return when.hour in {0, 12} and not when.minute


def _khz(khz: float) -> Iterator[Token]:
    """Whole or with tenths: 5857.5 is 오천팔백오십칠 점 오."""
    if round(khz, 1) != khz:
        raise BadAnnouncement(f"{khz} kHz cannot be spoken: give it with one decimal place at most")
    whole, tenth = divmod(round(khz * 10), 10)
    yield from _number(whole)
    if tenth:
        yield _clip("point")
        yield from _number(tenth)


def _number(number: int) -> Iterator[Token]:
    before = 0
    for part in number_parts(number):
        yield _clip(f"number-{part}", attached=0 < before < 10_000)
        before = part
