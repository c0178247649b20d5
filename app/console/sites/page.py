"""`/sites`: the transmitter sites and their feeds, at a glance and one by one."""

from __future__ import annotations

from fastapi import Response
from fastapi.responses import HTMLResponse
from sqlmodel import col, select

from app.air.status import read_status
from app.console.shell import SignedInPage
from app.console.sites.health import feeds_health, this_month, total
from app.console.sites.minutes import beside, contracts_of, price, shown_month
from app.database import reading
from app.frequencies import service
from app.frequencies.models import Line, Site
from app.web.bodies import RowId
from app.web.dependencies import Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/sites", response_class=HTMLResponse)
@router.head("/sites", response_class=HTMLResponse)
def show_sites(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        feeds = feeds_health(session, read_status(page.settings), page.now)
        sites = session.exec(select(Site).order_by(col(Site.name))).all()
        return page.answer(
            session,
            "sites/sites.html",
            section="sites",
            sites=[(site, [one for one in feeds if one.feed.site_id == site.id]) for site in sites],
            deadlines=total(feeds),
            month=this_month(page.now).first,
        )


@router.get("/sites/new", response_class=HTMLResponse)
def new_site(page: SignedInPage, database: Database) -> Response:
    with reading(database) as session:
        return page.answer(session, "sites/site_form.html", section="sites", site=None)


@router.get("/sites/{site_id}", response_class=HTMLResponse)
@router.head("/sites/{site_id}", response_class=HTMLResponse)
def show_site(page: SignedInPage, database: Database, site_id: RowId, month: str = "") -> Response:
    """``month`` is one of its contracts' (2026-11); anything else is this one."""
    days = shown_month(month, page.now)
    with reading(database) as session:
        site = service.site(session, site_id)
        feeds = feeds_health(session, read_status(page.settings), page.now, site_id=site_id)
        day = page.now.date()
        on_air = select(Line).where(Line.site_id == site_id, Line.first_date <= day, Line.last_date >= day)
        return page.answer(
            session,
            "sites/site.html",
            section="sites",
            site=site,
            feeds=feeds,
            deadlines=total(feeds),
            lines=session.exec(on_air.order_by(col(Line.khz))).all(),
            contracts=contracts_of(session, site_id, days),
            month=days.first,
            beside=(beside(days, -1), beside(days, 1)),
            price=price,
        )


@router.get("/sites/{site_id}/edit", response_class=HTMLResponse)
def edit_site(page: SignedInPage, database: Database, site_id: RowId) -> Response:
    with reading(database) as session:
        site = service.site(session, site_id)
        return page.answer(session, "sites/site_form.html", section="sites", site=site)
