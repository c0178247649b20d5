"""Best first: the best programme that breaks no rule, and the next best ones after it.

The timeline's best way is a lower bound: rules between items can only make it dearer. Where it breaks one, the search
goes on from each way out of that conflict, the cheapest first. So the first programme without a conflict is the best of
all: that is proved, unless the search was given up after so many runs, and then it says how far off it may be.
"""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from schedules.candidates import Request
from schedules.conflicts import Conflict, first_conflict
from schedules.goals import LARGEST
from schedules.limits import Limits
from schedules.steps import Step
from schedules.timeline import Run, run
from schedules.track import Placement, Track

MOST_RUNS = 60
"""So many runs along an hour's timeline are spent on one programme before the search settles for less than a proof."""
FEWEST_RUNS = 6

QUICK_RUNS = 15
FEWEST_QUICK_RUNS = 3
"""The same where somebody is waiting, for all of its alternatives together."""

LAST_RUN = 4
"""After so many times that number without any, none is found: to prove that rules contradict each other may take for ever."""

MOST_KEPT = 4
"""So many runs' rows are kept, to go on from them: those of an hour are some 15 MB; of a longer programme one."""


@dataclass(frozen=True, slots=True)
class Found:
    """A programme that breaks no rule. `bound` is a cost that none can be below: equal to `cost`, it is the best."""

    placements: tuple[Placement, ...]
    cost: int
    bound: int
    runs: int

    @property
    def is_proved(self) -> bool:
        return self.cost <= self.bound


@dataclass(frozen=True, slots=True)
class _Way:
    """A way that no run has followed yet: nothing on it costs less than `bound`."""

    parent: Limits
    limits: Limits
    bound: int


@dataclass(frozen=True, slots=True)
class _Node:
    """The best programme within limits, whether it breaks a rule or not."""

    limits: Limits
    cost: int
    placements: tuple[Placement, ...]


