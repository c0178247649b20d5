"""Reports for people outside that are made once and never change.

A report is one document, kept as a blob under the SHA-256 of its bytes; the journal entry of its making, which is never
removed, says who made it, when and of which months. So reading it again gives the same bytes, whatever the station has
become, and who was given it can tell by its hash that nothing was changed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from app.errors import NotFound
from app.journal.models import JournalEntry
from app.journal.service import record
from app.settings import Settings
from app.storage import Blobs, write_atomically

REPORTS = "reports"
"""Their kind of blob."""

SUFFIX = ".html"

MADE = "record.report_made"


@dataclass(frozen=True, slots=True)
class FrozenReport:
    """One report that was made. Months are written 2026-11, both included."""

    sha256: str
    first_month: str
    last_month: str
    language: str
    size: int
    made_at: datetime
    made_by: int | None


def freeze(
    session: Session,
    settings: Settings,
    content: bytes,
    *,
    first_month: str,
    last_month: str,
    language: str,
    now: datetime,
    by: int,
) -> FrozenReport:
    """Keep a document for ever. Whoever calls it holds `app.storage.keeping_blobs` until its transaction is over."""
    sha256 = hashlib.sha256(content).hexdigest()
    incoming = settings.incoming_dir / f"{sha256}{SUFFIX}"
    write_atomically(incoming, content)
    Blobs(settings.blobs_dir).adopt(incoming, REPORTS, sha256, SUFFIX)
    made = FrozenReport(sha256, first_month, last_month, language, len(content), now, by)
    record(
        session,
        MADE,
        at=now,
        person_id=by,
        sha256=sha256,
        first_month=first_month,
        last_month=last_month,
        language=language,
        size=len(content),
    )
    return made


def frozen_reports(session: Session) -> Iterator[FrozenReport]:
    """Every report, the last made first."""
    query = select(JournalEntry).where(JournalEntry.action == MADE).order_by(col(JournalEntry.id).desc())
    for entry in session.exec(query):
        yield FrozenReport(**entry.details, made_at=entry.at, made_by=entry.person_id)


def read_frozen(session: Session, blobs: Blobs, sha256: str) -> bytes:
    """The very bytes that were frozen. Raises NotFound where none were, or where the disk has damaged them."""
    if all(one.sha256 != sha256 for one in frozen_reports(session)):
        raise NotFound("there is no such report")
    try:
        content = blobs.path(REPORTS, sha256, SUFFIX).read_bytes()
    except FileNotFoundError:
        content = b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise NotFound("the report's file is missing or damaged: the engineer has it in a backup")
    return content
