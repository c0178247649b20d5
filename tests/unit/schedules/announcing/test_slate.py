from __future__ import annotations

from datetime import datetime

import pytest

from schedules.announcing.slate import slate
from schedules.errors import BadTime
from schedules.time import KST

START = datetime(2026, 11, 30, 0, 0, tzinfo=KST)


def test_the_operator_hears_whose_it_is_for_when_and_which() -> None:
    assert slate("Danpa test station.", START, khz=[7515.0], version=2) == (
        "Danpa test station. 29 November 2026, 15 00 UTC. 7515 kilohertz. Version 2."
    )


@pytest.mark.parametrize(
    ("khz", "words"),
    [
        ([], "UTC. Version"),
        ([9480.0, 7515.0], "UTC. 7515 and 9480 kilohertz. Version"),
        ([11560.5, 9480.0, 7515.0], "UTC. 7515, 9480 and 11560.5 kilohertz. Version"),
    ],
)
def test_every_frequency_is_named(khz: list[float], words: str) -> None:
    assert words in slate("Danpa", START, khz=khz, version=1)


def test_a_start_without_a_zone_is_refused() -> None:
    with pytest.raises(BadTime, match="no time zone"):
        slate("Danpa", datetime(2026, 11, 29), version=1)  # noqa: DTZ001
