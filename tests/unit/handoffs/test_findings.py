"""What a folder must hold: each way in which a site's folder goes wrong, and what may be taken away."""

from __future__ import annotations

import re
from typing import Any

import pytest

from app.feeds.contract import Entry
from app.feeds.names import DEFAULT_TEMPLATE, pattern
from app.handoffs.findings import Finding, Ours, judge, removable

TONIGHT = "20261122_2000_TAC_7500.mp3"
YESTERDAY = "20261121_2000_TAC_7500.mp3"
OURS = pattern(DEFAULT_TEMPLATE)


def ours(name: str = TONIGHT, **fields: Any) -> Ours:
    usual: dict[str, Any] = {"size": 1000, "airing_id": 7, "airing_is_over": False, "arrived": True}
    return Ours(name, **usual | fields)


def judged(entries: list[Entry], files: list[Ours], **fields: Any) -> list[Finding]:
    usual: dict[str, Any] = {
        "airing_id": 7,
        "fixed_name": None,
        "pattern": OURS,
        "known": {file.name for file in files},
    }
    return judge(entries, files, **usual | fields)


@pytest.mark.parametrize(
    ("size", "wanted"),
    [
        (1000, []),
        (999, [Finding("altered", TONIGHT, 1000, 999)]),
        (0, [Finding("altered", TONIGHT, 1000, 0)]),
        (1001, [Finding("oversized", TONIGHT, 1000, 1001)]),
    ],
)
def test_a_file_that_arrived_has_its_size(size: int, wanted: list[Finding]) -> None:
    assert judged([Entry(TONIGHT, size)], [ours()]) == wanted


def test_what_arrived_is_there_and_what_is_to_come_need_not_be() -> None:
    assert judged([], [ours()]) == [Finding("missing", TONIGHT, expected=1000)]
    assert judged([], [ours(arrived=False)]) == []
    assert judged([], [ours(airing_is_over=True)]) == []


def test_while_a_newer_version_is_on_its_way_the_older_one_should_lie_there() -> None:
    versions = [ours(size=1000), ours(size=2000, arrived=False)]
    assert judged([Entry(TONIGHT, 1000)], versions) == []
    assert judged([Entry(TONIGHT, 2000)], versions) == [Finding("oversized", TONIGHT, 1000, 2000)]


def test_a_file_under_one_of_our_names_that_we_never_brought_is_foreign() -> None:
    found = judged(
        [
            Entry(TONIGHT, 1000),
            Entry("20261123_2000_TAC_7500.mp3", 5),
            Entry("README", 5),
            Entry("방송.mp3", 5),
        ],
        [ours()],
    )
    assert found == [Finding("foreign", "20261123_2000_TAC_7500.mp3", found=5)]


def test_what_another_feed_brought_to_the_same_place_is_not_foreign() -> None:
    other = "20261122_2000_TAC_9999.mp3"
    assert judged([Entry(TONIGHT, 1000), Entry(other, 1)], [ours()], known={TONIGHT, other}) == []


def fixed(entries: list[Entry], files: list[Ours]) -> list[Finding]:
    return judged(entries, files, fixed_name="tonight.mp3", pattern=pattern("tonight.mp3"))


def test_a_fixed_name_that_still_holds_an_earlier_programme_is_stale() -> None:
    there = [Entry("tonight.mp3", 1000)]
    assert fixed(there, [ours("tonight.mp3")]) == []
    assert fixed([], []) == []
    stale = [Finding("stale", "tonight.mp3", found=1000)]
    assert fixed(there, []) == stale
    assert fixed(there, [ours("tonight.mp3", arrived=False)]) == stale
    assert fixed(there, [ours("tonight.mp3", airing_is_over=True, airing_id=6)]) == stale


def test_only_our_own_unchanged_files_that_nobody_needs_are_taken_away() -> None:
    files = [
        ours(YESTERDAY, airing_is_over=True, removable=True),
        ours("tonight.mp3", airing_is_over=True, removable=True),
        ours("tonight.mp3"),
        ours(TONIGHT),
    ]
    there = [
        Entry(YESTERDAY, 1000),
        Entry(TONIGHT, 1000),
        Entry("tonight.mp3", 1000),
        Entry("theirs.mp3", 1000),
    ]
    assert removable(there, files) == [YESTERDAY]
    assert removable([Entry(YESTERDAY, 999)], files) == [], "somebody changed it: it is not ours any more"


@pytest.mark.parametrize(
    ("template", "name", "ours_"),
    [
        (DEFAULT_TEMPLATE, TONIGHT, True),
        (DEFAULT_TEMPLATE, TONIGHT + ".json", False),
        (DEFAULT_TEMPLATE, "x" + TONIGHT.replace(".", "_"), False),
        ("{date:%d%m%y}-{time}.{ext}", "221126-2000.mp3", True),
        ("tonight.mp3", "tonightxmp3", False),
    ],
)
def test_a_template_says_which_names_look_like_ours(template: str, name: str, *, ours_: bool) -> None:
    found: re.Pattern[str] = pattern(template)
    assert bool(found.fullmatch(name)) is ours_
