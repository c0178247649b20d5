"""Signatures under rundowns: somebody has heard a version as a whole. They are shown, and hold nothing up on the air."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from app.airings import service as airings
from app.airings.models import Airing, RundownVersion
from app.airings.programme import IS_NEWEST, PROGRAMME_ID
from app.approving.models import SignOff
from app.approving.notes import open_notes
from app.database import id_of
from app.errors import Conflict
from app.events.service import emit
from app.journal.service import record
from app.library.models import Segment, SegmentState
from app.people.models import Person
from app.programmes.models import Programme, Slot
from schedules.said import Said, say
from schedules.snapshot import CLOSED

NAMED = 5
"""A refusal names so many items; who mends these sees the others."""


class StaleVersion(Conflict):
    """It is not the newest version of the rundown."""

    code = "stale"


class NotSettled(Conflict):
    """An item of the rundown still waits for somebody."""

    code = "not-settled"


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed which version, and when."""

    version: int
    at: datetime
    by_id: int
    by: str


def sign_off(session: Session, airing_id: int, version: int, *, person_id: int, now: datetime) -> Signature:
    """Sign the newest version of a rundown; a repeat gives the signature that is there.

    Raises:
        NoSuchAiring: there is none with this id.
        Conflict: it is over, or not compiled yet.
        StaleVersion: there is a newer version, or not this one yet.
        NotSettled: an item has an open note, or an edit of it waits to be approved.
    """
    airing = airings.get(session, airing_id)
    if airing.state in CLOSED:
        raise Conflict(
            say(
                "wrong-signed-over",
                "airing {airing_id} is {state}: there is nothing left to sign",
                airing_id=airing_id,
                state=airing.state,
            )
        )
    if airing.version == 0:
        raise Conflict(
            say(
                "wrong-nothing-to-sign",
                "airing {airing_id} is not compiled yet: there is nothing to sign",
                airing_id=airing_id,
            )
        )
    if version != airing.version:
        raise StaleVersion(
            say(
                "wrong-signed-old",
                "the newest rundown of airing {airing_id} is version {newest}, and you signed {version}: look again",
                airing_id=airing_id,
                newest=airing.version,
                version=version,
            )
        )
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing_id, RundownVersion.version == version
        )
    ).one()
    if waiting := unsettled(session, {airing_id: body})[airing_id]:
        told = [why for each in waiting[:NAMED] for why in each.why()]
        if len(waiting) > NAMED:
            told.append(say("segment-and-more", "and {count} more", count=len(waiting) - NAMED))
        raise NotSettled(say("segment-unsettled", "not all of it is settled: {items}", items=tuple(told)))
    signed = session.exec(
        select(SignOff).where(
            SignOff.airing_id == airing_id, SignOff.version == version, SignOff.signed_by == person_id
        )
    ).first()
    if signed is None:
        signed = SignOff(airing_id=airing_id, version=version, signed_at=now, signed_by=person_id)
        session.add(signed)
        record(
            session, "airing.signed_off", at=now, person_id=person_id, subject_id=airing_id, version=version
        )
        emit(session, "airing", airing_id, airing.state, at=now)
    return Signature(version, signed.signed_at, person_id, session.get_one(Person, person_id).name)


def signatures(session: Session, airing_ids: Sequence[int]) -> dict[int, list[Signature]]:
    """Every signature under the rundowns of some airings, the newest version first."""
    rows = session.exec(
        select(SignOff, Person.name)
        .join(Person, col(Person.id) == col(SignOff.signed_by))
        .where(col(SignOff.airing_id).in_(airing_ids))
        .order_by(col(SignOff.version).desc(), col(SignOff.id))
    ).all()
    found: dict[int, list[Signature]] = {}
    for row, name in rows:
        signature = Signature(row.version, row.signed_at, row.signed_by, name)
        found.setdefault(row.airing_id, []).append(signature)
    return found


def cuts_in(body: str) -> Iterable[tuple[int, int]]:
    """Which cuts of which segments the JSON of a rundown plays: segment and number. Without a check of the whole: it is fast."""
    for item in json.loads(body)["items"]:
        source = item["source"]
        if "segment_id" in source:
            yield source["segment_id"], source.get("cut", 1)


@dataclass(frozen=True, slots=True)
class Unsettled:
    """An item of a rundown that still waits for somebody."""

    segment_id: int
    open_notes: int
    waiting_cut: int | None
    """The cut of it that waits to be approved."""

    def why(self) -> list[Said]:
        told = []
        if self.open_notes:
            told.append(
                say(
                    "segment-open-notes",
                    "segment {segment_id} has {count} open note(s)",
                    segment_id=self.segment_id,
                    count=self.open_notes,
                )
            )
        if self.waiting_cut:
            told.append(
                say(
                    "segment-cut-waits",
                    "cut {cut} of segment {segment_id} waits to be approved",
                    cut=self.waiting_cut,
                    segment_id=self.segment_id,
                )
            )
        return told


def unsettled(session: Session, bodies: Mapping[int, str]) -> dict[int, list[Unsettled]]:
    """What still waits for somebody in the rundowns of some airings, each in the order in which it is heard."""
    held = {
        airing_id: list(dict.fromkeys(each for each, _ in cuts_in(body)))
        for airing_id, body in bodies.items()
    }
    ids = sorted({each for listed in held.values() for each in listed})
    noted = open_notes(session, ids)
    drafts = dict(
        session.exec(
            select(Segment.id, Segment.cut).where(
                col(Segment.id).in_(ids),
                Segment.state == SegmentState.draft,
                col(Segment.cut).is_distinct_from(col(Segment.approved_cut)),
            )
        ).all()
    )
    return {
        airing_id: [
            Unsettled(each, noted.get(each, 0), drafts.get(each))
            for each in listed
            if each in noted or each in drafts
        ]
        for airing_id, listed in held.items()
    }


@dataclass(frozen=True, slots=True)
class Unsigned:
    """A rundown to be heard as a whole: its newest version has no signature yet."""

    airing_id: int
    programme: str
    starts_at: datetime
    version: int
    unsettled: tuple[Unsettled, ...]


def unsigned(session: Session, now: datetime, within: timedelta) -> list[Unsigned]:
    """The rundowns of airings that begin so soon and whose newest version nobody has signed, the soonest first."""
    signed = select(SignOff.id).where(SignOff.airing_id == Airing.id, SignOff.version == Airing.version)
    rows = session.exec(
        select(Airing, RundownVersion.body, Programme.title)
        .join(RundownVersion, IS_NEWEST)
        .join(Slot, col(Slot.id) == col(Airing.slot_id))
        .join(Programme, col(Programme.id) == PROGRAMME_ID)
        .where(
            col(Airing.state).not_in(CLOSED),
            Airing.starts_at > now,
            Airing.starts_at < now + within,
            ~signed.exists(),
        )
        .order_by(col(Airing.starts_at))
    ).all()
    waiting = unsettled(session, {id_of(airing): body for airing, body, _ in rows})
    return [
        Unsigned(id_of(airing), title, airing.starts_at, airing.version, tuple(waiting[id_of(airing)]))
        for airing, _, title in rows
    ]
