from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schedules.frequencies.findings import (
    Finding,
    Kind,
    booking_findings,
    change_findings,
    line_findings,
    never_airs,
)
from schedules.frequencies.levels import Severity
from schedules.frequencies.line import Line
from schedules.time import Span
from tests.unit.schedules.frequencies.minute_by_minute import (
    airings,
    airings_within,
    at,
    minute_of,
    minutes_in,
)
from tests.unit.schedules.frequencies.seasons import A26, B26, line, lines, seasons_around, spans_around, utc

SUNDAY = A26.end.date()
SATURDAY = SUNDAY - timedelta(days=1)


def old(**changes: object) -> Line:
    """A line of A26, the season before."""
    return line(**({"first_date": A26.start.date(), "last_date": SUNDAY} | changes))


def kinds(findings: list[Finding]) -> list[str]:
    return [str(one.kind) for one in findings]


# ---------------------------------------------------------------- lines by themselves


@settings(max_examples=200)
@given(st.data())
def test_a_line_never_airs_where_no_day_shows_it(data: st.DataObject) -> None:
    one = data.draw(lines(date(2026, 10, 25)))
    assert never_airs(one) == (not list(airings(one)))


@settings(max_examples=200)
@given(st.data())
def test_a_line_is_outside_its_season_where_no_minute_of_it_is_inside(data: st.DataObject) -> None:
    one = data.draw(lines(date(2026, 10, 25)))
    inside = any(B26.span.contains(at(minute)) for airing in airings(one) for minute in airing)
    found = [each for each in line_findings([one], B26) if "never on the air" in each.message.text]
    assert bool(found) == (not inside)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        (
            {"first_date": date(2026, 11, 2), "last_date": date(2026, 11, 2), "days": frozenset({7})},
            "9650 kHz TAC 2000-2100 Su is never on the air: there is no Su on 2026-11-02: correct the dates or the days",
        ),
        (
            {"first_date": date(2026, 11, 2), "last_date": date(2026, 11, 4), "days": frozenset({6, 7})},
            "there is no Sa-Su from 2026-11-02 to 2026-11-04",
        ),
        (
            {"last_date": date(2026, 10, 1)},
            "its last date 2026-10-01 is before its first date 2026-10-25: swap or correct them",
        ),
        ({"days": frozenset()}, "it has no weekday: choose at least one"),
    ],
)
def test_a_line_that_never_airs_is_told_why(changes: dict[str, object], words: str) -> None:
    (found,) = line_findings([line(**changes)], B26)
    assert found.kind is Kind.NEVER_AIRS
    assert words in found.message.text


def test_out_of_band_is_a_warning_and_never_an_error() -> None:
    (found,) = line_findings([line(khz=7530.5)], B26)
    assert (found.kind, found.severity) == (Kind.OUT_OF_BAND, Severity.WARNING)
    assert found.message.text.startswith("7530.5 kHz lies outside the broadcasting bands")


def test_most_of_a_season_ends_on_the_change_sunday_or_the_day_before_and_that_is_fine() -> None:
    assert line_findings([old(), old(last_date=SATURDAY)], A26) == []


def test_a_line_whose_only_day_is_after_the_change_is_not_aired_in_the_season() -> None:
    (found,) = line_findings([old(first_date=SUNDAY)], A26)
    assert found.kind is Kind.OUTSIDE_SEASON
    assert found.message.text == (
        "9650 kHz TAC 2000-2100 daily is never on the air in A26, 2026-03-29 01:00 to 2026-10-25 01:00 UTC: "
        "its dates are 2026-10-25 to 2026-10-25"
    )


def test_dates_beyond_the_season_are_told() -> None:
    (found,) = line_findings([line(last_date=date(2027, 4, 1))], B26)
    assert found.kind is Kind.OUTSIDE_SEASON
    assert "goes from 2026-10-25 to 2027-04-01, beyond B26" in found.message.text


# ---------------------------------------------------------------- the change


def test_an_own_airing_astride_the_change_is_an_error() -> None:
    (found,) = change_findings([old(start_minute=1410, stop_minute=120)], A26)
    assert (found.kind, found.severity) == (Kind.ACROSS_CHANGE, Severity.ERROR)
    assert found.span == Span(utc("2026-10-24T23:30"), utc("2026-10-25T02:00"))
    assert (
        "from Sat 2026-10-24 23:30 to 02:00 UTC, across the season change at 01:00 UTC" in found.message.text
    )
    (found,) = change_findings([line(start_minute=0, stop_minute=90)], B26)[:1]
    assert found.span == Span(utc("2026-10-25T00:00"), utc("2026-10-25T01:30"))


def test_an_airing_that_ends_or_begins_with_the_change_is_not_cut() -> None:
    assert change_findings([old(start_minute=0, stop_minute=60)], A26) == []
    assert change_findings([line(start_minute=60, stop_minute=120)], B26) == []


def test_a_line_that_ends_on_saturday_leaves_the_last_hour_uncovered() -> None:
    (found,) = change_findings([old(start_minute=15, stop_minute=60, last_date=SATURDAY)], A26)
    assert (found.kind, found.severity) == (Kind.CHANGE_HOUR_UNCOVERED, Severity.WARNING)
    assert found.span == Span(utc("2026-10-25T00:15"), utc("2026-10-25T01:00"))


@pytest.mark.parametrize(
    "harmless",
    [
        {"start_minute": 60, "stop_minute": 120},
        {"start_minute": 0, "stop_minute": 60, "days": frozenset({1, 2, 3, 4, 5, 6})},
        {"start_minute": 0, "stop_minute": 60, "first_date": SATURDAY},
        {"start_minute": 1380, "stop_minute": 60},
    ],
)
def test_lines_that_are_not_on_the_air_in_that_hour_leave_nothing_uncovered(
    harmless: dict[str, object],
) -> None:
    assert change_findings([old(**harmless, last_date=SATURDAY)], A26) == []


