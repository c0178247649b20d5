from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from random import Random
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.days import EVERY_DAY
from schedules.errors import BadDateRange
from schedules.frequencies.chart import ENGLISH, KOREAN, MOST_BARS, chart
from schedules.frequencies.chart_bars import background_bars, own_bars
from schedules.frequencies.chart_scales import KhzScale, spread
from schedules.frequencies.line import Line
from schedules.time import Span, night_span

SVG = "{http://www.w3.org/2000/svg}"
NIGHT = night_span(date(2026, 12, 1))  # 03:00 UTC on the 1st to 03:00 UTC on the 2nd
WEEK = Span(NIGHT.start, NIGHT.start + timedelta(days=7))
BANDS = ((5900.0, 6200.0), (7200.0, 7450.0))
LEFT, RIGHT, TOP, BOTTOM = 58, 1200 - 128, 66, 700 - 52  # the plot of a chart of the usual size

EVENING = Line(
    key="1",
    khz=7515,
    start_minute=12 * 60,
    stop_minute=13 * 60,
    days=EVERY_DAY,
    first_date=date(2026, 10, 25),
    last_date=date(2027, 3, 27),
    site="TSH",
    who="Danpa",
    power_kw=250,
)
OTHER = replace(EVENING, key="x", site="BEI", who="CNR 1", power_kw=None)

lines = st.builds(
    Line,
    key=st.integers(1, 99).map(str),
    khz=st.integers(1180, 3000).map(lambda step: step * 5.0),
    start_minute=st.integers(0, 1439),
    stop_minute=st.integers(1, 1440),
    days=st.frozensets(st.integers(1, 7), min_size=1),
    first_date=st.dates(date(2026, 11, 28), date(2026, 12, 3)),
    last_date=st.dates(date(2026, 11, 30), date(2026, 12, 9)),
    site=st.sampled_from(["TSH", "TAC", "한"]),
)


def season(count: int) -> list[Line]:
    """Lines as a season has them, all over shortwave."""
    random = Random(5)
    return [
        replace(
            OTHER,
            key=str(number),
            khz=random.randrange(2300, 26100, 5),
            start_minute=(start := random.randrange(0, 1440, 30)),
            stop_minute=(start + random.choice([30, 60, 120, 480])) % 1440 or 1440,
            days=frozenset(random.sample(range(1, 8), random.randint(1, 7))),
            site=random.choice(["BEI", "KAS", "DB", "PHT"]),
            who=f"Broadcaster {random.randrange(200)}",
        )
        for number in range(count)
    ]


def parsed(svg: str) -> ET.Element:
    return ET.fromstring(svg)  # noqa: S314 - our own text; that it is well-formed is the point


def boxes(path: ET.Element) -> Iterator[tuple[float, float, float, float]]:
    """Left, top, right and bottom of every box of a bar."""
    number = r"(-?[\d.]+)"
    pattern = f"M{number} {number}h{number}v{number}h{number}z"
    text = path.get("d", "")
    found = re.findall(pattern, text)
    assert re.sub(pattern, "", text) == ""
    for left, top, width, height, back in (map(float, one) for one in found):
        assert back == -width
        yield left, top, left + width, top + height


def bars(svg: str, *kinds: str) -> list[tuple[ET.Element, str]]:
    """The bars of some kinds, with their titles."""
    root = parsed(svg)
    parents = {child: parent for parent in root.iter() for child in parent}
    found = []
    for path in root.iter(f"{SVG}path"):
        title = path.find(f"{SVG}title")
        kind = path.get("class") or parents[path].get("class")
        if title is not None and kind in kinds:
            found.append((path, title.text or ""))
    return found


def texts(svg: str) -> list[str]:
    return [one.text or "" for one in parsed(svg).iter(f"{SVG}text")]


def on_air(line: Line, instant: datetime) -> bool:
    """By brute force: whether one of its occurrences holds the instant."""
    for back in (0, 1):
        day = instant.date() - timedelta(days=back)
        start = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(minutes=line.start_minute)
        if (
            day.isoweekday() in line.days
            and line.first_date <= day <= line.last_date
            and start <= instant < start + timedelta(minutes=line.minutes)
        ):
            return True
    return False


@given(st.lists(lines, max_size=3), st.integers(-200, 200), st.integers(1, 4000))
def test_bars_are_the_minutes_on_the_air(asked: list[Line], offset: int, minutes: int) -> None:
    start = NIGHT.start + timedelta(minutes=offset)
    span = Span(start, start + timedelta(minutes=minutes))
    own, merged = own_bars(asked, span), background_bars(asked, span, ())
    for bar in (*own, *merged):
        assert 0 <= bar.start < bar.end <= minutes
    for before, after in pairwise(merged):
        assert before.khz < after.khz or before.end < after.start
    for minute in range(0, minutes, 17):
        instant = start + timedelta(minutes=minute)
        for line in asked:
            expected = on_air(line, instant)
            mine = [bar for bar in own if bar.lines == (line,) and bar.start <= minute < bar.end]
            assert bool(mine) is expected
            shared = [bar for bar in merged if bar.khz == line.khz and bar.start <= minute < bar.end]
            assert not expected or line in shared[0].lines


