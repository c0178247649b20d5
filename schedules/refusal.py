"""When no programme keeps every rule: which ones to relax, by how much, and what would air then."""

from __future__ import annotations

from collections.abc import Sequence

from schedules.candidates import Request
from schedules.conflicts import shortfalls
from schedules.elements import Fixed, IntervalSignal, Pick, Spoken
from schedules.errors import DoesNotFit, NothingToPick, Uncompilable
from schedules.reasons import why_nothing
from schedules.rundown import Rundown
from schedules.stage import Stage
from schedules.time import length_text, samples_to_timedelta
from schedules.track import Placement


def refusal(
    request: Request,
    stages: Sequence[Stage],
    start: int,
    placements: Sequence[Placement],
    nearest: Rundown | None,
    given_up: int | None = None,
) -> Uncompilable:
    """The error for a request, with the placements and the rundown of the nearest programme that there is.

    `given_up`: after so many runs the search ended without a proof that there is none.
    """
    relaxations = _relaxations(request, stages, placements)
    reserved, wrong = _reserved(request, stages)
    if wrong:
        words = f"{wrong[0].name}: {wrong[1]}, or make the element optional"
        return NothingToPick(words, relaxations, nearest)
    if too_long := _too_long(request, reserved, start):
        return DoesNotFit(too_long, relaxations, nearest)
    if out_of_dates := _out_of_dates(request, reserved, start):
        return NothingToPick(out_of_dates, relaxations, nearest)
    told = "; ".join(relaxations) or "no relaxation was found"
    said = "no programme keeps every rule of the clock"
    if given_up is not None:
        said = (
            f"no programme that keeps every rule of the clock was found in {given_up} runs; then the search was given up, "
            "so there may be one"
        )
    return DoesNotFit(f"{said}. Relax one: {told}", relaxations, nearest)


Reserved = Sequence[tuple[Stage, int, int]]
"""What takes time for certain, in order, with the least samples of it, and the ticks of them that a cross-fade may save."""


def _reserved(request: Request, stages: Sequence[Stage]) -> tuple[Reserved, tuple[Stage, str] | None]:
    """The least that every required stage takes up, and the first that has nothing left to take, with why."""
    taken: dict[int, str] = {}
    reserved: list[tuple[Stage, int, int]] = []
    for number, stage in enumerate(stages):
        has_music = any(option.is_music for before in stages[:number] for option in before.options)
        if stage.is_fill and stage.least_samples:
            reserved.append((stage, stage.least_samples, 0))
        if not stage.least:
            continue
        is_fixed = isinstance(stage.element, Fixed | Spoken | IntervalSignal)
        free = [option for option in stage.options if is_fixed or option.key not in taken]
        if not stage.options:
            return reserved, (stage, why_nothing(request, stage))
        if not free:
            told = "; ".join(f"#{option.key}: it is in {taken[option.key]}" for option in stage.options[:3])
            why = f"of its {len(stage.ranking)} candidates none may air here ({told}): approve another"
            return reserved, (stage, why)
        shortest = min(free, key=lambda option: option.samples)
        taken[shortest.key] = stage.name
        saved = max(option.steps - stage.shortest(option) for option in free) if has_music else 0
        reserved.append((stage, shortest.samples, saved))
    return reserved, None


def _out_of_dates(request: Request, reserved: Reserved, start: int) -> str | None:
    """What is wrong where all that a required stage may take are embargoed or expired at its turn."""
    ruler = request.ruler
    before = start
    after = sum(ruler.steps(samples) - saved for _, samples, saved in reserved)
    for stage, samples, saved in reserved:
        after -= ruler.steps(samples) - saved
        latest = ruler.end - after - ruler.steps(samples)
        before -= saved
        options = [option for option in stage.options if option.candidate is not None]
        if (
            stage.least
            and options
            and all(one.window[1] < before or one.window[0] > latest for one in options)
        ):
            first = options[0]
            assert first.candidate is not None
            at = request.starts_at + samples_to_timedelta(before * ruler.tick)
            why = first.candidate.why_not_at(at, first.samples) or first.candidate.why_not_at(
                request.starts_at + samples_to_timedelta(latest * ruler.tick), first.samples
            )
            return (
                f"{stage.name}: of its {len(stage.ranking)} candidates none may air here (#{first.key}: {why}, and its "
                f"turn is at {at:%H:%M:%S} UTC at the earliest): approve another, or make the element optional"
            )
        before += ruler.steps(samples)
    return None


def _relaxations(request: Request, stages: Sequence[Stage], placements: Sequence[Placement]) -> list[str]:
    told = []
    short = shortfalls(request, stages, placements) if placements else {}
    for number, stage in enumerate(stages):
        if missing := short.get(number):
            by = length_text(missing * request.ruler.tick)
            told.append(f"{stage.name}: let it be {by} shorter than its minimum")
        own = [one for one in placements if one.stage == number]
        if stage.least and not own:
            told.append(f"{stage.name}: leave it out")
        told += [
            f"{stage.name}: take #{one.option.key} although {one.option.breaks}"
            for one in own
            if one.option and one.option.breaks
        ]
        if own and stage.windows is not None and (late := _off_time(stage, own[0])):
            told.append(f"{stage.name}: {_missed(request, stage, own[0], late)}")
    return told


def _off_time(stage: Stage, placement: Placement) -> int:
    """How many ticks after (or, negative, before) its nearest window it starts; a programme without any is far off."""
    windows = stage.windows or ((placement.start + 1, placement.start + 1),)
    away = [max(first - placement.start, 0) - max(placement.start - last, 0) for first, last in windows]
    return -min(away, key=abs)


def _missed(request: Request, stage: Stage, placement: Placement, late: int) -> str:
    at = request.starts_at + samples_to_timedelta(placement.start * request.ruler.tick)
    hard = stage.element.at.text if stage.element.at else ""
    if not stage.windows:
        return f"its hard time {hard} is not within this programme: start it at {at:%H:%M:%S} UTC"
    by = length_text(abs(late) * request.ruler.tick)
    return f"let it start {by} {'late' if late > 0 else 'early'}, at {at:%H:%M:%S} UTC instead of {hard}"


def _too_long(request: Request, reserved: Reserved, start: int) -> str | None:
    """What is wrong where even the shortest of everything required is too long together."""
    ruler = request.ruler
    parts, end, sound_end = [], start, 0
    for stage, samples, saved in reserved:
        end -= saved
        sound_end = end * ruler.tick + samples
        end += ruler.steps(samples)
        several = isinstance(stage.element, Pick)
        parts.append(f"{stage.name} {'at least ' * several}{length_text(samples)}")
    excess = sound_end - request.target_samples
    if excess <= 0:
        return None
    return (
        f"what must be aired is {length_text(excess)} too long for the {length_text(request.target_samples)} of the slot, "
        f"the shortest pauses included: {', '.join(parts)}. Shorten one of them, make one optional, or book a longer slot"
    )
