"""From what was heard to a finding: once is not believed, twice is; what gets later and later is stuck."""

from __future__ import annotations

from typing import Any

import pytest

from app.monitor.judging import Ear, Finding, Place, judge, unheard
from audio.listening import Hearing

EVERY_S = 20.0


def hearing(likeness: float = 0.95, **fields: Any) -> Hearing:
    usual: dict[str, Any] = {
        "seconds": 5.0, "loudness_dbfs": -20.0, "silent": False, "silence_expected": False, "lag_s": 0.0, "repeats_s": None,
    }  # fmt: skip
    return Hearing(likeness=likeness, **usual | fields)


RIGHT, WRONG, LOOP = hearing(), hearing(0.1), hearing(0.5, repeats_s=2.0)
SILENT, PAUSE = hearing(0.0, silent=True), hearing(0.0, silent=True, silence_expected=True)


def told(
    *heard: Hearing | None, delays: tuple[float, ...] = (), known: bool = True, level: str = "programme"
) -> list[Finding]:
    """One listen after the other. None: nothing came."""
    ear, found = Ear(), []
    for number, one in enumerate(heard):
        place = Place(number * EVERY_S, delays[number] if delays else 2.0)
        finding = unheard(ear, level) if one is None else judge(one, place, ear, level, is_all_known=known)
        ear = finding.ear
        found.append(finding)
    return found


def said(*heard: Hearing | None, **more: Any) -> list[tuple[str, bool]]:
    return [(one.kind, one.confirmed) for one in told(*heard, **more)]


@pytest.mark.parametrize(("one", "finding"), [(WRONG, "wrong"), (LOOP, "stuck"), (SILENT, "silent")])
def test_what_is_wrong_is_believed_the_second_time(one: Hearing, finding: str) -> None:
    assert said(one, one, one) == [(finding, False), (finding, True), (finding, True)]


def test_one_wrong_listen_among_right_ones_is_nothing() -> None:
    assert said(RIGHT, WRONG, RIGHT, WRONG, RIGHT) == [
        ("ok", False), ("wrong", False), ("ok", False), ("wrong", False), ("ok", False),
    ]  # fmt: skip


def test_two_that_are_wrong_in_different_ways_are_two() -> None:
    assert said(LOOP, WRONG)[-1] == ("wrong", True)


def test_nobody_to_hear_is_believed_the_third_time_and_breaks_the_row() -> None:
    assert said(None, None, None) == [("unreachable", False), ("unreachable", False), ("unreachable", True)]
    assert said(WRONG, None, WRONG)[-1] == ("wrong", False)
    assert said(None, None, RIGHT, None)[-1] == ("unreachable", False)


def test_what_tells_nothing_neither_counts_nor_clears() -> None:
    assert said(WRONG, PAUSE, WRONG) == [("wrong", False), ("unclear", False), ("wrong", True)]
    assert said(PAUSE, PAUSE) == [("unclear", False)] * 2


@pytest.mark.parametrize("one", [WRONG, SILENT])
def test_of_a_feed_that_has_just_begun_other_sound_may_be_from_before(one: Hearing) -> None:
    assert said(one, one, known=False) == [("unclear", False)] * 2
    assert said(RIGHT, known=False) == [("ok", False)]


@pytest.mark.parametrize(
    ("delays", "findings"),
    [
        ((2.0, 2.1, 2.0), ["ok", "ok", "ok"]),
        ((2.0, 11.0, 11.0), ["ok", "ok", "ok"]),  # a relay has taken a larger buffer
        ((11.0, 2.0, 2.0), ["ok", "ok", "ok"]),  # and a smaller one
        ((2.0, 22.0, 42.0), ["ok", "stuck", "stuck"]),  # the same place again and again
        ((2.0, 14.0, 26.0), ["ok", "stuck", "stuck"]),  # at less than half the pace
        ((2.0, 22.0, 22.0), ["ok", "stuck", "ok"]),
    ],
)
def test_what_gets_later_and_later_is_stuck(delays: tuple[float, ...], findings: list[str]) -> None:
    assert [kind for kind, _ in said(RIGHT, RIGHT, RIGHT, delays=delays)] == findings


def test_another_step_of_the_chain_is_heard_anew() -> None:
    first = told(WRONG)[-1]
    second = judge(WRONG, Place(20.0, 2.0), first.ear, "standby", is_all_known=True)
    third = judge(WRONG, Place(40.0, 2.0), second.ear, "standby", is_all_known=True)
    assert (second.confirmed, third.confirmed) == (False, True)


def test_only_what_is_right_has_a_delay() -> None:
    assert [one.delay_s for one in told(RIGHT, WRONG, LOOP)] == [2.0, None, None]
