"""One request, one rundown: exactly the target's samples, every item with its reason, the same bytes every time.

    clock + library -> stages -> timeline, search -> places on the ruler -> layout, reasons -> rundown

Speech is aired whole or not at all, and only within its own dates at the moment it is heard. What is best is said by
`goals`; that nothing is better is proved, or the rundown says what it may be short of (`Rundown.fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

from schedules.candidates import Request
from schedules.conflicts import shortfalls
from schedules.elements import Fill, IntervalSignal
from schedules.errors import NothingToPick
from schedules.fitness import doubts, fit_of
from schedules.goals import Goals
from schedules.layout import arranged, crossfaded, item_of, sound_of
from schedules.reasons import Reasons
from schedules.refusal import refusal
from schedules.ruler import Ruler
from schedules.rundown import Rundown, SegmentSource
from schedules.said import say
from schedules.search import Found, Search
from schedules.stage import Stage
from schedules.stages import stages_of
from schedules.track import Placement, Track

COMPILER_VERSION = "exact-4"
"""Changes whenever the same request would give other bytes."""


def compile_rundown(request: Request) -> Rundown:
    """The programme for one airing: the best there is.

    Raises DoesNotFit or NothingToPick, with what would have to be relaxed and the rundown that would then air.
    """
    [rundown] = compile_alternatives(request, 1)
    return rundown


def compile_alternatives(request: Request, count: int) -> list[Rundown]:
    """Up to `count` programmes, each with at least one other item, the best first. Raises as `compile_rundown`."""
    stages = stages_of(request)
    search = search_for(request, stages)
    # Where no proof was possible a later one may turn out the better one
    found = sorted(islice(search.programmes(), count), key=lambda one: one.cost)
    rundowns = [_written(request, stages, search.track.goals, one) for one in found]
    if not rundowns:
        raise _refused(request, stages, search)
    _refuse_hollow(request, rundowns[0])
    return rundowns


def search_for(request: Request, stages: Sequence[Stage], *, relaxed: bool = False) -> Search:
    """The search for a request's programmes, not begun yet."""
    ruler = request.ruler
    goals = Goals.of(stages, ruler)
    track = Track(
        tuple(stages), ruler, goals, _start(request, ruler), is_fresh=not request.kept, relaxed=relaxed
    )
    return Search(request, track)


def _start(request: Request, ruler: Ruler) -> int:
    """The tick at which the lead-in, or the last item that is kept with its shortest pause, is over."""
    if not request.kept:
        return ruler.lead
    last = request.kept[-1]
    return last.start_sample // ruler.tick + ruler.steps(last.samples)


def _written(request: Request, stages: Sequence[Stage], goals: Goals, found: Found) -> Rundown:
    ruler = request.ruler
    placed = arranged(request, stages, found.placements)
    sounds = crossfaded(ruler, [sound_of(ruler, stages, one) for one in placed])
    reasons = Reasons(request, stages, sounds)
    items = list(request.kept)
    for sound in sounds:
        number = sound.placement.stage
        element = stages[number].index if number < len(stages) else None
        items.append(item_of(request, sound, len(items), element, reasons.reason(sound)))
    rundown = Rundown(
        target_samples=request.target_samples,
        grid_samples=request.grid_samples,
        level="programme",
        items=tuple(items),
        notes=(*reasons.notes(), *doubts(goals, ruler, found)),
        seed=request.seed,
        compiler_version=COMPILER_VERSION,
        fit=fit_of(ruler, stages, goals, found, sounds),
    )
    rundown.check()
    return rundown


def _refused(request: Request, stages: Sequence[Stage], search: Search) -> Exception:
    """The refusal, with the nearest programme: rules relaxed, as few and as little as possible."""
    given_up = search.runs if search.was_given_up else None
    start = _start(request, request.ruler)
    nearest = [
        one for relaxed in _relaxed(request) if (one := _nearest(request, stages, relaxed)) is not None
    ]
    if not nearest:
        return refusal(request, stages, start, (), None, given_up)
    best = min(nearest, key=lambda one: one.broken)
    return refusal(request, stages, start, best.placements, best.rundown, given_up)


@dataclass(frozen=True, slots=True)
class _Nearest:
    """A programme that breaks rules, and how many."""

    broken: int
    placements: Sequence[Placement]
    rundown: Rundown


def _relaxed(request: Request) -> list[list[Stage]]:
    """The stages with their rules relaxed; and again with fills that may be shorter than their minimum, if there are any."""
    stages = stages_of(request, relaxed=True)
    if not any(stage.least_samples for stage in stages):
        return [stages]
    free = [
        replace(stage, element=replace(stage.element, min_s=0.0))
        if isinstance(stage.element, Fill)
        else stage
        for stage in stages
    ]
    return [stages, free]


def _nearest(request: Request, stages: Sequence[Stage], relaxed: Sequence[Stage]) -> _Nearest | None:
    search = search_for(request, relaxed, relaxed=True)
    found = next(search.programmes(), None)
    if found is None:
        return None
    goals = search.track.goals
    broken = goals.read(found.cost).broken + len(shortfalls(request, stages, found.placements))
    return _Nearest(broken, found.placements, _written(request, relaxed, goals, found))


def _refuse_hollow(request: Request, rundown: Rundown) -> None:
    """A programme of nothing but interval signal is no programme, unless its clock asks for just that."""
    has_segment = any(isinstance(item.source, SegmentSource) for item in rundown.items)
    if not has_segment and not all(isinstance(one, IntervalSignal) for one in request.clock.elements):
        if not rundown.notes:
            raise NothingToPick(
                say(
                    "nothing-left",
                    "no segment at all is left for this airing: approve segments, or choose a stand-by",
                )
            )
        raise NothingToPick(
            say(
                "nothing-left-notes",
                "no segment at all is left for this airing ({notes}): approve segments, or choose a stand-by",
                notes=rundown.notes,
            )
        )
