"""What airings await, and what became of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlmodel import Session, col, select

from app.airings.carriage import Carriage, carriages
from app.airings.models import Airing, Edition, RundownVersion
from app.airings.outings import names_segment
from app.airings.programme import PROGRAMME_ID, programme_of
from app.airings.requests import clock_of
from app.awaited.cut_off import ASSUMED, Steps, cut_off, measure
from app.database import id_of
from app.errors import Invalid
from app.library.models import HEARD, Segment, SegmentState
from app.people.models import Person
from app.programmes.models import Programme, Slot
from app.records import referred
from schedules.elements import Awaited
from schedules.errors import BadClock
from schedules.said import say
from schedules.snapshot import CLOSED, AwaitedView
from schedules.time import to_kst

AwaitedState = Literal["awaited", "processing", "in_review", "turned_down", "approved"]
Otherwise = Literal["substitute", "left_out", "standby"]

AHEAD = timedelta(hours=36)
"""How far ahead is looked for what is awaited: tonight and tomorrow."""


@dataclass(frozen=True, slots=True)
class AwaitedItem:
    """One awaited element of one airing. ``element`` counts from 0; ``on`` is the broadcast date (KST).

    ``segment_ids`` are the recordings that came, the newest first. ``otherwise`` is what happens where none does.
    """

    airing_id: int
    programme: str
    starts_at: datetime
    element: int
    label: str
    name: str
    on: date
    owner_id: int | None
    owner: str | None
    due_at: datetime
    cut_off_at: datetime
    otherwise: Otherwise
    substitute_id: int | None
    state: AwaitedState
    segment_ids: tuple[int, ...]
    used: bool
    """The newest version of the airing has it."""
    unusable: bool
    """That version was compiled with it in mind and could not use it: its notes say why."""
    is_compiled: bool

    @property
    def here(self) -> bool:
        """Whether something has come that nobody turned down."""
        return self.state not in ("awaited", "turned_down")

    def view(self) -> AwaitedView:
        """It, as the plan sees it."""
        return AwaitedView(
            self.name,
            self.due_at,
            self.cut_off_at,
            here=self.here,
            settled=self.used or (self.state == "approved" and not self.is_compiled),
            unusable=self.unusable,
        )


def awaited_of(
    session: Session, airing: Airing, steps: Steps, carried: Sequence[Carriage] | None = None
) -> list[AwaitedItem]:
    """What an airing awaits, in the order of its clock. A clock that cannot be read awaits nothing: its compile says why.

    Who knows its carriages may give them.
    """
    programme, edition = programme_of(session, airing), session.get(Edition, airing.id)
    if not _named(edition.clock if edition else programme.clock):
        return []
    try:
        clock = clock_of(programme, edition)
    except BadClock:
        return []
    if carried is None:
        carried = carriages(session, airing.slot_id, airing.starts_at.date())
    cut_off_at = cut_off(airing, carried, steps)
    newest = session.exec(
        select(RundownVersion.body, RundownVersion.awaited).where(
            RundownVersion.airing_id == airing.id, RundownVersion.version == airing.version
        )
    ).first()
    body, considered = newest if newest is not None else ("", None)
    considered_ids = {one["segment_id"] for one in considered or ()}
    found = []
    for index, element in enumerate(clock.elements):
        if isinstance(element, Awaited):
            on = broadcast_date(airing)
            came = deliveries(session, element.name, on)
            may_air = [id_of(one) for one in came if one.state in HEARD and one.approved_cut is not None]
            used = any(names_segment(number) in body for number in may_air)
            owner = session.get(Person, element.owner_id) if element.owner_id is not None else None
            found.append(
                AwaitedItem(
                    airing_id=id_of(airing),
                    programme=programme.title,
                    starts_at=airing.starts_at,
                    element=index,
                    label=element.label,
                    name=element.name,
                    on=on,
                    owner_id=element.owner_id,
                    owner=owner.name if owner else None,
                    due_at=element.due_at(airing.starts_at) or cut_off_at,
                    cut_off_at=cut_off_at,
                    otherwise=_otherwise(element),
                    substitute_id=element.substitute_id,
                    state=_state(came),
                    segment_ids=tuple(id_of(one) for one in came),
                    used=used,
                    unusable=not used and bool(considered_ids.intersection(may_air)),
                    is_compiled=newest is not None,
                )
            )
    return found


def awaited_from(
    session: Session,
    now: datetime,
    until: datetime | None = None,
    *,
    only: Collection[tuple[str, date]] | None = None,
) -> Iterator[AwaitedItem]:
    """Everything that is awaited of airings that have not begun, the soonest first; ``only`` these names on their dates."""
    steps = measure(session, now)
    rows = session.exec(
        select(Airing)
        .where(
            Airing.starts_at > now,
            Airing.starts_at <= (until or now + AHEAD),
            col(Airing.state).not_in(CLOSED),
        )
        .order_by(col(Airing.starts_at), col(Airing.id))
    ).all()
    names = names_awaited(session, rows)
    for airing in rows:
        on = broadcast_date(airing)
        if any(only is None or (name, on) in only for name in names.get(id_of(airing), ())):
            found = awaited_of(session, airing, steps)
            yield from (one for one in found if only is None or (one.name, on) in only)


def broadcast_date(airing: Airing) -> date:
    """The date in Seoul on which an airing begins."""
    return to_kst(airing.starts_at).date()


def deliveries(session: Session, name: str, on: date) -> Sequence[Segment]:
    """What came as an awaited item for a broadcast date, the newest first."""
    query = select(Segment).where(Segment.awaited_as == name, Segment.awaited_on == on)
    return session.exec(query.order_by(col(Segment.id).desc())).all()


def approved_deliveries(session: Session, airing: Airing, names: Collection[str]) -> list[dict[str, object]]:
    """What may air of what came for an airing under these names, as its rundown remembers it: ``name``, ``segment_id``, ``cut``."""
    return [
        {"name": name, "segment_id": one.id, "cut": one.approved_cut}
        for name in sorted(set(names))
        for one in deliveries(session, name, broadcast_date(airing))
        if one.state in HEARD and one.approved_cut is not None
    ]


def names_awaited(session: Session, airings: Iterable[Airing]) -> dict[int, list[str]]:
    """By the ids of airings, the names of what their clocks await; of one that awaits nothing there is no entry."""
    stored = session.exec(
        select(Airing.id, Programme.clock, Edition.clock)
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .outerjoin(Edition, col(Edition.airing_id) == col(Airing.id))
        .where(col(Airing.id).in_([airing.id for airing in airings]))
    ).all()
    found = {
        airing_id or 0: _named(usual if edited is None else edited)  # type: ignore[redundant-expr]  # an outer join
        for airing_id, usual, edited in stored
    }
    return {airing_id: names for airing_id, names in found.items() if names}


def _named(stored: Sequence[Any]) -> list[str]:
    """What a stored clock awaits. A row that somebody edited by hand may hold anything: its compile says what is wrong with it."""
    return [
        str(element.get("name"))
        for element in stored
        if isinstance(element, dict) and element.get("type") == Awaited.type
    ]


def place_of(session: Session, airing_id: int, element: str) -> tuple[str, date]:
    """What an upload for an airing and an element is awaited as, and for which date. Raises Invalid, as `item_of`."""
    item = item_of(session, airing_id, element, ASSUMED)
    return item.name, item.on


def item_of(session: Session, airing_id: int, element: str, steps: Steps) -> AwaitedItem:
    """What an airing awaits as an element: its name, its label or its number from 1.

    Whether it is too late for that airing, or that was cancelled, is no reason to refuse a recording.

    Raises:
        Invalid: there is no such airing, or it awaits no such thing.
    """
    airing = referred(session, Airing, airing_id, "airing", "airing_id")
    items = awaited_of(session, airing, steps)
    wanted = element.strip()
    for item in items:
        if wanted in (item.name, item.label, str(item.element + 1)):
            return item
    if not items:
        raise Invalid(
            say(
                "awaits-nothing",
                "airing {airing_id} awaits nothing: leave airing_id and element out",
                airing_id=airing_id,
            ),
            field="airing_id",
        )
    known = ", ".join(item.name for item in items)
    raise Invalid(
        say(
            "awaits-other",
            'airing {airing_id} awaits no "{wanted}": it awaits {known}',
            airing_id=airing_id,
            wanted=wanted[:40],
            known=known,
        ),
        field="element",
    )


def _otherwise(element: Awaited) -> Otherwise:
    if element.substitute_id is not None:
        return "substitute"
    return "standby" if element.required else "left_out"


def _state(came: Sequence[Segment]) -> AwaitedState:
    states = {one.state for one in came}
    if any(one.state in HEARD and one.approved_cut is not None for one in came):
        return "approved"
    if SegmentState.draft in states:
        return "in_review"
    if SegmentState.processing in states:
        return "processing"
    return "turned_down" if came else "awaited"
