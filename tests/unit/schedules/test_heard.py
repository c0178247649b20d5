"""What follows from what is heard on the air: alarms, and steps down the chain that only people take back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from schedules.actions import Action, Clear, Raise, SetReadiness, TakeTurn
from schedules.plan import plan
from schedules.snapshot import AiringView, HeardWrong, IntentView, LiveState, LiveView, RundownView, Snapshot

START = datetime(2026, 11, 22, 20, tzinfo=UTC)
NOW = START + timedelta(minutes=10)


def ago(seconds: float) -> datetime:
    return NOW - timedelta(seconds=seconds)


def feed(feed_id: int = 1, **fields: Any) -> LiveView:
    return LiveView(
        feed_id, warn_at=START - timedelta(hours=2), deadline_at=START - timedelta(hours=1),
        opens_at=START - timedelta(seconds=10), **fields,
    )  # fmt: skip


def wrong(seconds: float = 5, level: str = "programme", finding: str = "wrong") -> HeardWrong:
    return HeardWrong(finding, ago(seconds), level)


def airing(
    *feeds: LiveView,
    turns: tuple[str, ...] = (),
    turned_at: datetime | None = None,
    stepped: int = 0,
    **more: Any,
) -> AiringView:
    live = LiveState(
        feeds=feeds, takes_until=START + timedelta(minutes=29), last_moment=START, wanted="w", armed="w", version=1, taken_on=True,
        ended=False, turns=turns, turned_at=turned_at, stepped=stepped,
    )  # fmt: skip
    made = AiringView(
        id=7, starts_at=START, stops_at=START + timedelta(minutes=30), compile_at=START - timedelta(hours=3),
        state="on_air", readiness="ok", version=1, armed_version=1, targets=(), recipes=frozenset({"mp3"}),
        rundown=RundownView(1, "programme", "first", START, withdrawn=False, rendered=frozenset({"mp3"})),
        live=live,
    )  # fmt: skip
    return replace(made, **more)


def asked(one: AiringView) -> list[Action]:
    snapshot = Snapshot((one,), NOW + timedelta(days=4), timedelta(hours=24))
    return list(plan(snapshot, NOW).actions)


def turns(one: AiringView) -> list[Action]:
    return [action for action in asked(one) if isinstance(action, TakeTurn)]


def test_what_is_heard_as_it_goes_out_asks_for_nothing() -> None:
    assert asked(airing(feed(heard_right_at=ago(4)))) == []


@pytest.mark.parametrize("finding", ["wrong", "silent", "stuck"])
def test_something_else_on_the_air_is_told_and_the_stand_by_is_taken(finding: str) -> None:
    assert asked(airing(feed(heard_wrong=wrong(finding=finding)))) == [
        TakeTurn(7, "standby"),
        Raise("wrong_on_air", 7, 1),
        SetReadiness(7, "failed"),
    ]


def test_it_is_told_until_what_goes_out_is_heard_again() -> None:
    alarms = frozenset({("wrong_on_air", 1)})
    still = airing(feed(heard_wrong=wrong()), turns=("standby",), turned_at=ago(30), alarms=alarms)
    assert asked(replace(still, readiness="failed")) == []
    again = airing(feed(heard_right_at=ago(1)), turns=("standby",), turned_at=ago(30), alarms=alarms)
    assert asked(again) == [Clear("wrong_on_air", 7, 1)]


def test_nobody_to_hear_is_a_risk_and_no_reason_to_send_something_else() -> None:
    assert asked(airing(feed(unheard=True))) == [Raise("unheard", 7, 1), SetReadiness(7, "at_risk")]


@pytest.mark.parametrize(
    ("asked_for", "level", "following"),
    [
        ((), "programme", "standby"),
        (("standby",), "standby", "evergreen"),
        (("standby", "evergreen"), "evergreen", "interval_signal"),
        (("standby",), "evergreen", "interval_signal"),  # there is no stand-by: the air passed it over
        ((), "standby", "evergreen"),  # the programme cannot be read: the air stands in by itself
        (("standby", "evergreen", "interval_signal"), "interval_signal", None),
        (("standby",), "interval_signal", None),
        (("standby",), "programme", None),  # heard before the stand-by went out
    ],
)
def test_step_by_step_and_only_downwards(
    asked_for: tuple[str, ...], level: str, following: str | None
) -> None:
    turned_at = ago(120) if asked_for else None
    one = airing(feed(heard_wrong=wrong(level=level)), turns=asked_for, turned_at=turned_at)
    assert turns(one) == ([TakeTurn(7, following)] if following else [])


@pytest.mark.parametrize(("turned", "heard", "steps"), [(59, 5, 0), (60, 5, 1), (80, 85, 0)])
def test_a_step_is_heard_out_before_the_next_one(turned: float, heard: float, steps: int) -> None:
    """And what was heard before it does not count."""
    one = airing(feed(heard_wrong=wrong(heard, level="standby")), turns=("standby",), turned_at=ago(turned))
    assert len(turns(one)) == steps


def test_what_people_want_goes_before_what_is_heard() -> None:
    one = airing(
        feed(heard_wrong=wrong(level="standby")),
        turns=("standby",), turned_at=ago(120), intents=(IntentView(3, "resume"),),
    )  # fmt: skip
    assert turns(one) == [TakeTurn(7, "programme", 3)]


def test_after_people_went_back_it_must_be_heard_wrong_anew() -> None:
    back = {"turns": ("standby", "programme"), "turned_at": ago(70)}
    assert turns(airing(feed(heard_wrong=wrong(75)), **back)) == []  # type: ignore[arg-type]
    assert turns(airing(feed(heard_wrong=wrong(5)), **back)) == [TakeTurn(7, "standby")]  # type: ignore[arg-type]


def test_a_site_that_airs_something_else_takes_nothing_from_the_others() -> None:
    """Another feed is heard as it should be: the programme is sound, and the site must be called."""
    one = airing(feed(1, heard_wrong=wrong()), feed(2, heard_right_at=ago(8)))
    assert turns(one) == []
    assert Raise("wrong_on_air", 7, 1) in asked(one)


def test_all_feeds_wrong_is_our_own_fault() -> None:
    one = airing(feed(1, heard_wrong=wrong()), feed(2, heard_wrong=wrong(3), heard_right_at=ago(40)))
    assert turns(one) == [TakeTurn(7, "standby")]


@pytest.mark.parametrize(
    ("finding", "following"), [("wrong", "programme"), ("stuck", "programme"), ("silent", "evergreen")]
)
def test_what_a_step_does_not_mend_is_not_ours(finding: str, following: str) -> None:
    """A relay that airs something else takes no notice of us: the programme is not given up for it."""
    one = airing(
        feed(heard_wrong=wrong(level="standby", finding=finding)),
        turns=("standby",),
        turned_at=ago(70),
        stepped=1,
    )
    assert turns(one) == [TakeTurn(7, following)]


def test_after_that_nothing_is_tried_any_more_but_people_are_told() -> None:
    one = airing(feed(heard_wrong=wrong()), turns=("standby", "programme"), turned_at=ago(70), stepped=2)
    assert turns(one) == []
    assert Raise("wrong_on_air", 7, 1) in asked(one)
