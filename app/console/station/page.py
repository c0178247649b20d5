"""`/station`: settings, people and keys, announcements, the signing key, health. Beside it the journal and the first steps."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.announcements.sayings import has_voice
from app.announcements.service import look_through
from app.console.shell import SignedInPage
from app.console.station.first_steps import first_steps
from app.console.station.views import evergreen_choices, health, journal_rows, people, signing_keys
from app.database import reading
from app.journal.models import JournalEntry
from app.web.dependencies import Database
from app.web.pagination import WantedPage, page_of
from app.web.routing import Router

router = Router(include_in_schema=False)

LATEST = 8
"""Entries of the journal that the station's page itself shows."""


@router.get("/station", response_class=HTMLResponse)
def show_station(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        latest = session.exec(select(JournalEntry).order_by(col(JournalEntry.id).desc()).limit(LATEST)).all()
        return page.answer(
            session,
            "station/station.html",
            section="",
            guide="station",
            steps=first_steps(session),
            people=people(session),
            evergreens=evergreen_choices(session),
            pack=look_through(session, page.settings),
            has_voice=has_voice(page.settings),
            signing=signing_keys(page.settings),
            health=health(page.settings, page.now),
            latest=journal_rows(session, latest),
        )


@router.get("/station/start", response_class=HTMLResponse)
def show_first_steps(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        return page.answer(
            session, "station/start.html", section="", guide="start", steps=first_steps(session)
        )


@router.get("/station/journal", response_class=HTMLResponse)
def show_journal(page: SignedInPage, database: Database, wanted: WantedPage) -> Response:
    with reading(database) as session:
        entries, cursor = page_of(
            session, select(JournalEntry), col(JournalEntry.id), wanted, newest_first=True
        )
        return page.answer(
            session,
            "station/journal.html",
            section="",
            guide="station",
            entries=journal_rows(session, entries),
            older=cursor,
        )
