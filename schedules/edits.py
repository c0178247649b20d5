"""What a producer changes in a compiled rundown, and the clock by which the compiler fits the rest around it.

Everything before the first change is kept as it is, sample for sample. What a change names, and what is locked, is fixed;
the other elements stay open, so that the compiler may choose again what no longer fits. What is spoken for the airing stays
an element of the clock whatever is done to it: its words may have to change, its recording is never fixed. What is awaited
stays one until a person puts something into its place: it may still come.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from schedules.clock import Clock
from schedules.elements import Awaited, Element, Fill, Fixed, IntervalSignal, Pick, Spoken
from schedules.errors import BadEdit
from schedules.rundown import Item, Rundown, SegmentSource
from schedules.said import Said, say
from schedules.time import SAMPLE_RATE


@dataclass(frozen=True, slots=True)
class Swap:
    """Another segment in an item's place."""

    position: int
    segment_id: int


@dataclass(frozen=True, slots=True)
class Insert:
    """A segment before an item; a position one past the last is the end."""

    position: int
    segment_id: int


@dataclass(frozen=True, slots=True)
class Remove:
    """An item goes, and its segment is not picked again for this airing."""

    position: int


@dataclass(frozen=True, slots=True)
class Move:
    """An item goes to another place; `to` counts without it."""

    position: int
    to: int


@dataclass(frozen=True, slots=True)
class Lock:
    """An item stays, whatever else is changed."""

    position: int


@dataclass(frozen=True, slots=True)
class Trim:
    """So much less of an item at its beginning and at its end."""

    position: int
    trim_in_s: float = 0.0
    trim_out_s: float = 0.0


Edit = Swap | Insert | Remove | Move | Lock | Trim
"""Positions count from 0, in the rundown as the edits before this one leave it."""


@dataclass(frozen=True, slots=True)
class Edition:
    """The clock of one airing: `kept` items of the rundown it was made from stay, element by element of this clock.

    `excluded` segments are not picked any more.
    """

    clock: Clock
    kept: int
    excluded: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class _Entry:
    """An item of the edited rundown: as it was compiled, or fixed by a person."""

    item: Item | None
    origin: int | None
    fixed: Fixed | Spoken | None = None


def edited(
    clock: Clock, rundown: Rundown, edits: Sequence[Edit], before: Edition | None = None, *, keep: bool = True
) -> Edition:
    """The edition that these edits make of a rundown compiled by `clock` (`before.clock` if it was edited already).

    Without `keep` nothing is kept as it is, and all is fitted anew: for a rundown that never was an airing's.
    Raises BadEdit for a position that is not there, or an item that cannot be edited so.
    """
    elements = (before.clock if before else clock).elements
    desk = _Desk(elements, rundown, before.excluded if before else frozenset())
    for edit in edits:
        desk.apply(edit)
    if not keep:
        desk.changed(0)
    return desk.edition()


