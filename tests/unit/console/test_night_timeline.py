"""The night drawn: any number of airings, of any length, at any time, stays readable and can be pressed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from app.console.tonight import timeline
from app.console.tonight.deadlines import nearest
from app.console.tonight.unfolding import AT_ONCE, unfolded
from app.console.tonight.views import AiringView, FeedView, LineView

NOON = datetime(2026, 11, 22, 3, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
LINES = tuple(LineView(5_000 + 5 * n, None, "TAC", f"site {n % 3}") for n in range(12))


def airing(
    number: int, start: int, minutes: int, lines: tuple[LineView, ...] = (), **more: Any
) -> AiringView:
    starts_at = NOON + start * MINUTE
    return AiringView(**{  # type: ignore[arg-type]
        "id": number, "title": "밤", "starts_at": starts_at, "stops_at": starts_at + minutes * MINUTE, "target_samples": 1,
        "compile_at": starts_at - 360 * MINUTE, "state": "planned", "readiness": "ok", "version": 1, "is_open": True,
        "lines": lines, "feeds": (), "live": (), "rundown": None, "audio": None, "as_run": (), "wishes": (), "studio": None,
        "studio_way": None, "braked": False, "is_live": False, "cut_off_at": None, "signed_by": (), "signed_version": None,
    } | more)  # fmt: skip


airings_of_a_night = st.lists(
    st.builds(
        airing,
        st.integers(1, 1000),
        st.integers(0, 1439),
        st.integers(5, 300),
        st.lists(st.sampled_from(LINES), max_size=3).map(tuple),
    ),
    min_size=1,
    max_size=60,
).map(lambda drawn: sorted(drawn, key=lambda one: one.starts_at))


@given(airings_of_a_night, st.integers(-600, 2000))
def test_every_airing_lies_within_the_drawing_on_each_of_its_frequencies(
    airings: list[AiringView], minute: int
) -> None:
    now = NOON + minute * MINUTE
    drawn = timeline.draw(airings, now)
    assert drawn
    assert len(drawn.bars) == sum(
        len({(line.site_name, line.khz) for line in one.lines}) or 1 for one in airings
    )
    for bar in drawn.bars:
        assert bar.x >= 0
        assert bar.x + bar.width <= drawn.width
        assert bar.y > timeline.AXIS_PX
        assert bar.y + bar.height < drawn.height
        assert bar.width >= timeline.SHORTEST_PX
        assert bar.height >= timeline.SHORTEST_PX
    for y in {bar.y for bar in drawn.bars}:
        beside = [bar for bar in drawn.bars if bar.y == y]
        assert all(one.x + one.width <= next_.x for one, next_ in pairwise(beside))
    assert [bar.airing.starts_at for bar in drawn.bars] == [
        one.starts_at for one in airings for _ in {(line.site_name, line.khz) for line in one.lines} or [0]
    ]
    if drawn.now_x is not None:
        assert abs(drawn.now_x / drawn.hour_px - (now - drawn.span.start) / timeline.HOUR) < 0.01


def test_what_airs_at_once_on_one_frequency_lies_side_by_side() -> None:
    drawn = timeline.draw(
        [airing(1, 0, 60, LINES[:1]), airing(2, 30, 60, LINES[:1]), airing(3, 60, 30, LINES[:1])], NOON
    )
    assert drawn
    first, second, third = (bar.y for bar in drawn.bars)
    assert first == third < second
    assert [row.line for row in drawn.rows] == [LINES[0], LINES[0]]


def test_a_night_without_airings_is_not_drawn() -> None:
    assert timeline.draw([], NOON) is None


def test_what_comes_next_is_counted_down_to() -> None:
    feed = FeedView(
        feed_id=1, name="Tashkent", site_name="Tashkent", state="due", handoff_id=1, wanted_version=1, arrived_version=None,
        arrival_proven=False, deliver_at=NOON, deadline_at=NOON + 30 * MINUTE, was_late=False, verified_at=None, rechecked_at=None,
        next_attempt_at=None, error=None, object_name=None, attempts=(), may_retry=False, may_send=True, held=False, by_hand=None,
        desk=None,
    )  # fmt: skip
    of = airing(1, 60, 30, feeds=(feed,), version=0, compile_at=NOON, cut_off_at=NOON + 10 * MINUTE)

    def told(minute: int) -> str | None:
        found = nearest(of, NOON + minute * MINUTE)
        return found.kind if found else None

    assert [told(minute) for minute in (-5, 0, 10, 30, 60, 90)] == [
        "compile", "cut_off", "deliver", "begin", "end", None,
    ]  # fmt: skip
    assert nearest(airing(1, 60, 30, is_open=False), NOON) is None


def test_a_long_night_shows_first_what_is_on_the_air_in_trouble_or_next() -> None:
    night = [airing(number, number * 20, 20) for number in range(60)]
    night[40] = airing(40, 800, 20, readiness="at_risk")
    night[50] = airing(50, 1000, 20, state="on_air")
    assert unfolded(night, ()) == {50, 40, 0, 1}
    assert len(unfolded(night, ["7", "0", "x", "999"])) == AT_ONCE + 1
