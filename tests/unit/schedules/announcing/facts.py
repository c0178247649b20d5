"""Random true facts of airings, as short waves have them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from schedules.announcing.tokens import TEMPLATE, Facts, NextProgramme
from schedules.time import Span

STATION = "단파 시험 방송"
TITLES = {"morning": "아침 소식", "letters": "어머니께 드리는 편지"}

minutes = st.integers(0, 60 * 366 * 24 * 60).map(
    lambda m: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=m)
)
khz = st.integers(23_000, 261_000).map(lambda tenths: tenths / 10) | st.integers(2300, 26_100).map(float)
templates = st.permutations(TEMPLATE).flatmap(
    lambda parts: st.integers(1, len(parts)).map(lambda count: tuple(parts[:count]))
)


@st.composite
def facts(draw: st.DrawFn) -> Facts:
    start = draw(minutes)
    code = draw(st.sampled_from(sorted(TITLES)))
    later = timedelta(minutes=draw(st.integers(1, 3 * 24 * 60)))
    coming = NextProgramme(TITLES[code], start + later, code)
    return Facts(
        station=STATION,
        on_air=Span(start, start + timedelta(minutes=draw(st.integers(1, 24 * 60)))),
        khz=tuple(draw(st.lists(khz, max_size=4))),
        zone=draw(st.sampled_from(["kst", "pyongyang"])),
        next=draw(st.none() | st.just(coming)),
    )
