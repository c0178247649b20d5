"""Reception reports as the API shows and takes them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field

from app.reports.service import Jamming, ReportFields, Source
from app.web.bodies import Answer, Body, Instant, Prose, RowId, Text, example

_REPORT: dict[str, Any] = {
    "heard_at": "2026-11-22T20:15:00Z",
    "sinpo": "34433",
    "overall": 3,
    "jamming": "noise",
    "source": "remote_sdr",
    "place": "Yanji, Jilin",
    "latitude": 42.9,
    "longitude": 129.5,
    "note": "Noise from 20:11, weaker on the upper side",
}


class ReportIn(Body):
    """A reception report. No name is asked for, and none should be written anywhere: listeners are at risk."""

    model_config = Body.model_config | example(**_REPORT, khz=7515)

    heard_at: Annotated[Instant, Field(description="When, in UTC or with its zone")]
    line_id: RowId | None = None
    khz: Annotated[
        int | None,
        Field(ge=2000, le=30000, description="Or the frequency: the line that was on it then counts"),
    ] = None
    sinpo: Annotated[
        str | None, Field(max_length=20, description="Five digits, 1 (worst) to 5; `overall` alone will do")
    ] = None
    overall: Annotated[
        int | None, Field(ge=1, le=5, description="1 useless, 2 poor, 3 fair, 4 good, 5 excellent")
    ] = None
    jamming: Annotated[
        Jamming,
        Field(
            description="What was over it: `noise`, `tone` and `music` (music or another programme put there on purpose) "
            "jam; `co_channel` is another station that happens to be there"
        ),
    ] = "unknown"
    source: Annotated[
        Source, Field(description="Our own monitor, a listener's letter or message, or a remote receiver")
    ] = "monitor"
    place: Annotated[
        Text | None,
        Field(max_length=100, description="A town or region is enough: nobody should be found by it"),
    ] = None
    latitude: Annotated[
        float | None, Field(ge=-90, le=90, description="Stored to a tenth of a degree, 11 km")
    ] = None
    longitude: Annotated[float | None, Field(ge=-180, le=180)] = None
    note: Prose | None = None

    def fields(self) -> ReportFields:
        return ReportFields(**self.model_dump())


class ReportOut(Answer):
    model_config = Answer.model_config | example(
        id=12, **_REPORT, line_id=9, khz=7515, taken_by=1, created_at="2026-11-22T20:40:00Z"
    )

    id: int
    heard_at: datetime
    line_id: int
    khz: int
    sinpo: str | None
    overall: int
    jamming: Jamming
    source: Source
    place: str | None
    latitude: float | None
    longitude: float | None
    note: str | None
    taken_by: Annotated[int | None, Field(description="Who of the station wrote it down")]
    created_at: datetime
