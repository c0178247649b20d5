"""The library's list, and where a segment has aired and will air."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response

from app.airings.outings import aired, planned
from app.database import reading
from app.errors import Invalid
from app.library import finding, service
from app.library.finding import Filters
from app.library.finding_schemas import ListedSegment, OutingOut, OutingsOut
from app.library.models import SegmentKind, SegmentState
from app.web.bodies import RowId
from app.web.dependencies import Actor, Database, Now
from app.web.pagination import Page, WantedPage, write_cursor, written
from app.web.routing import Router

router = Router(prefix="/api/v1", tags=["library"])

LONGEST_DAYS = 36_500

Day = Annotated[date | None, Query(ge=date(1900, 1, 1), le=date(2999, 12, 31))]
Days = Annotated[int | None, Query(ge=1, le=LONGEST_DAYS)]
Seconds = Annotated[float | None, Query(ge=0, le=1e6, allow_inf_nan=False)]


async def _filters(
    q: Annotated[
        str | None,
        Query(
            max_length=100,
            description="Words of title, presenter, tags and series, all of them, as far as they are typed; "
            "initial consonants too: ㄴㅅ and 늇 find 뉴스",
        ),
    ] = None,
    state: SegmentState | None = None,
    kind: SegmentKind | None = None,
    tag: Annotated[str | None, Query(max_length=60)] = None,
    presenter: Annotated[str | None, Query(max_length=100)] = None,
    series: Annotated[str | None, Query(max_length=100)] = None,
    created_from: Annotated[Day, Query(description="The first KST day")] = None,
    created_to: Annotated[Day, Query(description="The last KST day, included")] = None,
    min_s: Annotated[Seconds, Query(description="Played for so many seconds at least")] = None,
    max_s: Annotated[Seconds, Query(description="Played for so many seconds at most")] = None,
    not_aired_for_days: Annotated[Days, Query(description="Not heard in so many days, or never")] = None,
    expires_within_days: Annotated[Days, Query(description="`air_until` comes in so many days")] = None,
    batch: Annotated[str | None, Query(max_length=100, description="Sent together under this name")] = None,
    awaited: Annotated[  # noqa: FBT002 - a query parameter, as in api.py
        bool, Query(description="What came for an awaited element of a clock")
    ] = False,
    spoken: Annotated[  # noqa: FBT002 - a query parameter, as in api.py
        bool, Query(description="What Danpa spoke for single airings, instead of the library")
    ] = False,
) -> Filters:
    if created_from is not None and created_to is not None and created_to < created_from:
        raise Invalid(
            f"created_to ({created_to}) lies before created_from ({created_from})", field="created_to"
        )
    if min_s is not None and max_s is not None and max_s < min_s:
        raise Invalid(f"max_s ({max_s:g}) is less than min_s ({min_s:g})", field="max_s")
    return Filters(
        words=q,
        state=state,
        kind=kind,
        tag=_stored(tag),
        presenter=_stored(presenter),
        series=_stored(series),
        created_from=created_from,
        created_to=created_to,
        min_s=min_s,
        max_s=max_s,
        not_aired_for_days=not_aired_for_days,
        expires_within_days=expires_within_days,
        batch=_stored(batch),
        awaited=awaited,
        spoken=spoken,
    )


@router.get("/segments", summary="List the library, newest first", response_model=Page[ListedSegment])
def list_segments(
    database: Database,
    _actor: Actor,
    page: WantedPage,
    now: Now,
    filters: Annotated[Filters, Depends(_filters)],
) -> Response:
    with reading(database) as session:
        found = finding.find(session, filters, now=now, before_id=page.after, limit=page.limit + 1)
    shown = [ListedSegment.of(segment) for segment in found[: page.limit]]
    return written(Page(items=shown, next=write_cursor(shown[-1].id) if len(found) > page.limit else None))


@router.get("/segments/{segment_id}/airings", summary="Where a segment has aired and will air")
def list_segment_airings(
    segment_id: RowId, database: Database, _actor: Actor, page: WantedPage, now: Now
) -> OutingsOut:
    """The newest first, by evidence beyond `planned`. `planned` has the open airings whose rundowns have it."""
    with reading(database) as session:
        service.get(session, segment_id)
        found = aired(session, segment_id, after=page.after, limit=page.limit + 1)
        coming = planned(session, segment_id, now)
    shown = [OutingOut.model_validate(outing) for outing in found[: page.limit]]
    return OutingsOut(
        items=shown,
        next=write_cursor(shown[-1].airing_id) if len(found) > page.limit else None,
        planned=[OutingOut.model_validate(outing) for outing in coming],
    )


def _stored(text: str | None) -> str | None:
    """As names are kept: NFC, without spaces around them."""
    return unicodedata.normalize("NFC", text).strip() if text is not None else None
