"""`/`: the night; and `/alarms/{id}`, where what tells people of an alarm leads them."""

from __future__ import annotations

from functools import partial
from typing import Annotated

from fastapi import Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse

from app.air.status import read_status
from app.airings.models import Airing
from app.alarms.models import Alarm
from app.console.nights import shown_night
from app.console.shell import SignedInPage
from app.console.tonight import deadlines, places, timeline
from app.console.tonight.night import awaited_of_night, items_of, night_and_running
from app.console.tonight.on_air import on_air
from app.console.tonight.remedies import helped
from app.console.tonight.unfolding import unfolded
from app.database import reading
from app.errors import NotFound
from app.programmes.service import has_slots
from app.studio.address import studio_address
from app.web.bodies import RowId
from app.web.dependencies import CurrentBlobs, Database
from app.web.routing import Router

router = Router(include_in_schema=False)


@router.get("/", response_class=HTMLResponse)
@router.head("/", response_class=HTMLResponse)
def show_tonight(
    page: SignedInPage,
    database: Database,
    blobs: CurrentBlobs,
    night: str = "",
    wanted: Annotated[list[str], Query(alias="open")] = [],  # noqa: B006 - FastAPI copies it
) -> Response:
    """``night`` is a date; anything else is tonight. ``open`` are airings to be shown with everything."""
    shown = shown_night(night, page.now)
    with reading(database) as session:
        airings, running = night_and_running(
            session,
            blobs,
            shown.night,
            page.now,
            read_status(page.settings),
            studio_address(page.settings),
        )
        calls = page.calls(session)
        return page.answer(
            session,
            "tonight/tonight.html",
            section="tonight",
            calls=calls,
            shown=shown,
            helped=helped(session, calls.needs, page.now),
            on_air=on_air(running, partial(items_of, session), page.now),
            timeline=timeline.draw(airings, page.now),
            airings=airings,
            unfolded=unfolded(airings, wanted),
            deadlines={airing.id: deadlines.nearest(airing, page.now) for airing in airings},
            places=places,
            awaited=awaited_of_night(session, shown.night, page.now),
            waiting=calls.waiting,
            horizon_h=page.settings.horizon_h,
            is_new=not airings and not has_slots(session),
        )


@router.get("/alarms/{alarm_id}")
def show_alarm(_page: SignedInPage, database: Database, alarm_id: RowId) -> Response:
    """To the feed, the airing or the list of needs that an alarm is about."""
    with reading(database) as session:
        alarm = session.get(Alarm, alarm_id)
        if alarm is None:
            raise NotFound(f"there is no alarm {alarm_id}")
        airing = session.get(Airing, alarm.airing_id) if alarm.airing_id is not None else None
        if airing is None or airing.id is None:
            where = f"/#need-{alarm.kind}-{alarm_id}"
        elif alarm.feed_id is not None:
            where = places.feed(airing.id, airing.starts_at, alarm.feed_id)
        else:
            where = places.card(airing.id, airing.starts_at)
    return RedirectResponse(where, status_code=303)
