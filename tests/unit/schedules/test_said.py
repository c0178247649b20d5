"""Sentences with their values."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import pytest

from schedules.said import Said, say, together

EVENING = datetime(2026, 11, 22, 20, 5, 30, tzinfo=UTC)


def test_the_text_is_made_of_the_template_and_each_kind_of_value() -> None:
    said = say(
        "all",
        "{stage} {count} {tags: and } {cut_samples} {heard_at:%Y-%m-%d %H:%M} UTC {turn_time:%H:%M:%S} {due_on} ({why})",
        stage=say("part", "the {name}", name="news"),
        count=3,
        tags=("a", "b"),
        cut_samples=9_120_000,
        heard_at=EVENING,
        turn_time=EVENING,
        due_on=date(2026, 11, 23),
        why=(say("one", "one"), say("two", "two")),
    )
    assert str(said) == "the news 3 a and b 3:10 2026-11-22 20:05 UTC 20:05:30 2026-11-23 (one; two)"
    assert Said.read(said.written()) == said


def test_braces_in_what_people_wrote_are_no_places() -> None:
    assert str(say("part", "the {name}", name="{name} {0}")) == "the {name} {0}"


def test_instants_are_the_same_from_whatever_zone() -> None:
    seoul = EVENING.astimezone(timezone(timedelta(hours=9)))
    template = "at {heard_at:%H:%M} UTC"
    assert say("at", template, heard_at=seoul).written() == say("at", template, heard_at=EVENING).written()


@pytest.mark.parametrize(
    "values",
    [{"heard": EVENING}, {"heard_at": "2026-11-22"}, {"due_on": EVENING}, {"due": date(2026, 11, 23)}],
)
def test_a_value_whose_name_says_something_else_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="its name has to say what it is"):
        say("part", "", **values)


def test_a_single_one_of_several_is_itself() -> None:
    one, two = say("one", "one"), say("two", "two")
    assert together([one]) is one
    assert str(together([one, two])) == "one; two"
