"""Lines over time and frequency, as SVG: a week of the season or a night, ours before the region's background.

The text is complete in itself: no script, no style, no reference to anything outside, so that it may be put into a page with a
strict content security policy, saved, or printed. Axes and background are drawn in `currentColor`; what is ours has a colour
that is seen on light and on dark. A page may change either by the classes (`chart-own`, `chart-other`, `chart-conflict`,
`chart-band`, `chart-axis`), since CSS outweighs presentation attributes. Conflicts are hatched, framed and marked with a
sign, so that they are seen without colours.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from html import escape
from typing import Final

from schedules.errors import BadDateRange
from schedules.frequencies.chart_bars import Bar, background_bars, own_bars
from schedules.frequencies.chart_scales import KhzScale, TimeScale, spread
from schedules.frequencies.line import Line
from schedules.hhmm import format_hhmm
from schedules.time import Span, to_kst, to_utc

MOST_BARS: Final = 1500
"""So many bars have a title each; where there are more, those of a line, or of a row of the background, share one."""

AROUND_KHZ: Final = 60.0
"""Shown on both sides of each of our frequencies: whoever disturbs us, and some channels to go to."""

_TOLD = 4
"""So many stations are named in a title of the background; the rest are counted."""

_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 128, 66, 52
_DATE_PX = 64
_NOT_XML = dict.fromkeys({*range(32), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF} - {0x9, 0xA, 0xD})
_OWN_COLOUR = "#e8590c"
_FONT = "system-ui, 'Noto Sans KR', 'Noto Sans CJK KR', 'Apple SD Gothic Neo', 'Malgun Gothic', sans-serif"


@dataclass(frozen=True, slots=True)
class Words:
    """What the chart says itself; weekdays from Monday."""

    language: str
    own: str
    others: str
    conflict: str
    more: str
    empty: str
    weekdays: tuple[str, ...]


KOREAN = Words(
    "ko",
    "우리 방송",
    "다른 방송",
    "혼신",
    "외 {count}곳",
    "이 기간에 방송이 없습니다",
    tuple("월화수목금토일"),
)
ENGLISH = Words(
    "en",
    "our lines",
    "other stations",
    "conflict",
    "and {count} more",
    "nothing is on the air in this span",
    ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
)


def chart(
    own: Sequence[Line],
    background: Iterable[Line],
    span: Span,
    *,
    conflicts: Mapping[str, str] | None = None,
    bands: Sequence[tuple[float, float]] = (),
    around_khz: float | None = AROUND_KHZ,
    title: str = "",
    words: Words = KOREAN,
    width: int = 1200,
    height: int = 700,
    name: str = "chart",
) -> str:
    """The SVG text. Width and height are in px; `name` begins its ids, one for each chart in a page.

    `conflicts`: by the key of an own line, what it conflicts with, as a sentence. `bands`: the lowest and highest kHz of each,
    shaded. Of the background so many kHz are shown on both sides of ours; all of it where `around_khz` is None or
    nothing of ours is on the air. Raises BadDateRange where the span is empty.
    """
    if span.duration <= timedelta(0):
        raise BadDateRange(
            f"the chart's span is empty: it begins and ends at {span.start:%Y-%m-%d %H:%M} UTC"
        )
    ours = own_bars(own, span)
    ranges = (
        {(bar.khz - around_khz, bar.khz + around_khz) for bar in ours} if around_khz is not None else set()
    )
    drawing = _Drawing(
        ours,
        background_bars(background, span, ranges),
        ranges,
        conflicts or {},
        span,
        bands,
        words,
        name,
        (width, height),
    )
    label = title or f"{span.start:%Y-%m-%d %H:%M} – {span.end:%Y-%m-%d %H:%M} UTC"
    parts = "\n".join(drawing.parts(label))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'xml:lang="{words.language}" lang="{words.language}" role="graphics-document" aria-label="{_escaped(label)}" '
        f'font-family="{_FONT}" font-size="11" fill="currentColor">\n{parts}\n</svg>\n'
    )


class _Drawing:
    """One chart's scales, and its parts from the back to the front."""

    def __init__(
        self,
        ours: Sequence[Bar],
        others: Sequence[Bar],
        ranges: set[tuple[float, float]],
        conflicts: Mapping[str, str],
        span: Span,
        bands: Sequence[tuple[float, float]],
        words: Words,
        name: str,
        size: tuple[int, int],
    ) -> None:
        self.conflicts, self.bands = conflicts, sorted(bands)
        self.span, self.words, self.name = span, words, name
        self.width, self.height = size
        self.left, self.right = _LEFT, self.width - _RIGHT
        self.top, self.bottom = _TOP, self.height - _BOTTOM
        self.time = TimeScale(span, self.left, self.right)
        self.own_bars, self.other_bars = ours, others
        self.khz = KhzScale(
            ranges or {self.around(bar.khz) for bar in (*ours, *others)}, self.top, self.bottom
        )

    def around(self, khz: float) -> tuple[float, float]:
        """The band that holds a frequency, or a little on both sides of it."""
        return next((band for band in self.bands if band[0] <= khz <= band[1]), (khz - 15, khz + 15))

    def parts(self, title: str) -> Iterator[str]:
        yield from self.definitions()
        yield _text(self.left, 17, title, 'font-size="14" font-weight="600"')
        yield from self.legend()
        yield from self.band_shades()
        yield from self.time_axes()
        yield from self.khz_axis()
        # Half a bar may lie beyond its stretch
        inside = f'clip-path="url(#{_escaped(self.name)}-plot)"'
        yield f'<g class="chart-other" fill-opacity="0.4" {inside}>'
        yield from self.others()
        yield f"</g><g {inside}>"
        yield from self.ours()
        yield "</g>"
        yield from self.names()
        if not self.own_bars and not self.other_bars:
            middle = (self.left + self.right) / 2
            yield _text(middle, (self.top + self.bottom) / 2, self.words.empty, 'text-anchor="middle"')

    def definitions(self) -> Iterator[str]:
        name = _escaped(self.name)
        yield (
            f'<defs><pattern id="{name}-hatch" width="6" height="6" patternUnits="userSpaceOnUse" '
            f'patternTransform="rotate(45)"><rect width="6" height="6" fill="{_OWN_COLOUR}" class="chart-own"/>'
            '<rect width="2.5" height="6" fill="#000"/></pattern>'
        )
        yield f'<clipPath id="{name}-plot">'
        for stretch in self.khz.stretches:
            yield self.box(stretch.top, stretch.bottom, "")
        yield "</clipPath></defs>"

    def box(self, top: float, bottom: float, look: str, title: str = "") -> str:
        """Across the whole plot."""
        inside = f"<title>{_escaped(title)}</title>" if title else ""
        return (
            f'<rect x="{self.left}" y="{_px(top)}" width="{self.right - self.left}" height="{_px(bottom - top)}" '
            f"{look}>{inside}</rect>"
        )

    def legend(self) -> Iterator[str]:
        x, y = self.right + 8, 8
        for kind, words in (
            ("own", self.words.own),
            ("conflict", self.words.conflict),
            ("other", self.words.others),
        ):
            opacity = ' fill-opacity="0.4"' if kind == "other" else ""
            yield f'<rect x="{x}" y="{y}" width="16" height="9" {self.look(kind)}{opacity}/>'
            yield _text(x + 22, y + 9, words)
            y += 16

    def look(self, kind: str) -> str:
        """The attributes of a bar: of ours, of ours in a conflict, of others."""
        if kind == "own":
            return f'class="chart-own" fill="{_OWN_COLOUR}"'
        if kind == "conflict":
            hatch = f"url(#{_escaped(self.name)}-hatch)"
            return f'class="chart-conflict" fill="{hatch}" stroke="currentColor" stroke-width="1.5"'
        return 'class="chart-other"'

    def band_shades(self) -> Iterator[str]:
        for stretch in self.khz.stretches:
            look = 'class="chart-axis" fill="none" stroke="currentColor" stroke-opacity="0.3"'
            yield self.box(stretch.top, stretch.bottom, look)
            for low, high in self.bands:
                bottom, top = max(low, stretch.low), min(high, stretch.high)
                if bottom < top:
                    look = 'class="chart-band" fill-opacity="0.06"'
                    yield self.box(self.khz.y(top), self.khz.y(bottom), look, f"{low:g}–{high:g} kHz")

    def time_axes(self) -> Iterator[str]:
        """UTC below, KST above; hours next to the plot, dates outside them."""
        for kst, hours_y, dates_y in (
            (False, self.bottom + 14, self.bottom + 29),
            (True, self.top - 6, self.top - 21),
        ):
            yield '<g class="chart-axis">'
            yield _text(6, hours_y, "KST" if kst else "UTC", 'font-weight="600"')
            ticks = self.time.ticks(kst=kst)
            midnights = [tick.x for tick in ticks if tick.midnight is not None]
            if min(midnights, default=self.right) - self.left > _DATE_PX:
                first = to_kst(self.span.start) if kst else self.span.start
                yield self.date(self.left, dates_y, first)
            for tick in ticks:
                if tick.hour is not None:
                    yield _text(tick.x, hours_y, tick.hour, 'text-anchor="middle"')
                if tick.midnight is not None:
                    if tick.x < self.right - _DATE_PX / 2:
                        yield self.date(tick.x, dates_y, tick.midnight)
                    yield _rule(tick.x, dates_y - 9 if kst else self.top, self.top if kst else dates_y, 0.35)
                elif not kst:
                    yield _rule(tick.x, self.top, self.bottom, 0.1)
            yield "</g>"

    def date(self, x: float, y: float, day: datetime) -> str:
        return _text(x + 4, y, f"{day:%m-%d} {self.words.weekdays[day.weekday()]}", 'font-weight="600"')

    def khz_axis(self) -> Iterator[str]:
        yield '<g class="chart-axis">'
        yield _text(6, self.top - 21, "kHz", 'font-weight="600"')
        for khz, y in self.khz.ticks():
            yield _text(self.left - 6, y + 4, f"{khz:g}", 'text-anchor="end"')
        yield "</g>"

    def others(self) -> Iterator[str]:
        if len(self.other_bars) <= MOST_BARS:
            for bar in self.other_bars:
                yield self.shape([bar], self.thickness(bar.khz, 1.5), "", self.others_title([bar]))
            return
        rows: dict[tuple[int, float], list[Bar]] = defaultdict(list)
        for bar in self.other_bars:
            rows[round(self.khz.y(bar.khz)), round(self.thickness(bar.khz, 1), 1)].append(bar)
        for (_, thick), bars in sorted(rows.items()):
            yield self.shape(bars, thick, "", self.others_title(bars))

    def ours(self) -> Iterator[str]:
        groups: Mapping[object, list[Bar]] = defaultdict(list)
        for number, bar in enumerate(self.own_bars):
            groups[number if len(self.own_bars) <= MOST_BARS else bar.lines[0].key].append(bar)
        for bars in groups.values():
            line = bars[0].lines[0]
            look = self.look("conflict" if line.key in self.conflicts else "own")
            yield self.shape(bars, self.thickness(line.khz, 7), f'{look} role="img"', self.own_title(bars))

    def names(self) -> Iterator[str]:
        """Right of the plot each of our frequencies, with its sites; a sign where there is a conflict."""
        sites: dict[float, set[str]] = defaultdict(set)
        for bar in self.own_bars:
            sites[bar.khz].add(bar.lines[0].site)
        wanted = sorted(sites, reverse=True)  # from the top
        places = spread([self.khz.y(khz) for khz in wanted], 13, self.top, self.bottom)
        signs = {bar.khz for bar in self.own_bars if bar.lines[0].key in self.conflicts}
        for khz, y in zip(wanted, places, strict=True):
            yield (
                f'<path d="M{self.right} {_px(self.khz.y(khz))}L{self.right + 10} {_px(y)}" fill="none" '
                f'stroke="{_OWN_COLOUR}" class="chart-own"/>'
            )
            sign = "⚠ " if khz in signs else ""
            text = f"{sign}{khz:g} {' '.join(sorted(sites[khz]))}"
            yield _text(self.right + 13, y + 4, text, 'font-weight="600"')

    def thickness(self, khz: float, least: float) -> float:
        """8 of the 10 kHz of a channel, so that two beside each other are seen apart."""
        return min(16.0, max(least, 8 * self.khz.stretch(khz).px_per_khz))

    def shape(self, bars: Iterable[Bar], thick: float, look: str, title: str) -> str:
        """One path of all the bars' boxes, those that touch in px as one, with one title."""
        boxes: list[list[float]] = []
        for y, start, end in sorted((self.khz.y(bar.khz) - thick / 2, bar.start, bar.end) for bar in bars):
            # What is too short to be seen is drawn 1.5 px wide
            left, right = self.time.x(start), max(self.time.x(end), self.time.x(start) + 1.5)
            if boxes and abs(boxes[-1][0] - y) < 0.5 and left <= boxes[-1][2] + 0.5:
                boxes[-1][2] = max(right, boxes[-1][2])
            else:
                boxes.append([y, left, right])
        path = "".join(
            f"M{_px(left)} {_px(y)}h{_px(right - left)}v{_px(thick)}h{_px(left - right)}z"
            for y, left, right in boxes
        )
        return f'<path d="{path}" {look}><title>{_escaped(title)}</title></path>'

    def own_title(self, bars: Sequence[Bar]) -> str:
        line = bars[0].lines[0]
        start = self.span.start + timedelta(minutes=bars[0].start)
        end = self.span.start + timedelta(minutes=bars[0].end)
        when = f"{_when(line)} UTC"
        if len(bars) == 1:
            when = f"{to_utc(start):%Y-%m-%d %H:%M}–{to_utc(end):%H:%M} UTC, {to_kst(start):%m-%d %H:%M}–{to_kst(end):%H:%M} KST"
        power = f", {line.power_kw:g} kW" if line.power_kw is not None else ""
        told = f"{_place(line)}{power}, {when}"
        found = self.conflicts.get(line.key)
        return f"{told}. {self.words.conflict}: {found}" if found is not None else told

    def others_title(self, bars: Sequence[Bar]) -> str:
        told = list(dict.fromkeys(f"{_place(line)} {_when(line)}" for bar in bars for line in bar.lines))
        rest = [self.words.more.format(count=len(told) - _TOLD)] if len(told) > _TOLD else []
        return "; ".join(told[:_TOLD] + rest)


def _escaped(text: str) -> str:
    """For text and attributes; the characters that XML does not know at all are left out."""
    return escape(text.translate(_NOT_XML))


def _place(line: Line) -> str:
    return " ".join(part for part in (f"{line.khz:g} kHz", line.site, line.who) if part)


def _when(line: Line) -> str:
    return f"{format_hhmm(line.start_minute)}–{format_hhmm(line.stop_minute)}"


def _px(value: float) -> str:
    """To a tenth of a px, without what SVG does not need."""
    return f"{value:.1f}".removesuffix(".0")


def _text(x: float, y: float, text: str, attributes: str = "") -> str:
    return f'<text x="{_px(x)}" y="{_px(y)}" {attributes}>{_escaped(text)}</text>'


def _rule(x: float, top: float, bottom: float, opacity: float) -> str:
    return f'<path d="M{_px(x)} {_px(top)}V{_px(bottom)}" stroke="currentColor" stroke-opacity="{opacity}"/>'
