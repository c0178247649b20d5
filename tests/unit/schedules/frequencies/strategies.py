"""Lines of frequency schedules, few enough values that they meet, wild enough to reach every rule."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import strategies as st

from schedules.frequencies.line import Line
from schedules.frequencies.zones import quadrants

dates = st.dates(date(2026, 3, 29), date(2026, 10, 25))
weekdays = st.frozensets(st.integers(1, 7), min_size=1)
zones = st.sampled_from(["44NE", "44", "44,45", "43,44N", "28SE,27"]).map(quadrants)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    start_minute = draw(st.integers(0, 95)) * 15
    first_date = draw(dates)
    return Line(
        key=draw(st.text("0123456789", max_size=3)),
        khz=draw(st.sampled_from([5920, 5935, 6045, 7515.5])),
        start_minute=start_minute,
        stop_minute=(start_minute + draw(st.sampled_from([15, 30, 60, 180])) - 1) % 1440 + 1,
        days=draw(weekdays | st.just(frozenset(range(1, 8)))),
        first_date=first_date,
        last_date=first_date + timedelta(days=draw(st.integers(0, 60))),
        site=draw(st.sampled_from(["TAM", "YAM"])),
        who=draw(st.sampled_from(["", "NHK"])),
        zones=draw(zones | st.just(frozenset())),
        power_kw=draw(st.none() | st.sampled_from([0.5, 100, 250])),
        azimuth=draw(st.none() | st.integers(0, 360)),
    )