@given(st.lists(lines, max_size=5), st.lists(lines, max_size=5), st.sampled_from([None, 60.0]))
def test_every_own_line_that_is_on_the_air_is_seen_at_its_time_inside_the_plot(
    own: list[Line], background: list[Line], around_khz: float | None
) -> None:
    svg = chart(own, background, WEEK, bands=BANDS, around_khz=around_khz)
    drawn = bars(svg, "chart-own")
    expected = own_bars(own, WEEK)
    assert len(drawn) == len(expected)
    per_minute = (RIGHT - LEFT) / (7 * 1440)
    for (path, _), bar in zip(drawn, expected, strict=True):
        ((left, top, right, bottom),) = boxes(path)
        assert left == pytest.approx(LEFT + bar.start * per_minute, abs=0.11)
        assert right == pytest.approx(max(LEFT + bar.end * per_minute, left + 1.5), abs=0.2)
        assert bottom - top >= 7
        assert TOP - 0.1 <= (top + bottom) / 2 <= BOTTOM + 0.1, "to a tenth of a pixel, as it is written"
    names = texts(svg)
    for bar in expected:
        assert any(name.startswith(f"{bar.khz:g} ") for name in names)


def test_ours_lie_over_others() -> None:
    svg = chart([EVENING], [OTHER], NIGHT)
    assert [title[:13] for _, title in bars(svg, "chart-own", "chart-other")] == [
        "7515 kHz BEI ",
        "7515 kHz TSH ",
    ]


def test_higher_frequencies_are_higher_and_gaps_are_left_out() -> None:
    own = [replace(EVENING, key=str(khz), khz=khz) for khz in (5920, 7515, 11560)]
    svg = chart(own, [], NIGHT)
    tops = [next(boxes(path))[1] for path, _ in bars(svg, "chart-own")]
    assert tops == sorted(tops, reverse=True)
    assert max(low - high for low, high in pairwise(tops)) < 300


def test_five_khz_apart_is_seen_apart() -> None:
    svg = chart([EVENING, replace(EVENING, key="2", khz=7520)], [], NIGHT)
    (lower, _), (upper, _) = bars(svg, "chart-own")
    assert next(boxes(lower))[1] - next(boxes(upper))[1] > 10


def test_each_bar_says_what_it_is_in_both_times() -> None:
    ((_, ours),) = bars(chart([EVENING], [], NIGHT), "chart-own")
    assert ours == "7515 kHz TSH Danpa, 250 kW, 2026-12-01 12:00–13:00 UTC, 12-01 21:00–22:00 KST"
    late = replace(OTHER, khz=7520, start_minute=13 * 60, stop_minute=14 * 60, who="KBS")
    beside = replace(OTHER, khz=7520)
    ((_, theirs),) = bars(chart([EVENING], [beside, late], NIGHT), "chart-other")
    assert theirs == "7520 kHz BEI CNR 1 1200–1300; 7520 kHz BEI KBS 1300–1400"


def test_many_stations_on_one_bar_are_counted() -> None:
    crowd = [replace(OTHER, key=str(number), who=f"S{number}") for number in range(9)]
    ((_, korean),) = bars(chart([EVENING], crowd, NIGHT), "chart-other")
    ((_, english),) = bars(chart([EVENING], crowd, NIGHT, words=ENGLISH), "chart-other")
    assert korean.endswith("외 5곳")
    assert english.endswith("and 5 more")
    assert "S3" in english
    assert "S4" not in english


def test_a_conflict_is_hatched_framed_marked_and_told() -> None:
    svg = chart([EVENING], [OTHER], NIGHT, conflicts={"1": "CNR 1 on 7515"}, words=ENGLISH)
    ((path, title),) = bars(svg, "chart-conflict")
    assert path.get("fill") == "url(#chart-hatch)"
    assert path.get("stroke") == "currentColor"
    assert title.endswith(". conflict: CNR 1 on 7515")
    assert "⚠ 7515 TSH" in texts(svg)
    assert "7515 TSH" in texts(chart([EVENING], [OTHER], NIGHT))


def test_only_what_is_near_ours_is_shown_unless_everything_is_asked_for() -> None:
    near, far = replace(OTHER, khz=7575), replace(OTHER, khz=7580)
    assert len(bars(chart([EVENING], [near, far], NIGHT), "chart-other")) == 1
    assert len(bars(chart([EVENING], [near, far], NIGHT, around_khz=None), "chart-other")) == 2
    assert len(bars(chart([], [near, far], NIGHT), "chart-other")) == 2


def test_band_edges_are_shaded_and_named() -> None:
    svg = chart([replace(EVENING, khz=5920)], [], NIGHT, bands=BANDS)
    ((band),) = [one for one in parsed(svg).iter(f"{SVG}rect") if one.get("class") == "chart-band"]
    assert band.findtext(f"{SVG}title") == "5900–6200 kHz"
    assert "5900" in texts(svg)


