"""The budget of a clock: what its elements take at least, usually and at most, against the length of the programme.

No programme is searched for: it is the sum of what could take each place, by the compiler's own stages and ruler, so that
what does not even fit here never compiles. Whether what fits keeps every rule only a compile can tell.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal

from schedules.candidates import Request
from schedules.ruler import Ruler
from schedules.stage import Stage
from schedules.stages import stages_of

Verdict = Literal["fits", "tight", "short", "over"]


@dataclass(frozen=True, slots=True)
class Share:
    """What one element takes, in samples, its pauses included. `most` is None for a fill, which takes what is left.

    `candidates` may take its place; without any, a required element can air nothing at all (`is_missing`).
    """

    element: int
    least: int
    usual: int
    most: int | None
    candidates: int
    is_missing: bool


@dataclass(frozen=True, slots=True)
class Budget:
    """The shares of all elements, in the clock's order, and their sums, against the target.

    `verdict`: the usual length `fits`, with a fill to take up the rest; `tight`: it does not, unless optional or shorter
    pieces are chosen; `short`: nothing fills the rest, and interval signal would; `over`: not even the least fits.
    """

    target: int
    shares: tuple[Share, ...]

    @property
    def least(self) -> int:
        return sum(share.least for share in self.shares)

    @property
    def usual(self) -> int:
        return sum(share.usual for share in self.shares)

    @property
    def most(self) -> int | None:
        """None where a fill takes whatever is left."""
        known = [share.most for share in self.shares if share.most is not None]
        return sum(known) if len(known) == len(self.shares) else None

    @property
    def verdict(self) -> Verdict:
        if self.least > self.target:
            return "over"
        if self.most is not None and self.most < self.target:
            return "short"
        return "tight" if self.usual > self.target else "fits"


def budget_of(request: Request) -> Budget:
    """What the clock of a request takes of the library as it is."""
    ruler = request.ruler
    shares = [
        _share(ruler, index, list(stages))
        for index, stages in groupby(stages_of(request), key=lambda stage: stage.index)
    ]
    # The silences before the first item and after the last are nobody's: they are taken off the target
    return Budget((ruler.end - ruler.lead) * ruler.tick, tuple(shares))


def _share(ruler: Ruler, index: int, stages: Sequence[Stage]) -> Share:
    """Of one element, which has several stages where it repeats another programme."""
    parts = [_ticks(ruler, stage) for stage in stages]
    most = [part[2] for part in parts]
    return Share(
        element=index,
        least=sum(part[0] for part in parts) * ruler.tick,
        usual=sum(part[1] for part in parts) * ruler.tick,
        most=None if None in most else sum(part or 0 for part in most) * ruler.tick,
        candidates=_candidates(stages),
        is_missing=any(stage.least > 0 and not stage.options for stage in stages),
    )


def _candidates(stages: Sequence[Stage]) -> int:
    keys = {option.key for stage in stages for option in stage.options if option.candidate is not None}
    return len(keys)


def _ticks(ruler: Ruler, stage: Stage) -> tuple[int, int, int | None]:
    """The ticks that a stage takes: the shortest that may have to air, the mean of what could, and the longest."""
    if stage.is_fill:
        least = -(-stage.least_samples // ruler.tick)
        return least, least, None
    lengths = sorted(option.steps for option in stage.options)
    if not lengths:
        return 0, 0, 0
    count = min(stage.most, len(lengths))
    least = sum(lengths[: stage.least])
    usual = round(sum(lengths) / len(lengths) + stage.pause) * count
    return least, usual, sum(lengths[-count:]) + stage.pause * count
