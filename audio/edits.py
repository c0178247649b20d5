"""What a producer wants done to a recording, as a document beside its master: nothing in it touches a sample.

All positions are samples of the master at 48 kHz, ranges are [start, end), whatever else is done. `audio.cutting` makes
the sound of it; here is which edits there are, whether they fit a recording, and where what is heard stands afterwards.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal

from audio.errors import BadEdits
from audio.pcm import RATE

CoverSound = Literal["tone", "silence"]
Strength = Literal["off", "gentle", "strong"]

MOST_EDITS: Final = 500
"""Removed ranges, covers and gains together. Who needs more has another recording."""

SHORTEST_SAMPLES: Final = RATE // 10
"""So much of the recording must be heard in the end, as a master must have at ingest."""

LEAST_GAIN_DB: Final = -40.0
MOST_GAIN_DB: Final = 20.0

Range = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cover:
    """A range of which nothing may be heard, a name for instance: it is as long as before, with another sound."""

    start: int
    end: int
    sound: CoverSound = "tone"


@dataclass(frozen=True, slots=True)
class GainOver:
    """A range that is turned up or down."""

    start: int
    end: int
    gain_db: float


@dataclass(frozen=True, slots=True)
class Cleaning:
    """What is cleaned out of a recording (`audio.cleaning` says how, and what it costs).

    `hum`: the mains and its harmonics; `rumble`: wind, steps and handling below voices; `noise`: what is steadily there
    between the words; `room`: echo.
    """

    hum: bool = False
    rumble: bool = False
    noise: Strength = "off"
    room: Strength = "off"

    def __bool__(self) -> bool:
        return self != NO_CLEANING


NO_CLEANING: Final = Cleaning()


@dataclass(frozen=True, slots=True)
class Edits:
    """All edits of one recording.

    `first_sample` and `end_sample` are where it begins and ends (None: at its end). `removed` ranges are cut out, and the
    sound closes up. Fades lie inside what is left. `even` makes loudness even within the item.
    """

    first_sample: int = 0
    end_sample: int | None = None
    removed: tuple[Range, ...] = ()
    covered: tuple[Cover, ...] = ()
    gains: tuple[GainOver, ...] = ()
    fade_in_samples: int = 0
    fade_out_samples: int = 0
    cleaning: Cleaning = NO_CLEANING
    even: bool = False


NO_EDITS: Final = Edits()


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of the outcome: samples [start, end) of the master, or a cover in their place, from `at` of the cut on."""

    start: int
    end: int
    at: int
    cover: CoverSound | None = None

    @property
    def samples(self) -> int:
        return self.end - self.start


def merged(ranges: Sequence[Range]) -> tuple[Range, ...]:
    """Ranges in order, those that overlap or touch as one."""
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return tuple(joined)


def kept(edits: Edits, samples: int) -> tuple[Range, ...]:
    """What of a master of so many samples is left, covers included, as ranges of it."""
    end = samples if edits.end_sample is None else edits.end_sample
    left, at = [], edits.first_sample
    for start, stop in merged(edits.removed):
        if at < min(start, end):
            left.append((at, min(start, end)))
        at = max(at, stop)
    if at < end:
        left.append((at, end))
    return tuple(left)


def heard(edits: Edits, samples: int) -> tuple[Range, ...]:
    """What of a master is left and not covered: nothing else of it has any influence on the sound."""
    return tuple((each.start, each.end) for each in spans(edits, samples) if each.cover is None)


def length(edits: Edits, samples: int) -> int:
    """How long the outcome is, of a master of so many samples."""
    return sum(end - start for start, end in kept(edits, samples))


def spans(edits: Edits, samples: int) -> tuple[Span, ...]:
    """The outcome from its beginning to its end. Edits must have passed `check`."""
    covers = sorted(edits.covered, key=lambda cover: cover.start)
    found: list[Span] = []
    at = 0
    for start, end in kept(edits, samples):
        for piece in _covered(start, end, covers):
            found.append(Span(piece.start, piece.end, at, piece.cover))
            at += piece.samples
    return tuple(found)


def _covered(start: int, end: int, covers: Sequence[Cover]) -> Iterator[Span]:
    """A range taken apart where covers begin and end; `at` is not yet known."""
    for cover in covers:
        low, high = max(start, cover.start), min(end, cover.end)
        if low >= high:
            continue
        if start < low:
            yield Span(start, low, 0)
        yield Span(low, high, 0, cover.sound)
        start = high
    if start < end:
        yield Span(start, end, 0)


def joins(edits: Edits, samples: int) -> tuple[int, ...]:
    """Where in the outcome something was cut out, or a cover or a gain begins or ends: sorted, each once.

    Away from them (`audio.cutting.SEAM_SAMPLES` behind a removal, and inside a gain's range) sound is the master's own.
    """
    parts = spans(edits, samples)
    found = {part.at for part in parts[1:]}
    for each in edits.gains:
        if each.gain_db:
            found.update(
                part.at + position - part.start
                for position in (each.start, each.end)
                for part in parts
                if part.cover is None and part.start < position < part.end
            )
    return tuple(sorted(found))


