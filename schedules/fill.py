"""Fills: what makes a programme exactly as long as its slot.

Whole pieces play in their order; the last one is shortened and faded out where the time ends; where too little time is
left for music, or there is none, the interval signal is repeated. So no silence is longer than a second.
"""

from __future__ import annotations

from collections.abc import Iterable

from schedules.candidates import Candidate
from schedules.grid import Run
from schedules.pen import Pen, Stretch
from schedules.rundown import LONGEST_SILENCE, Reason
from schedules.time import SAMPLE_RATE, length_text

SHORTEST_PIECE = 10 * SAMPLE_RATE
"""A piece of music cut shorter than this is a noise; the interval signal is better."""


class Shelf:
    """The pieces that may fill, the one longest unheard in front; what was played goes to the back."""

    def __init__(self, pieces: Iterable[Candidate]) -> None:
        self.pieces = list(pieces)
        self.played: set[int] = set()

    def of(self, kinds: Iterable[str]) -> list[Candidate]:
        return [piece for piece in self.pieces if piece.kind in kinds]

    def put_back(self, piece: Candidate) -> None:
        self.pieces.remove(piece)
        self.pieces.append(piece)
        self.played.add(piece.segment_id)


class Filler:
    """Fills stretches for one element with pieces of its kinds, under one rule's name."""

    def __init__(
        self, pen: Pen, shelf: Shelf, kinds: Iterable[str], pause: int, element: int | None, rule: str
    ) -> None:
        self.pen = pen
        self.shelf = shelf
        self.kinds = frozenset(kinds)
        self.pause = pause
        self.element = element
        self.rule = rule

    def fill_whole(self, until: int) -> None:
        """Whole pieces, in their order, as long as the next one and its pause fit."""
        grid = self.pen.grid
        while piece := self.next_piece(room := until - self.pen.start):
            if grid.step(Run(piece.samples, self.pause)) > room:
                return
            self.play(piece, piece.samples)

    def fill(self, stretch: Stretch) -> None:
        """Whole pieces, then a shortened one or the interval signal, until the stretch ends."""
        while stretch.until - self.pen.end > LONGEST_SILENCE:
            room = max(stretch.sound_end - self.pen.start, 0)
            piece = self.next_piece(room)
            if piece is None:
                self.signal(stretch, "nothing to fill with may air here")
                return
            samples = _playable(piece, room)
            if not samples:
                self.signal(stretch, f"too little is left for #{piece.segment_id}")
                return
            self.play(piece, samples)

    def next_piece(self, room: int) -> Candidate | None:
        """The first on the shelf that may air now, for as long as it would play."""
        airs_at = self.pen.airs_at()
        for piece in self.shelf.of(self.kinds):
            if piece.why_not_at(airs_at, min(piece.samples, max(room, 0))) is None:
                return piece
        return None

    def play(self, piece: Candidate, samples: int) -> None:
        if piece.segment_id in self.shelf.played:
            note = "repeated: nothing else is left"
        else:
            note = "longest unheard" if len(self.shelf.pieces) > 1 else "the only one"
        if samples < piece.samples:
            note += f"; shortened by {length_text(piece.samples - samples)}"
        self.pen.play(piece, samples, self.pause, self.element, self.reason(note))
        self.shelf.put_back(piece)

    def signal(self, stretch: Stretch, why: str) -> None:
        self.pen.signal_until(stretch, self.element, self.reason(why))

    def reason(self, note: str) -> Reason:
        return Reason(self.rule, len(self.shelf.of(self.kinds)), note)


def _playable(piece: Candidate, room: int) -> int:
    """How many samples of a piece play in so much room: all, a shortened part, or none."""
    if piece.samples <= room:
        return piece.samples
    return room if piece.is_elastic and room >= SHORTEST_PIECE else 0
