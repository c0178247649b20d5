"""What changed between two versions of a season: lines added, gone, moved to another frequency, or changed otherwise.

Lines have no identity that lasts from one file to the next, so they are matched by what they say, each at most once:

1. Alike in all but the key: unchanged.
2. On the same frequency from the same site, at times of day that overlap: changed.
3. On another frequency, from the same site for the same audience (`who` and zones) at the same time of day, on a weekday and
   a date that both have: moved.
4. What is left is gone or added.

A move during the season is an earlier last date and a new line in both formats: it comes out as changed and added.

Among several that match, the pair with the fewest differences goes first, then the one that is nearest in frequency,
then the order of kHz, start and site: equal versions give equal results, whatever the order of the lines.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, fields, replace
from operator import itemgetter

from schedules.frequencies.line import Line
from schedules.time import DAY_MINUTES

_COMPARED = tuple(field.name for field in fields(Line) if field.name != "key")


@dataclass(frozen=True, slots=True)
class LineChange:
    """One line in both versions. `what` are the names of the fields of Line in which they differ, the key left out."""

    old: Line
    new: Line
    what: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SeasonDiff:
    """Each list is in the order of kHz, start, site and the rest; of pairs, that of the old line."""

    added: tuple[Line, ...] = ()
    gone: tuple[Line, ...] = ()
    moved: tuple[LineChange, ...] = ()
    """To another frequency; perhaps other things changed too."""
    changed: tuple[LineChange, ...] = ()


def season_diff(old: Iterable[Line], new: Iterable[Line]) -> SeasonDiff:
    """What a newer version of a season changes, by the rules above."""
    gone, added = _without_the_unchanged(sorted(old, key=_order), sorted(new, key=_order))
    changed, gone, added = _matched(gone, added, _channel, _times_overlap)
    moved, gone, added = _matched(gone, added, _broadcast, _days_shared)
    return SeasonDiff(tuple(added), tuple(gone), tuple(moved), tuple(changed))


def _without_the_unchanged(old: list[Line], new: list[Line]) -> tuple[list[Line], list[Line]]:
    common = Counter(map(_unnamed, old)) & Counter(map(_unnamed, new))
    return _without(old, common), _without(new, common)


def _without(lines: list[Line], common: Counter[Line]) -> list[Line]:
    """The lines but as many of each as are common."""
    unseen = common.copy()
    left = []
    for line in lines:
        if unseen[_unnamed(line)]:
            unseen[_unnamed(line)] -= 1
        else:
            left.append(line)
    return left


def _matched(
    gone: list[Line],
    added: list[Line],
    group: Callable[[Line], Hashable],
    fit: Callable[[Line, Line], bool],
) -> tuple[list[LineChange], list[Line], list[Line]]:
    """The pairs of one group that fit, best first, and what is left of both sides."""
    old_left, new_left = dict(enumerate(gone)), dict(enumerate(added))
    pairs = sorted(_pairs(gone, added, group, fit), key=itemgetter(0))
    changes: dict[int, LineChange] = {}
    for (_, _, old_at, new_at), what in pairs:
        if old_at in old_left and new_at in new_left:
            changes[old_at] = LineChange(old_left.pop(old_at), new_left.pop(new_at), what)
    return [changes[at] for at in sorted(changes)], list(old_left.values()), list(new_left.values())


def _pairs(
    gone: list[Line],
    added: list[Line],
    group: Callable[[Line], Hashable],
    fit: Callable[[Line, Line], bool],
) -> Iterator[tuple[tuple[int, float, int, int], tuple[str, ...]]]:
    """Each pair that fits: what it is ranked by (differences, kHz between them, both places), and the fields that differ."""
    by_group: defaultdict[Hashable, list[int]] = defaultdict(list)
    for at, line in enumerate(added):
        by_group[group(line)].append(at)
    for old_at, old in enumerate(gone):
        for new_at in by_group[group(old)]:
            new = added[new_at]
            if fit(old, new):
                what = tuple(name for name in _COMPARED if getattr(old, name) != getattr(new, name))
                yield (len(what), abs(old.khz - new.khz), old_at, new_at), what


def _channel(line: Line) -> Hashable:
    return line.khz, line.site


def _broadcast(line: Line) -> Hashable:
    return line.site, line.who, line.zones, line.start_minute, line.stop_minute


def _times_overlap(one: Line, other: Line) -> bool:
    """Whether both are on the air at the same time of day, across midnight too."""
    ahead = (other.start_minute - one.start_minute) % DAY_MINUTES
    return ahead < one.minutes or DAY_MINUTES - ahead < other.minutes


def _days_shared(one: Line, other: Line) -> bool:
    dates_shared = one.first_date <= other.last_date and other.first_date <= one.last_date
    return dates_shared and bool(one.days & other.days)


def _unnamed(line: Line) -> Line:
    return replace(line, key="")


def _order(line: Line) -> tuple[object, ...]:
    """A total order of lines but for those that are alike in all but the key, and of these by the key."""
    said = (
        line.khz,
        line.start_minute,
        line.site,
        line.stop_minute,
        sorted(line.days),
        line.first_date,
        line.last_date,
    )
    rest = (line.who, sorted(line.zones), line.power_kw or 0, line.azimuth or 0, line.transmitter or "")
    return *said, *rest, line.synchronised or "", line.key
