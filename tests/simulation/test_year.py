"""The first month of the simulated year: `python -m tests.simulation.year` tells of all of it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.simulation.year import Verdict, simulate


@pytest.fixture(scope="module")
def month() -> Verdict:
    return simulate(30)


def test_no_night_is_without_a_programme_and_no_rule_is_ever_broken(month: Verdict) -> None:
    assert month.without == 0
    assert month.broken == []


def test_every_programme_is_proved_to_be_the_best(month: Verdict) -> None:
    assert month.unproved == 0


def test_rotation_is_fair(month: Verdict) -> None:
    talks = month.of_kind("talk")
    assert max(talks) <= 3
    assert month.shortest_gap["talk"] >= timedelta(days=14)
    assert max(month.of_kind("drama")) == 1
    # Ninety plays of six, each ident of another length
    idents = month.of_kind("ident")
    assert max(idents) - min(idents) <= 3
