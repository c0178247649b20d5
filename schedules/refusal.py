"""When no programme keeps every rule: which ones to relax, by how much, and what would air then."""

from __future__ import annotations

from collections.abc import Sequence

from schedules.candidates import Request
from schedules.conflicts import shortfalls
from schedules.elements import Fixed, IntervalSignal, Pick, Spoken
from schedules.errors import DoesNotFit, NothingToPick, Uncompilable
from schedules.reasons import none_may_air, segment_why, why_nothing
from schedules.rundown import Rundown
from schedules.said import Said, Value, say
from schedules.stage import Option, Stage
from schedules.time import samples_to_timedelta
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
        stage, why = wrong
        words = say(
            "nothing-for-it", "{stage}: {why}, or make the element optional", stage=stage.name, why=why
        )
        return NothingToPick(words, relaxations, nearest)
    if too_long := _too_long(request, reserved, start):
        return DoesNotFit(too_long, relaxations, nearest)
    if out_of_dates := _out_of_dates(request, reserved, start):
        return NothingToPick(out_of_dates, relaxations, nearest)
    return DoesNotFit(_no_programme(relaxations, given_up), relaxations, nearest)


def _no_programme(relaxations: Sequence[Said], given_up: int | None) -> Said:
    told = tuple(relaxations) or (say("no-relaxation", "no relaxation was found"),)
    if given_up is None:
        return say(
            "no-programme",
            "no programme keeps every rule of the clock. Relax one: {relaxations}",
            relaxations=told,
        )
    return say(
        "none-found",
        "no programme that keeps every rule of the clock was found in {runs} runs; then the search was given up, "
        "so there may be one. Relax one: {relaxations}",
        runs=given_up,
        relaxations=told,
    )


Reserved = Sequence[tuple[Stage, int, int]]
"""What takes time for certain, in order, with the least samples of it, and the ticks of them that a cross-fade may save."""


def _reserved(request: Request, stages: Sequence[Stage]) -> tuple[Reserved, tuple[Stage, Said] | None]:
    """The least that every required stage takes up, and the first that has nothing left to take, with why."""
    taken: dict[int, Said] = {}
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
            told = [
                segment_why(option.key, say("is-in", "it is in {stage}", stage=taken[option.key]))
                for option in stage.options[:3]
            ]
            return reserved, (stage, none_may_air(stage, told))
        shortest = min(free, key=lambda option: option.samples)
        taken[shortest.key] = stage.name
        saved = max(option.steps - stage.shortest(option) for option in free) if has_music else 0
        reserved.append((stage, shortest.samples, saved))
    return reserved, None


def _out_of_dates(request: Request, reserved: Reserved, start: int) -> Said | None:
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
            return say(
                "out-of-dates",
                "{stage}: of its {candidates} candidates none may air here (#{segment_id}: {why}, and its turn is at "
                "{turn_time:%H:%M:%S} UTC at the earliest): approve another, or make the element optional",
                stage=stage.name,
                candidates=len(stage.ranking),
                segment_id=first.key,
                why=why or Said("", ""),
                turn_time=at,
            )
        before += ruler.steps(samples)
    return None


def _relaxations(request: Request, stages: Sequence[Stage], placements: Sequence[Placement]) -> list[Said]:
    told = []
    short = shortfalls(request, stages, placements) if placements else {}
    for number, stage in enumerate(stages):
        if missing := short.get(number):
            told.append(
                say(
                    "relax-minimum",
                    "{stage}: let it be {by_samples} shorter than its minimum",
                    stage=stage.name,
                    by_samples=missing * request.ruler.tick,
                )
            )
        own = [one for one in placements if one.stage == number]
        if stage.least and not own:
            told.append(say("relax-required", "{stage}: leave it out", stage=stage.name))
        told += [_although(stage, one.option) for one in own if one.option and one.option.breaks]
        if own and stage.windows is not None and (late := _off_time(stage, own[0])):
            told.append(_missed(request, stage, own[0], late))
    return told


def _although(stage: Stage, option: Option) -> Said:
    return say(
        "relax-rule",
        "{stage}: take #{segment_id} although {rule}",
        stage=stage.name,
        segment_id=option.key,
        rule=option.breaks or Said("", ""),
    )


def _off_time(stage: Stage, placement: Placement) -> int:
    """How many ticks after (or, negative, before) its nearest window it starts; a programme without any is far off."""
    windows = stage.windows or ((placement.start + 1, placement.start + 1),)
    away = [max(first - placement.start, 0) - max(placement.start - last, 0) for first, last in windows]
    return -min(away, key=abs)


def _missed(request: Request, stage: Stage, placement: Placement, late: int) -> Said:
    at = request.starts_at + samples_to_timedelta(placement.start * request.ruler.tick)
    told: dict[str, Value] = {
        "stage": stage.name,
        "hard": stage.element.at.text if stage.element.at else "",
        "start_time": at,
    }
    if not stage.windows:
        return say(
            "relax-hard-time",
            "{stage}: its hard time {hard} is not within this programme: start it at {start_time:%H:%M:%S} UTC",
            **told,
        )
    told["by_samples"] = abs(late) * request.ruler.tick
    if late > 0:
        return say(
            "relax-late",
            "{stage}: let it start {by_samples} late, at {start_time:%H:%M:%S} UTC instead of {hard}",
            **told,
        )
    return say(
        "relax-early",
        "{stage}: let it start {by_samples} early, at {start_time:%H:%M:%S} UTC instead of {hard}",
        **told,
    )


def _too_long(request: Request, reserved: Reserved, start: int) -> Said | None:
    """What is wrong where even the shortest of everything required is too long together."""
    ruler = request.ruler
    parts, end, sound_end = [], start, 0
    for stage, samples, saved in reserved:
        end -= saved
        sound_end = end * ruler.tick + samples
        end += ruler.steps(samples)
        parts.append(_part(stage, samples))
    excess = sound_end - request.target_samples
    if excess <= 0:
        return None
    return say(
        "too-long",
        "what must be aired is {excess_samples} too long for the {target_samples} of the slot, the shortest pauses included: "
        "{parts:, }. Shorten one of them, make one optional, or book a longer slot",
        excess_samples=excess,
        target_samples=request.target_samples,
        parts=tuple(parts),
    )


def _part(stage: Stage, samples: int) -> Said:
    if isinstance(stage.element, Pick):
        return say("takes-at-least", "{stage} at least {own_samples}", stage=stage.name, own_samples=samples)
    return say("takes", "{stage} {own_samples}", stage=stage.name, own_samples=samples)
