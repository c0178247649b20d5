"""Every page of the console, by its area."""

from __future__ import annotations

from app.console import entrance
from app.console.airings import page as airings
from app.console.approvals import page as approvals
from app.console.frequencies import page as frequencies
from app.console.guide import page as guide
from app.console.library import page as library
from app.console.programmes import page as programmes
from app.console.record import page as record
from app.console.replies import page as replies
from app.console.reports import page as reports
from app.console.segments import page as segments
from app.console.sites import contract_page, feed_page
from app.console.sites import page as sites
from app.console.station import page as station
from app.console.tonight import page as tonight
from app.web.routing import Router

ROUTERS: tuple[Router, ...] = (
    entrance.router,
    tonight.router,
    airings.router,
    approvals.router,
    library.router,
    segments.router,
    programmes.router,
    frequencies.router,
    sites.router,
    feed_page.router,
    contract_page.router,
    record.router,
    reports.router,
    replies.router,
    guide.router,
    station.router,
)
