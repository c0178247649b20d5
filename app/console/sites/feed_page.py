"""`/feeds/{id}`: one feed with its deliveries, and the form of its settings."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from fastapi import Response
from fastapi.responses import HTMLResponse
from sqlmodel import Session, col, select

from app.air.status import read_status
from app.console.shell import Page, SignedInPage
from app.console.sites.deliveries import deliveries, fetches, looks, pull_keys
from app.console.sites.health import feeds_health
from app.database import reading
from app.feeds import service
from app.feeds.models import Feed
from app.feeds.options import OF_PROTOCOL
from app.feeds.service import FeedFields
from app.frequencies import service as sites
from app.frequencies.models import Site
from app.web.bodies import RowId
from app.web.dependencies import Database
from app.web.routing import Router
from audio.lead_in import NO_LEAD_IN
from audio.profile import SHORTWAVE

router = Router(include_in_schema=False)

FIELDS = tuple(FeedFields.__dataclass_fields__)
"""What a feed is written with, and so what is sent back when one thing of it changes."""

PROTOCOLS = tuple(OF_PROTOCOL)


@router.get("/feeds/{feed_id}", response_class=HTMLResponse)
@router.head("/feeds/{feed_id}", response_class=HTMLResponse)
def show_feed(page: SignedInPage, database: Database, feed_id: RowId) -> Response:
    with reading(database) as session:
        feed = service.feed(session, feed_id)
        (health,) = feeds_health(session, read_status(page.settings), page.now, feed_id=feed_id)
        is_pull = feed.protocol == "pull"
        return page.answer(
            session,
            "sites/feed.html",
            section="sites",
            health=health,
            second=session.get(Feed, feed.second_feed_id) if feed.second_feed_id else None,
            deliveries=deliveries(session, feed),
            looks=looks(session, feed),
            keys=pull_keys(session, feed) if is_pull else (),
            fetches=fetches(session, feed) if is_pull else (),
            switched=written(feed) | {"enabled": not feed.enabled},
        )


@router.get("/sites/{site_id}/feeds/new", response_class=HTMLResponse)
def new_feed(page: SignedInPage, database: Database, site_id: RowId, protocol: str = "folder") -> Response:
    """``protocol`` is what its form begins with."""
    begun = protocol if protocol in PROTOCOLS else PROTOCOLS[0]
    with reading(database) as session:
        site = sites.site(session, site_id)
        fields = FeedFields(site_id=site_id, name="", protocol=begun, address="")
        return _form(page, session, site, asdict(fields), None)


@router.get("/feeds/{feed_id}/edit", response_class=HTMLResponse)
def edit_feed(page: SignedInPage, database: Database, feed_id: RowId) -> Response:
    with reading(database) as session:
        feed = service.feed(session, feed_id)
        site = sites.site(session, feed.site_id)
        return _form(page, session, site, written(feed), feed)


def written(feed: Feed) -> dict[str, Any]:
    """A feed as the API takes it."""
    return feed.model_dump(include=set(FIELDS), mode="json")


def _form(
    page: Page, session: Session, site: Site, fields: dict[str, Any], feed: Feed | None
) -> HTMLResponse:
    """``feed`` is the one that is changed; None for a new one."""
    others = select(Feed).where(Feed.site_id == site.id, Feed.id != (feed.id if feed else 0))
    return page.answer(
        session,
        "sites/feed_form.html",
        section="sites",
        site=site,
        feed=feed,
        fields=fields,
        profile=asdict(SHORTWAVE) | fields["profile"],
        lead_in=asdict(NO_LEAD_IN) | fields["lead_in"],
        protocols=PROTOCOLS,
        of_protocol=OF_PROTOCOL,
        others=session.exec(others.order_by(col(Feed.name))).all(),
    )