class Search:
    """One search along one track; `programmes` goes on where it was left."""

    def __init__(self, request: Request, track: Track) -> None:
        self.request = request
        self.track = track
        self.runs = 0
        self._root: tuple[Step, ...] = ()
        self._queue: list[tuple[int, bool, int, _Node | _Way]] = []
        self._pushed = 0
        self._seen: set[Limits] = set()
        self._told: set[frozenset[tuple[int, int]]] = set()
        self._lost = LARGEST
        """No programme that the search may have lost is cheaper: a conflict whose ways out are not all."""
        self._recent: dict[Limits, tuple[Step, ...]] = {}
        self._run_before: dict[Limits, _Node | None] = {}

    @property
    def was_given_up(self) -> bool:
        """Whether some ways were not followed to their end."""
        return bool(self._queue)

    def programmes(self) -> Iterator[Found]:
        """Programmes that break no rule, no two with the same items; best first as far as that is proved."""
        first = run(self.track, Limits())
        self._root = first.steps
        self.runs = 1
        # Runs before the last programme was found, and before the search began to look for proofs
        told_at = proving_at = 0
        if (node := self._node(Limits(), first)) is not None:
            self._push(node)
        quick, fewer = self.request.quick, self.track.ruler.fewer
        # A longer timeline gets fewer runs, so that it takes no longer
        most = fewer(QUICK_RUNS, FEWEST_QUICK_RUNS) if quick else fewer(MOST_RUNS, FEWEST_RUNS)
        while self._queue and self.runs < told_at + LAST_RUN * most:
            bound = self._queue[0][0]
            node = self._next() if self.runs < proving_at + most else self._settle()
            if node is None:
                continue
            if (choices := frozenset(self._choices(node))) not in self._told:
                self._told.add(choices)
                yield Found(node.placements, node.cost, min(bound, self._lost), self.runs)
                told_at = self.runs
                proving_at = 0 if quick else told_at
            if self._has_room(choices):
                # The same and more of it would do as well, and no way leads there
                self._lost = min(self._lost, node.cost)
            self._open(node, self._others(node))

    def _push(self, entry: _Node | _Way) -> None:
        """Queue it. Of equals, what was run before what was not, then what was found first."""
        is_way = isinstance(entry, _Way)
        self._pushed += 1
        cost = entry.bound if isinstance(entry, _Way) else entry.cost
        heapq.heappush(self._queue, (cost, is_way, self._pushed, entry))

    def _next(self) -> _Node | None:
        """The cheapest that is open, if it breaks no rule; else its ways out are open now."""
        entry = heapq.heappop(self._queue)[3]
        if isinstance(entry, _Way):
            if (node := self._run(entry)) is not None:
                self._push(node)
            return None
        conflict = self._conflict(entry)
        if conflict is None:
            return entry
        self._leave(entry, conflict)
        return None

    def _settle(self) -> _Node | None:
        """Go down from the cheapest that is open, always the cheapest way out, until no rule is broken."""
        entry = heapq.heappop(self._queue)[3]
        node = self._run(entry) if isinstance(entry, _Way) else entry
        while node is not None and (conflict := self._conflict(node)) is not None:
            node = self._cheapest(self._leave(node, conflict))
        return node

    def _cheapest(self, ways: Sequence[_Way]) -> _Node | None:
        least: _Node | None = None
        for way in sorted(ways, key=lambda way: way.bound):
            if least is not None and (self.request.quick or least.cost <= way.bound):
                break
            node = self._run(way)
            if node is not None and (least is None or node.cost < least.cost):
                least = node
        return least

    def _run(self, way: _Way) -> _Node | None:
        """Follow a way, from the first stage for which it makes a difference."""
        if way.limits in self._run_before:
            return self._run_before[way.limits]
        self.runs += 1
        shared = self._shared(way.limits)
        found = run(self.track, way.limits, shared, may_cut=self._is_noticed(way.parent))
        if (node := self._node(way.limits, found)) is not None:
            self._remember(way.limits, found.steps)
        return node

    def _node(self, limits: Limits, found: Run) -> _Node | None:
        node = _Node(limits, found.cost, found.placements) if found.cost < LARGEST else None
        self._run_before[limits] = node
        return node

    def _is_noticed(self, limits: Limits) -> bool:
        """Whether something is cut or covered in the best programme within limits: it will be in those with more."""
        node = self._run_before[limits]
        return node is not None and self.track.goals.read(node.cost).noticed_ticks > 0

    def _conflict(self, node: _Node) -> Conflict | None:
        return first_conflict(self.request, self.track.stages, node.placements)

    def _leave(self, node: _Node, conflict: Conflict) -> list[_Way]:
        if not conflict.is_complete:
            self._lost = min(self._lost, node.cost)
        return self._open(node, conflict.ways)

    def _choices(self, node: _Node) -> list[tuple[int, int]]:
        """What makes two programmes different to a producer: what is picked or, where nothing is, what fills it."""
        stages = self.track.stages
        choices = [
            (one.stage, one.option.key)
            for one in node.placements
            if one.option is not None and len(stages[one.stage].options) > 1
        ]
        return [choice for choice in choices if not stages[choice[0]].is_fill] or choices

    def _has_room(self, choices: Iterable[tuple[int, int]]) -> bool:
        """Whether a stage that takes something of its own choice could take more of it."""
        taken = Counter(number for number, _ in choices)
        return not taken or any(
            self.track.stages[number].is_fill or count < self.track.stages[number].most
            for number, count in taken.items()
        )

    def _others(self, node: _Node) -> list[Limits]:
        """Ways to all other programmes, none in two of them where a stage takes one item (Lawler 1972).

        One picked item has to be another or, where nothing is picked, one of a fill; those before it stay. Or a stage
        that took nothing takes something.
        """
        stages = self.track.stages
        ways = []
        stay: set[tuple[int, int]] = set()
        for choice in self._choices(node):
            ways.append(Limits(bans=frozenset({choice}), only=frozenset(stay)))
            if stages[choice[0]].most == 1:
                stay.add(choice)
        taken = {one.stage for one in node.placements}
        for number, stage in enumerate(stages):
            if number not in taken and not stage.is_fill and len(stage.options) > 1:
                ways.append(Limits(demanded=frozenset({number}), only=frozenset(stay)))
        return ways

    def _open(self, parent: _Node, more: Sequence[Limits]) -> list[_Way]:
        """Queue the ways from a node on."""
        ways = []
        for limits in (parent.limits | limits for limits in more):
            if limits not in self._seen:
                self._seen.add(limits)
                ways.append(_Way(parent.limits, limits, max(parent.cost, self.track.floor(limits))))
        for way in ways:
            if way.bound < LARGEST:
                self._push(way)
        return ways

    def _shared(self, limits: Limits) -> tuple[Step, ...]:
        """The first steps of a run, as far as one whose rows are kept is the same."""
        kept = [(Limits(), self._root), *self._recent.items()]
        shared = [steps[: limits.first_difference(other)] for other, steps in kept]
        return max(shared, key=len)

    def _remember(self, limits: Limits, steps: tuple[Step, ...]) -> None:
        self._recent[limits] = steps
        while len(self._recent) > self.track.ruler.fewer(MOST_KEPT, 1):
            del self._recent[next(iter(self._recent))]
