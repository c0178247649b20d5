"""Changes of lines: written, asked of the site, answered by it, undone. Only an agreement changes a line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from app.database import id_of
from app.errors import Conflict, NotFound
from app.events.service import emit
from app.frequencies.models import Site
from app.journal.service import record
from app.moves import lines, notices, wording
from app.moves.drafting import cut_off, require_unchanged
from app.moves.models import LineChange
from app.moves.occurrences import has_begun, start_of
from app.moves.pending import is_pending, pending, pending_changes, require_settled
from app.people.models import Person
from app.programmes.models import Slot
from app.records import find
from app.station.models import Station
from schedules.said import say

__all__ = ["Answer", "answer", "answer_by_link", "change", "pending", "pending_changes", "request", "undo"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a site says to a change, and how we know."""

    agrees: bool
    how: str
    name: str | None = None
    """Who said it at the site."""
    note: str | None = None


class LinkOver(Conflict):
    """A reply link that is no good any more: answered, taken back, or past its cut-off."""

    code = "link-over"


def change(session: Session, change_id: int) -> LineChange:
    """Raises NotFound."""
    return find(session, LineChange, change_id, "change")


def request(session: Session, changes: Sequence[LineChange], *, now: datetime, by: int | None) -> None:
    """Ask the sites: one notice for each, with all that is asked of it.

    Raises:
        Conflict: one of them is no draft, is late, or its line was changed or is being asked about already.
        Invalid: as where drafts are written.
    """
    for each in changes:
        if each.state != "draft" or each.undone_at is not None:
            raise Conflict(
                say(
                    "wrong-no-draft",
                    "change {change_id} is {standing}: only drafts are asked for",
                    change_id=id_of(each),
                    standing=_standing(each),
                )
            )
        each.starts_at = start_of(session.get_one(Slot, each.slot_id), each.first_date)
        if each.starts_at <= now:
            raise Conflict(
                say(
                    "wrong-late-draft",
                    "change {change_id} was to begin {starts_at:%Y-%m-%d %H:%M} UTC: write a new one",
                    change_id=id_of(each),
                    starts_at=each.starts_at,
                )
            )
        if each.line_id is not None:
            require_settled(session, each.line_id)
        require_unchanged(session, each)
        each.cut_off_at = cut_off(session, each, now)
        _move_to(session, each, "requested", now)
        each.requested_at = now
        record(session, "change.requested", at=now, person_id=by, subject_id=each.id)
    for site_id in dict.fromkeys(each.site_id for each in changes):
        ours = [each for each in changes if each.site_id == site_id]
        until = min(each.cut_off_at for each in ours)
        told = [_told(session, each) for each in ours]
        text = wording.request_text(
            told, station=_station(session), asked_by=_name(session, by), now=now, cut_off=until
        )
        subject = wording.subject_of(told, "please answer")
        site = session.get_one(Site, site_id)
        notices.queue(session, "request", site, ours, subject=subject, body=text, now=now, cut_off_at=until)


def answer(session: Session, change_id: int, given: Answer, *, now: datetime, by: int | None) -> LineChange:
    """Record what a site says; ``by`` is None where the site did it by its link.

    Raises:
        NotFound: as `change`.
        Conflict: it is not asked for, was answered or undone before, or its first day has begun.
    """
    answered = change(session, change_id)
    if not is_pending(answered):
        raise Conflict(
            say(
                "wrong-answered",
                "change {change_id} is {standing}: there is nothing to answer any more",
                change_id=change_id,
                standing=_standing(answered),
            )
        )
    if given.agrees and answered.starts_at <= now:
        raise Conflict(
            say(
                "wrong-late-answer",
                "the first day of change {change_id} began {starts_at:%Y-%m-%d %H:%M} UTC without an answer: undo it and ask anew, from a day to come",
                change_id=change_id,
                starts_at=answered.starts_at,
            )
        )
    answered.answered_at, answered.answered_by = now, by
    answered.answered_name, answered.answered_how, answered.answer_note = given.name, given.how, given.note
    _move_to(session, answered, "acknowledged" if given.agrees else "refused", now)
    record(
        session,
        f"change.{answered.state}",
        at=now,
        person_id=by,
        subject_id=change_id,
        how=given.how,
        name=given.name,
    )
    if given.agrees:
        lines.carry_out(session, answered, now=now, by=by)
        _tell_old_site(session, answered, now=now, by=by)
    _stop_asking(session, answered)
    return answered


def answer_by_link(
    session: Session, token: str, *, agrees: bool, name: str | None, note: str | None, now: datetime
) -> Sequence[LineChange]:
    """A site's answer to all that its mail asked for. Raises NotFound for no link of ours, LinkOver."""
    asked = asked_by_link(session, token, now=now)
    given = Answer(agrees=agrees, how="link", name=name, note=note)
    return [answer(session, id_of(each), given, now=now, by=None) for each in asked]


