"""One request, one rundown: exactly the target's samples, every item with its reason, the same bytes every time.

    clock + library -> stages -> timeline, search -> places on the ruler -> layout, reasons -> rundown

Speech is aired whole or not at all, and only within its own dates at the moment it is heard. What is best is said by
`goals`; that nothing is better is proved, or the rundown says what it may be short of (`Rundown.fit`).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from schedules.candidates import Request
from schedules.elements import IntervalSignal
from schedules.errors import NothingToPick
from schedules.goals import Goals
from schedules.layout import arranged, item_of, sound_of
from schedules.reasons import Reasons
from schedules.refusal import refusal
from schedules.ruler import Ruler
from schedules.rundown import Fit, Rundown, SegmentSource
from schedules.search import Found, Search
from schedules.stages import Stage, stages_of
from schedules.time import length_text
from schedules.timeline import Track

COMPILER_VERSION = "exact-1"
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
    search = _search(request, stages, relaxed=False)
    # Where no proof was possible a later one may turn out the better one
    found = sorted(islice(search.programmes(), count), key=lambda one: one.cost)
    rundowns = [_written(request, stages, search.track.goals, one) for one in found]
    if not rundowns:
        raise _refused(request, stages)
    _refuse_hollow(request, rundowns[0])
    return rundowns


def _search(request: Request, stages: Sequence[Stage], *, relaxed: bool) -> Search:
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
    sounds = [sound_of(ruler, stages, one) for one in arranged(request, stages, found.placements)]
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
        notes=(*reasons.notes(), *_doubts(goals, ruler, found)),
        seed=request.seed,
        compiler_version=COMPILER_VERSION,
        fit=_fit(goals, ruler, found),
    )
    rundown.check()
    return rundown


def _doubts(goals: Goals, ruler: Ruler, found: Found) -> list[str]:
    """What a better programme could have, where none is proved to be absent: the first goal that the bound leaves open."""
    if found.is_proved:
        return []
    score, bound = goals.read(found.cost), goals.read(found.bound)
    samples = (score.noticed_ticks - bound.noticed_ticks) * ruler.tick
    open_ = [
        (score.left_out - bound.left_out, "{} fewer items left out"),
        (score.newest - bound.newest, "newer items, by {} places together"),
        (samples, f"up to {length_text(max(samples, 0))} less that a listener notices"),
        (score.rotation - bound.rotation, "a fairer rotation, by {} places together"),
    ]
    what = next(
        (text.format(gain) for gain, text in open_ if gain > 0), "pauses nearer to what was asked for"
    )
    return [f"the search was given up after {found.runs} runs: at best there is a programme with {what}"]


def _fit(goals: Goals, ruler: Ruler, found: Found) -> Fit:
    score, bound = goals.read(found.cost), goals.read(found.bound)
    return Fit(
        proved=found.is_proved,
        left_out=score.left_out,
        newest_places=score.newest,
        noticed_samples=score.noticed_ticks * ruler.tick,
        rotation_places=score.rotation,
        pause_samples=score.pause_ticks * ruler.tick,
        gap_samples=max(score.noticed_ticks - bound.noticed_ticks, 0) * ruler.tick,
        runs=found.runs,
    )


def _refused(request: Request, stages: Sequence[Stage]) -> Exception:
    """The refusal, with the nearest programme: rules relaxed, as few and as little as possible."""
    relaxed = stages_of(request, relaxed=True)
    search = _search(request, relaxed, relaxed=True)
    found = next(search.programmes(), None)
    if found is None:
        return refusal(request, stages, _start(request, request.ruler), (), None)
    nearest = _written(request, relaxed, search.track.goals, found)
    return refusal(request, stages, _start(request, request.ruler), found.placements, nearest)


def _refuse_hollow(request: Request, rundown: Rundown) -> None:
    """A programme of nothing but interval signal is no programme, unless its clock asks for just that."""
    has_segment = any(isinstance(item.source, SegmentSource) for item in rundown.items)
    if not has_segment and not all(isinstance(one, IntervalSignal) for one in request.clock.elements):
        told = f" ({'; '.join(rundown.notes)})" if rundown.notes else ""
        raise NothingToPick(
            f"no segment at all is left for this airing{told}: approve segments, or choose a stand-by"
        )
