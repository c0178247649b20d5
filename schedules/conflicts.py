"""What a run along the timeline cannot know: rules between two or more items of the same programme.

A conflict says how the search may go on: each of its ways out forbids or demands one thing more. Together they leave every
programme in that does not have the conflict, so that none is lost; a conflict that cannot promise that says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from schedules.candidates import Candidate, Request
from schedules.elements import Fixed, Pick, Repeat, Spoken
from schedules.limits import Limits
from schedules.ruler import Ruler
from schedules.rules import Quota, Rest, Spacing
from schedules.rundown import SegmentSource
from schedules.stage import Option, Stage
from schedules.time import SAMPLE_RATE
from schedules.track import Placement

_NEARLY = SAMPLE_RATE // 2
"""A fill is long enough when this is all that is missing."""

_KEPT = -1
"""The stage of what is kept."""

Rule = Quota | Rest | Spacing


@dataclass(frozen=True, slots=True)
class Conflict:
    """The ways out, as what each adds to the limits. `is_complete`: every programme without the conflict is on one."""

    ways: Sequence[Limits]
    is_complete: bool = True


def first_conflict(
    request: Request, stages: Sequence[Stage], placements: Sequence[Placement]
) -> Conflict | None:
    """The first conflict in a programme, or None where it breaks no rule."""
    return next(_Finder(request, stages, placements).conflicts(), None)


def shortfalls(request: Request, stages: Sequence[Stage], placements: Sequence[Placement]) -> dict[int, int]:
    """By how many ticks each fill that is shorter than its minimum is so, by the number of its stage."""
    return dict(_Finder(request, stages, placements).shortfalls())


class _Finder:
    def __init__(self, request: Request, stages: Sequence[Stage], placements: Sequence[Placement]) -> None:
        self.request = request
        self.stages = stages
        self.placements = placements
        self.ruler: Ruler = request.ruler
        self.kept = _kept(request)
        self.chosen = [one for one in placements if one.option and one.option.candidate]
        self.segments = [*(one for one in self.kept if one.option and one.option.candidate), *self.chosen]

    def conflicts(self) -> Iterator[Conflict]:
        yield from self.twice()
        yield from self.short_fills()
        yield from self.late_repeats()
        yield from self.neighbours()
        for later in self.chosen:
            element = self.element(later)
            if isinstance(element, Pick):
                for quota in element.quotas:
                    yield from self.too_many(later, quota)
                for rest in element.rests:
                    yield from self.not_rested(later, rest)
                for spacing in element.spacings:
                    yield from self.too_close(later, spacing)

    def element(self, placement: Placement) -> object:
        number = placement.stage
        return self.stages[number].element if 0 <= number < len(self.stages) else None

    def takes_one(self, placement: Placement) -> bool:
        return 0 <= placement.stage < len(self.stages) and self.stages[placement.stage].most == 1

    def twice(self) -> Iterator[Conflict]:
        """One segment in two places, unless the clock names it in both or a fill repeats it."""
        places: dict[int, list[Placement]] = defaultdict(list)
        for placement in self.chosen:
            places[_option(placement).key].append(placement)
        for found in places.values():
            for first, second in pairwise(found):
                named = all(isinstance(self.element(one), Fixed | Spoken | Repeat) for one in (first, second))
                if first.stage != second.stage and not named:
                    # The later place gives way first: those before it were asked first
                    yield Conflict([_ban(second), _ban(first)])

    def short_fills(self) -> Iterator[Conflict]:
        """A fill shorter than its minimum: it ends later, or began earlier.

        Each way takes over half of what is missing, so that the search closes in on the minimum from both sides.
        """
        for number, missing in self.shortfalls():
            begin, end = self.extent(number)
            half = -(-missing // 2)
            yield Conflict(
                [
                    Limits(ends=frozenset({(number, end + half)})),
                    Limits(begins=frozenset({(number, begin - half)})),
                ]
            )

    def shortfalls(self) -> Iterator[tuple[int, int]]:
        """Every fill that is shorter than its minimum, and by how many ticks."""
        for number, stage in enumerate(self.stages):
            if stage.is_fill and stage.least_samples:
                begin, end = self.extent(number)
                enough = self.ruler.steps(stage.least_samples) - _NEARLY // self.ruler.tick
                if (missing := enough - (end - begin)) > 0:
                    yield number, missing

    def extent(self, number: int) -> tuple[int, int]:
        """From where the item before a fill ends to where the fill ends."""
        own = [one for one in self.placements if one.stage == number]
        before = [one.end for one in (*self.kept, *self.placements) if one.stage < number]
        begin = before[-1] if before else self.ruler.lead
        return begin, own[-1].end if own else begin

    def late_repeats(self) -> Iterator[Conflict]:
        """A repeat whose first segment is left out: the first that is there keeps its hard time."""
        for number, stage in enumerate(self.stages):
            if not isinstance(stage.element, Repeat) or stage.windows is None:
                continue
            own = [one for one in self.placements if self.is_of(one, stage.index)]
            if not own or own[0].stage == number:
                continue
            first = own[0]
            if not any(begin <= first.start <= end for begin, end in stage.windows):
                # One before it comes first, or it is on time, or it is not there
                ways = [Limits(demanded=frozenset({before})) for before in range(number, first.stage)]
                ways += [self.moved(first, begin, end) for begin, end in stage.windows]
                yield Conflict([*ways, _ban(first)])

    def is_of(self, placement: Placement, index: int) -> bool:
        """Whether it is of this element of the clock."""
        return placement.stage < len(self.stages) and self.stages[placement.stage].index == index

    def neighbours(self) -> Iterator[Conflict]:
        """An item that must, or must not, come straight after another one."""
        first = self.kept[-1] if self.kept else None
        befores: tuple[Placement | None, ...] = (first, *self.placements[:-1])
        for before, after in zip(befores, self.placements, strict=False):  # all may be kept
            element = self.element(after)
            if not isinstance(element, Pick) or (before is not None and before.stage == after.stage):
                continue
            candidate = before.option.candidate if before is not None and before.option else None
            tags = candidate.tags if candidate else frozenset()
            lacks = bool(element.after_tags) and not tags & set(element.after_tags)
            if lacks or tags & set(element.not_after_tags):
                yield self.parted(before, after)

    def parted(self, before: Placement | None, after: Placement) -> Conflict:
        """Not this item straight after that one: without either, or with something in between."""
        first = before.stage + 1 if before else 0
        ways = [_ban(after)]
        ways += [Limits(demanded=frozenset({number})) for number in range(first, after.stage)]
        if before is not None and before.stage != _KEPT and before.option is not None:
            ways.append(_ban(before))
        # Where several are taken, they might stay in another order
        alone = before is None or before.stage == _KEPT or self.takes_one(before)
        return Conflict(ways, is_complete=self.takes_one(after) and alone)

    def too_close(self, later: Placement, spacing: Spacing) -> Iterator[Conflict]:
        """One starts later or the other earlier: each way takes over half of what is missing."""
        apart = -(-round(spacing.minutes * 60 * SAMPLE_RATE) // self.ruler.tick)
        for earlier in self.alike(later, spacing):
            missing = apart - (later.start - earlier.end)
            if missing > 0 and earlier.stage == _KEPT:
                yield Conflict([self.moved(later, earlier.end + apart, self.ruler.end)])
            elif missing > 0:
                half = missing // 2
                yield Conflict(
                    [
                        self.moved(later, earlier.end + apart - half, self.ruler.end),
                        self.moved(earlier, 0, earlier.start - half - 1),
                    ],
                    is_complete=earlier.how == "whole",
                )

    @staticmethod
    def moved(one: Placement, first: int, last: int) -> Limits:
        """It starts within these ticks, if it is there."""
        return Limits(windows=frozenset({(one.stage, _option(one).key, first, last)}))

    def too_many(self, later: Placement, quota: Quota) -> Iterator[Conflict]:
        """One too many of its like: some stage takes none of them or, where it takes several, not this one."""
        for key in sorted(quota.keys(_candidate(later))):
            alike = [one for one in self.segments if key in quota.keys(_candidate(one))]
            if len(alike) <= quota.left(key, self.request.history, self.request.starts_at):
                continue
            free = [one for one in reversed(alike) if one.stage != _KEPT]
            yield Conflict(
                [self.without(one.stage, quota, key) if self.takes_one(one) else _ban(one) for one in free]
            )

    def not_rested(self, later: Placement, rest: Rest) -> Iterator[Conflict]:
        """What rests for days or airings is not heard twice in one programme either."""
        if rest.of == "item":  # an item is never twice in a programme anyhow
            return
        for earlier in self.alike(later, rest):
            key = min(rest.keys(_candidate(later)) & rest.keys(_candidate(earlier)))
            if earlier.stage == later.stage:
                yield Conflict([self.without(later.stage, rest, key, but=_option(earlier)), _ban(earlier)])
            elif earlier.stage == _KEPT:
                yield Conflict([self.without(later.stage, rest, key)])
            else:
                yield Conflict([self.without(later.stage, rest, key), self.without(earlier.stage, rest, key)])

    def without(self, number: int, rule: Rule, key: str, but: Option | None = None) -> Limits:
        """A stage takes none that the rule counts by this key."""
        return Limits(
            frozenset(
                (number, option.key)
                for option in self.stages[number].options
                if option.candidate is not None
                and key in rule.keys(option.candidate)
                and (but is None or option.key != but.key)
            )
        )

    def alike(self, later: Placement, rule: Spacing | Rest) -> Iterable[Placement]:
        """The items before this one that the rule counts as its like."""
        keys = rule.keys(_candidate(later))
        return [one for one in self.segments if one.start < later.start and keys & rule.keys(_candidate(one))]


def _kept(request: Request) -> list[Placement]:
    """What is kept, as if it were placed; of what is no longer in the library nothing is known but when it is heard."""
    by_id = {candidate.segment_id: candidate for candidate in request.candidates}
    ruler = request.ruler
    placed = []
    for item in request.kept:
        known = by_id.get(item.source.segment_id) if isinstance(item.source, SegmentSource) else None
        start, steps = item.start_sample // ruler.tick, ruler.steps(item.samples)
        option = Option(known, item.first_sample, item.samples, 0, steps, (start, start))
        placed.append(Placement(_KEPT, option, start, start + steps))
    return placed


def _ban(placement: Placement) -> Limits:
    return Limits(frozenset({(placement.stage, _option(placement).key)}))


def _option(placement: Placement) -> Option:
    assert placement.option is not None
    return placement.option


def _candidate(placement: Placement) -> Candidate:
    candidate = _option(placement).candidate
    assert candidate is not None
    return candidate
