"""`/api/v1/record/reports`: reports for people outside, made once and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Response
from pydantic import Field, StringConstraints
from sqlmodel import Session, select

from app.console.messages import Language
from app.console.record.document import document
from app.database import reading, writing
from app.people.models import Person
from app.record.figures import figures, wanted_months
from app.record.frozen import FrozenReport, freeze, frozen_reports, read_frozen
from app.station.service import station
from app.storage import keeping_blobs, require_space
from app.web.bodies import Answer, Body, created, example
from app.web.dependencies import Actor, CurrentBlobs, CurrentSettings, Database, Now
from app.web.pagination import Page
from app.web.routing import Router

router = Router(prefix="/api/v1/record/reports", tags=["record"])

PATH = "/api/v1/record/reports"

_MADE: dict[str, Any] = {
    "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
    "first_month": "2026-11",
    "last_month": "2026-11",
    "language": "en",
    "size": 14208,
    "made_at": "2026-12-05T09:00:00Z",
    "made_by": "김하늘",
}

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

HEADERS = {
    # A document by itself: it may have its own style, and nothing else
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "private, no-store",
}


class FrozenReportIn(Body):
    """Which months of UTC days, both included; the last one has to be over."""

    model_config = example(month="2026-11", until=None, language="en")

    month: Annotated[str, Field(description="The first month", max_length=7)]
    until: Annotated[str | None, Field(description="The last one; left out: the same", max_length=7)] = None
    language: Language = "ko"


class FrozenReportOut(Answer):
    model_config = example(**_MADE)

    sha256: Annotated[str, Field(description="Of its bytes: its name, and the proof that it is unchanged")]
    first_month: str
    last_month: str
    language: Language
    size: int
    made_at: datetime
    made_by: Annotated[str | None, Field(description="Who made it; the report itself names nobody")]

    @classmethod
    def of(cls, made: FrozenReport, names: dict[int | None, str]) -> FrozenReportOut:
        fields = {name: getattr(made, name) for name in cls.model_fields}
        return cls(**fields | {"made_by": names.get(made.made_by)})


def names_of(session: Session) -> dict[int | None, str]:
    return dict(session.exec(select(Person.id, Person.name)).all())


@router.post("", status_code=201, summary="Make a report for a funder; it never changes again")
def make_frozen_report(
    body: FrozenReportIn,
    database: Database,
    settings: CurrentSettings,
    actor: Actor,
    now: Now,
    response: Response,
) -> FrozenReportOut:
    """It holds minutes by site and programme code, evidence, deadlines and counts of reception reports: no names, titles or frequencies."""
    months = wanted_months(body.month, body.until, now)
    require_space(settings)
    with reading(database) as session:
        content = document(figures(session, months, now), station(session).name, body.language, now)
    with keeping_blobs(settings), writing(database) as session:
        made = freeze(
            session,
            settings,
            content,
            first_month=f"{months[0].first:%Y-%m}",
            last_month=f"{months[-1].first:%Y-%m}",
            language=body.language,
            now=now,
            by=actor.person_id,
        )
        shown = FrozenReportOut.of(made, names_of(session))
    created(response, f"{PATH}/{made.sha256}")
    return shown


@router.get("", summary="The reports that were made, the last first")
def list_frozen_reports(database: Database, _actor: Actor) -> Page[FrozenReportOut]:
    with reading(database) as session:
        names = names_of(session)
        return Page(items=[FrozenReportOut.of(one, names) for one in frozen_reports(session)], next=None)


@router.get(
    "/{sha256}",
    summary="A report, the very bytes that were made",
    response_class=Response,
    responses={
        200: {"content": {"text/html": {}}, "description": "One document by itself, to print or send"}
    },
)
def get_frozen_report(sha256: Sha256, database: Database, blobs: CurrentBlobs, _actor: Actor) -> Response:
    with reading(database) as session:
        content = read_frozen(session, blobs, sha256)
    name = {"Content-Disposition": f'inline; filename="report-{sha256[:12]}.html"', "ETag": f'"{sha256}"'}
    return Response(content, media_type="text/html; charset=utf-8", headers=HEADERS | name)
