"""Signatures under rundowns: somebody has heard a version as a whole. They are shown, and hold nothing up on the air."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.airings import service as airings
from app.airings.models import RundownVersion
from app.approving.models import SignOff
from app.approving.notes import open_notes
from app.errors import Conflict
from app.events.service import emit
from app.journal.service import record
from app.library.models import Segment, SegmentState
from app.people.models import Person
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
        raise Conflict(f"airing {airing_id} is {airing.state}: there is nothing left to sign")
    if airing.version == 0:
        raise Conflict(f"airing {airing_id} is not compiled yet: there is nothing to sign")
    if version != airing.version:
        raise StaleVersion(
            f"the newest rundown of airing {airing_id} is version {airing.version}, and you signed {version}: look again"
        )
    if unsettled := _unsettled(session, airing_id, version):
        more = f"; and {len(unsettled) - NAMED} more" if len(unsettled) > NAMED else ""
        raise NotSettled(f"not all of it is settled: {'; '.join(unsettled[:NAMED])}{more}")
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


def _unsettled(session: Session, airing_id: int, version: int) -> list[str]:
    """What still waits for somebody, in the order in which it is heard."""
    body = session.exec(
        select(RundownVersion.body).where(
            RundownVersion.airing_id == airing_id, RundownVersion.version == version
        )
    ).one()
    ids = list(dict.fromkeys(segment_id for segment_id, _ in cuts_in(body)))
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
    found = []
    for segment_id in ids:
        if segment_id in noted:
            found.append(f"segment {segment_id} has {noted[segment_id]} open note(s)")
        if segment_id in drafts:
            found.append(f"cut {drafts[segment_id]} of segment {segment_id} waits to be approved")
    return found