def test_a_night_reads_from_noon_to_noon_in_kst() -> None:
    svg = chart([EVENING], [], NIGHT)
    hours = [text for text in texts(svg) if re.fullmatch(r"\d\d", text)]
    kst = [f"{hour % 24:02d}" for hour in range(12, 37)]
    utc = [f"{hour % 24:02d}" for hour in range(3, 28)]
    assert hours == utc + kst
    assert [text for text in texts(svg) if "12-0" in text] == [
        "2026-12-01 03:00 – 2026-12-02 03:00 UTC",
        *("12-01 화", "12-02 수"),
        *("12-01 화", "12-02 수"),
    ]


def test_names_of_others_cannot_break_out() -> None:
    evil = "</title><script>alert(1)</script> & \"quoted\" 'x' 한글 \x00\x1b\ud800\uffff"
    line = replace(EVENING, who=evil, site=evil)
    svg = chart([line], [replace(line, key="2")], NIGHT, conflicts={"1": evil}, title=evil, name='"><a')
    root = parsed(svg)
    assert not list(root.iter(f"{SVG}script"))
    clean = evil[: evil.index("\x00")]
    assert root.get("aria-label") == clean
    ((_, title),) = bars(svg, "chart-conflict")
    assert title.count(clean) == 3
    svg.encode()


def test_nothing_in_it_needs_a_style_a_script_or_the_network() -> None:
    svg = chart([EVENING], season(300), WEEK, bands=BANDS, conflicts={"1": "x"})
    for element in parsed(svg).iter():
        assert element.tag.removeprefix(SVG) in {
            *("svg", "defs", "pattern", "clipPath", "g", "rect", "path", "text", "title"),
        }
        for name, value in element.attrib.items():
            assert name not in {"style", "href"}
            assert not name.startswith("on")
            assert not value.startswith("url(") or value.startswith("url(#chart-")
    assert set(re.findall(r"https?://[^\"]+", svg)) == {"http://www.w3.org/2000/svg"}


def test_two_charts_of_a_page_share_no_id() -> None:
    first = set(re.findall(r'id="([^"]+)"', chart([EVENING], [], NIGHT, name="a")))
    second = set(re.findall(r'id="([^"]+)"', chart([EVENING], [], NIGHT, name="b")))
    assert len(first) == len(second) == 2
    assert not first & second


def test_a_whole_season_over_a_week_stays_small_and_four_of_them_are_not_twice_as_big() -> None:
    own = [replace(EVENING, key=str(khz), khz=khz) for khz in (5920, 7515, 9465, 11560)]
    near = len(chart(own, season(10_000), WEEK, bands=BANDS).encode())
    everything = len(chart(own, season(10_000), WEEK, bands=BANDS, around_khz=None).encode())
    fourfold = len(chart(own, season(40_000), WEEK, bands=BANDS, around_khz=None).encode())
    assert near < 250_000
    assert everything < 500_000
    assert fourfold < 2 * everything  # a row of the plot has room for so many bars only


def test_more_bars_than_can_be_told_apart_share_a_title() -> None:
    own = [replace(EVENING, key=str(number), khz=5900 + number * 5) for number in range(MOST_BARS // 7 + 1)]
    drawn = bars(chart(own, [], WEEK), "chart-own")
    assert len(drawn) == len(own)
    assert all(len(list(boxes(path))) == 7 for path, _ in drawn)
    assert drawn[0][1] == "5900 kHz TSH Danpa, 250 kW, 1200–1300 UTC"
    assert len(bars(chart(own[1:], [], WEEK), "chart-own")) == (len(own) - 1) * 7


def test_it_says_so_when_nothing_is_on_the_air() -> None:
    assert KOREAN.empty in texts(chart([], [], NIGHT))
    assert KOREAN.empty not in texts(chart([EVENING], [], NIGHT))


def test_an_empty_span_is_refused() -> None:
    with pytest.raises(BadDateRange, match="2026-12-01 03:00"):
        chart([EVENING], [], Span(NIGHT.start, NIGHT.start))


def test_the_same_lines_make_the_same_chart() -> None:
    background = season(500)
    assert chart([EVENING], background, WEEK) == chart([EVENING], list(reversed(background)), WEEK)


@given(st.lists(st.floats(2300, 26000), min_size=1, max_size=60), st.integers(150, 900))
def test_a_frequency_scale_rises_keeps_inside_and_has_room_for_every_stretch(
    khz: list[float], height: int
) -> None:
    scale = KhzScale({(one - 15, one + 15) for one in khz}, 50, 50 + height)
    ordered = [scale.y(one) for one in sorted(khz)]
    assert ordered == sorted(ordered, reverse=True)
    assert all(50 - 0.01 <= y <= 50 + height + 0.01 for y in ordered)
    assert all(one.bottom - one.top >= 12 for one in scale.stretches)


@given(st.lists(st.floats(0, 100), max_size=12).map(sorted))
def test_labels_are_moved_apart_without_leaving_the_plot_or_changing_places(wanted: list[float]) -> None:
    placed = spread(wanted, 13, 0, 100)
    assert placed == sorted(placed)
    assert all(-0.01 <= one <= 100.01 for one in placed)
    if len(wanted) <= 8:
        assert all(after - before >= 12.99 for before, after in pairwise(placed))
