"""A programme of which one thing has changed: an announcement, an awaited item that came, a cut. What is before it stays.

The late change of a frequency, or a late letter, must not choose other news. So the new version begins with the items of
the one before it, as far as what is new leaves room for a programme as good as that; music just before it gives way first.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from schedules.candidates import Request, due_in
from schedules.compile import compile_rundown
from schedules.elements import Awaited, Element, Fill, Spoken
from schedules.errors import Uncompilable
from schedules.rundown import IntervalSignalSource, Item, Rundown, SegmentSource


def recompile(request: Request, before: Rundown) -> Rundown:
    """The programme of a request whose clock is that of `before`. Raises DoesNotFit or NothingToPick, as a first compile."""
    for kept in _beginnings(request, before):
        try:
            rundown = compile_rundown(replace(request, kept=kept))
        except Uncompilable:
            continue
        if _is_as_good(request, rundown, before):
            return rundown
    return compile_rundown(request)


def _beginnings(request: Request, before: Rundown) -> Iterator[tuple[Item, ...]]:
    """What may be kept, the most first: all before the first announcement that changed, and the same without a fill at its end."""
    if before.target_samples != request.target_samples or before.level != "programme":
        return
    elements = request.clock.elements
    changed = _first_changed(request, before)
    sounds = [one.sound for one in request.announced if one.sound]
    sources = {one.source for one in (*request.candidates, *sounds)}
    items = tuple(
        takewhile(
            lambda item: item.element is not None and item.element < changed and _is_there(item, sources),
            before.items,
        )
    )
    if items:
        yield items
    whole = _without_last_fill(elements, items)
    if whole and whole != items:
        yield whole


def _first_changed(request: Request, before: Rundown) -> int:
    """The first element that said something else, or nothing, before; or for which something else has come."""
    said = {
        item.element: item.source.segment_id
        for item in before.items
        if item.element is not None and isinstance(item.source, SegmentSource)
    }
    elements = request.clock.elements
    for index, element in enumerate(elements):
        if isinstance(element, Spoken):
            now = request.announcement_of(element)
            if said.get(index) != (now.sound.segment_id if now and now.sound else None):
                return index
        if isinstance(element, Awaited) and said.get(index) != due_in(
            element, request.candidates, request.span
        ):
            return index
    return len(elements)


def _without_last_fill(elements: Sequence[Element], items: Sequence[Item]) -> tuple[Item, ...]:
    last = items[-1].element if items else None
    if last is None or not isinstance(elements[last], Fill):
        return tuple(items)
    return tuple(item for item in items if item.element != last)


def _is_there(item: Item, sources: set[SegmentSource]) -> bool:
    return not isinstance(item.source, SegmentSource) or item.source in sources


def _is_as_good(request: Request, rundown: Rundown, before: Rundown) -> bool:
    """All that can be said is said, what has come is there, nothing else had to be left out for it, and no interval signal stands in for more."""
    said = {item.element for item in rundown.items}
    for index, element in enumerate(request.clock.elements):
        if isinstance(element, Spoken) and index not in said:
            now = request.announcement_of(element)
            if now and now.sound:
                return False
        if (
            isinstance(element, Awaited)
            and index not in said
            and due_in(element, request.candidates, request.span) is not None
        ):
            return False
    left_out = [one.fit.left_out if one.fit else 0 for one in (rundown, before)]
    return left_out[0] <= left_out[1] and _signal(rundown) <= _signal(before)


def _signal(rundown: Rundown) -> int:
    return sum(item.samples for item in rundown.items if isinstance(item.source, IntervalSignalSource))
