"""What a site's log says of our airings, to the minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.contracts.matching import Carried, Claim, Logged, match, minutes_of
from schedules.time import Span

DAY = datetime(2026, 11, 22, tzinfo=UTC)
KHZ = 7585


def span(text: str) -> Span:
    """``20:00-20:30``, on the day; beyond midnight on the next."""
    start, stop = (
        DAY + timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds or 0))
        for hours, minutes, seconds in ((*each.split(":"), "0")[:3] for each in text.split("-"))
    )
    return Span(start, stop if stop >= start else stop + timedelta(days=1))


def airing(text: str, *, khz: int = KHZ, claim: Claim = "delivered") -> Carried:
    return Carried(airing_id=1, line_id=khz, khz=khz, span=span(text), claim=claim)


def row(text: str, *, khz: int | None = KHZ, aired: bool = True, entry_id: int = 1) -> Logged:
    return Logged(entry_id, span(text), khz, aired)


def figures(carried: list[Carried], rows: list[Logged]) -> tuple[list[tuple[int, int]], int]:
    """Confirmed and disputed minutes of each airing, and the unclaimed minutes of all rows."""
    matched, unclaimed = match(carried, rows)
    assert [one.carried for one in matched] == carried
    return [(one.confirmed, one.disputed) for one in matched], sum(one.minutes for one in unclaimed)


ONE = [airing("20:00-20:30")]


@pytest.mark.parametrize(
    ("rows", "confirmed", "disputed", "unclaimed"),
    [
        pytest.param([], 0, 0, 0, id="the log is silent"),
        pytest.param([row("20:00-20:30")], 30, 0, 0, id="as it should be"),
        pytest.param([row("20:00:04-20:29:41")], 30, 0, 0, id="seconds are rounded"),
        pytest.param([row("20:00-20:29:29")], 29, 1, 0, id="half a minute is missed"),
        pytest.param(
            [row("20:00-20:25")], 25, 5, 0, id="what is missing is not forgiven within the tolerance"
        ),
        pytest.param([row("20:03-20:33")], 30, 0, 0, id="the site's clock is 3 minutes slow"),
        pytest.param([row("19:55-20:25")], 30, 0, 0, id="or 5 minutes fast"),
        pytest.param([row("20:08-20:38")], 22, 8, 8, id="beyond the tolerance it is another time"),
        pytest.param([row("20:03-20:28")], 25, 5, 0, id="a wrong clock adds nothing"),
        pytest.param([row("19:58-20:31")], 30, 0, 0, id="carrier before and after"),
        pytest.param([row("19:40-20:30")], 30, 0, 20, id="twenty minutes too many"),
        pytest.param([row("20:00-20:14"), row("20:14-20:30", entry_id=2)], 30, 0, 0, id="logged in two rows"),
        pytest.param(
            [row("20:00-20:12"), row("20:20-20:30", entry_id=2)], 22, 8, 0, id="a gap between two rows"
        ),
        pytest.param([row("20:00-20:30"), row("20:10-20:14", aired=False)], 26, 4, 0, id="an outage inside"),
        pytest.param(
            [row("20:03-20:33"), row("20:00-20:03", aired=False)], 27, 3, 0, id="a late start, and said"
        ),
        pytest.param([row("20:00-20:30", aired=False)], 0, 30, 0, id="the site did not air it"),
        pytest.param([row("20:10-20:14", aired=False)], 0, 4, 0, id="only an outage is logged"),
        pytest.param([row("20:00-20:00", aired=False)], 0, 30, 0, id="logged with no minutes"),
        pytest.param([row("20:00-20:00")], 0, 30, 0, id="on the air for no minutes"),
        pytest.param(
            [row("19:56-19:56"), row("20:10-20:20", entry_id=2)], 10, 20, 0, id="an empty row moves nothing"
        ),
        pytest.param([row("20:00-20:30", khz=9330)], 0, 0, 30, id="on another frequency"),
        pytest.param([row("20:00-20:30"), row("20:00-20:30", entry_id=2)], 30, 0, 30, id="charged twice"),
        pytest.param([row("21:00-21:30")], 0, 0, 30, id="at a time that nobody booked"),
        pytest.param([row("21:00-21:30", aired=False)], 0, 0, 0, id="nothing aired at such a time"),
    ],
)
def test_one_airing(rows: list[Logged], confirmed: int, disputed: int, unclaimed: int) -> None:
    assert figures(ONE, rows) == ([(confirmed, disputed)], unclaimed)


def test_what_was_only_taken_may_be_confirmed_and_denied_too() -> None:
    sent = [airing("20:00-20:30", claim="sent")]
    assert figures(sent, [row("20:00-20:20")]) == ([(20, 10)], 0)


def test_minutes_that_the_site_aired_without_our_audio_are_disputed() -> None:
    nothing = [airing("20:00-20:30", claim="nothing")]
    assert figures(nothing, [row("20:00-20:30")]) == ([(0, 30)], 0)
    assert figures(nothing, [row("20:00-20:30", aired=False)]) == ([(0, 0)], 0)


BACK_TO_BACK = [airing("20:00-20:30"), airing("20:30-21:00")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([row("20:00-21:00")], [(30, 0), (30, 0)], id="one row over both"),
        pytest.param([row("20:00-20:50")], [(30, 0), (20, 10)], id="cut short"),
        pytest.param(
            [row("20:03-20:33"), row("20:33-21:03", entry_id=2)],
            [(30, 0), (30, 0)],
            id="a wrong clock moves both",
        ),
        pytest.param(
            [row("20:29:58-21:00")], [(0, 0), (30, 0)], id="a neighbour's row says nothing of the first"
        ),
        pytest.param([row("20:25-20:55")], [(0, 0), (30, 0)], id="not even with a wrong clock"),
        pytest.param([row("20:03-21:00")], [(27, 3), (30, 0)], id="one row that begins late"),
        pytest.param([row("20:03-21:03")], [(30, 0), (30, 0)], id="one row and a wrong clock"),
        pytest.param([row("19:57-20:57")], [(30, 0), (30, 0)], id="wrong the other way"),
    ],
)
def test_slots_that_follow_each_other(rows: list[Logged], expected: list[tuple[int, int]]) -> None:
    assert figures(BACK_TO_BACK, rows) == (expected, 0)


def test_a_break_between_two_slots_is_charged_whole() -> None:
    slots = [airing("19:00-20:00"), airing("21:00-22:00")]
    assert figures(slots, [row("19:00-22:00")]) == ([(60, 0), (60, 0)], 60)


PARALLEL = [airing("20:00-20:30", khz=7585), airing("20:00-20:30", khz=9330)]


def test_rows_without_a_frequency_count_for_one_transmitter_each() -> None:
    nameless = [row("20:00-20:30", khz=None, entry_id=number) for number in (1, 2, 3)]
    assert figures(PARALLEL, nameless[:1]) == ([(30, 0), (0, 0)], 0)
    assert figures(PARALLEL, nameless[:2]) == ([(30, 0), (30, 0)], 0)
    assert figures(PARALLEL, nameless) == ([(30, 0), (30, 0)], 30)


def test_a_row_without_a_frequency_counts_where_no_other_row_does() -> None:
    assert figures(PARALLEL, [row("20:00-20:30", khz=None), row("20:00-20:30", entry_id=2)]) == (
        [(30, 0), (30, 0)],
        0,
    )


def test_an_airing_past_midnight_is_one() -> None:
    assert figures([airing("23:45-00:15")], [row("23:45-00:10")]) == ([(25, 5)], 0)


def test_the_airing_names_the_rows_that_speak_of_it() -> None:
    matched, unclaimed = match(ONE, [row("20:00-20:10", entry_id=4), row("20:10-20:50", entry_id=9)])
    assert matched[0].entry_ids == (4, 9)
    assert [(one.entry.entry_id, one.minutes) for one in unclaimed] == [(9, 20)]


STARTS = st.integers(0, 300)
LENGTHS = st.integers(0, 90)


@st.composite
def logs(draw: st.DrawFn) -> tuple[list[Carried], list[Logged]]:
    """Slots that do not overlap on a frequency, and any rows."""
    carried = []
    for khz in (7585, 9330):
        at = 0
        for number in range(draw(st.integers(0, 4))):
            at += draw(st.sampled_from([0, 0, 3, 15, 60]))
            length = draw(st.sampled_from([5, 15, 30, 60]))
            claim: Claim = draw(st.sampled_from(["delivered", "sent", "nothing"]))
            start = DAY + timedelta(minutes=at)
            carried.append(Carried(number, khz, khz, Span(start, start + timedelta(minutes=length)), claim))
            at += length
    rows = []
    for number in range(draw(st.integers(0, 6))):
        start = DAY + timedelta(minutes=draw(STARTS))
        row_span = Span(start, start + timedelta(minutes=draw(LENGTHS)))
        rows.append(Logged(number, row_span, draw(st.sampled_from([7585, 9330, None])), draw(st.booleans())))
    return carried, rows


@given(logs())
def test_no_minute_is_invented(log: tuple[list[Carried], list[Logged]]) -> None:
    carried, rows = log
    matched, unclaimed = match(carried, rows)
    for one in matched:
        whole = minutes_of(one.carried.span.duration)
        assert one.confirmed >= 0
        assert one.disputed >= 0
        assert one.confirmed + one.disputed <= whole
        if one.confirmed:
            assert one.confirmed + one.disputed == whole
            assert one.carried.claim != "nothing"
        assert one.entry_ids or one.disputed == one.confirmed == 0
    logged = sum(minutes_of(entry.span.duration) for entry in rows if entry.aired)
    charged = sum(one.minutes for one in unclaimed)
    aired = sum(one.confirmed if one.carried.claim != "nothing" else one.disputed for one in matched)
    assert aired + charged <= logged


@given(logs(), st.randoms())
def test_the_order_of_the_rows_does_not_matter(
    log: tuple[list[Carried], list[Logged]], random: object
) -> None:
    carried, rows = log
    shuffled = list(rows)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert match(carried, shuffled) == match(carried, rows)


@given(logs())
def test_a_log_that_is_the_schedule_confirms_every_minute(log: tuple[list[Carried], list[Logged]]) -> None:
    carried, _ = log
    rows = [Logged(number, one.span, one.khz, aired=True) for number, one in enumerate(carried)]
    matched, unclaimed = match(carried, rows)
    assert unclaimed == ()
    assert all(
        one.confirmed == minutes_of(one.carried.span.duration)
        for one in matched
        if one.carried.claim != "nothing"
    )
