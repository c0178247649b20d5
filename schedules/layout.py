"""From who sits where to items on the grid, in the order of the clock.

Only here it is known when each item airs, so here those are found who would air outside their dates.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schedules.candidates import Request, ranked
from schedules.choose import Choice, Seat
from schedules.clock import Fill
from schedules.fill import Filler, Shelf
from schedules.grid import Run
from schedules.pen import Pen, Stretch
from schedules.rundown import LONGEST_SILENCE, IntervalSignalSource, Reason
from schedules.time import length_text


@dataclass(frozen=True, slots=True)
class Laid:
    """What was written, notes for people, and why segments may not air in the seats where they were put."""

    pen: Pen
    notes: tuple[str, ...]
    offences: Mapping[tuple[Seat, int], str]


def lay_out(request: Request, seats: Sequence[Seat], choice: Choice) -> Laid:
    """Write one choice on the grid, to exactly the target."""
    laying = _Laying(request, seats, choice)
    for place, seat in enumerate(laying.seats):
        laying.write(seat, laying.seats[place + 1 :])
    laying.close()
    return Laid(laying.pen, tuple(laying.notes), laying.offences)


class _Laying:
    """The state of one layout."""

    def __init__(self, request: Request, seats: Sequence[Seat], choice: Choice) -> None:
        self.request = request
        self.choice = choice
        self.seats = [seat for seat in seats if seat in choice.taken or seat.least_samples is not None]
        self.pen = Pen(
            request.grid, request.target_samples, request.starts_at, request.interval_signal_samples
        )
        self.shelf = _shelf(request, choice)
        self.fills_left = sum(isinstance(seat.element, Fill) for seat in seats)
        self.offences: dict[tuple[Seat, int], str] = {}
        self.notes: list[str] = []

    def write(self, seat: Seat, later: Sequence[Seat]) -> None:
        if seat in self.choice.taken:
            self.write_segment(seat)
        elif isinstance(seat.element, Fill):
            self.fill(seat, seat.element, later)
        else:
            reason = Reason("interval_signal", 1, "asked for by the clock")
            self.pen.signal(seat.least_samples or 0, seat.pause, seat.index, reason)

    def write_segment(self, seat: Seat) -> None:
        taken = self.choice.taken[seat]
        candidate, airs_at = taken.candidate, self.pen.airs_at()
        if why := candidate.why_not_at(airs_at, candidate.samples):
            self.offences[seat, candidate.segment_id] = f"{why}, and its turn is at {airs_at:%H:%M:%S} UTC"
        self.pen.play(candidate, candidate.samples, seat.pause, seat.index, taken.reason)

    def fill(self, seat: Seat, element: Fill, later: Sequence[Seat]) -> None:
        """The last fill takes exactly what is left; those before it take whole pieces from their even shares."""
        pen = self.pen
        runs = [run for other in later if (run := self.run(other)).samples]
        stretch = Stretch(pen.grid.latest_start(pen.target, runs), more=bool(runs))
        filler = Filler(pen, self.shelf, element.kinds, seat.pause, seat.index, "fill")
        begin, written = pen.start, len(pen.items)
        if self.fills_left > 1:
            stretch = Stretch(self.share(seat, stretch), more=True)
            filler.fill_whole(stretch.until)
        if self.fills_left == 1 or pen.start - begin < self.run(seat).samples:
            filler.fill(stretch)
            pen.start = stretch.until
        self.fills_left -= 1
        self.note_signal(seat, written)

    def share(self, seat: Seat, stretch: Stretch) -> int:
        """Where an even share of a stretch among the fills that are left ends, or this one's own minimum."""
        grid, run = self.pen.grid, self.run(seat)
        even = grid.down((stretch.until - self.pen.start) // self.fills_left)
        return self.pen.start + max(even, grid.step(run) if run.samples else 0)

    def run(self, seat: Seat) -> Run:
        """What a seat takes up at least."""
        taken = self.choice.taken.get(seat)
        return Run(taken.candidate.samples if taken else seat.least_samples or 0, seat.pause)

    def note_signal(self, seat: Seat, written: int) -> None:
        items = [item for item in self.pen.items[written:] if isinstance(item.source, IntervalSignalSource)]
        if items:
            covered = length_text(sum(item.samples for item in items))
            self.notes.append(f"{seat.name}: the interval signal covers {covered}, {items[-1].reason.note}")

    def close(self) -> None:
        """Where no fill took the time that is left, the interval signal does."""
        left = self.pen.target - self.pen.end
        if left > LONGEST_SILENCE:
            why = f"nothing in the clock fills the last {length_text(left)}"
            self.notes.append(f"{why}: the interval signal does; a fill element would play music there")
            self.pen.signal_until(Stretch(self.pen.target, more=False), None, Reason("closing", 0, why))


def _shelf(request: Request, choice: Choice) -> Shelf:
    """What fills may play: elastic pieces that no other element has, the longest unheard first."""
    elements = request.clock.elements
    kinds = {kind for element in elements if isinstance(element, Fill) for kind in element.kinds}
    elsewhere = {taken.candidate.segment_id for taken in choice.taken.values()}
    pieces = [one for one in request.candidates if one.kind in kinds and one.segment_id not in elsewhere]
    return Shelf(ranked("least_recently_aired", pieces, request.seed))
