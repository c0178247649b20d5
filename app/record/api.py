"""`/api/v1/as-run.csv` and `/api/v1/handoffs.csv`: the record to keep."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from typing import Annotated, Any

from fastapi import Query
from fastapi.responses import StreamingResponse
from sqlmodel import Session

from app.database import reading
from app.errors import Invalid
from app.record.csv_text import csv_lines
from app.record.rows import AsRunRow, HandoffRow, as_run_rows, handoff_rows
from app.web.dependencies import Actor, Database
from app.web.routing import Router
from schedules.time import Span, night_span

router = Router(prefix="/api/v1", tags=["record"])

LONGEST = timedelta(days=400)

FirstNight = Annotated[date, Query(alias="from", description="The first KST night, by its evening's date")]
LastNight = Annotated[
    date | None, Query(alias="until", description="The last one, included; left out: the same")
]
_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "content": {"text/csv": {"example": "airing_id,programme,khz\r\n"}},
        "description": "UTF-8 with a mark",
    }
}


class _Csv(StreamingResponse):
    media_type = "text/csv; charset=utf-8"


@router.get(
    "/as-run.csv", summary="What went out, each row with its evidence", response_class=_Csv, responses=_ANSWER
)
def export_as_run(_actor: Actor, database: Database, first: FirstNight, last: LastNight = None) -> _Csv:
    return _export(database, "as-run", AsRunRow, as_run_rows, first, last)


@router.get(
    "/handoffs.csv", summary="What was delivered, when and how", response_class=_Csv, responses=_ANSWER
)
def export_handoffs(_actor: Actor, database: Database, first: FirstNight, last: LastNight = None) -> _Csv:
    return _export(database, "handoffs", HandoffRow, handoff_rows, first, last)


def _export(
    database: Database,
    name: str,
    kind: type[Any],
    rows: Callable[[Session, Span], Iterable[Any]],
    first: date,
    last: date | None,
) -> _Csv:
    last = last or first
    if not timedelta(0) <= last - first <= LONGEST:
        raise Invalid(f"until lies up to {LONGEST.days} days after from, not before it", field="until")
    span = Span(night_span(first).start, night_span(last).end)

    def lines() -> Iterator[str]:
        with reading(database) as session:
            yield from csv_lines(kind, rows(session, span))

    disposition = f'attachment; filename="{name}-{first}-{last}.csv"'
    return _Csv(lines(), headers={"Content-Disposition": disposition, "Cache-Control": "private, no-store"})
