from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from hypothesis import given

from schedules.announcing.checklist import checklist
from schedules.announcing.tokens import Facts, NextProgramme, Token, announcement
from schedules.time import Span
from tests.unit.schedules.announcing.facts import STATION, TITLES, facts, templates

CLIPS = {clip.key: clip.text for clip in checklist(STATION, TITLES)}
MINUTE = timedelta(minutes=1)


@given(facts(), templates)
def test_no_announcement_needs_what_is_not_on_the_list(about: Facts, template: tuple[str, ...]) -> None:
    for token in announcement(about, template):
        assert token.key is None or CLIPS[token.key] == token.text
        assert token.key or token.text in {".", ","}


def everything() -> Iterator[Token]:
    """Announcements of every whole frequency, every date of a leap year, every time of day."""
    new_year = datetime(2027, 12, 31, 15, tzinfo=UTC)
    for khz in range(2300, 26_101):
        about = Facts(station=STATION, on_air=Span(new_year, new_year + MINUTE), khz=(khz,))
        yield from announcement(about, ["frequencies"])
    for day in range(366):
        start = new_year + timedelta(days=day)
        about = Facts(
            station=STATION,
            on_air=Span(start, start + MINUTE),
            khz=(2300, 7515.5, 26_100) if day else (),
            zone="kst" if day else "pyongyang",
            next=NextProgramme(TITLES["morning"], start + timedelta(hours=30), "morning"),
        )
        yield from announcement(about)
    for minute in range(24 * 60):
        start = new_year + minute * MINUTE
        coming = NextProgramme(TITLES["letters"], start + MINUTE, "letters")
        yield from announcement(
            Facts(station=STATION, on_air=Span(start, start + MINUTE), next=coming), ["time", "next"]
        )


def test_every_clip_on_the_list_is_needed() -> None:
    assert {token.key for token in everything()} - {None} == CLIPS.keys()


def test_the_list_can_be_read_in_a_quarter_of_an_hour() -> None:
    """96 for every station, its name, and its titles."""
    assert len(checklist(STATION)) == 97
    assert len(checklist(STATION, TITLES)) == 97 + len(TITLES)


def test_keys_can_be_file_names_anywhere_and_no_text_is_recorded_twice() -> None:
    assert all(re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", key) for key in CLIPS)
    twice = sorted(text for text in CLIPS.values() if list(CLIPS.values()).count(text) > 1)
    assert twice == ["일", "일"], "one and day: said alike, in other places of a sentence"