class _Desk:
    def __init__(self, elements: Sequence[Element], rundown: Rundown, excluded: frozenset[int]) -> None:
        self.elements = elements
        self.entries = [_Entry(item, item.element) for item in rundown.items]
        self.aired = {item.element for item in rundown.items}
        """Elements that had an item: where a person removed it, it does not come back."""
        self.first_change = len(self.entries)
        self.excluded = excluded
        for index, element in enumerate(elements):
            if (
                isinstance(element, Awaited) and index not in self.aired
            ):  # it may still come: room is made for it
                behind = (number for number, one in enumerate(self.entries) if (one.origin or -1) > index)
                self.changed(next(behind, len(self.entries)))

    def apply(self, edit: Edit) -> None:
        match edit:
            case Swap(position, segment_id):
                old = self.entry(position)
                self.put(position, replace(old, item=None, fixed=self.fixed(old.origin, segment_id)))
            case Insert(position, segment_id):
                if not 0 <= position <= len(self.entries):
                    raise BadEdit(_no_place(position, len(self.entries)))
                self.entries.insert(position, _Entry(None, None, self.fixed(None, segment_id)))
                self.changed(position)
            case Remove(position):
                gone = self.entry(position)
                self.exclude(gone, position)
                del self.entries[position]
                self.changed(position)
            case Move(position, to):
                moved = self.entry(position)
                if not 0 <= to < len(self.entries):
                    raise BadEdit(_no_place(to, len(self.entries) - 1))
                del self.entries[position]
                fixed = self.kept_by(moved, position)
                self.entries.insert(to, replace(moved, origin=None, fixed=fixed))
                self.changed(min(position, to))
            case Lock(position):
                locked = self.entry(position)
                self.entries[position] = replace(locked, fixed=self.kept_by(locked, position))
            case Trim(position, trim_in_s, trim_out_s):
                old = self.entry(position)
                fixed = self.kept_by(old, position)
                if isinstance(fixed, Spoken):
                    told = "item {position} is spoken for this airing: it is said whole or not at all"
                    raise BadEdit(say("edit-spoken", told, position=position))
                self.put(
                    position,
                    replace(old, item=None, fixed=replace(fixed, trim_in_s=trim_in_s, trim_out_s=trim_out_s)),
                )

    def exclude(self, entry: _Entry, position: int) -> None:
        """Its segment is not picked any more. What is spoken never is: without its element it does not come back."""
        if self.spoken(entry) is None:
            self.excluded |= {self.segment_id(entry, position)}

    def entry(self, position: int) -> _Entry:
        if not 0 <= position < len(self.entries):
            told = "there is no item {position}: they go from 0 to {last}"
            raise BadEdit(say("edit-no-item", told, position=position, last=len(self.entries) - 1))
        return self.entries[position]

    def put(self, position: int, entry: _Entry) -> None:
        self.entries[position] = entry
        self.changed(position)

    def changed(self, position: int) -> None:
        self.first_change = min(self.first_change, position)

    def spoken(self, entry: _Entry) -> Spoken | None:
        """The element that is spoken anew wherever its facts change, if that is what an entry is."""
        element = entry.fixed
        if element is None and entry.origin is not None and entry.origin < len(self.elements):
            found = self.elements[entry.origin]
            return found if isinstance(found, Spoken) else None
        return element if isinstance(element, Spoken) else None

    def awaited(self, entry: _Entry) -> Awaited | None:
        """The element that still awaits something, if that is what an entry is and nobody has fixed it."""
        if entry.fixed is not None or entry.origin is None or entry.origin >= len(self.elements):
            return None
        element = self.elements[entry.origin]
        return element if isinstance(element, Awaited) else None

    def kept_by(self, entry: _Entry, position: int) -> Fixed | Spoken:
        """The element that keeps an entry: its segment, or the same announcement, whatever it says by then."""
        if entry.fixed is None and (spoken := self.spoken(entry)) is not None:
            return spoken
        return entry.fixed or self.fixed(entry.origin, self.segment_id(entry, position))

    def segment_id(self, entry: _Entry, position: int) -> int:
        if isinstance(entry.fixed, Fixed):
            return entry.fixed.segment_id
        assert entry.item is not None
        if not isinstance(entry.item.source, SegmentSource):
            told = "item {position} is interval signal: only recordings are edited"
            raise BadEdit(say("edit-signal", told, position=position))
        if entry.item.shortened:
            told = "item {position} is a piece that was shortened to fill time: swap it or remove it"
            raise BadEdit(say("edit-shortened", told, position=position))
        return entry.item.source.segment_id

    def fixed(self, origin: int | None, segment_id: int) -> Fixed:
        """A segment in the place of an element: with its label, pause and hard time."""
        element = self.elements[origin] if origin is not None and origin < len(self.elements) else None
        if element is None:
            return Fixed(segment_id)
        if isinstance(element, Fill):
            return Fixed(segment_id, label=element.label, crossfade_s=element.crossfade_s)
        same = element if isinstance(element, Fixed) and element.segment_id == segment_id else None
        return Fixed(
            segment_id,
            label=element.label,
            pause_s=element.pause_s,
            at=element.at,
            within_s=element.within_s,
            crossfade_s=element.crossfade_s,
            trim_in_s=same.trim_in_s if same else 0.0,
            trim_out_s=same.trim_out_s if same else 0.0,
        )

    def edition(self) -> Edition:
        kept = [
            self.spoken(entry) or self.awaited(entry) or self.as_kept(entry)
            for entry in self.entries[: self.first_change]
        ]
        rest = self.entries[self.first_change :]
        clock = Clock((*kept, *self.rest(rest)))
        return Edition(clock, len(kept), self.excluded)

    def rest(self, rest: Sequence[_Entry]) -> list[Element]:
        """The elements of what is not kept: fixed ones, open ones, and those that were left out and may now fit."""
        kept_origins = [
            entry.origin for entry in self.entries[: self.first_change] if entry.origin is not None
        ]
        following = max(kept_origins, default=-1) + 1
        elements: list[Element] = []
        opened: set[int] = set(kept_origins)
        for (origin, is_fixed), group in groupby(
            rest, key=lambda entry: (entry.origin, entry.fixed is not None)
        ):
            entries = list(group)
            if origin is not None:
                elements += [
                    self.elements[index] for index in range(following, origin) if index not in self.aired
                ]
                following = max(following, origin + 1)
            if is_fixed:
                elements += [entry.fixed for entry in entries if entry.fixed is not None]
            elif origin is not None:
                elements += self.open(origin, entries, again=origin in opened)
                opened.add(origin)
        elements += [
            self.elements[index] for index in range(following, len(self.elements)) if index not in self.aired
        ]
        return elements

    def open(self, origin: int, entries: Sequence[_Entry], *, again: bool) -> list[Element]:
        """An element that the compiler fills again, for so many items."""
        element = self.elements[origin]
        match element:
            case Pick():
                return [replace(element, count=len(entries), required=element.required and not again)]
            case Fill():
                return [replace(element, min_s=0.0) if again else element]
            case Fixed() | Spoken() | Awaited() | IntervalSignal():
                return [element]
        # A repeat, an episode, an announcement: what is there stays there
        items = [entry.item for entry in entries if entry.item is not None]
        return [
            self.fixed(origin, item.source.segment_id)
            for item in items
            if isinstance(item.source, SegmentSource)
        ]

    def as_kept(self, entry: _Entry) -> Element:
        """The element that stands for an item that stays as it is, and is not spoken: with its trims, should it be placed anew."""
        if entry.fixed is not None:
            return replace(entry.fixed, required=False)
        assert entry.item is not None
        if not isinstance(entry.item.source, SegmentSource):
            return IntervalSignal(max(entry.item.samples / SAMPLE_RATE, 1.0))
        segment_id = entry.item.source.segment_id
        known = entry.origin is not None and entry.origin < len(self.elements)
        element = self.elements[entry.origin] if known and entry.origin is not None else None
        if isinstance(element, Fixed) and element.segment_id == segment_id:
            return replace(element, at=None, required=False)
        return Fixed(segment_id, required=False)


def _no_place(position: int, last: int) -> Said:
    return say(
        "edit-no-place",
        "there is no place {position}: it goes from 0 to {last}",
        position=position,
        last=last,
    )
