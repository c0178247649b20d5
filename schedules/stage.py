"""A place of the programme, with the segments that may take it."""

from __future__ import annotations

from dataclasses import dataclass

from schedules.candidates import Candidate
from schedules.elements import MUSIC_KINDS, Element, Fill, Pick, element_name
from schedules.said import Said
from schedules.time import SAMPLE_RATE

MOST_FADED = 8
"""Only so many of a ranking, from its best on, are tried faded into the music before them; in a long programme fewer."""
SHORTEST_FADED = 10 * SAMPLE_RATE
"""What is shorter is not faded into another: two of the longest cross-fades leave the whole of it without a moment alone."""

Window = tuple[int, int]
"""The first and the last tick at which something may start."""


@dataclass(frozen=True, slots=True)
class Option:
    """A segment that may take a stage, or the interval signal. `place` counts from 0, the best of the ranking.

    `first_sample` and `samples` are what would be heard of it, whole; `window` keeps it within its own dates.
    """

    candidate: Candidate | None
    first_sample: int
    samples: int
    place: int
    steps: int
    window: Window
    breaks: Said | None = None
    """The rotation rule that it breaks, where rules are relaxed."""
    group: str = ""
    """Of those with the same one its stage takes one at most, as two would break its rule; empty: it has none."""

    @property
    def key(self) -> int:
        """The segment's id; 0 for the interval signal."""
        return self.candidate.segment_id if self.candidate else 0

    @property
    def is_music(self) -> bool:
        """Whether it may be faded into other music, at its beginning and at its end."""
        is_long = self.samples >= SHORTEST_FADED
        return is_long and self.candidate is not None and self.candidate.kind in MUSIC_KINDS


@dataclass(frozen=True, slots=True)
class Out:
    """A candidate that may not take a stage, and why. With `rule` it breaks one that a person could relax."""

    candidate: Candidate
    why: Said
    rule: bool = False


@dataclass(frozen=True, slots=True)
class Stage:
    """One element, or one item of a repeat: at least `least` and at most `most` of its options, in their order.

    Options of a group follow one another, behind the best of them. `index` is the element's in the clock. `windows` are those of its hard time, None where it has none. `ranking` is all
    that were looked at, best first, `out` those of them that rules and dates ruled out, `uncounted` how many that could
    take it are so far down the ranking that they are not weighed. `crossfades`: by so many ticks what is music, and among
    the first `most_faded` of the ranking, may start before the music before it is over; None where nothing may.
    """

    index: int
    element: Element
    options: tuple[Option, ...]
    ranking: tuple[Candidate, ...]
    out: tuple[Out, ...]
    uncounted: int
    least: int
    most: int
    pause: int
    windows: tuple[Window, ...] | None
    crossfades: Window | None = None
    most_faded: int = MOST_FADED

    def crossfade(self, option: Option) -> Window | None:
        """By how many ticks an option may overlap the music before it, None where it may not."""
        return self.crossfades if option.is_music and option.place < self.most_faded else None

    def has_crossfades(self) -> bool:
        return any(self.crossfade(option) is not None for option in self.options)

    def shortest(self, option: Option) -> int:
        """The ticks that an option takes up at least: those of a cross-fade are the item's before it as well."""
        crossfade = self.crossfade(option)
        return option.steps - (crossfade[1] if crossfade else 0)

    @property
    def name(self) -> Said:
        return element_name(self.index, self.element)

    @property
    def is_fill(self) -> bool:
        return isinstance(self.element, Fill)

    @property
    def least_samples(self) -> int:
        """What a fill has to take up, pauses included; 0 for other stages."""
        if not isinstance(self.element, Fill):
            return 0
        return round(self.element.min_s * SAMPLE_RATE)

    @property
    def priority(self) -> int:
        return getattr(self.element, "priority", 0)

    @property
    def is_strict(self) -> bool:
        """Whether its ranking stands above a better fit: the newest is the newest, while rotation gives way."""
        return not (
            isinstance(self.element, Fill)
            or (isinstance(self.element, Pick) and self.element.order != "newest")
        )
