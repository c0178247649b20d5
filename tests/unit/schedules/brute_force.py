"""Every programme there is, tried one after the other: what the compiler's optimum is held against.

Nothing here knows of rows, limits or conflicts. A grid of 0.2 s makes it bearable: a pause has four lengths.
Only what is dearer than a programme known already, or than the same items up to the same moment, is not followed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from schedules.candidates import Request
from schedules.elements import Fixed, Pick, Spoken
from schedules.fills import MOST_CUT, SHORTEST_COVER, SHORTEST_PIECE
from schedules.goals import COVER, EMPTY_FILL
from schedules.stage import MOST_FADED, Option, Stage
from schedules.stages import stages_of
from schedules.time import SAMPLE_RATE
from tests.unit.schedules.likeness import alike, likeness

Cost = tuple[tuple[int, ...], int, int, int]
"""Items left out, those of the highest priority first; places behind the newest; ticks noticed; places of rotation."""

Choices = frozenset[tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Placed:
    """An item at ticks `[start, end)`; without an option the interval signal that nobody asked for."""

    stage: int
    option: Option | None
    start: int
    end: int
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class Partial:
    """The beginning of a programme, up to tick `end`."""

    end: int
    placed: tuple[Placed, ...] = ()
    missing: tuple[int, ...] = ()
    newest: int = 0
    noticed: int = 0
    rotation: int = 0

    @property
    def cost(self) -> Cost:
        return self.missing, self.newest, self.noticed, self.rotation


def is_music(option: Option | None) -> bool:
    """What may be faded into other music, at both ends."""
    candidate = option.candidate if option else None
    return (
        option is not None
        and candidate is not None
        and candidate.kind in {"music", "filler", "bed"}
        and option.samples >= 10 * SAMPLE_RATE
    )


class BruteForce:
    """The cheapest cost of every choice of items, as far as it is among the `wanted` cheapest ones."""

    def __init__(self, request: Request, wanted: int = 1) -> None:
        self.wanted = wanted
        self.best: dict[Choices, Cost] = {}
        self._enough: Cost | None = None
        self.stages = stages_of(request)
        self.ruler = request.ruler
        self.priorities = sorted({stage.priority for stage in self.stages if not stage.is_fill}, reverse=True)
        self.fills = sum(stage.is_fill for stage in self.stages)
        self._has_spacings = any(getattr(stage.element, "spacings", ()) for stage in self.stages)
        self._seen: dict[tuple[object, ...], Cost] = {}
        self._go_on(0, Partial(self.ruler.lead, missing=(0,) * len(self.priorities)))

    @property
    def costs(self) -> list[Cost]:
        return sorted(self.best.values())[: self.wanted]

    def _is_hopeless(self, partial: Partial) -> bool:
        """Costs only grow: what is dearer already than all that are wanted need not be followed."""
        return self._enough is not None and partial.cost > self._enough

    def _is_no_better(self, number: int, partial: Partial, begin: int = 0) -> bool:
        """The same items up to the same tick were there for less already: what follows is the same for both.

        `begin`: where a fill began that has to be of some length.
        """
        key = number, partial.end, begin, *(self._identity(one) for one in partial.placed)
        if key in self._seen and self._seen[key] <= partial.cost:
            return True
        self._seen[key] = partial.cost
        return False

    def _identity(self, one: Placed) -> tuple[int, ...]:
        place = (one.start, one.end) if self._has_spacings else ()
        return one.stage, one.option.key if one.option else -1, int(one.is_cut), *place

    def _go_on(self, number: int, partial: Partial) -> None:
        if self._is_hopeless(partial) or partial.end > self.ruler.end or self._is_no_better(number, partial):
            return
        if number < len(self.stages):
            stage = self.stages[number]
            ways = (
                self._fill(number, stage, partial) if stage.is_fill else self._choose(number, stage, partial)
            )
            for more in ways:
                self._go_on(number + 1, more)
            return
        for more in (partial, *self._covered(number, partial)):
            silence = self.ruler.end - more.end
            if 0 <= silence <= self.ruler.closing:
                self._keep(replace(more, noticed=more.noticed + silence))

    def _keep(self, whole: Partial) -> None:
        choices = [
            (one.stage, one.option.key)
            for one in whole.placed
            if one.option is not None and len(self.stages[one.stage].options) > 1
        ]
        picked = [choice for choice in choices if not self.stages[choice[0]].is_fill]
        key = frozenset(picked or choices)
        self.best[key] = min(whole.cost, self.best.get(key, whole.cost))
        if len(self.best) >= self.wanted:
            self._enough = self.costs[-1]

    def _choose(self, number: int, stage: Stage, partial: Partial) -> Iterator[Partial]:
        """Up to `most` of the options in their order; then what that leaves out."""
        for taken in self._taken(number, stage, partial, 0, 0):
            count = len(taken.placed) - len(partial.placed)
            if count >= stage.least:
                at = self.priorities.index(stage.priority)
                missing = list(taken.missing)
                missing[at] += stage.most - count
                yield replace(taken, missing=tuple(missing))

    def _taken(
        self, number: int, stage: Stage, partial: Partial, first: int, count: int
    ) -> Iterator[Partial]:
        if count < stage.most:
            for index in range(first, len(stage.options)):
                for more in self._placed(number, stage, partial, stage.options[index], count):
                    yield from self._taken(number, stage, more, index + 1, count + 1)
        yield partial

    def _placed(
        self, number: int, stage: Stage, partial: Partial, option: Option, count: int
    ) -> Iterator[Partial]:
        asked = self.stages[number - 1].pause if number else stage.pause
        reach = range(self.ruler.reach(asked) + 1)
        pauses = [0] if not partial.placed else reach if not count else [stage.pause]
        for pause in [*pauses, *self._crossfades(stage, partial, option)]:
            start = partial.end + pause
            placed = Placed(number, option, start, start + option.steps)
            on_time = stage.windows is None or count or any(a <= start <= b for a, b in stage.windows)
            if on_time and self._may_air(placed) and self._keeps_rules(stage, partial.placed, placed):
                place = {"newest" if stage.is_strict else "rotation": option.place}
                yield replace(
                    partial,
                    end=placed.end,
                    placed=(*partial.placed, placed),
                    newest=partial.newest + place.get("newest", 0),
                    rotation=partial.rotation + place.get("rotation", 0),
                )

    def _crossfades(self, stage: Stage, partial: Partial, option: Option) -> list[int]:
        """The pauses below none at which music begins within the music before it."""
        last = partial.placed[-1].option if partial.placed else None
        longest = round(stage.element.crossfade_s * SAMPLE_RATE)
        if not longest or option.place >= MOST_FADED or not is_music(last) or not is_music(option):
            return []
        # The shortest pause belongs to the item before; sound ends up to a tick sooner than a whole number of them
        tick, pause = self.ruler.tick, SAMPLE_RATE // 5
        return [
            -ticks
            for ticks in range((longest + pause) // tick + 1)
            if ticks * tick - pause - tick >= SAMPLE_RATE
        ]

    def _may_air(self, placed: Placed) -> bool:
        option = placed.option
        assert option is not None
        return option.window[0] <= placed.start <= option.window[1]

    def _keeps_rules(self, stage: Stage, before: tuple[Placed, ...], one: Placed) -> bool:
        heard = [other for other in before if other.option is not None and other.option.candidate is not None]
        assert one.option is not None
        candidate = one.option.candidate
        if candidate is None:
            return True
        if any(self._is_twice(one, other) for other in heard):
            return False
        pick = stage.element
        # A later item may use up the quota of an earlier one
        for other in [*heard, one]:
            element = self.stages[other.stage].element
            if isinstance(element, Pick) and not self._within_quotas(element, other, [*heard, one]):
                return False
        if not isinstance(pick, Pick):
            return True
        return self._suits(pick, before, one) and self._is_apart(pick, heard, one)

    def _is_twice(self, one: Placed, other: Placed) -> bool:
        assert one.option is not None
        assert other.option is not None
        named = all(isinstance(self.stages[each.stage].element, Fixed | Spoken) for each in (one, other))
        return one.option.key == other.option.key and one.stage != other.stage and not named

    def _within_quotas(self, pick: Pick, one: Placed, heard: list[Placed]) -> bool:
        candidates = [other.option.candidate for other in heard if other.option and other.option.candidate]
        assert one.option is not None
        return all(
            sum(like in likeness(quota, other) for other in candidates) <= quota.most
            for quota in pick.quotas
            for like in likeness(quota, one.option.candidate)
        )

    @staticmethod
    def _suits(pick: Pick, before: tuple[Placed, ...], one: Placed) -> bool:
        if before and before[-1].stage == one.stage:
            return True
        last = before[-1].option if before else None
        tags = last.candidate.tags if last and last.candidate else frozenset()
        return not tags & set(pick.not_after_tags) and (
            not pick.after_tags or bool(tags & set(pick.after_tags))
        )

    def _is_apart(self, pick: Pick, heard: list[Placed], one: Placed) -> bool:
        assert one.option is not None
        for other in heard:
            assert other.option is not None
            pair = one.option.candidate, other.option.candidate
            if any(rest.of != "item" and alike(rest, *pair) for rest in pick.rests):
                return False
            for spacing in pick.spacings:
                apart = -(-round(spacing.minutes * 60 * SAMPLE_RATE) // self.ruler.tick)
                if alike(spacing, *pair) and one.start - other.end < apart:
                    return False
        return True

    def _fill(self, number: int, stage: Stage, partial: Partial) -> Iterator[Partial]:
        begin = partial.end if stage.least_samples else 0
        for filled in self._pieces(number, stage, partial, 0, begin):
            own = filled.placed[len(partial.placed) :]
            empty = EMPTY_FILL if not own and self.fills > 1 else 0
            more = replace(filled, noticed=filled.noticed + empty)
            for done in (more, *self._covered(number, more)):
                missing = self.ruler.steps(stage.least_samples) - (done.end - partial.end)
                if not stage.least_samples or missing <= SAMPLE_RATE // 2 // self.ruler.tick:
                    yield done

    def _pieces(
        self, number: int, stage: Stage, partial: Partial, first: int, begin: int
    ) -> Iterator[Partial]:
        if partial.end > self.ruler.end:
            return
        yield partial
        is_cut = any(one.stage == number and one.is_cut for one in partial.placed)
        for index in range(first, len(stage.options)):
            option = stage.options[index]
            lengths = range(self.ruler.steps(SHORTEST_PIECE), option.steps)
            cuts = [] if is_cut or option.place >= MOST_CUT else lengths
            pieces = []
            for pause in (stage.pause, *self._crossfades(stage, partial, option)):
                start = partial.end + pause
                if start <= option.window[1]:
                    pieces.append(Placed(number, option, start, start + option.steps))
                pieces += [Placed(number, option, start, start + length, is_cut=True) for length in cuts]
            for piece in pieces:
                if self._keeps_rules(stage, partial.placed, piece):
                    more = replace(
                        partial,
                        end=piece.end,
                        placed=(*partial.placed, piece),
                        noticed=partial.noticed + option.steps - (piece.end - piece.start),
                        rotation=partial.rotation + option.place,
                    )
                    if not self._is_hopeless(more) and not self._is_no_better(-1 - number, more, begin):
                        yield from self._pieces(number, stage, more, index + 1, begin)

    def _covered(self, number: int, partial: Partial) -> Iterator[Partial]:
        for end in range(partial.end + self.ruler.steps(SHORTEST_COVER), self.ruler.end + 1):
            cover = Placed(number, None, partial.end, end)
            noticed = partial.noticed + COVER * (end - partial.end)
            yield replace(partial, end=end, placed=(*partial.placed, cover), noticed=noticed)
