"""From places on the ruler to items in samples: what is cut gets its fade, and pauses become even."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from schedules.candidates import Request
from schedules.conflicts import first_conflict
from schedules.elements import Fill
from schedules.fills import SHORTEST_COVER, SHORTEST_PIECE
from schedules.ruler import Ruler
from schedules.rundown import IntervalSignalSource, Item, Reason, SegmentSource
from schedules.stage import Stage
from schedules.time import SAMPLE_RATE
from schedules.track import Placement

FADE_OUT = 3 * SAMPLE_RATE
FADE_IN = SAMPLE_RATE // 2
"""Fades of what is shortened; at most a quarter of the piece each."""


@dataclass(frozen=True, slots=True)
class Sound:
    """What is heard of a placement: samples of its source, from its sample `first_sample` on.

    For `overlap` samples of it the one before is still heard.
    """

    placement: Placement
    samples: int
    first_sample: int
    fade_in: int = 0
    fade_out: int = 0
    overlap: int = 0

    def end_sample(self, ruler: Ruler) -> int:
        return self.placement.start * ruler.tick + self.samples

    @property
    def lacks(self) -> int:
        """By how many samples it was shortened."""
        option = self.placement.option
        return option.samples - self.samples if option else 0


def arranged(
    request: Request, stages: Sequence[Stage], placements: Sequence[Placement]
) -> tuple[Placement, ...]:
    """The same programme with the cut piece of every fill behind its whole ones, what a stage takes in the order of its
    ranking, and with even pauses.

    As far as the rules allow: to move an item by a fraction of a second may take it over the edge of one.
    """
    ordered = _in_order(stages, placements)
    evened = [_Pauses(request.ruler, stages, some).even() for some in (ordered, placements)]
    for better in (evened[0], ordered, evened[1]):
        if (
            all(_is_in_time(one) for one in better)
            and all(_may_meet(*pair) for pair in pairwise(better))
            and first_conflict(request, stages, better) is None
        ):
            return better
    return tuple(placements)


def sound_of(ruler: Ruler, stages: Sequence[Stage], placement: Placement) -> Sound:
    """What is heard of a placement."""
    option = placement.option
    room = min(
        ruler.sound(placement.end - placement.start), ruler.target_samples - placement.start * ruler.tick
    )
    if option is None or option.candidate is None:
        samples = room if option is None else option.samples
        return Sound(placement, samples, 0, min(FADE_IN, samples // 4), min(FADE_OUT, samples // 4))
    if placement.how == "whole":
        return Sound(placement, option.samples, option.first_sample)
    samples = min(room, option.samples)
    fade = min(FADE_OUT, samples // 4) if samples < option.samples else 0
    element = stages[placement.stage].element
    if isinstance(element, Fill) and element.back_timed:
        return Sound(placement, samples, option.first_sample + option.samples - samples, fade_in=fade)
    return Sound(placement, samples, option.first_sample, fade_out=fade)


def crossfaded(ruler: Ruler, sounds: Sequence[Sound]) -> list[Sound]:
    """The same, with fades where one starts before the one before it is over."""
    faded = list(sounds)
    for number, (before, after) in enumerate(pairwise(sounds)):
        overlap = before.end_sample(ruler) - after.placement.start * ruler.tick
        if overlap > 0:
            faded[number] = replace(faded[number], fade_out=max(before.fade_out, overlap))
            faded[number + 1] = replace(after, fade_in=max(after.fade_in, overlap), overlap=overlap)
    return faded


def item_of(request: Request, sound: Sound, position: int, element: int | None, reason: Reason) -> Item:
    """The rundown's item."""
    option = sound.placement.option
    candidate = option.candidate if option else None
    source: SegmentSource | IntervalSignalSource
    if candidate is None:
        source = IntervalSignalSource(loop=sound.samples > request.interval_signal_samples)
    else:
        source = candidate.source
    return Item(
        position=position,
        source=source,
        start_sample=sound.placement.start * request.ruler.tick,
        samples=sound.samples,
        first_sample=sound.first_sample,
        fade_in_samples=sound.fade_in,
        fade_out_samples=sound.fade_out,
        element=element,
        reason=reason,
        shortened=sound.lacks > 0,
    )


def _is_in_time(placement: Placement) -> bool:
    """The window is that of the whole; what fills is free to air throughout, and a cut piece ends sooner."""
    option = placement.option
    return option is None or placement.how == "cut" or option.window[0] <= placement.start <= option.window[1]


def _may_meet(before: Placement, after: Placement) -> bool:
    """Only music overlaps with music."""
    return after.start >= before.end or (before.is_music and after.is_music)


