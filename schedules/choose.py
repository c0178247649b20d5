"""Who sits where: a clock and its candidates become one segment, or none, for every seat.

This is a greedy choice, and an honest one rather than the best one. Required seats choose first, in the order of the
clock; each takes the first of its ranking that leaves room for the shortest that the other required seats could take.
Then optional seats choose, higher priority first and earlier first among equals; one that finds nothing short enough is
left out, with a note. What it does not do: give up a better ranked segment so that a later seat finds one at all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from schedules.candidates import Candidate, Request, matching, ranked
from schedules.clock import Clock, Element, Fill, Fixed, IntervalSignal, Pick, element_name
from schedules.errors import DoesNotFit, NothingToPick
from schedules.grid import SHORTEST_PAUSE, Run
from schedules.rundown import Reason
from schedules.time import SAMPLE_RATE, length_text

_TOLD = 3
"""So many losers are named in a reason; the rest are counted."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One place in the rundown: the `ordinal`-th item of the clock's element number `index` (both from 0)."""

    index: int
    ordinal: int
    element: Element
    pause: int

    @property
    def name(self) -> str:
        return element_name(self.index, self.element)

    @property
    def is_required(self) -> bool:
        """A required pick of several insists on the first only."""
        return isinstance(self.element, Fixed | Pick) and self.element.required and self.ordinal == 0

    @property
    def least_samples(self) -> int | None:
        """What an interval signal or a fill takes up at least; None for a seat that takes a segment."""
        match self.element:
            case IntervalSignal(seconds=seconds):
                return round(seconds * SAMPLE_RATE)
            case Fill(min_s=min_s):
                return round(min_s * SAMPLE_RATE)
        return None


@dataclass(frozen=True, slots=True)
class Taken:
    """A seat's segment, and why it is this one."""

    candidate: Candidate
    reason: Reason


@dataclass(frozen=True, slots=True)
class Choice:
    """The seats that are taken by segments, and notes on those left empty."""

    taken: Mapping[Seat, Taken]
    notes: tuple[str, ...]


Bans = Mapping[tuple[Seat, int], str]
"""Why a segment may not take a seat after all: found when its place in time was known."""


def seats_of(clock: Clock, *, tight: bool) -> list[Seat]:
    """The clock's seats in order, with the pauses it asks for or, when `tight`, the shortest."""
    return [
        Seat(index, ordinal, element, SHORTEST_PAUSE if tight else round(element.pause_s * SAMPLE_RATE))
        for index, element in enumerate(clock.elements)
        for ordinal in range(element.count if isinstance(element, Pick) else 1)
    ]


def choose(request: Request, seats: list[Seat], bans: Bans) -> Choice:
    """A segment for every required seat and for as many optional ones as fit. Raises NothingToPick, DoesNotFit."""
    return _Choosing(request, seats, bans).run()


@dataclass(frozen=True, slots=True)
class _Contest:
    """A seat's candidates, best first, and why each of those that cannot take it cannot."""

    ranked: list[Candidate]
    out: dict[int, str]

    def open(self) -> list[Candidate]:
        return [candidate for candidate in self.ranked if candidate.segment_id not in self.out]


