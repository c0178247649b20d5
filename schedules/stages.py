"""From a clock and a library to stages: the places of the programme in their order, each with its options, best first.

Here it is settled which segment may take which place at all: its kind, tags, age, dates, rotation rules, episode,
broadcast date. What depends on where things lie in time, or on what else is chosen, is the search's business.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import timedelta

from schedules.candidates import Candidate, Request, deliverable, matching, ranked
from schedules.elements import (
    Announcement,
    Awaited,
    Element,
    Fill,
    Fixed,
    IntervalSignal,
    NextEpisode,
    Pick,
    Repeat,
    Spoken,
    element_name,
)
from schedules.ruler import Ruler
from schedules.rules import Quota, Rest
from schedules.rundown import Item, SegmentSource
from schedules.said import Said, say
from schedules.stage import MOST_FADED, Option, Out, Stage, Window
from schedules.time import SAMPLE_RATE

MOST_OPTIONS = 200
MOST_FILLS = 60
"""So many of a ranking are weighed against each other in an hour; a longer one is cut off, and the rundown says so.

In a longer programme it is fewer, down to a fifth, so that compiling takes little longer.
"""


def stages_of(request: Request, *, relaxed: bool = False) -> list[Stage]:
    """The stages after what is kept. `relaxed` lets those in who break a rotation rule, behind all others."""
    done = max((item.element for item in request.kept if item.element is not None), default=-1)
    builder = _Builder(request, relaxed=relaxed)
    stages: list[Stage] = []
    for index, element in enumerate(request.clock.elements):
        left = _left_of(element, request.kept, index) if index == done else element
        if index >= done and left is not None:
            stages += builder.stages(index, left)
    return stages


def grouped(element: Element, options: Sequence[Option]) -> tuple[Option, ...]:
    """The options of an element that takes several, in groups of which a rest allows one each.

    What is left of them for the search to forbid, one conflict after the other, is what two places take.
    """
    if not isinstance(element, Pick) or element.count < 2:
        return tuple(options)
    for rest in element.rests:
        keys = [rest.keys(option.candidate) if option.candidate else frozenset() for option in options]
        if rest.of != "item" and all(len(some) <= 1 for some in keys):
            groups: dict[str, list[Option]] = {}
            for option, some in zip(options, keys, strict=True):
                group = min(some, default="")
                groups.setdefault(group or f"#{option.key}", []).append(replace(option, group=group))
            return tuple(option for group in groups.values() for option in group)
    return tuple(options)


def _left_of(element: Element, kept: Sequence[Item], index: int) -> Element | None:
    """What is still to come of the element in which what is kept ends, or None."""
    own = [item for item in kept if item.element == index]
    match element:
        case Fill():
            heard = (own[-1].end_sample - own[0].start_sample) / SAMPLE_RATE
            return replace(element, min_s=max(element.min_s - heard, 0))
        case Repeat():
            return replace(element, at=None)
        case Pick() if len(own) < element.count:
            return replace(element, at=None, required=False, count=element.count - len(own))
    return None


class _Builder:
    def __init__(self, request: Request, *, relaxed: bool) -> None:
        self.request = request
        self.ruler: Ruler = request.ruler
        self.relaxed = relaxed
        self.by_id = {candidate.segment_id: candidate for candidate in request.candidates}
        named = {
            element.segment_id: index
            for index, element in enumerate(request.clock.elements)
            if isinstance(element, Fixed)
        }
        self.taken = {
            number: say("is-in", "it is in {stage}", stage=element_name(index, request.clock.elements[index]))
            for number, index in named.items()
        }
        self.heard = {
            item.source.segment_id for item in request.kept if isinstance(item.source, SegmentSource)
        }
        for number in self.heard:
            self.taken.setdefault(number, say("was-on", "it was on earlier in this programme"))
        self.late = {
            candidate.segment_id: why
            for candidate in request.candidates
            if (why := candidate.why_not_within(request.span)) is not None
        }

    def most(self, in_an_hour: int) -> int:
        most = self.ruler.fewer(in_an_hour, in_an_hour // 5)
        return self.ruler.fewer(most, in_an_hour // 10) if self.request.quick else most

    def stages(self, index: int, element: Element) -> Iterable[Stage]:
        match element:
            case IntervalSignal(seconds=seconds):
                samples = round(seconds * SAMPLE_RATE)
                signal = Option(
                    None, 0, samples, 0, self.ruler.steps(samples), (0, self.ruler.last_start(samples))
                )
                yield self.stage(index, element, (signal,), (), (), least=1)
            case Fill():
                yield self.fill(index, element)
            case Repeat():
                yield from self.repeat(index, element)
            case _:
                found, out = self.found(element)
                yield self.choice(index, element, found, out)

    def repeat(self, index: int, repeat: Repeat) -> Iterable[Stage]:
        """A stage for every segment that is repeated, but for those that the clock names; the first has the hard time."""
        repeated = [self.by_id[number] for number in self.request.repeated if number in self.by_id]
        again = [
            one for one in repeated if one.kind not in repeat.without and one.segment_id not in self.taken
        ]
        if not again and not self.request.kept:
            yield self.choice(index, repeat, [], [])
        for number, candidate in enumerate(again):
            yield self.choice(index, replace(repeat, at=None) if number else repeat, [candidate], [])

    def found(self, element: Element) -> tuple[list[Candidate], list[Out]]:
        """The candidates of an element, best first, and those that its own rules put out."""
        request = self.request
        match element:
            case Fixed(segment_id=number):
                return ([self.by_id[number]] if number in self.by_id else []), []
            case Pick():
                return self.picked(element)
            case NextEpisode(series=series):
                episodes = [
                    one for one in request.candidates if one.series == series and one.episode is not None
                ]
                episodes.sort(key=lambda one: (one.episode, one.segment_id))
                heard = {one.episode for one in episodes if one.last_aired_at or one.segment_id in self.heard}
                # Of a number that was heard, a mended recording is no new episode
                new = [one for one in episodes if one.episode not in heard]
                return new[:1], [
                    Out(one, say("later-episode", "its turn comes after the one before it"))
                    for one in new[1:]
                ]
            case Awaited(substitute_id=substitute):
                came = deliverable(element, request.candidates, request.span)
                return came or ([self.by_id[substitute]] if substitute in self.by_id else []), []
            case Announcement(tags=tags):
                return self.picked(Pick(("announcement",), tags))
            case Spoken():
                said = request.announcement_of(element)
                return ([said.sound] if said and said.sound else []), []
        raise TypeError(f"{element.type} takes no segment")

    def picked(self, pick: Pick) -> tuple[list[Candidate], list[Out]]:
        request = self.request
        found = [
            one
            for one in ranked(
                pick.order,
                matching(pick, request.candidates, request.starts_at),
                request.starts_at,
                request.seed,
            )
            if one.awaited_as is None
        ]
        out = []
        for one in found:
            if one.segment_id in self.taken:
                out.append(Out(one, self.taken[one.segment_id]))
            elif why := self.broken_rule(pick, one):
                out.append(Out(one, why, rule=True))
        return found, out

    def broken_rule(self, pick: Pick, one: Candidate) -> Said | None:
        history, starts_at = self.request.history, self.request.starts_at
        rules: list[Rest | Quota] = [*pick.rests, *pick.quotas]
        return next((why for rule in rules if (why := rule.why_not(one, history, starts_at))), None)

    def choice(
        self, index: int, element: Element, found: Sequence[Candidate], ruled_out: Sequence[Out]
    ) -> Stage:
        out = {one.candidate.segment_id: one for one in ruled_out}
        for one in found:
            if one.segment_id in self.heard and not isinstance(element, Fixed | Spoken):
                out.setdefault(one.segment_id, Out(one, self.taken[one.segment_id]))
            if one.segment_id in self.late:
                out.setdefault(one.segment_id, Out(one, self.late[one.segment_id]))
        trims = self.trims(element)
        for one in found:
            if one.samples <= sum(trims):
                out[one.segment_id] = Out(
                    one,
                    say(
                        "trimmed-away",
                        "nothing of its {own_samples} is left after the trims",
                        own_samples=one.samples,
                    ),
                )
        open_: list[tuple[Candidate, Said | None]] = [
            (one, None) for one in found if one.segment_id not in out
        ]
        if self.relaxed:
            open_ += [
                (one.candidate, one.why)
                for one in ruled_out
                if one.rule and one.candidate.segment_id not in self.late
            ]
        options = grouped(
            element,
            [
                replace(self.option(one, place, trims), breaks=broken)
                for place, (one, broken) in enumerate(open_[: self.most(MOST_OPTIONS)])
            ],
        )
        required = getattr(element, "required", True)
        most = element.count if isinstance(element, Pick) else 1
        found_ids = {one.segment_id for one in found}
        extra = [one for one in ruled_out if one.candidate.segment_id not in found_ids]
        ranking = (*found, *(one.candidate for one in extra))
        told = (*(out[one.segment_id] for one in found if one.segment_id in out), *extra)
        uncounted = len(open_) - len(options)
        return self.stage(index, element, options, ranking, told, uncounted, least=int(required), most=most)

    def fill(self, index: int, fill: Fill) -> Stage:
        span = self.request.span
        found = [one for one in self.request.candidates if one.kind in fill.kinds and one.awaited_as is None]
        found = ranked("least_recently_aired", found, self.request.starts_at, self.request.seed)
        out = []
        for one in found:
            if one.segment_id in self.taken:
                out.append(Out(one, self.taken[one.segment_id]))
            # Where in the fill it will be heard is not known beforehand: it must be free to air throughout.
            elif why := one.why_not_at(span.start, 0) or one.why_not_at(span.end, 0):
                out.append(Out(one, why))
        ruled_out = {one.candidate.segment_id for one in out}
        open_ = [one for one in found if one.segment_id not in ruled_out]
        options = [
            self.option(one, place, (0, 0)) for place, one in enumerate(open_[: self.most(MOST_FILLS)])
        ]
        uncounted = len(open_) - len(options)
        options += self.repeats(options)
        ranking = tuple(found)
        return self.stage(
            index, fill, tuple(options), ranking, tuple(out), uncounted, least=0, most=len(options)
        )

    def repeats(self, options: Sequence[Option]) -> list[Option]:
        """The same once more, and again: a library with too little music for the programme repeats it."""
        once = sum(option.steps for option in options)
        if not once:
            return []
        rounds = min(self.ruler.end // once, self.most(MOST_FILLS) * 4 // len(options))
        return [
            replace(option, place=option.place + number * len(options))
            for number in range(1, rounds + 1)
            for option in options
        ]

    def option(self, one: Candidate, place: int, trims: tuple[int, int]) -> Option:
        samples = one.samples - sum(trims)
        first = 0 if one.air_from is None else max(self.ruler.first_tick_from(one.air_from), 0)
        last = self.ruler.last_start(samples)
        if one.air_until is not None:
            last = min(last, self.ruler.last_tick_for(samples, one.air_until))
        return Option(
            one, one.first_sample + trims[0], samples, place, self.ruler.steps(samples), (first, last)
        )

    def stage(
        self,
        index: int,
        element: Element,
        options: tuple[Option, ...],
        ranking: tuple[Candidate, ...],
        out: tuple[Out, ...],
        uncounted: int = 0,
        *,
        least: int,
        most: int = 1,
    ) -> Stage:
        pause = self.ruler.stretch_of(element.pause_s)
        return Stage(
            index,
            element,
            options,
            ranking,
            out,
            uncounted,
            least,
            most,
            pause,
            self.windows(element),
            self.ruler.crossfades(element.crossfade_s),
            self.ruler.fewer(MOST_FADED, 2),
        )

    def windows(self, element: Element) -> tuple[Window, ...] | None:
        if element.at is None:
            return None
        within = timedelta(seconds=element.within_s)
        windows = []
        for instant in element.at.instants(self.request.span):
            first = self.ruler.first_tick_from(instant - within)
            last = max(first, self.ruler.last_tick_for(0, instant + within))
            # What is due at the very beginning starts when the lead-in is over
            windows.append((first, max(last, self.ruler.lead) if instant == self.request.starts_at else last))
        return tuple(windows)

    @staticmethod
    def trims(element: Element) -> tuple[int, int]:
        if not isinstance(element, Fixed):
            return 0, 0
        return round(element.trim_in_s * SAMPLE_RATE), round(element.trim_out_s * SAMPLE_RATE)
