"""`/report`: the form for a phone. It needs no JavaScript."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, cast, get_args
from zoneinfo import ZoneInfo

from fastapi import Form, Request, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup
from pydantic import BaseModel, Field
from sqlalchemy import Engine

from app.console.rendering import answer_with, words_of
from app.console.shell import SignedInPage
from app.console.words import Words
from app.database import reading, writing
from app.errors import Forbidden, Invalid, NotSignedIn
from app.library.names import clean_line
from app.people import service as people
from app.people.service import Actor
from app.reports.errors import AlreadyReported, Refused
from app.reports.matching import on_air
from app.reports.models import ReceptionReport
from app.reports.service import Jamming, ReportFields, Source, take_report
from app.settings import Settings
from app.station.service import station
from app.web import security
from app.web.dependencies import CurrentSettings, Database, Now, authenticate_form
from app.web.entry import enter_with_key
from app.web.routing import Router
from schedules.time import KST, Span

ZONES = {"KST": KST, "UTC": ZoneInfo("UTC")}

LATELY = timedelta(days=7)
"""Frequencies that were on the air within it are offered for the field."""

_ID = re.compile(r"[0-9]{1,18}")

router = Router(include_in_schema=False)

Short = Annotated[str, Field(max_length=100)]


class Entered(BaseModel):
    """The form's fields as they were typed: shown again where something is wrong."""

    csrf: Short = ""
    key: Annotated[str, Field(max_length=200)] = ""
    """Asked for only where the session has ended meanwhile."""
    date: Short = ""
    time: Short = ""
    zone: Short = "KST"
    khz: Short = ""
    line_id: Short = ""
    overall: Short = ""
    sinpo: Short = ""
    jamming: Short = "unknown"
    source: Short = "monitor"
    place: Short = ""
    latitude: Short = ""
    longitude: Short = ""
    note: Annotated[str, Field(max_length=4000)] = ""

    def fields(self) -> ReportFields:
        """Raises Refused, and Invalid for control characters."""
        line_id = _whole(self.line_id, "line_id")
        notes = [clean_line(line, "note", 2000) for line in self.note.splitlines()]
        return ReportFields(
            heard_at=self._instant(),
            line_id=line_id,
            khz=_whole(self.khz, "khz") if line_id is None else None,
            sinpo=self.sinpo.strip() or None,
            overall=_whole(self.overall, "overall"),
            jamming=cast("Jamming", _one_of(self.jamming, get_args(Jamming), "jamming")),
            source=cast("Source", _one_of(self.source, get_args(Source), "source")),
            place=clean_line(self.place, "place", 100) or None,
            latitude=_degrees(self.latitude, "latitude"),
            longitude=_degrees(self.longitude, "longitude"),
            note="\n".join(notes).strip() or None,
        )

    def _instant(self) -> datetime:
        zone = ZONES[_one_of(self.zone, tuple(ZONES), "zone")]
        try:
            day, at = date.fromisoformat(self.date), time.fromisoformat(self.time)
            return datetime.combine(day, at.replace(tzinfo=None), zone).astimezone(UTC)
        except (ValueError, OverflowError):
            raise Refused(
                "bad-time", "date and time cannot be read: 2026-11-22 and 20:15", field="date"
            ) from None


@dataclass(frozen=True, slots=True)
class Wrong:
    """What the page says is wrong: in its reader's words, and exactly where those leave something out."""

    words: Markup
    detail: str
    field: str | None
    choices: tuple[tuple[int, str], ...] = ()


@router.get("/report", response_class=HTMLResponse)
@router.head("/report", response_class=HTMLResponse)
def show_report_form(
    _: SignedInPage, request: Request, database: Database, now: Now, saved: str = ""
) -> Response:
    """``saved`` is the id of the report that was just written down: the next one is most often of the same frequency."""
    words = words_of(request)
    zone = words.zones(now)[0][0]
    with reading(database) as session:
        before = session.get(ReceptionReport, int(saved)) if _ID.fullmatch(saved) else None
    entered = Entered(zone=zone, date=str(now.astimezone(ZONES[zone]).date()))
    if before is not None:
        entered.date = str(before.heard_at.astimezone(ZONES[zone]).date())
        entered.khz, entered.source, entered.place = str(before.khz), before.source, before.place or ""
    return _form(request, database, now, entered, saved=before)


