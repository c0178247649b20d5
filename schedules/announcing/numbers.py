"""Korean numbers, in words that can be recorded one by one.

Sino-Korean for frequencies, years, days and minutes (칠천오백십오), native for hours (다섯 시). A number is said place by place, so
that 38 parts say all of 1 to 29,999; a one before 십, 백, 천 and 만 is not said. Words are grouped by 만 (한글 맞춤법 44항).
"""

from __future__ import annotations

from typing import Final

from schedules.errors import BadAnnouncement

HIGHEST: Final = 29_999
"""The highest number that is spoken: short waves end at 30,000 kHz."""

_DIGITS: Final = " 일이삼사오육칠팔구"
_PLACES: Final = {10_000: "만", 1_000: "천", 100: "백", 10: "십", 1: ""}
# Two months lose a consonant (한글 맞춤법 52항)
_IRREGULAR_MONTHS: Final = {6: "유월", 10: "시월"}
# Midnight's hour is said as a Sino-Korean zero, the others as native numbers
_HOURS: Final = (
    *("영", "한", "두", "세", "네", "다섯", "여섯"),
    *("일곱", "여덟", "아홉", "열", "열한", "열두"),
)

PARTS: Final = tuple(digit * place for place in _PLACES for digit in range(1, 10) if digit * place <= HIGHEST)
"""Every part that a number can have: 10000, 20000, 1000, 2000, ... 9."""


def number_parts(number: int) -> tuple[int, ...]:
    """The parts of 1 to 29,999, highest first: 7515 -> (7000, 500, 10, 5). Raises BadAnnouncement."""
    if not 1 <= number <= HIGHEST:
        raise BadAnnouncement(f"{number} cannot be spoken: numbers go from 1 to {HIGHEST}")
    return tuple(part for place in _PLACES if (part := number // place % 10 * place))


def part_text(part: int) -> str:
    """One of `PARTS` in words: 7000 -> 칠천, 1000 -> 천."""
    place = next(place for place in _PLACES if part >= place)
    digit = part // place
    return (_DIGITS[digit] if digit > 1 or place == 1 else "") + _PLACES[place]


def sino(number: int) -> str:
    """1 to 29,999 in Sino-Korean words: 11560 -> 만 천오백육십. Raises BadAnnouncement."""
    text = ""
    for part in number_parts(number):
        text += part_text(part)
        if part >= 10_000:
            text += " "
    return text.strip()


def month_text(month: int) -> str:
    """1 to 12: 일월, 유월, 시월, 십이월."""
    return _IRREGULAR_MONTHS.get(month) or f"{sino(month)}월"


def hour_text(hour: int) -> str:
    """The hour on a clock face: 1 to 12 -> 한 시 to 열두 시, and 0 -> 영 시."""
    return f"{_HOURS[hour]} 시"
