"""`/api/v1/journal`: who wrote what, newest first."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from app.database import reading
from app.journal.models import JournalEntry
from app.people.models import Person
from app.web.bodies import Answer, RowId, example
from app.web.dependencies import Actor, Database
from app.web.pagination import Page, WantedPage, page_of
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["access"])


class JournalEntryOut(Answer):
    model_config = example(
        id=17,
        at="2026-10-25T01:00:00Z",
        person="김하늘",
        action="segment.approved",
        subject_id=41,
        details={},
    )

    id: int
    at: datetime
    person: str | None
    """Null for what the service did by itself."""
    action: str
    subject_id: int | None
    details: dict[str, Any]


@router.get("/journal", summary="Who wrote what and when, newest first")
def list_journal(
    database: Database,
    _actor: Actor,
    wanted: WantedPage,
    action: str | None = None,
    subject_id: RowId | None = None,
) -> Page[JournalEntryOut]:
    query = select(JournalEntry)
    if action is not None:
        query = query.where(JournalEntry.action == action)
    if subject_id is not None:
        query = query.where(JournalEntry.subject_id == subject_id)
    with reading(database) as session:
        entries, cursor = page_of(session, query, col(JournalEntry.id), wanted, newest_first=True)
        names = dict(session.exec(select(Person.id, Person.name)).all())
    return Page(
        items=[JournalEntryOut(**entry.model_dump(), person=names.get(entry.person_id)) for entry in entries],
        next=cursor,
    )
