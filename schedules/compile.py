"""One request, one rundown: exactly the target's samples, every item with its reason, the same bytes every time.

Speech is aired whole or not at all, and only within its own dates at the moment it is heard. Time that is left over goes
to the clock's fills or, where there are none, to the interval signal at the end. The choice is greedy (see `choose`):
where exact search would find a rundown, this may say that one does not fit; it never returns a wrong one.
"""

from __future__ import annotations

from datetime import datetime

from schedules.candidates import Candidate, Request
from schedules.choose import Seat, choose, seats_of
from schedules.clock import PAUSE_S, Clock, IntervalSignal
from schedules.errors import DoesNotFit, NothingToPick
from schedules.fill import Filler, Shelf
from schedules.grid import Grid
from schedules.layout import lay_out
from schedules.pen import Pen, Stretch
from schedules.rundown import Level, Reason, Rundown, SegmentSource
from schedules.time import SAMPLE_RATE, length_text, to_utc

__all__ = ["COMPILER_VERSION", "Candidate", "Request", "compile_rundown", "compile_single"]

COMPILER_VERSION = "greedy-1"
"""Changes whenever the same request would give other bytes."""


def compile_rundown(request: Request) -> Rundown:
    """The programme for one airing. Raises DoesNotFit, NothingToPick.

    Pauses are as the clock asks; where the required elements are too long by them, all pauses are the shortest.
    """
    try:
        return _compile(request, tight=False)
    except DoesNotFit:
        pass
    return _compile(request, tight=True)


def compile_single(
    level: Level,
    candidate: Candidate | None,
    target_samples: int,
    grid_samples: int,
    interval_signal_samples: int,
    starts_at: datetime,
) -> Rundown:
    """One segment, repeated to the target: stand-by and evergreen. Without a segment, the interval signal throughout.

    Speech repeats whole while it fits and the interval signal takes the rest; music is shortened. With a segment this
    raises DoesNotFit (speech longer than the slot) or NothingToPick (outside its dates); without one it cannot fail.
    """
    pen = Pen(Grid(grid_samples), target_samples, to_utc(starts_at), interval_signal_samples)
    stretch = Stretch(target_samples, more=False)
    if candidate is None:
        level = "interval_signal"
        pen.signal_until(stretch, None, Reason(level, 0, "nothing else may air"))
    else:
        _refuse_single(level, candidate, pen)
        pause = round(PAUSE_S * SAMPLE_RATE)
        Filler(pen, Shelf([candidate]), {candidate.kind}, pause, None, level).fill(stretch)
    return _finished(pen, level, [], None)


def _compile(request: Request, *, tight: bool) -> Rundown:
    """Choose, lay out, and look at when each item airs; who is out of its dates there is banned from that seat.

    Every round bans at least one segment from one seat, so the rounds end: in a rundown, or in an error by `choose`.
    """
    seats = seats_of(request.clock, tight=tight)
    bans: dict[tuple[Seat, int], str] = {}
    while True:
        choice = choose(request, seats, bans)
        laid = lay_out(request, seats, choice)
        if not laid.offences:
            break
        bans |= laid.offences
    notes = [*choice.notes, *laid.notes]
    if tight:
        notes.append("pauses were shortened to 0.2 s so that everything required fits")
    _refuse_hollow(request.clock, laid.pen, notes)
    return _finished(laid.pen, "programme", notes, request.seed)


def _refuse_single(level: Level, candidate: Candidate, pen: Pen) -> None:
    who = f"the {level.replace('standby', 'stand-by')}, segment #{candidate.segment_id},"
    room = pen.target - pen.start
    if candidate.samples > room and not candidate.is_elastic:
        raise DoesNotFit(
            f"{who} is {length_text(candidate.samples)} of {candidate.kind} and may not be cut, but there is room for "
            f"{length_text(max(room, 0))}: choose a shorter one"
        )
    if why := candidate.why_not_at(pen.airs_at(), min(candidate.samples, max(room, 0))):
        raise NothingToPick(
            f"{who} may not air at {pen.airs_at():%Y-%m-%d %H:%M} UTC ({why}): choose another"
        )


def _refuse_hollow(clock: Clock, pen: Pen, notes: list[str]) -> None:
    """A programme of nothing but interval signal is no programme, unless its clock asks for just that."""
    has_segment = any(isinstance(item.source, SegmentSource) for item in pen.items)
    if not has_segment and not all(isinstance(element, IntervalSignal) for element in clock.elements):
        told = f" ({'; '.join(notes)})" if notes else ""
        raise NothingToPick(
            f"no segment at all is left for this airing{told}: approve segments, or choose a stand-by"
        )


def _finished(pen: Pen, level: Level, notes: list[str], seed: int | None) -> Rundown:
    rundown = Rundown(
        target_samples=pen.target,
        grid_samples=pen.grid.samples,
        level=level,
        items=tuple(pen.items),
        notes=tuple(notes),
        seed=seed,
        compiler_version=COMPILER_VERSION,
    )
    rundown.check()
    return rundown