@router.post("/report", response_class=HTMLResponse)
def send_report_form(
    request: Request,
    database: Database,
    settings: CurrentSettings,
    now: Now,
    entered: Annotated[Entered, Form()],
) -> Response:
    """What was typed is answered again whatever is wrong, also where the session has ended: with a field for the key."""
    words = words_of(request)
    try:
        actor, token = _sender(request, database, settings, now, entered)
    except (NotSignedIn, people.TooManyAttempts) as error:
        status = 429 if isinstance(error, people.TooManyAttempts) else 401
        wrong = Wrong(words(_why_no_entry(error, entered)), "", "key")
        return _form(request, database, now, entered, wrong=wrong, status=status, token="")
    except OldPage:
        wrong = Wrong(words("report.wrong.old-page"), "", None)
        return _form(request, database, now, entered, wrong=wrong, status=403)
    response = _taken(request, database, now, entered, actor, token)
    if entered.key:
        security.set_session_cookie(response, token, settings)
    return response


class OldPage(Forbidden):
    """Our own page sent the form, but it was opened in a session that is over."""


def _sender(
    request: Request, database: Engine, settings: Settings, now: datetime, entered: Entered
) -> tuple[Actor, str]:
    """Who sends the form, and their session's secret: a new one where the form brings a key instead.

    Raises NotSignedIn, TooManyAttempts, OldPage, and Forbidden where another site sent it.
    """
    security.check_same_origin(request, settings)
    if entered.key:
        signed_in = enter_with_key(request, database, entered.key.strip(), now)
        return signed_in.actor, signed_in.token
    try:
        return authenticate_form(request, entered.csrf), request.cookies.get(security.SESSION_COOKIE, "")
    except Forbidden as error:
        raise OldPage(str(error)) from None


def _why_no_entry(error: Exception, entered: Entered) -> str:
    if isinstance(error, people.TooManyAttempts):
        return "sign_in.too_many"
    return "sign_in.wrong" if entered.key else "report.wrong.session-over"


def _taken(
    request: Request, database: Engine, now: datetime, entered: Entered, actor: Actor, token: str
) -> Response:
    try:
        fields = entered.fields()
        with writing(database) as session:
            made = take_report(session, fields, now=now, by=actor.person_id)
    except (Invalid, AlreadyReported) as error:
        status = 409 if isinstance(error, AlreadyReported) else 422
        wrong = _wrong(words_of(request), error)
        return _form(request, database, now, entered, wrong=wrong, status=status, token=token)
    return RedirectResponse(f"/report?saved={made.id}", status_code=303)


def _form(
    request: Request,
    database: Engine,
    now: datetime,
    entered: Entered,
    *,
    saved: ReceptionReport | None = None,
    wrong: Wrong | None = None,
    status: int = 200,
    token: str | None = None,
) -> Response:
    """``token`` is the session's secret where the request's cookie is not; empty for a stranger, who is told nothing of us."""
    if token is None:
        token = request.cookies.get(security.SESSION_COOKIE, "")
    with reading(database) as session:
        ours = {one.line.khz for one in on_air(session, Span(now - LATELY, now))} if token else set()
        here = station(session) if token else None
    return answer_with(
        request,
        "reports/report.html",
        status=status,
        station=here,
        csrf=security.csrf_token(token),
        asks_key=not token,
        entered=entered.model_dump(exclude={"key"}),
        saved=saved,
        wrong=wrong,
        ours=sorted(ours),
        zones=tuple(ZONES),
        # It may be tomorrow already where the reporter is
        latest=(now + timedelta(days=1)).date(),
        merits=range(5, 0, -1),
        jamming=get_args(Jamming),
        sources=get_args(Source),
    )


def _wrong(words: Words, error: Invalid | AlreadyReported) -> Wrong:
    values: dict[str, object] = getattr(error, "values", {})
    key = f"report.wrong.{error.code}"
    told = words(key, **values) if words.has(key) else words("report.wrong.other")
    choices = cast("tuple[tuple[int, str], ...]", values.get("choices", ()))
    return Wrong(told, str(error), getattr(error, "field", None), choices)


def _whole(text: str, field: str) -> int | None:
    number = _number(text, field)
    if number is not None and not number.is_integer():
        raise _no_number(text, field)
    return None if number is None else int(number)


def _degrees(text: str, field: str) -> float | None:
    return _number(text.replace(",", "."), field)


def _number(text: str, field: str) -> float | None:
    """The number in a field, None where it is empty. Python reads fullwidth digits as well. Raises Refused."""
    if not text.strip():
        return None
    try:
        number = float(text)
    except ValueError:
        raise _no_number(text, field) from None
    if not abs(number) < 1e6:  # neither infinite nor no number
        raise _no_number(text, field)
    return number


def _no_number(text: str, field: str) -> Refused:
    return Refused("bad-number", f'"{text}" is not a number that fits here', field=field, text=text)


def _one_of(text: str, names: tuple[str, ...], field: str) -> str:
    if text not in names:
        raise Invalid(f"{field} is one of {', '.join(names)}", field=field)
    return text
