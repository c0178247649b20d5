"""What is sent when: every frame once, each at its instant, whatever is missing and whoever pulls the hand brake."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.air.armed import CHAIN, Armed, ArmedFile, Level, Output, Sound, Turn
from app.air.clock import SECOND_NS, to_ns
from app.air.timeline import Booking, Stretch, in_force
from audio.profile import Encoding

START = datetime(2026, 11, 22, 15, tzinfo=UTC)
FILE = ArmedFile(Path("/x"), "0" * 64, 1)
ALL: dict[Level, int] = {"programme": 1000, "standby": 300, "evergreen": 200, "interval_signal": 125}


def booking(
    *,
    lengths: Mapping[Level, int] = ALL,
    frames: int = 1000,
    turns: tuple[Turn, ...] = (),
    starts_at: datetime = START,
    airing_id: int = 1,
    preroll_s: float = 10.0,
    lead_ms: float = 0.0,
    form: tuple[int, int] = (1152, 48_000),
) -> Booking:
    output = Output(1, "icecast", "http://x/", "r", preroll_s=preroll_s, lead_ms=lead_ms)
    sound = Sound("r", Encoding("mp3"), frames, FILE, {"interval_signal": FILE})
    stops_at = starts_at + timedelta(seconds=frames * form[0] / form[1])
    armed = Armed(airing_id, 1, 1, starts_at, stops_at, (), (sound,), (output,), turns)
    return Booking(armed, output, sound, *form, lengths)


def walk(
    one: Booking, first: int, end: int, most: int = 4, failed: Mapping[Level, int] | None = None
) -> list[Stretch]:
    """What an output does: stretch after stretch, until the airing is over."""
    found, frame = [], first
    while frame < end:
        found.append(one.stretch(frame, most, failed))
        frame = found[-1].at + found[-1].count
    return found


def pieces(stretches: list[Stretch]) -> list[tuple[Level, int, int, int]]:
    """Joined: level, at, first, count."""
    found: list[tuple[Level, int, int, int]] = []
    for one in stretches:
        if found and found[-1][0] == one.level and found[-1][2] + found[-1][3] == one.first:
            level, at, first, count = found[-1]
            found[-1] = (level, at, first, count + one.count)
        else:
            found.append((one.level, one.at, one.first, one.count))
    return found


FORMS = [(1152, 48_000), (1152, 44_100), (960, 48_000), (2205, 44_100), (2400, 48_000)]
levels = st.sampled_from(CHAIN)
lengths_of = st.fixed_dictionaries(
    {"interval_signal": st.integers(1, 300)},
    optional={level: st.integers(1, 900) for level in ("programme", "standby", "evergreen")},
)


@given(
    form=st.sampled_from(FORMS),
    lengths=lengths_of,
    frames=st.integers(1, 600),
    most=st.integers(1, 50),
    preroll_s=st.floats(0, 20),
    turns=st.lists(st.tuples(st.integers(0, 800_000), levels), max_size=4),
    failed=st.dictionaries(st.sampled_from(CHAIN[:3]), st.integers(-100, 600), max_size=3),
)
def test_every_frame_is_sent_once_and_there_is(
    form: tuple[int, int],
    lengths: dict[Level, int],
    frames: int,
    most: int,
    preroll_s: float,
    turns: list[tuple[int, Level]],
    failed: dict[Level, int],
) -> None:
    one = booking(
        lengths=lengths, frames=frames, turns=tuple(Turn(*each) for each in sorted(turns)), form=form,
        preroll_s=preroll_s,
    )  # fmt: skip
    first = -one.frames_in(preroll_s)
    frame = first
    for stretch in walk(one, first, frames, most, failed):
        assert stretch.at == frame
        assert 1 <= stretch.count <= most
        assert stretch.first >= 0
        assert stretch.first + stretch.count <= lengths[stretch.level], "only frames that there are"
        assert stretch.level not in failed
        frame += stretch.count
    assert frame == frames, "no stretch crosses the beginning or the end"


@given(
    form=st.sampled_from(FORMS),
    frame=st.integers(-50_000, 5_000_000),
    lead_ms=st.floats(-5000, 5000),
    microseconds=st.integers(0, 10**12),
)
def test_frames_are_due_in_order_and_found_by_their_instants(
    form: tuple[int, int], frame: int, lead_ms: float, microseconds: int
) -> None:
    one = booking(form=form, lead_ms=lead_ms, starts_at=START + timedelta(microseconds=microseconds))
    due = one.due_ns(frame)
    assert abs((one.due_ns(frame + 1) - due) * form[1] - form[0] * SECOND_NS) < form[1]
    assert one.frame_at(due) in {frame, frame + 1}, "to the nanosecond below"
    assert one.due_ns(one.frame_at(due + 1)) >= due + 1 - 1
    assert one.due_ns(one.frame_at(due) - 1) < due + 1


@given(form=st.sampled_from(FORMS), lead_ms=st.floats(0, 5000))
def test_the_first_frame_is_due_at_the_start_exactly(form: tuple[int, int], lead_ms: float) -> None:
    assert booking(form=form).due_ns(0) == to_ns(START)
    assert booking(form=form).frame_at(to_ns(START)) == 0
    one = booking(form=form, lead_ms=lead_ms)
    assert one.due_ns(0) == to_ns(START) - round(lead_ms * 1e6)


@given(preroll_s=st.floats(0, 30), signal=st.integers(1, 300))
def test_a_whole_interval_signal_ends_where_the_programme_begins(preroll_s: float, signal: int) -> None:
    one = booking(preroll_s=preroll_s, lengths={**ALL, "interval_signal": signal})
    first = -one.frames_in(preroll_s)
    assert one.opens_ns == one.due_ns(first)
    stretches = walk(one, first, 0)
    assert {each.level for each in stretches} <= {"interval_signal"}
    if stretches:
        assert stretches[-1].first + stretches[-1].count == signal
        assert stretches[0].first == first % signal


def test_a_programme_that_is_too_short_is_followed_by_whole_interval_signals() -> None:
    one = booking(lengths={**ALL, "programme": 600})
    assert pieces(walk(one, 0, 1000)) == [
        ("programme", 0, 0, 600),
        ("interval_signal", 600, 0, 125),
        ("interval_signal", 725, 0, 125),
        ("interval_signal", 850, 0, 125),
        ("interval_signal", 975, 0, 25),
    ]


def test_the_hand_brake_and_back() -> None:
    """What stands in begins at its beginning; the programme goes on where it would be by then."""
    turns = (
        Turn(100 * 1152, "standby"),
        Turn(500 * 1152, "programme"),
        Turn(900 * 1152 + 1, "interval_signal"),
    )
    assert pieces(walk(booking(turns=turns), 0, 1000)) == [
        ("programme", 0, 0, 100),
        ("standby", 100, 0, 300),
        ("standby", 400, 0, 100),
        ("programme", 500, 500, 401),
        ("interval_signal", 901, 0, 99),
    ]


def test_a_turn_before_the_beginning_is_in_force_from_the_first_frame() -> None:
    """The interval signal before the programme is not touched by it."""
    one = booking(turns=(Turn(-5 * 1152, "evergreen"),), frames=100)
    assert pieces(walk(one, -10, 100)) == [("interval_signal", -10, 115, 10), ("evergreen", 0, 5, 100)]


@pytest.mark.parametrize(
    ("missing", "expected"),
    [
        (["programme"], "standby"),
        (["programme", "standby"], "evergreen"),
        (["programme", "standby", "evergreen"], "interval_signal"),
        (["standby"], "programme"),
    ],
)
def test_missing_steps_of_the_chain_are_passed_over(missing: list[Level], expected: Level) -> None:
    lengths = {level: count for level, count in ALL.items() if level not in missing}
    first = booking(lengths=lengths).stretch(0, 4)
    assert (first.level, first.first) == (expected, 0)


def test_what_fails_in_mid_programme_is_followed_by_a_beginning() -> None:
    one = booking()
    assert one.stretch(400, 4, {"programme": 400}) == Stretch(400, "standby", 0, 4)
    assert one.stretch(410, 4, {"programme": 400, "standby": 408}) == Stretch(410, "evergreen", 2, 4)
    one = booking(turns=(Turn(300 * 1152, "standby"),))
    assert one.stretch(410, 4, {"programme": 400}) == Stretch(410, "standby", 110, 4), "it was on already"


# ------------------------------------------------------------------ which airing


def seconds(one: Booking, offset: float) -> int:
    return one.starts_ns + round(offset * SECOND_NS)


def test_an_airing_keeps_its_output_until_it_ends() -> None:
    """1,000 frames are 24 seconds: the next one's interval signal gives way."""
    one = booking()
    following = booking(airing_id=2, starts_at=START + timedelta(seconds=24))
    for offset, expected in [
        (-100, one),
        (0, one),
        (23.99, one),
        (24, following),
        (47.99, following),
        (48, None),
    ]:
        assert in_force([following, one], seconds(one, offset)) is expected


def test_with_a_pause_between_them_the_next_one_is_waited_for() -> None:
    one = booking()
    following = booking(airing_id=2, starts_at=START + timedelta(seconds=60))
    assert in_force([one, following], seconds(one, 23)) is one
    assert in_force([one, following], seconds(one, 25)) is following
    assert in_force([], 0) is None


def test_of_two_that_overlap_the_earlier_one_is_sent_to_its_end() -> None:
    one, other = booking(), booking(airing_id=2, starts_at=START + timedelta(seconds=12))
    assert in_force([other, one], seconds(one, 20)) is one
    assert in_force([other, one], seconds(one, 30)) is other
