"""What a search along the timeline has forbidden or demanded so far."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from schedules.stage import Option, Window


@dataclass(frozen=True, slots=True)
class Limits:
    """Of every entry the first number is the stage's."""

    bans: frozenset[tuple[int, int]] = frozenset()
    """Segments that may not take a stage: (stage, segment id)."""
    windows: frozenset[tuple[int, int, int, int]] = frozenset()
    """(stage, segment id, first, last): it starts within these ticks, if it is there."""
    begins: frozenset[tuple[int, int]] = frozenset()
    """(fill, last): what comes before it is over at this tick at the latest."""
    ends: frozenset[tuple[int, int]] = frozenset()
    """(fill, first): it is over at this tick at the earliest."""
    demanded: frozenset[int] = frozenset()
    """Stages that may not be left out."""
    only: frozenset[tuple[int, int]] = frozenset()
    """(stage, segment id): it takes this stage, or nothing does."""

    def __or__(self, more: Limits) -> Limits:
        """Both limits."""
        return Limits(*(getattr(self, field.name) | getattr(more, field.name) for field in fields(self)))

    def first_difference(self, other: Limits) -> int:
        """The number of the first stage for which the two differ."""
        entries = [
            *(self.bans ^ other.bans),
            *(self.windows ^ other.windows),
            *(self.begins ^ other.begins),
            *(self.ends ^ other.ends),
            *(self.only ^ other.only),
        ]
        return min([*(entry[0] for entry in entries), *(self.demanded ^ other.demanded), 1 << 30])

    def allowed(self, number: int, options: Iterable[Option]) -> list[Option]:
        """Those of a stage's options that may take it."""
        only = {segment for stage, segment in self.only if stage == number}
        banned = {segment for stage, segment in self.bans if stage == number}
        return [option for option in options if option.key not in banned and (not only or option.key in only)]

    def window(self, number: int, option: Option) -> Window:
        """The first and the last tick at which an option may start, its own dates apart."""
        own = [entry[2:] for entry in self.windows if entry[:2] == (number, option.key)]
        return max([first for first, _ in own], default=0), min([last for _, last in own], default=1 << 30)
