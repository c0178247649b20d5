"""The season: lines, conflicts, pools, moves and propagation."""

from __future__ import annotations

from typing import Annotated

from fastapi import Path, Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, func, select

from app.advice.models import Jammer
from app.console.frequencies.line import line_page, pool_of, site_choices, slot_choices
from app.console.frequencies.rows import changes_of, lines_of, sites_of
from app.console.frequencies.season_choices import season_choices
from app.console.frequencies.views import Times
from app.console.shell import SignedInPage
from app.database import reading
from app.moves.models import LineChange
from app.moves.pending import PENDING
from app.programmes.models import Programme, Slot
from app.programmes.service import slot as find_slot
from app.schedule.models import Background
from app.web.bodies import RowId
from app.web.dependencies import Database
from app.web.routing import Router
from schedules.errors import BadSeason
from schedules.frequencies.bands import BANDS
from schedules.season import Season, season, season_at
from schedules.time import night_of

router = Router(prefix="/frequencies", include_in_schema=False)

Id = Annotated[RowId, Path()]

STATES = ("draft", "requested", "sent", "acknowledged", "refused", "in_effect")


@router.get("", response_class=HTMLResponse)
@router.head("", response_class=HTMLResponse)
def show_season(page: SignedInPage, database: Database, season: str = "", q: str = "") -> Response:
    """``season`` is a code; anything else is the one in force. ``q`` are words that a line's row must hold."""
    shown = shown_season(season, page)
    with reading(database) as session:
        every = lines_of(session, shown)
        return page.answer(
            session,
            "frequencies/season.html",
            section="frequencies",
            guide="frequencies",
            shown=shown,
            shown_night=night_of(page.now),
            seasons=season_choices(session, shown, page.now),
            every=every,
            lines=[one for one in every if one.matches(q)],
            q=q,
            background=_background(session, shown),
            has_slots=session.exec(select(Slot.id).limit(1)).first() is not None,
            has_sites=bool(sites_of(session)),
            waiting=_count(session, PENDING),
            drafts=_count(session, ("draft",)),
            bands=BANDS,
        )


def shown_season(code: str, page: SignedInPage) -> Season:
    try:
        return season(code)
    except BadSeason:
        return season_at(page.now)


def _background(session: Session, shown: Season) -> Background | None:
    found = select(Background).where(Background.season == shown.code)
    return session.exec(found.order_by(col(Background.id).desc()).limit(1)).first()


def _count(session: Session, states: tuple[str, ...]) -> int:
    counted = select(func.count()).select_from(LineChange)
    return session.exec(
        counted.where(col(LineChange.state).in_(states), col(LineChange.undone_at).is_(None))
    ).one()


@router.get("/lines/new", response_class=HTMLResponse)
def show_new_line(page: SignedInPage, database: Database, slot: str = "") -> Response:
    with reading(database) as session:
        return page.answer(
            session,
            "frequencies/line_form.html",
            section="frequencies",
            row=None,
            feed_ids=(),
            slot_id=int(slot) if slot.isdecimal() else None,
            slots=slot_choices(session),
            sites=site_choices(session),
        )


@router.get("/lines/{line_id}", response_class=HTMLResponse)
def show_line(page: SignedInPage, database: Database, line_id: Id) -> Response:
    with reading(database) as session:
        found = line_page(session, line_id, page.now)
        return page.answer(
            session,
            "frequencies/line.html",
            section="frequencies",
            of=found,
            shown=season_at(page.now),
            sites=site_choices(session),
            mails=bool(page.settings.smtp_host),
        )


@router.get("/lines/{line_id}/edit", response_class=HTMLResponse)
def show_line_form(page: SignedInPage, database: Database, line_id: Id) -> Response:
    with reading(database) as session:
        found = line_page(session, line_id, page.now)
        return page.answer(
            session,
            "frequencies/line_form.html",
            section="frequencies",
            row=found.row,
            feed_ids=tuple(feed.id for feed in found.feeds),
            slot_id=found.row.slot_id,
            slots=slot_choices(session),
            sites=site_choices(session),
        )


@router.get("/slots/{slot_id}", response_class=HTMLResponse)
def show_slot(page: SignedInPage, database: Database, slot_id: Id, month: str = "") -> Response:
    """The pool of a slot, and what signal its frequencies are expected to make."""
    with reading(database) as session:
        row = find_slot(session, slot_id)
        lines = lines_of(session, slot_id=slot_id)
        return page.answer(
            session,
            "frequencies/slot.html",
            section="frequencies",
            row=row,
            times=Times(row.start_minute, row.stop_minute, row.days),
            programme=session.get_one(Programme, row.programme_id),
            lines=lines,
            pool=pool_of(session, slot_id),
            sites=sites_of(session),
            month=month or f"{max(page.now.date(), row.first_date):%Y-%m}",
        )


@router.get("/changes", response_class=HTMLResponse)
def show_changes(page: SignedInPage, database: Database, state: str = "") -> Response:
    wanted = state if state in STATES else ""
    with reading(database) as session:
        return page.answer(
            session,
            "frequencies/changes.html",
            section="frequencies",
            changes=changes_of(session, state=wanted),
            state=wanted,
            states=STATES,
        )


@router.get("/jammers", response_class=HTMLResponse)
def show_jammers(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        found = session.exec(select(Jammer).order_by(col(Jammer.khz), col(Jammer.id))).all()
        return page.answer(session, "frequencies/jammers.html", section="frequencies", jammers=found)


@router.get("/files", response_class=HTMLResponse)
def show_files(page: SignedInPage, database: Database, season: str = "") -> Response:
    """Season files in and out, and the next season made of this one."""
    shown = shown_season(season, page)
    with reading(database) as session:
        return page.answer(
            session,
            "frequencies/files.html",
            section="frequencies",
            shown=shown,
            following=season_at(shown.end),
            seasons=season_choices(session, shown, page.now),
            background=_background(session, shown),
            slots=slot_choices(session),
            names={
                line.id: f"{line.khz} kHz · {line.programme} · {line.site_code}"
                for line in lines_of(session, shown)
            },
        )