def test_another_line_of_the_site_and_frequency_covers_the_hour() -> None:
    ends = old(start_minute=0, stop_minute=60, last_date=SATURDAY)
    bridge = old(start_minute=0, stop_minute=45, first_date=SUNDAY)
    assert [one.span for one in change_findings([ends, bridge], A26)] == [
        Span(utc("2026-10-25T00:45"), A26.end)
    ]
    within = old(start_minute=10, stop_minute=20, first_date=SUNDAY)
    assert change_findings([ends, bridge, within], A26) == change_findings([ends, bridge], A26)
    tail = old(start_minute=1380, stop_minute=60, last_date=SATURDAY)
    assert change_findings([ends, tail], A26) == []
    elsewhere = old(start_minute=0, stop_minute=60, khz=7500)
    assert kinds(change_findings([ends, elsewhere], A26)) == ["change-hour-uncovered"]


@settings(max_examples=200)
@given(st.data())
def test_what_is_across_or_uncovered_is_what_every_minute_shows(data: st.DataObject) -> None:
    _, own = data.draw(seasons_around(centres=[SUNDAY]))
    findings = change_findings(own, A26)
    end = minute_of(A26.end)
    cut = [
        (one, Span(at(min(airing)), at(max(airing) + 1)))
        for one in own
        for airing in airings(one)
        if min(airing) < end <= max(airing)
    ]
    found = findings[: len(cut)]
    assert [(one.line, one.span) for one in found] == cut
    assert {one.severity for one in found} <= {Severity.ERROR}

    hour = minutes_in(Span(A26.end - timedelta(hours=1), A26.end))
    missing: Counter[str] = Counter()
    for one in own:
        there = [each for each in own if (each.site, each.khz) == (one.site, one.khz)]
        covered = {minute for each in there for airing in airings_within(each, hour) for minute in airing}
        for airing in airings(one):
            # A Saturday's tail is that Saturday's: only what starts on the Sunday itself is missed.
            if at(min(airing)).date() == SUNDAY - timedelta(days=7) and one.last_date == SATURDAY:
                usual = {minute + 7 * 1440 for minute in airing}
                missing[one.key] += len((usual & hour) - covered)
    told: Counter[str] = Counter()
    for late in findings[len(cut) :]:
        assert late.kind is Kind.CHANGE_HOUR_UNCOVERED
        assert late.line is not None
        told[late.line.key] += _minutes(late)
    assert told == +missing


# ---------------------------------------------------------------- what was booked


@settings(max_examples=200)
@given(st.data())
def test_bookings_and_lines_differ_where_every_minute_shows_it(data: st.DataObject) -> None:
    centre, own = data.draw(seasons_around((1, 2, 3)))
    span = data.draw(spans_around(centre))
    booked = [data.draw(spans_around(centre)) for _ in range(data.draw(st.integers(0, 3)))]
    minutes = minutes_in(span)
    spare: Counter[int] = Counter()
    for booking in booked:
        both = span.intersection(booking)
        spare.update(minutes_in(both) if both else ())
    for one in own:
        for airing in airings_within(one, minutes):
            spare.subtract(airing)
    findings = booking_findings(own, booked, span)
    unused = sum(_minutes(one) for one in findings if one.kind is Kind.BOOKED_UNUSED)
    unbooked = sum(_minutes(one) for one in findings if one.kind is Kind.AIRED_UNBOOKED)
    assert unused == sum(1 for count in spare.values() if count > 0)
    assert unbooked == sum(1 for count in spare.values() if count < 0)
    firsts = [one.span.start for one in findings if one.span]
    assert firsts == sorted(firsts)


def _minutes(finding: Finding) -> int:
    assert finding.span is not None
    return len(minutes_in(finding.span)) * finding.times


def evenings(start: str, end: str, nights: int) -> list[Span]:
    first = Span(utc(f"2026-11-01T{start}"), utc(f"2026-11-01T{end}"))
    return [
        Span(first.start + timedelta(days=night), first.end + timedelta(days=night))
        for night in range(nights)
    ]


NOVEMBER = Span(utc("2026-11-01T00:00"), utc("2026-12-01T00:00"))


def test_what_is_booked_and_used_is_no_finding() -> None:
    assert booking_findings([line()], evenings("20:00", "21:00", 30), NOVEMBER) == []


def test_a_nightly_gap_is_told_once_with_how_often() -> None:
    (found,) = booking_findings([line()], evenings("20:00", "21:30", 30), NOVEMBER)
    assert (found.kind, found.times, found.span) == (
        Kind.BOOKED_UNUSED,
        30,
        Span(utc("2026-11-01T21:00"), utc("2026-11-01T21:30")),
    )
    assert found.message.text == (
        "1 transmitter booked from Sun 2026-11-01 21:00 to 21:30 UTC and not used: add a line or give the time back"
    )


def test_two_transmitters_booked_carry_two_lines() -> None:
    twice = evenings("20:00", "21:00", 30) * 2
    assert booking_findings([line(), line(khz=7500)], twice, NOVEMBER) == []
    (found,) = booking_findings([line(), line(khz=7500), line(khz=6000)], twice, NOVEMBER)
    assert (found.kind, found.times) == (Kind.AIRED_UNBOOKED, 30)


def test_bookings_that_follow_each_other_are_one_gap() -> None:
    booked = evenings("20:00", "21:00", 30) + evenings("21:00", "22:00", 30)
    (found,) = booking_findings([], booked, NOVEMBER)
    assert found.span == Span(utc("2026-11-01T20:00"), utc("2026-11-01T22:00"))
    assert found.kind is Kind.BOOKED_UNUSED