class _Choosing:
    """The state of one choice: what is taken, and the samples that every seat takes up so far."""

    def __init__(self, request: Request, seats: list[Seat], bans: Bans) -> None:
        self.request = request
        self.seats = seats
        self.bans = bans
        self.fixed = {seat.element.segment_id: seat for seat in seats if isinstance(seat.element, Fixed)}
        self.by_id = {candidate.segment_id: candidate for candidate in request.candidates}
        self.too_early_or_late = {
            candidate.segment_id: why
            for candidate in request.candidates
            if (why := candidate.why_not_within(request.span)) is not None
        }
        self.samples: dict[Seat, int] = {}
        self.taken: dict[Seat, Taken] = {}
        self.taker: dict[int, Seat] = {}
        self.notes: list[str] = []

    def run(self) -> Choice:
        required = [seat for seat in self.seats if seat.is_required]
        optional = [seat for seat in self.seats if not seat.is_required and seat.least_samples is None]
        self.reserve(required)
        for seat in required:
            self.take_required(seat)
        full: set[int] = set()
        for seat in sorted(optional, key=lambda seat: -_priority(seat)):
            if seat.index not in full and not self.take_optional(seat):
                full.add(seat.index)
        return Choice(self.taken, tuple(self.notes))

    def reserve(self, required: list[Seat]) -> None:
        """Set aside what is certain: fixed lengths, and the shortest that each required seat could take."""
        for seat in self.seats:
            if seat.least_samples:
                self.samples[seat] = seat.least_samples
        for seat in required:
            self.set_aside_shortest(seat)
        self.refuse_too_long()

    def set_aside_shortest(self, seat: Seat) -> None:
        contest = self.contest(seat)
        if not contest.open():
            raise NothingToPick(
                f"{seat.name}: {self.why_nothing(seat, contest)}, or make the element optional"
            )
        self.samples[seat] = min(candidate.samples for candidate in contest.open())

    def take_required(self, seat: Seat) -> None:
        """Fails only where two seats counted on the same short segment."""
        if not self.take_first_that_fits(seat, self.contest(seat), self.room(seat)):
            self.set_aside_shortest(seat)
            self.refuse_too_long()

    def take_optional(self, seat: Seat) -> bool:
        contest, room = self.contest(seat), self.room(seat)
        if self.take_first_that_fits(seat, contest, room):
            return True
        which = f"{seat.name}, item {seat.ordinal + 1}" if seat.ordinal else seat.name
        if contest.open():
            shortest = min(contest.open(), key=lambda candidate: (candidate.samples, candidate.segment_id))
            why = _too_long(shortest, room)
            if isinstance(seat.element, Pick):
                why += f" (#{shortest.segment_id}, the shortest)"
        else:
            why = self.why_nothing(seat, contest)
        self.notes.append(f"{which} was left out: {why}")
        return False

    def take_first_that_fits(self, seat: Seat, contest: _Contest, room: int) -> bool:
        lost: list[str] = []
        for candidate in contest.ranked:
            why_lost = contest.out.get(candidate.segment_id)
            if why_lost is None and candidate.samples > room:
                why_lost = _too_long(candidate, room)
            if why_lost is None:
                self.samples[seat] = candidate.samples
                self.taken[seat] = Taken(candidate, _reason(seat, candidate, len(contest.ranked), lost))
                self.taker[candidate.segment_id] = seat
                return True
            lost.append(f"#{candidate.segment_id} lost: {why_lost}")
        return False

    def contest(self, seat: Seat) -> _Contest:
        request = self.request
        match seat.element:
            case Fixed(segment_id=number):
                found = [self.by_id[number]] if number in self.by_id else []
                return _Contest(found, self.out(seat, found, {}))
            case Pick() as pick:
                found = ranked(
                    pick.order, matching(pick, request.candidates, request.starts_at), request.seed
                )
                return _Contest(found, self.out(seat, found, self.fixed | self.taker))
        raise TypeError(f"{seat.name} takes no segment")

    def out(self, seat: Seat, found: list[Candidate], takers: Mapping[int, Seat]) -> dict[int, str]:
        out: dict[int, str] = {}
        for number in (candidate.segment_id for candidate in found):
            if number in takers:
                out[number] = f"it is in {takers[number].name}"
            elif why := self.too_early_or_late.get(number) or self.bans.get((seat, number)):
                out[number] = why
        return out

    def why_nothing(self, seat: Seat, contest: _Contest) -> str:
        if contest.ranked:
            told = _told([f"#{number}: {why}" for number, why in contest.out.items()])
            return f"of its {len(contest.ranked)} candidates none may air here ({told}): approve another"
        if isinstance(seat.element, Pick):
            return f"the library has no approved {_wanted(seat.element)}: approve one"
        return "the segment it names is not among those approved: approve it, name another"

    def room(self, seat: Seat) -> int:
        """The longest segment that this seat could take now; negative where not even silence fits."""
        place = (seat.index, seat.ordinal)
        before = [other for other in self.held() if (other.index, other.ordinal) < place]
        after = [other for other in self.held() if (other.index, other.ordinal) > place]
        return self.request.grid.room(
            self.request.target_samples, self.runs(before), seat.pause, self.runs(after)
        )

    def held(self) -> list[Seat]:
        """The seats that take up time so far, in the order of the clock."""
        return [seat for seat in self.seats if seat in self.samples]

    def runs(self, seats: list[Seat]) -> list[Run]:
        return [Run(self.samples[seat], seat.pause) for seat in seats]

    def refuse_too_long(self) -> None:
        """Raises DoesNotFit where what is set aside is longer than the target."""
        grid, target = self.request.grid, self.request.target_samples
        excess = grid.lead + grid.length(self.runs(self.held())) - target
        if excess <= 0:
            return
        parts = [
            f"{seat.name} {'at least ' * isinstance(seat.element, Pick)}{length_text(self.samples[seat])}"
            for seat in self.held()
        ]
        raise DoesNotFit(
            f"what must be aired is {length_text(excess)} too long for the {length_text(target)} of the slot, pauses included: "
            f"{', '.join(parts)}. Shorten one of them, make one optional, or book a longer slot"
        )


def _priority(seat: Seat) -> int:
    return seat.element.priority if isinstance(seat.element, Fixed | Pick) else 0


def _reason(seat: Seat, winner: Candidate, candidates: int, lost: list[str]) -> Reason:
    if not isinstance(seat.element, Pick):
        return Reason("fixed", candidates, "named by the clock")
    if seat.element.order == "newest":
        why = f"approved {winner.approved_at:%Y-%m-%d %H:%M} UTC"
    elif winner.last_aired_at is None:
        why = "never aired"
    else:
        why = f"last aired {winner.last_aired_at:%Y-%m-%d %H:%M} UTC"
    return Reason(
        f"pick {seat.element.order}", candidates, "; ".join([why, *([_told(lost)] if lost else [])])
    )


def _told(sentences: list[str]) -> str:
    more = len(sentences) - _TOLD
    return "; ".join(sentences[:_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _too_long(candidate: Candidate, room: int) -> str:
    return f"{length_text(candidate.samples)} is too long for the remaining {length_text(max(room, 0))}"


def _wanted(pick: Pick) -> str:
    """What would have to be approved for the pick to find something."""
    tags = f" tagged {' and '.join(pick.tags)}" if pick.tags else ""
    age = f" from the last {pick.max_age_days} days" if pick.max_age_days is not None else ""
    return f"{' or '.join(pick.kinds)}{tags}{age}"