class Places:
    """Where positions of the master stand in the outcome, and the other way round."""

    def __init__(self, edits: Edits, samples: int) -> None:
        self._kept = kept(edits, samples)
        self._starts = [start for start, _ in self._kept]
        self._ats = [0]
        for start, end in self._kept:
            self._ats.append(self._ats[-1] + end - start)

    @property
    def length(self) -> int:
        return self._ats[-1]

    def in_cut(self, position: int) -> int:
        """Where a sample of the master is heard; for a removed one, where the sound goes on."""
        index = bisect_right(self._starts, position) - 1
        if index < 0:
            return 0
        start, end = self._kept[index]
        return self._ats[index] + min(position, end) - start

    def in_master(self, position: int) -> int:
        """Which sample of the master is heard there. The end of the outcome is the end of the last range.

        Raises `ValueError` for a position outside the outcome.
        """
        if not 0 <= position <= self.length:
            raise ValueError(f"position {position} is not within the {self.length} samples of the cut")
        index = min(bisect_right(self._ats, position), len(self._kept)) - 1
        return self._kept[index][0] + position - self._ats[index]


# ------------------------------------------------------------------ whether they can be made


def check(edits: Edits, samples: int) -> None:
    """Raise `BadEdits` unless these edits can be made of a master of so many samples; says which one, where, what to do."""
    count = len(edits.removed) + len(edits.covered) + len(edits.gains)
    if count > MOST_EDITS:
        raise BadEdits(f"There are {count}, and at most {MOST_EDITS} are made: split the recording.")
    end = samples if edits.end_sample is None else edits.end_sample
    _check_range("The part that is used", edits.first_sample, end, samples)
    for name, ranges in _named(edits):
        for number, (start, stop) in enumerate(ranges, 1):
            _check_range(f"{name} {number}", start, stop, samples)
    _check_apart("Covers", [(each.start, each.end) for each in edits.covered])
    _check_apart("Gains", [(each.start, each.end) for each in edits.gains])
    for number, each in enumerate(edits.gains, 1):
        # A NaN is not between anything
        if not LEAST_GAIN_DB <= each.gain_db <= MOST_GAIN_DB:
            raise BadEdits(
                f"Gain {number} ({between(each.start, each.end)}) is {each.gain_db:g} dB: "
                f"choose one from {LEAST_GAIN_DB:g} to {MOST_GAIN_DB:g} dB."
            )
    _check_left(edits, samples)


def between(start: int, end: int) -> str:
    """A range as people read it."""
    return f"{start / RATE:.3f} s to {end / RATE:.3f} s"


def _named(edits: Edits) -> Iterator[tuple[str, Sequence[Range]]]:
    yield "Removed range", edits.removed
    yield "Cover", [(each.start, each.end) for each in edits.covered]
    yield "Gain", [(each.start, each.end) for each in edits.gains]


def _check_range(name: str, start: int, end: int, samples: int) -> None:
    where = f"{name} ({between(start, end)})"
    if start < 0:
        raise BadEdits(f"{where} begins before the recording: let it begin at 0.")
    if end > samples:
        raise BadEdits(f"{where} goes beyond the end of the recording at {samples / RATE:.3f} s: shorten it.")
    if start >= end:
        raise BadEdits(f"{where} ends where it begins or before: move its end behind its beginning.")


def _check_apart(name: str, ranges: Sequence[Range]) -> None:
    for one, two in pairwise(sorted(ranges)):
        if two[0] < one[1]:
            raise BadEdits(
                f"{name} from {between(*one)} and from {between(*two)} overlap: shorten one, or make one of both."
            )


def _check_left(edits: Edits, samples: int) -> None:
    left = sum(end - start for start, end in heard(edits, samples))
    if left < SHORTEST_SAMPLES:
        raise BadEdits(
            f"Only {left / RATE:.3f} s of the recording would be heard, and {SHORTEST_SAMPLES / RATE:g} s "
            "must be: remove or cover less."
        )
    whole = length(edits, samples)
    for name, fade in (("fade-in", edits.fade_in_samples), ("fade-out", edits.fade_out_samples)):
        if fade < 0:
            raise BadEdits(f"The {name} has {fade / RATE:.3f} s: give it 0 or more.")
    if edits.fade_in_samples + edits.fade_out_samples > whole:
        raise BadEdits(
            f"The fade-in of {edits.fade_in_samples / RATE:.3f} s and the fade-out of "
            f"{edits.fade_out_samples / RATE:.3f} s are longer than the {whole / RATE:.3f} s that are left: shorten them."
        )
