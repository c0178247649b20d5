"""The web application: every router, the frame around them, and nothing that runs by itself."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.middleware import Middleware

from app import __version__
from app.advice import api as advice
from app.airings import api as airings
from app.airings import preview_api as previews
from app.alarms import api as alarms
from app.announcements import api as announcements
from app.approving import api as approving
from app.awaited import api as awaited
from app.console import pages, shell
from app.console.assets import Assets
from app.console.record import reports_api
from app.contracts import api as contracts
from app.database import open_database
from app.events import api as events
from app.feeds import api as feeds
from app.frequencies import api as frequencies
from app.handoffs import api as handoffs
from app.journal import api as journal
from app.library import api as library
from app.library import cuts_api
from app.library import finding_api as finding
from app.monitor import api as monitor
from app.moves import api as moves
from app.people import api as people
from app.processes import Clock, utcnow
from app.programmes import api as programmes
from app.propagation import api as propagation
from app.pull import api as pull
from app.pull import site as pull_site
from app.record import api as record
from app.reports import api as reports
from app.schedule import api as schedule
from app.settings import Settings
from app.signing import api as signing
from app.station import api as station
from app.storage import Blobs
from app.uploads import api as uploads
from app.uploads import batches_api
from app.uploads.receptions import Receptions
from app.web import docs, health, problems
from app.web.frame import Frame
from app.web.idempotency import Idempotency, Ledger
from app.web.limits import BodyLimit
from app.web.routing import Router
from app.web.security import FailedSignIns

ROUTERS: tuple[Router, ...] = (
    library.router,
    cuts_api.router,
    awaited.router,
    approving.router,
    finding.router,
    uploads.router,
    batches_api.router,
    programmes.router,
    schedule.router,  # before frequencies: /lines/export is no line
    frequencies.router,
    propagation.router,
    reports.router,
    advice.router,
    moves.router,
    contracts.router,
    feeds.router,
    pull.router,
    airings.router,
    previews.router,
    monitor.router,
    handoffs.router,
    record.router,
    reports_api.router,
    alarms.router,
    station.router,
    announcements.router,
    signing.router,
    events.router,
    people.router,
    journal.router,
    health.router,
    docs.router,
    pull_site.router,
    *pages.ROUTERS,
)

DESCRIPTION = """Danpa schedules and delivers the programmes of a shortwave station.

Send your key as `Authorization: Bearer danpa_...`. Errors are problem documents (RFC 9457). Lists are
`{"items": [...], "next": cursor}`. A POST with an `Idempotency-Key` may be repeated safely. What two people may edit has an
`ETag`: send it back as `If-Match`, and a change that somebody else made in the meantime is not overwritten."""


def create_app(settings: Settings, *, now: Clock = utcnow) -> FastAPI:
    """The application of one station. The database must be current by the time of the first request."""
    database = open_database(settings)

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        yield
        database.dispose()

    app = FastAPI(
        title="Danpa",
        version=__version__,
        description=DESCRIPTION,
        docs_url=None,  # FastAPI's own pages load scripts from other people's servers
        redoc_url=None,
        # As they are: `include_router` would build each of them a second time at the first request, half a second in all
        routes=[route for router in ROUTERS for route in router.routes],
        lifespan=lifespan,
        middleware=[
            Middleware(Assets),
            Middleware(Frame),
            Middleware(BodyLimit),
            Middleware(Idempotency, ledger=Ledger(database)),
        ],
    )
    app.state.settings = settings
    app.state.database = database
    app.state.blobs = Blobs(settings.blobs_dir)
    app.state.now = now
    app.state.stopping = threading.Event()
    app.state.failed_sign_ins = FailedSignIns()
    app.state.receptions = Receptions()
    problems.install(app)
    shell.install(app)
    return app