def _in_order(stages: Sequence[Stage], placements: Sequence[Placement]) -> tuple[Placement, ...]:
    ordered: list[Placement] = []
    how = {"whole": 0, "cut": 1, "cover": 2}
    for number, group in groupby(placements, key=lambda one: one.stage):
        own = list(group)
        is_fill = number == len(stages) or stages[number].is_fill
        pauses = [0, *(after.start - before.end for before, after in pairwise(own))]
        tick = own[0].start
        ranked = sorted(own, key=lambda one: how[one.how] if is_fill or not one.option else one.option.place)
        for pause, one in zip(pauses, ranked, strict=True):
            start = tick + pause
            tick = start + one.end - one.start
            ordered.append(replace(one, start=start, end=tick))
    return tuple(ordered)


class _Pauses:
    """The pauses of a programme, in ticks more than the shortest; `pauses[n]` comes after item n.

    Below 0 it is a cross-fade, which stays as it is.
    """

    def __init__(self, ruler: Ruler, stages: Sequence[Stage], placements: Sequence[Placement]) -> None:
        self.ruler = ruler
        self.stages = stages
        self.lengths = [one.end - one.start for one in placements]
        self.placements = placements
        self.pauses = [after.start - before.end for before, after in pairwise(placements)]

    def even(self) -> tuple[Placement, ...]:
        """Make pauses nominal where a shortened piece can take the difference, else share it out among them."""
        count = len(self.placements)
        hard = [number for number in range(1, count) if self.is_hard(number)]
        for first, last in pairwise([0, *hard, count]):
            if not self.nominal_in(first, last):
                for begin, end in pairwise([first, *self.elastic(first + 1, last), min(last, count - 1)]):
                    self.share(begin, end)
        moved = list(self.placements[:1])
        for number in range(count):
            start = moved[-1].end + self.pauses[number - 1] if number else self.placements[0].start
            placed = replace(self.placements[number], start=start, end=start + self.lengths[number])
            moved[number:] = [placed]
        return tuple(moved)

    def is_hard(self, number: int) -> bool:
        stage = self.placements[number].stage
        return stage < len(self.stages) and self.stages[stage].windows is not None

    def elastic(self, first: int, last: int) -> list[int]:
        return [number for number in range(first, last) if self.placements[number].how != "whole"]

    def nominal_in(self, first: int, last: int) -> bool:
        """Make the pauses from item `first` to item `last` (or the end) nominal, if a piece there can take it."""
        elastic = self.elastic(first, last)
        if not elastic:
            return False
        count = len(self.placements)
        spare = sum(self.pauses[first:last]) + (
            self.ruler.end - self.placements[-1].end if last == count else 0
        )
        nominal = [self.nominal(number) for number in range(first, min(last, count - 1))]
        number = elastic[-1]
        length = self.lengths[number] + spare - sum(nominal)
        if not self.shortest(number) <= length <= self.longest(number):
            return False
        self.lengths[number] = length
        self.pauses[first : first + len(nominal)] = nominal
        return True

    def shortest(self, number: int) -> int:
        cut = self.placements[number].how == "cut"
        return self.ruler.steps(SHORTEST_PIECE if cut else SHORTEST_COVER)

    def longest(self, number: int) -> int:
        option = self.placements[number].option
        return option.steps - 1 if option else self.ruler.end

    def share(self, first: int, last: int) -> None:
        """What pauses `first` to `last` are more or less than nominal together, each bears its part."""
        numbers = [number for number in range(first, last) if self.pauses[number] >= 0]
        shares = [self.nominal(number) for number in numbers]
        most = [self.ruler.reach(share) for share in shares]
        total = sum(self.pauses[number] for number in numbers)
        if not 0 <= total <= sum(most):
            return
        while (left := total - sum(shares)) != 0:
            movable = [n for n, share in enumerate(shares) if (share < most[n] if left > 0 else share > 0)]
            each = max(abs(left) // len(movable), 1)
            for n in movable[: abs(left)]:
                room = most[n] - shares[n] if left > 0 else shares[n]
                shares[n] += min(each, room) * (1 if left > 0 else -1)
        for number, share in zip(numbers, shares, strict=True):
            self.pauses[number] = share

    def nominal(self, number: int) -> int:
        """The interval signal that nobody asked for begins after the shortest pause."""
        if self.pauses[number] < 0:
            return self.pauses[number]
        stage = self.placements[number].stage
        return self.stages[stage].pause if stage < len(self.stages) else 0