def asked_by_link(session: Session, token: str, *, now: datetime) -> Sequence[LineChange]:
    """What a reply link still asks. Raises NotFound for no link of ours, LinkOver."""
    notice = notices.notice_of_token(session, token)
    if notice is None:
        raise NotFound("this is no reply link of ours")
    asked = [each for each in notices.changes_of(session, id_of(notice)) if is_pending(each)]
    if not asked:
        raise LinkOver("everything that this link asked was answered or taken back")
    if notice.cut_off_at is None or notice.cut_off_at <= now:
        raise LinkOver("the time for an answer by this link is over")
    return asked


def undo(session: Session, change_id: int, *, now: datetime, by: int | None) -> LineChange:
    """Take a change back: the lines are what they were, and the site is told if it had heard of it.

    Raises:
        NotFound: as `change`.
        Conflict: it was undone before, something of it was on the air, or other changes build on it.
    """
    undone = change(session, change_id)
    if undone.undone_at is not None:
        raise Conflict(
            say(
                "wrong-undone",
                "change {change_id} is {standing}",
                change_id=change_id,
                standing=_standing(undone),
            )
        )
    true_by_now = undone.state in ("acknowledged", "in_effect")
    if true_by_now:
        if has_begun(session, undone, now):
            raise Conflict(
                say(
                    "wrong-in-effect",
                    "change {change_id} has been on the air since {starts_at:%Y-%m-%d %H:%M} UTC: ask for a new change",
                    change_id=change_id,
                    starts_at=undone.starts_at,
                )
            )
        told = _told(session, undone)  # while it still knows its line
        lines.take_back(session, undone, now=now, by=by)
    else:
        told = _told(session, undone)
    undone.undone_at, undone.undone_by = now, by
    undone.revision += 1
    record(session, "change.undone", at=now, person_id=by, subject_id=change_id, state=undone.state)
    emit(session, "line_change", change_id, "undone", at=now)
    _stop_asking(session, undone)
    if true_by_now or (undone.state != "refused" and _was_heard_of(session, undone)):
        text = wording.withdrawal_text(told, station=_station(session), asked_by=_name(session, by), now=now)
        subject = wording.subject_of([told], "taken back")
        for site in dict.fromkeys(
            (told.new_site.id, told.old_site.id) if true_by_now else (told.new_site.id,)
        ):
            place = session.get_one(Site, site)
            notices.queue(session, "withdrawal", place, [undone], subject=subject, body=text, now=now)
    return undone


def _was_heard_of(session: Session, undone: LineChange) -> bool:
    """Whether a site may know of it: a mail that was tried may have arrived; one that nobody mails, people told."""
    return any(
        notice.attempts or notice.mail_to is None
        for notice in notices.notices_of(session, id_of(undone))
        if notice.kind == "request"
    )


def _stop_asking(session: Session, settled: LineChange) -> None:
    """A mail that waits for the server is not wanted any more once nothing that it says is open.

    Nor that another site carries the line, once that is taken back: it would arrive after what takes it back.
    """
    for notice in notices.notices_of(session, id_of(settled)):
        asks_nothing = notice.kind == "request" and not any(
            map(is_pending, notices.changes_of(session, id_of(notice)))
        )
        if asks_nothing or (notice.kind == "ending" and settled.undone_at is not None):
            notice.next_attempt_at = None


def _tell_old_site(session: Session, agreed: LineChange, *, now: datetime, by: int | None) -> None:
    told = _told(session, agreed)
    if told.old_site.id == told.new_site.id:
        return
    text = wording.ending_text(told, station=_station(session), asked_by=_name(session, by), now=now)
    subject = wording.subject_of([told], "another site carries it")
    notices.queue(session, "ending", told.old_site, [agreed], subject=subject, body=text, now=now)


def _told(session: Session, about: LineChange) -> wording.Told:
    new_site = session.get_one(Site, about.site_id)
    old_site = session.get_one(Site, about.was["site_id"]) if about.was else new_site
    return wording.Told(about, session.get_one(Slot, about.slot_id), old_site, new_site)


def _station(session: Session) -> str:
    return session.get_one(Station, 1).name


def _name(session: Session, person_id: int | None) -> str:
    return session.get_one(Person, person_id).name if person_id is not None else "its scheduling service"


def _move_to(session: Session, moved: LineChange, state: str, now: datetime) -> None:
    moved.state = state
    moved.revision += 1
    emit(session, "line_change", id_of(moved), state, at=now)


def _standing(seen: LineChange) -> str:
    """How it stands, for whom it is too late: "acknowledged since 2026-11-20 12:45 UTC"."""
    if seen.undone_at is not None:
        return f"undone since {seen.undone_at:%Y-%m-%d %H:%M} UTC"
    since = seen.answered_at or seen.requested_at or seen.created_at
    return f"{seen.state} since {since:%Y-%m-%d %H:%M} UTC"
